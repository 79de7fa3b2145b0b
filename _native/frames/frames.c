/* Batches compared and searched, not changed: the twins of macsec/frames/columns.py. */
#include "frames/frames.h"

#include <string.h>

#include "base/octets.h"

enum { ADDRESS = 6, ADDRESSES = 12 };

void macsec_frames_equal(const macsec_frames *one, const int64_t *rows, const macsec_frames *other,
                         uint8_t *equal) {
    for (int64_t i = 0; i < other->count; i++) {
        const int64_t row = rows == NULL ? i : rows[i];
        const int64_t length = one->length[row];
        equal[i] = length == other->length[i] &&
                   (length == 0 || memcmp(one->arena + one->start[row],
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

/* The last place of each of some stations, by their address: most frames need no search. */
enum { REMEMBERED = 256 };

typedef struct {
    const uint64_t *stations;
    int64_t count;
    int64_t place[REMEMBERED];
} station_table;

/* Return the place of a station in the table, or -1. */
static int64_t place_of(station_table *table, uint64_t station) {
    int64_t *remembered = &table->place[(station ^ station >> 8 ^ station >> 16) % REMEMBERED];
    if (table->stations[*remembered] == station) {
        return *remembered;
    }
    int64_t low = 0;
    int64_t high = table->count;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (table->stations[middle] < station) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == table->count || table->stations[low] != station) {
        return -1;
    }
    *remembered = low;
    return low;
}

int64_t macsec_frames_sides(const macsec_frames *in, const uint64_t *stations, const int64_t *known,
                            int64_t count, int64_t *sides) {
    station_table table = {stations, count, {0}};
    int64_t unknown = 0;
    for (int64_t i = 0; i < in->count; i++) {
        sides[i] = 0;
        if (in->length[i] < ADDRESSES) {
            continue;
        }
        const uint8_t *frame = in->arena + in->start[i];
        const int64_t sender = count == 0 ? -1 : place_of(&table, load_be48(frame + ADDRESS));
        const int is_group = frame[0] & 1;
        if (sender < 0 || (!is_group && place_of(&table, load_be48(frame)) < 0)) {
            unknown++;
        } else {
            sides[i] = known[sender];
        }
    }
    return unknown;
}
