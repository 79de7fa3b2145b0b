/* What is asked of whole batches without a key. The declarations between the marker lines are the
   header and the cffi cdef at once. */
#ifndef MACSEC_FRAMES_H
#define MACSEC_FRAMES_H

#include "secy/macsec.h"

/* cdef: begin */
/* equal[i]: whether frame i of both batches, of `one->count` frames each, has the same octets. */
void macsec_frames_equal(const macsec_frames *one, const macsec_frames *other, uint8_t *equal);

/* Destination and source of each frame as numbers, zero for a frame under 12 octets. */
void macsec_frames_addresses(const macsec_frames *in, uint64_t *destinations, uint64_t *sources);
/* cdef: end */

#endif
