/* Frames on their way: a binary heap by (due, sequence). */
#ifndef MACSEC_TRANSITS_H
#define MACSEC_TRANSITS_H

#include <stdint.h>
#include <stdlib.h>

#include "wire/calendar_state.h"

enum { FIRST_ROOM = 8 }; /* most lanes of a large lab carry few frames */

static int before(const transit *a, const transit *b) {
    return a->due_ps < b->due_ps || (a->due_ps == b->due_ps && a->sequence < b->sequence);
}

static int heap_room(macsec_wire *wire) {
    if (wire->on_way < wire->room) {
        return 1;
    }
    uint64_t room = wire->room > 0 ? 2 * wire->room : FIRST_ROOM;
    transit *way = room > SIZE_MAX / sizeof *way ? NULL : realloc(wire->way, room * sizeof *way);
    if (way == NULL) {
        return 0;
    }
    wire->way = way;
    wire->room = room;
    return 1;
}

static void heap_push(macsec_wire *wire, const transit *added) {
    uint64_t at = wire->on_way++;
    wire->eapol_on_way += added->eapol;
    while (at > 0 && before(added, &wire->way[(at - 1) / 2])) {
        wire->way[at] = wire->way[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    wire->way[at] = *added;
}

static transit heap_pop(macsec_wire *wire) {
    transit *way = wire->way, top = way[0];
    uint64_t count = --wire->on_way, at = 0, child = 1;
    const transit last = way[count];
    wire->eapol_on_way -= top.eapol;
    for (; child < count; child = 2 * at + 1) {
        if (child + 1 < count && before(&way[child + 1], &way[child])) {
            child++;
        }
        if (!before(&way[child], &last)) {
            break;
        }
        way[at] = way[child];
        at = child;
    }
    way[at] = last;
    return top;
}

#endif
