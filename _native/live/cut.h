/* Large segments from a TAP device: cut into the frames that go on the wire.

   The kernel's TCP hands over up to 64 kB with one set of headers (TSO), and several datagrams of
   UDP alike (USO); checksums are left to the device. The frames are the ones that the kernel would
   make without these offloads. */
#ifndef MACSEC_CUT_H
#define MACSEC_CUT_H

#include <stdint.h>

#include "live/packet.h"

/* cdef: begin */

/* The header before each frame of a TAP device with offloads: struct virtio_net_hdr of the kernel,
   in the order of octets of this CPU. */
typedef struct macsec_offload {
    uint8_t flags;
    uint8_t type;
    uint16_t header_octets;
    uint16_t segment_octets;
    uint16_t checksum_start;
    uint16_t checksum_at; /* from checksum_start */
} macsec_offload;

/* Cut a frame with its offload header; write the frames one behind the other to `to`, of `room`
   octets, and their lengths to `length`, of `rows` rows. Return their number, or -1 where room or
   rows are too few. */
int64_t macsec_cut_whole(const macsec_offload *offload, const uint8_t *frame, int64_t octets,
                         uint8_t *to, int64_t room, int64_t *length, int64_t rows);

/* cdef: end */

enum {
    OFFLOAD_NEEDS_CHECKSUM = 1,
    OFFLOAD_TCPV4 = 1,
    OFFLOAD_TCPV6 = 4,
    OFFLOAD_UDP = 5,
    OFFLOAD_ECN = 0x80,
};

/* A frame that is being cut. `frame` belongs to the caller, and stays until all is taken. */
typedef struct macsec_cut {
    const uint8_t *frame;
    macsec_packet packet;
    size_t size;  /* octets of payload of each frame but the last */
    size_t taken; /* octets of payload so far */
    uint32_t count;
    int whole; /* 1: it goes on as it is, in one */
} macsec_cut;

/* Begin with a frame. One that cannot be cut goes on as it is: as a rule longer than the interface
   takes, so that the SecY refuses and counts it. A checksum that is missing is set in `frame`. */
void macsec_cut_begin(macsec_cut *cut, const macsec_offload *offload, uint8_t *frame,
                      size_t length);

/* Return the octets of the next frame; 0: there is none. */
size_t macsec_cut_next_length(const macsec_cut *cut);

/* Write the next frame. */
void macsec_cut_next(macsec_cut *cut, uint8_t *to);

#endif
