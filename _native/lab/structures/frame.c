/* Frames of a lab, in sizes that double. */
#include "lab/structures/frame.h"

#include <stdlib.h>
#include <string.h>

#include "wire/crc32.h"

lab_frame *macsec_frame_new(frame_pool *pool, int64_t room) {
    int64_t octets = FRAME_LEAST;
    uint8_t size = 0;
    for (; size < FRAME_SIZES && octets < room; size++) {
        octets *= 2;
    }
    if (size == FRAME_SIZES) {
        octets = room;
    }
    lab_frame *f = size < FRAME_SIZES ? pool->free[size] : NULL;
    if (f != NULL) {
        pool->free[size] = f->next;
    } else {
        f = malloc(sizeof *f + (size_t)octets);
    }
    if (f == NULL) {
        return NULL;
    }
    f->owners = 1;
    f->has_crc = 0;
    f->size = size;
    return f;
}

lab_frame *macsec_frame_copy(frame_pool *pool, const uint8_t *octets, int64_t length) {
    lab_frame *f = macsec_frame_new(pool, length);
    if (f != NULL) {
        f->length = length;
        if (length > 0) {
            memcpy(f->octets, octets, (size_t)length);
        }
    }
    return f;
}

void macsec_frame_recycle(frame_pool *pool, lab_frame *f) {
    if (f->size == FRAME_SIZES) {
        free(f);
        return;
    }
    f->next = pool->free[f->size];
    pool->free[f->size] = f;
}

void macsec_frame_pool_free(frame_pool *pool) {
    for (int size = 0; size < FRAME_SIZES; size++) {
        while (pool->free[size] != NULL) {
            lab_frame *f = pool->free[size];
            pool->free[size] = f->next;
            free(f);
        }
    }
}

uint32_t macsec_frame_find_crc(lab_frame *f) {
    f->has_crc = 1;
    return f->crc = macsec_crc32(f->octets, f->length);
}
