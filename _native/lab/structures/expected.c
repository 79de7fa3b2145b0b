/* The frames that a host expects. */
#include "lab/structures/expected.h"

#include <stdlib.h>
#include <string.h>

static int equal(const lab_frame *a, const lab_frame *b) {
    return a == b || (a->crc == b->crc && a->length == b->length &&
                      memcmp(a->octets, b->octets, (size_t)a->length) == 0);
}

/* Return the place that points to the entry of a frame, or to NULL. */
static awaited **find(const expected *table, lab_frame *f) {
    awaited **place = &table->rows[frame_crc(f) & table->mask];
    while (*place != NULL && !equal((*place)->frame, f)) {
        place = &(*place)->next;
    }
    return place;
}

static int grow(expected *table) {
    const uint64_t room = table->rows == NULL ? 0 : table->mask + 1;
    const uint64_t wider = room > 0 ? 4 * room : 64;
    awaited **rows = calloc(wider, sizeof *rows);
    if (rows == NULL) {
        return 0;
    }
    for (uint64_t row = 0; row < room; row++) {
        for (awaited *each = table->rows[row], *next; each != NULL; each = next) {
            next = each->next;
            awaited **place = &rows[each->frame->crc & (wider - 1)];
            each->next = *place;
            *place = each;
        }
    }
    free(table->rows);
    table->rows = rows;
    table->mask = wider - 1;
    return 1;
}

static int add_later(awaited *entry, int64_t time_ps) {
    if (entry->later_to == entry->later_room) {
        const uint32_t count = entry->later_to - entry->later_from;
        if (count > entry->later_room / 2 || entry->later_room == 0) {
            const uint32_t room = entry->later_room > 0 ? 2 * entry->later_room : 4;
            int64_t *wider = realloc(entry->later_ps, room * sizeof *wider);
            if (wider == NULL) {
                return 0;
            }
            entry->later_ps = wider;
            entry->later_room = room;
        }
        memmove(entry->later_ps, entry->later_ps + entry->later_from,
                count * sizeof *entry->later_ps);
        entry->later_from = 0;
        entry->later_to = count;
    }
    entry->later_ps[entry->later_to++] = time_ps;
    return 1;
}

static awaited *entry_new(expected *table) {
    awaited *entry = table->free;
    if (entry == NULL) {
        return calloc(1, sizeof *entry);
    }
    table->free = entry->next;
    return entry;
}

int macsec_expected_add(expected *table, lab_frame *f, uint32_t flow, int64_t time_ps) {
    if ((table->rows == NULL || table->count > table->mask) && !grow(table)) {
        return 0;
    }
    awaited **place = find(table, f);
    if (*place != NULL) {
        return add_later(*place, time_ps);
    }
    awaited *entry = entry_new(table);
    if (entry == NULL) {
        return 0;
    }
    f->owners++;
    entry->next = NULL;
    entry->frame = f;
    entry->flow = flow;
    entry->first_ps = time_ps;
    *place = entry;
    table->count++;
    return 1;
}

int macsec_expected_take(expected *table, frame_pool *pool, lab_frame *f, uint32_t *flow,
                         int64_t *time_ps) {
    awaited **place = table->count > 0 ? find(table, f) : NULL;
    if (place == NULL || *place == NULL) {
        return 0;
    }
    awaited *entry = *place;
    *flow = entry->flow;
    *time_ps = entry->first_ps;
    if (entry->later_from < entry->later_to) {
        entry->first_ps = entry->later_ps[entry->later_from++];
        return 1;
    }
    *place = entry->next;
    table->count--;
    frame_drop(pool, entry->frame);
    entry->next = table->free;
    entry->later_from = entry->later_to = 0;
    table->free = entry;
    return 1;
}

static void free_list(awaited *entry, frame_pool *pool) {
    while (entry != NULL) {
        awaited *next = entry->next;
        if (pool != NULL) {
            frame_drop(pool, entry->frame);
        }
        free(entry->later_ps);
        free(entry);
        entry = next;
    }
}

void macsec_expected_free(expected *table, frame_pool *pool) {
    for (uint64_t row = 0; table->rows != NULL && row <= table->mask; row++) {
        free_list(table->rows[row], pool);
    }
    free_list(table->free, NULL);
    free(table->rows);
}
