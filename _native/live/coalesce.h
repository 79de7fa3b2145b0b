/* Frames of one flow that follow each other: joined into a large segment for a TAP device (GRO).

   Frames are joined only if cutting the result (cut.h) gives the same frames, octet for octet. */
#ifndef MACSEC_COALESCE_H
#define MACSEC_COALESCE_H

#include <stdint.h>

#include "live/cut.h"

enum { COALESCE_DATAGRAMS = 64 }; /* the kernel's own limit of UDP */

/* A large segment. The offload header is followed by the headers of the frame, of `head_octets`;
   then come the octets of each of `frames` frames from `payload` on. A frame alone has neither
   `head_octets` nor `payload`: all of it follows. */
typedef struct macsec_group {
    macsec_offload offload;
    uint8_t head[PACKET_HEADERS];
    size_t head_octets;
    size_t payload;
    int64_t frames;
} macsec_group;

/* Join frames `first` to `end` - 1 as far as they can be joined: at least one frame, which is then
   alone. `datagrams`: also those of UDP. */
void macsec_coalesce(macsec_group *group, const uint8_t *arena, const int64_t *start,
                     const int64_t *length, int64_t first, int64_t end, int datagrams);

/* cdef: begin */

/* Join the first frames of `count`; write the large segment to `to`, which has room for all of them
   and 16 octets, and its octets to `octets`. Return how many frames it has. */
int64_t macsec_coalesce_whole(const uint8_t *arena, const int64_t *start, const int64_t *length,
                              int64_t count, int datagrams, macsec_offload *offload, uint8_t *to,
                              int64_t *octets);

/* cdef: end */

#endif
