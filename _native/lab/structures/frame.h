/* Frames of a lab: octets that several owners share. Freed frames are kept for the next ones. */
#ifndef MACSEC_LAB_FRAME_H
#define MACSEC_LAB_FRAME_H

#include <stdint.h>

enum { FRAME_SIZES = 11, FRAME_LEAST = 128 }; /* 128 octets to 128 KiB, doubling */

typedef struct lab_frame {
    struct lab_frame *next; /* in the list of free ones */
    int64_t length;
    uint32_t owners;
    uint32_t crc;
    uint8_t has_crc;
    uint8_t size; /* FRAME_SIZES: too large to be kept */
    uint8_t octets[];
} lab_frame;

typedef struct frame_pool {
    lab_frame *free[FRAME_SIZES];
} frame_pool;

/* Return a frame with room for some octets and one owner, or NULL. */
lab_frame *macsec_frame_new(frame_pool *pool, int64_t room);
lab_frame *macsec_frame_copy(frame_pool *pool, const uint8_t *octets, int64_t length);
void macsec_frame_recycle(frame_pool *pool, lab_frame *f);
void macsec_frame_pool_free(frame_pool *pool);
uint32_t macsec_frame_find_crc(lab_frame *f);

static inline uint32_t frame_crc(lab_frame *f) {
    return f->has_crc ? f->crc : macsec_frame_find_crc(f);
}

/* Give up an owner's share. */
static inline void frame_drop(frame_pool *pool, lab_frame *f) {
    if (--f->owners == 0) {
        macsec_frame_recycle(pool, f);
    }
}

#endif
