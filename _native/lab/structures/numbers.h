/* A table from numbers to small numbers, such as addresses to ports. Nothing is removed. */
#ifndef MACSEC_LAB_NUMBERS_H
#define MACSEC_LAB_NUMBERS_H

#include <stdint.h>

/* Open addressing, at most half full. A key is stored plus one, so that 0 is a free slot. */
typedef struct numbers_slot {
    uint64_t key;
    uint32_t value;
} numbers_slot;

typedef struct numbers {
    numbers_slot *slots;
    uint32_t count, mask;
} numbers;

/* Set a value. Return 0 where memory is short. */
int macsec_numbers_set(numbers *table, uint64_t key, uint32_t value);

/* Return the value, or -1. */
static inline int64_t numbers_get(const numbers *table, uint64_t key) {
    if (table->count == 0) {
        return -1;
    }
    for (uint64_t at = key * 0x9E3779B97F4A7C15u >> 32;; at++) {
        const numbers_slot *slot = &table->slots[at & table->mask];
        if (slot->key == key + 1) {
            return slot->value;
        }
        if (slot->key == 0) {
            return -1;
        }
    }
}

#endif
