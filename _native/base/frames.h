/* Batches of frames: compare frames, extract addresses. The declarations between the markers are
   cffi's too. */
#ifndef MACSEC_FRAMES_H
#define MACSEC_FRAMES_H

#include <stdint.h>

/* cdef: begin */
/* A batch: `count` frames in one arena. */
typedef struct macsec_frames {
    const uint8_t *arena;
    const int64_t *start;
    const int64_t *length;
    const int64_t *wire_length;
    int64_t count;
} macsec_frames;

/* Set equal[i] to 1 where frame i of both batches has the same octets, else to 0. Each batch has
   `one->count` frames. */
void macsec_frames_equal(const macsec_frames *one, const macsec_frames *other, uint8_t *equal);

/* Extract destination and source of each frame as numbers; 0 for a frame under 12 octets. */
void macsec_frames_addresses(const macsec_frames *in, uint64_t *destinations, uint64_t *sources);
/* cdef: end */

#endif
