/* Batches of frames: compare frames, extract addresses, look up senders. The declarations between
   the markers are cffi's too. */
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

/* Set equal[i] to 1 where frame rows[i] of `one` has the octets of frame i of `other`, else to 0.
   NULL for `rows`: frame i of both. */
void macsec_frames_equal(const macsec_frames *one, const int64_t *rows, const macsec_frames *other,
                         uint8_t *equal);

/* Extract destination and source of each frame as numbers; 0 for a frame under 12 octets. */
void macsec_frames_addresses(const macsec_frames *in, uint64_t *destinations, uint64_t *sources);

/* Set sides[i] to the side of the sender of frame i; 0 for a frame under 12 octets. `stations`
   rise, and `known` has the side of each. Return the frames whose sender, or whose destination
   unless it is a group, is no station; the values of `sides` count only if there are none. */
int64_t macsec_frames_sides(const macsec_frames *in, const uint64_t *stations, const int64_t *known,
                            int64_t count, int64_t *sides);
/* cdef: end */

#endif
