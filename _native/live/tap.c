/* Requests of linux/if_tun.h. */
#define _GNU_SOURCE

#include "live/tap.h"

#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <stddef.h>
#include <sys/ioctl.h>

#include "live/cut.h"

enum {
    TCP = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN,
    UDP = 0x20 | 0x40, /* TUN_F_USO4, TUN_F_USO6: headers before Linux 6.2 lack them */
};

_Static_assert(sizeof(macsec_offload) == sizeof(struct virtio_net_hdr), "one layout");
_Static_assert(offsetof(macsec_offload, segment_octets) ==
                   offsetof(struct virtio_net_hdr, gso_size),
               "one layout");
_Static_assert(offsetof(macsec_offload, checksum_at) ==
                   offsetof(struct virtio_net_hdr, csum_offset),
               "one layout");

int macsec_tap_has_offloads(int fd) {
    struct ifreq request = {0};
    return ioctl(fd, TUNGETIFF, &request) == 0 && (request.ifr_flags & IFF_VNET_HDR) != 0;
}

int macsec_tap_offer(int fd) {
    if (ioctl(fd, TUNSETOFFLOAD, (unsigned long)(TCP | UDP)) == 0) {
        return 1;
    }
    (void)ioctl(fd, TUNSETOFFLOAD, (unsigned long)TCP); /* else the kernel cuts */
    return 0;
}
