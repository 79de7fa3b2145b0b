/* Tables from numbers to small numbers. */
#include "lab/structures/numbers.h"

#include <stdlib.h>

static numbers_slot *slot_of(const numbers *table, uint64_t key) {
    uint64_t at = key * 0x9E3779B97F4A7C15u >> 32;
    while (table->slots[at & table->mask].key != 0 &&
           table->slots[at & table->mask].key != key + 1) {
        at++;
    }
    return &table->slots[at & table->mask];
}

static int grow(numbers *table) {
    const uint32_t room = table->slots == NULL ? 0 : table->mask + 1;
    numbers wider = {.mask = room > 0 ? 2 * room - 1 : 7, .count = table->count};
    wider.slots = calloc((size_t)wider.mask + 1, sizeof *wider.slots);
    if (wider.slots == NULL) {
        return 0;
    }
    for (uint32_t at = 0; at < room; at++) {
        if (table->slots[at].key != 0) {
            *slot_of(&wider, table->slots[at].key - 1) = table->slots[at];
        }
    }
    free(table->slots);
    *table = wider;
    return 1;
}

int macsec_numbers_set(numbers *table, uint64_t key, uint32_t value) {
    if ((table->slots == NULL || (table->count + 1) * 2 > table->mask) && !grow(table)) {
        return 0;
    }
    numbers_slot *slot = slot_of(table, key);
    table->count += slot->key == 0;
    *slot = (numbers_slot){key + 1, value};
    return 1;
}
