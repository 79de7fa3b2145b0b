/* Many secrets of one size, side by side. With thousands of receive SCs on pages of their own, each
   frame would cost a walk through the page tables (D-11).

   Objects lie in chunks of secret memory. A chunk is as large as all chunks before it together,
   from a page to 2 MiB: a few objects cost a page or two, and many lie on huge pages. A chunk is
   wiped and freed with its last object. Slabs share nothing. */
#ifndef MACSEC_SLAB_H
#define MACSEC_SLAB_H

#include <stddef.h>

typedef struct macsec_slab {
    struct macsec_slab_chunk *open; /* chunks that have room, a list */
    size_t octets;                  /* of all chunks */
} macsec_slab;

/* Return an object of `size` octets, zeroed and aligned to a cache line, or NULL when there is no
   memory. All objects of a slab have the same size. */
void *macsec_slab_take(macsec_slab *slab, size_t size);

/* Wipe an object and free it. */
void macsec_slab_give(macsec_slab *slab, void *object, size_t size);

#endif
