/* Batches compared and searched, not changed: the twins of macsec/frames/columns.py. */
#include "base/frames.h"

#include <string.h>

#include "base/octets.h"

enum { ADDRESS = 6, ADDRESSES = 12 };

void macsec_frames_equal(const macsec_frames *one, const macsec_frames *other, uint8_t *equal) {
    for (int64_t i = 0; i < one->count; i++) {
        const int64_t length = one->length[i];
        equal[i] = length == other->length[i] &&
                   (length == 0 || memcmp(one->arena + one->start[i],
                                          other->arena + other->start[i], (size_t)length) == 0);
    }
}

void macsec_frames_addresses(const macsec_frames *in, uint64_t *destinations, uint64_t *sources) {
    for (int64_t i = 0; i < in->count; i++) {
        const int whole = in->length[i] >= ADDRESSES;
        const uint8_t *frame = in->arena + in->start[i];
        destinations[i] = whole ? load_be48(frame) : 0;
        sources[i] = whole ? load_be48(frame + ADDRESS) : 0;
    }
}
