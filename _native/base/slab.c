/* Many secrets of one size, side by side; the design is in slab.h. */
#include "base/slab.h"

#include <stdint.h>
#include <string.h>

#include "base/secret.h"

enum { LINE = 64, CHUNK_LEAST = 4096, CHUNK_MOST = 1 << 21 };

/* The head of a chunk, on a line of its own; cells follow. */
typedef struct macsec_slab_chunk {
    struct macsec_slab_chunk *next; /* in the list of chunks that have room */
    struct macsec_slab_chunk *previous;
    struct cell *given_back; /* cells that were freed: zeros again */
    size_t octets;
    size_t cells;
    size_t touched; /* number of cells that were ever in use */
    size_t in_use;
} chunk;

/* A cell is a line that names its chunk, then the object. */
typedef struct cell {
    chunk *owner;
    struct cell *next; /* freed before this one */
} cell;

_Static_assert(sizeof(chunk) <= LINE && sizeof(cell) <= LINE, "heads are lines");

static size_t cell_octets(size_t size) {
    return LINE + (size + LINE - 1) / LINE * LINE;
}

static cell *cell_at(chunk *c, size_t index, size_t size) {
    return (cell *)(void *)((uint8_t *)c + LINE + index * cell_octets(size));
}

static void list(macsec_slab *slab, chunk *c) {
    c->previous = NULL;
    c->next = slab->open;
    if (c->next != NULL) {
        c->next->previous = c;
    }
    slab->open = c;
}

static void unlist(macsec_slab *slab, chunk *c) {
    if (c->next != NULL) {
        c->next->previous = c->previous;
    }
    if (c->previous != NULL) {
        c->previous->next = c->next;
    } else {
        slab->open = c->next;
    }
}

/* Octets of the next chunk: as many as the slab has already, as a power of two that holds an
   object. */
static size_t chunk_octets(size_t there, size_t size) {
    size_t octets = CHUNK_LEAST;
    while (octets < LINE + cell_octets(size) || (octets < there && octets < CHUNK_MOST)) {
        octets *= 2;
    }
    return octets;
}

static chunk *chunk_new(macsec_slab *slab, size_t size) {
    const size_t octets = chunk_octets(slab->octets, size);
    chunk *c = macsec_secret_alloc(octets);
    if (c == NULL) {
        return NULL;
    }
    c->octets = octets;
    c->cells = (octets - LINE) / cell_octets(size);
    slab->octets += octets;
    list(slab, c);
    return c;
}

void *macsec_slab_take(macsec_slab *slab, size_t size) {
    chunk *c = slab->open != NULL ? slab->open : chunk_new(slab, size);
    if (c == NULL) {
        return NULL;
    }
    cell *taken = c->given_back;
    if (taken != NULL) {
        c->given_back = taken->next;
    } else {
        taken = cell_at(c, c->touched++, size);
    }
    taken->owner = c;
    if (++c->in_use == c->cells) {
        unlist(slab, c);
    }
    return (uint8_t *)taken + LINE;
}

void macsec_slab_give(macsec_slab *slab, void *object, size_t size) {
    cell *back = (cell *)(void *)((uint8_t *)object - LINE);
    chunk *c = back->owner;
    macsec_wipe(object, size);
    back->next = c->given_back;
    c->given_back = back;
    if (c->in_use-- == c->cells) {
        list(slab, c);
    }
    if (c->in_use != 0) {
        return;
    }
    unlist(slab, c);
    slab->octets -= c->octets;
    macsec_secret_free(c, c->octets);
}
