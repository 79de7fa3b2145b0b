/* Many secrets of one size, side by side: thousands of receive SCs on pages of their own would cost
   a walk through the page tables for each frame.

   Objects lie in chunks of secret memory. A chunk is as large as all that were there before it,
   from a page to 2 MiB, so a few objects cost a page or two and many lie on huge pages. It is wiped
   and given back with its last object. Nothing is shared between slabs. */
#ifndef MACSEC_SLAB_H
#define MACSEC_SLAB_H

#include <stddef.h>

typedef struct macsec_slab {
    struct macsec_slab_chunk *open; /* chunks that have room, a list */
    size_t octets;                  /* of all chunks */
} macsec_slab;

/* An object of `size` octets, the same for all of a slab: zeros, aligned to a cache line. NULL when
   there is no memory. */
void *macsec_slab_take(macsec_slab *slab, size_t size);

/* Wipes an object and takes it back. */
void macsec_slab_give(macsec_slab *slab, void *object, size_t size);

#endif
