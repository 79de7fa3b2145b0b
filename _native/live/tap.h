/* The offloads of a TAP device: what the kernel may leave to this end, as to an Ethernet card. */
#ifndef MACSEC_TAP_H
#define MACSEC_TAP_H

/* Return 1 for a TAP device whose frames have an offload header before them. */
int macsec_tap_has_offloads(int fd);

/* Take what this end can do on: checksums, and large segments of TCP and UDP. Return 1 if the
   kernel knows those of UDP (Linux 6.2). */
int macsec_tap_offer(int fd);

#endif
