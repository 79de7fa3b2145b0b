/* Tapes: recorded frames of ports and hosts. The twin of macsec/lab/virtual/recorder.py. */
#include "lab/lab_state.h"

#include <string.h>

enum { START, LENGTH, TIME, PORT, DIRECTION, COLUMNS, PS_PER_NS = 1000 };

int64_t macsec_lab_add_tape(macsec_lab *lab) {
    return LAB_ADD(lab->tapes, lab->tape_count);
}

static int columns_room(tape *t) {
    if (t->count < t->room) {
        return 1;
    }
    const int64_t room = t->room > 0 ? 2 * t->room : 64;
    for (int at = 0; at < COLUMNS; at++) {
        int64_t *wider = realloc(t->columns[at], (size_t)room * sizeof *wider);
        if (wider == NULL) {
            return 0; /* columns that grew already do no harm */
        }
        t->columns[at] = wider;
    }
    t->room = room;
    return 1;
}

static int octets_room(tape *t, int64_t more) {
    int64_t room = t->octet_room > 0 ? t->octet_room : 4096;
    while (room < t->octets + more) {
        room *= 2;
    }
    if (room == t->octet_room) {
        return 1;
    }
    uint8_t *wider = realloc(t->arena, (size_t)room);
    if (wider == NULL) {
        return 0;
    }
    t->arena = wider;
    t->octet_room = room;
    return 1;
}

void macsec_lab_tape_add(macsec_lab *lab, const macsec_lab_watch *watch, const lab_frame *f) {
    tape *t = &lab->tapes[watch->tape - 1];
    if (!columns_room(t) || !octets_room(t, f->length)) {
        lab_no_memory(lab);
        return;
    }
    const int64_t values[COLUMNS] = {t->octets, f->length, lab_now(lab) / PS_PER_NS, watch->port,
                                     watch->direction};
    for (int at = 0; at < COLUMNS; at++) {
        t->columns[at][t->count] = values[at];
    }
    memcpy(t->arena + t->octets, f->octets, (size_t)f->length);
    t->octets += f->length;
    t->count++;
}

void macsec_lab_read_tape(const macsec_lab *lab, int64_t at, macsec_lab_tape *found) {
    const tape *t = &lab->tapes[at];
    *found = (macsec_lab_tape){.arena = t->arena,
                               .start = t->columns[START],
                               .length = t->columns[LENGTH],
                               .time_ns = t->columns[TIME],
                               .port = t->columns[PORT],
                               .direction = t->columns[DIRECTION],
                               .count = t->count,
                               .octets = t->octets};
}
