/* Pieces of large blocks; the design is in pieces.h.

   Pieces lie side by side; free neighbours are one piece. Free pieces are in lists by size, a list
   for each power of two. A piece is taken from the list of its size, where one of the first few
   may be large enough, or from the next list with a piece in it, where each is. A list is last in,
   first out: the octets that were just dropped are in the cache. */
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* MAP_ANONYMOUS and MADV_FREE under -std=c11 */
#endif

#include "base/pieces.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { LINE = 64, LISTS = 48, TRIES = 8 };

#define HUGE_PAGE ((size_t)1 << 21)
#define BLOCK_MOST ((size_t)32 << 20)
#define IDLE_READY ((size_t)64 << 20)
#define IDLE_MOST ((size_t)1 << 30)

typedef struct block {
    macsec_pieces *pool;
    struct block *next, *previous;
    size_t octets;
} block;

/* The head of a piece: a line, its octets follow. */
struct macsec_piece {
    block *owner;  /* NULL: an allocation of its own */
    size_t octets; /* with the head */
    size_t before; /* of the piece in front of it; 0: it is the first of its block */
    struct macsec_piece *next, *previous; /* in the list of its size, when free */
    atomic_uint uses;                     /* 0: free */
};

struct macsec_pieces {
    macsec_piece *free[LISTS];
    uint64_t filled; /* a bit for each list that is not empty */
    block *blocks;
    size_t mapped, idle; /* octets: of all blocks, of blocks that hold no piece */
    int left;
};

_Static_assert(sizeof(block) <= LINE && sizeof(macsec_piece) <= LINE, "heads are lines");

static size_t whole(size_t octets, size_t unit) {
    return (octets + unit - 1) / unit * unit;
}

/* ---------------------------------------------------------------- neighbours and lists */

static macsec_piece *at(void *from, size_t octets) {
    return (macsec_piece *)(void *)((uint8_t *)from + octets);
}

/* Return the piece behind one, or NULL. */
static macsec_piece *behind(const macsec_piece *piece) {
    macsec_piece *next = at((void *)piece, piece->octets);
    return (uint8_t *)next == (uint8_t *)piece->owner + piece->owner->octets ? NULL : next;
}

static int is_free(const macsec_piece *piece) {
    return piece != NULL && atomic_load_explicit(&piece->uses, memory_order_relaxed) == 0;
}

static unsigned list_of(size_t octets) {
    unsigned list = 0;
    while (octets >>= 1) {
        list++;
    }
    return list < LISTS ? list : LISTS - 1;
}

static void put(macsec_piece *piece) {
    macsec_pieces *pool = piece->owner->pool;
    const unsigned list = list_of(piece->octets);
    piece->previous = NULL;
    piece->next = pool->free[list];
    if (piece->next != NULL) {
        piece->next->previous = piece;
    }
    pool->free[list] = piece;
    pool->filled |= (uint64_t)1 << list;
}

static void pull(macsec_piece *piece) {
    macsec_pieces *pool = piece->owner->pool;
    if (piece->next != NULL) {
        piece->next->previous = piece->previous;
    }
    if (piece->previous != NULL) {
        piece->previous->next = piece->next;
        return;
    }
    const unsigned list = list_of(piece->octets);
    pool->free[list] = piece->next;
    if (piece->next == NULL) {
        pool->filled &= ~((uint64_t)1 << list);
    }
}

static void resize(macsec_piece *piece, size_t octets) {
    piece->octets = octets;
    macsec_piece *next = behind(piece);
    if (next != NULL) {
        next->before = octets;
    }
}

/* ---------------------------------------------------------------- blocks */

#if defined(MAP_ANONYMOUS)

/* Map more than needed, and unmap the octets before and after the aligned part. */
static void *map(size_t octets) {
    uint8_t *memory =
        mmap(NULL, octets + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return NULL;
    }
    const size_t front = (HUGE_PAGE - (uintptr_t)memory % HUGE_PAGE) % HUGE_PAGE;
    if (front != 0) {
        (void)munmap(memory, front);
    }
    (void)munmap(memory + front + octets, HUGE_PAGE - front);
#if defined(MADV_HUGEPAGE)
    (void)madvise(memory + front, octets, MADV_HUGEPAGE);
#endif
    return memory + front;
}

static void unmap(block *b) {
    (void)munmap(b, b->octets);
}

/* The system may take the pages until they are written again; not the first, which has the heads.
 */
static void offer(block *b) {
#if defined(MADV_FREE)
    if (b->octets > HUGE_PAGE) {
        (void)madvise((uint8_t *)b + HUGE_PAGE, b->octets - HUGE_PAGE, MADV_FREE);
    }
#else
    (void)b;
#endif
}

#else

static void *map(size_t octets) {
    return malloc(octets);
}

static void unmap(block *b) {
    free(b);
}

static void offer(block *b) {
    (void)b;
}

#endif

/* Octets of the next block: as many as there are already, and room for a piece. */
static size_t block_octets(const macsec_pieces *pool, size_t needed) {
    size_t octets = pool->mapped > HUGE_PAGE ? pool->mapped : HUGE_PAGE;
    octets = octets < BLOCK_MOST ? octets : BLOCK_MOST;
    return whole(octets > needed + LINE ? octets : needed + LINE, HUGE_PAGE);
}

/* Return the only piece of a new block, in no list. */
static macsec_piece *new_block(macsec_pieces *pool, size_t needed) {
    if (needed > SIZE_MAX / 4) {
        return NULL;
    }
    const size_t octets = block_octets(pool, needed);
    block *b = map(octets);
    if (b == NULL) {
        return NULL;
    }
    *b = (block){.pool = pool, .next = pool->blocks, .octets = octets};
    if (b->next != NULL) {
        b->next->previous = b;
    }
    pool->blocks = b;
    pool->mapped += octets;
    pool->idle += octets;
    macsec_piece *all = at(b, LINE);
    *all = (macsec_piece){.owner = b, .octets = octets - LINE};
    return all;
}

static void end_block(block *b) {
    macsec_pieces *pool = b->pool;
    if (b->next != NULL) {
        b->next->previous = b->previous;
    }
    *(b->previous != NULL ? &b->previous->next : &pool->blocks) = b->next;
    pool->mapped -= b->octets;
    unmap(b);
}

/* A block holds no piece any more: `all` of it is free, and in no list. */
static void idle_block(macsec_piece *all) {
    block *b = all->owner;
    macsec_pieces *pool = b->pool;
    if (pool->left || pool->idle + b->octets > IDLE_MOST) {
        end_block(b);
        if (pool->left && pool->blocks == NULL) {
            free(pool);
        }
        return;
    }
    pool->idle += b->octets;
    if (pool->idle > IDLE_READY) {
        offer(b);
    }
    put(all);
}

/* ---------------------------------------------------------------- pools */

macsec_pieces *macsec_pieces_new(void) {
    return calloc(1, sizeof(macsec_pieces));
}

static int is_whole_block(const macsec_piece *piece) {
    return piece->octets == piece->owner->octets - LINE;
}

void macsec_pieces_leave(macsec_pieces *pool) {
    pool->left = 1;
    for (block *b = pool->blocks, *next; b != NULL; b = next) {
        next = b->next;
        macsec_piece *first = at(b, LINE);
        if (is_free(first) && is_whole_block(first)) {
            pull(first);
            end_block(b);
        }
    }
    if (pool->blocks == NULL) {
        free(pool);
    }
}

size_t macsec_pieces_mapped(const macsec_pieces *pool) {
    return pool->mapped;
}

/* Return a free piece that is large enough, out of its list, or NULL. */
static macsec_piece *find(macsec_pieces *pool, size_t needed) {
    const unsigned list = list_of(needed);
    macsec_piece *piece = pool->free[list];
    for (int tries = 0; piece != NULL && piece->octets < needed; tries++) {
        piece = tries < TRIES ? piece->next : NULL;
    }
    const uint64_t larger = pool->filled >> list >> 1;
    if (piece == NULL && larger != 0) {
        unsigned next = list + 1;
        while (!(pool->filled >> next & 1)) {
            next++;
        }
        piece = pool->free[next]->octets >= needed ? pool->free[next] : NULL;
    }
    if (piece != NULL) {
        pull(piece);
    }
    return piece;
}

/* Split off what is behind the first `octets`; return it, in no list, or NULL if it is too small.
 */
static macsec_piece *split(macsec_piece *piece, size_t octets) {
    if (piece->octets - octets < 2 * LINE) {
        return NULL;
    }
    macsec_piece *rest = at(piece, octets);
    *rest = (macsec_piece){.owner = piece->owner, .octets = piece->octets - octets};
    resize(rest, rest->octets);
    resize(piece, octets);
    return rest;
}

static macsec_piece *own_allocation(size_t needed) {
    macsec_piece *piece = aligned_alloc(LINE, needed);
    if (piece != NULL) {
        *piece = (macsec_piece){.octets = needed};
        atomic_store_explicit(&piece->uses, 1, memory_order_relaxed);
    }
    return piece;
}

macsec_piece *macsec_piece_take(macsec_pieces *pool, size_t octets) {
    if (octets > SIZE_MAX / 4) {
        return NULL;
    }
    const size_t needed = whole(octets, LINE) + LINE;
    if (pool == NULL) {
        return own_allocation(needed);
    }
    macsec_piece *piece = find(pool, needed);
    if (piece == NULL) {
        piece = new_block(pool, needed);
    }
    if (piece == NULL) {
        return NULL;
    }
    if (is_whole_block(piece)) {
        pool->idle -= piece->owner->octets;
    }
    macsec_piece *rest = split(piece, needed);
    if (rest != NULL) {
        put(rest);
    }
    atomic_store_explicit(&piece->uses, 1, memory_order_relaxed);
    return piece;
}

uint8_t *macsec_piece_octets(macsec_piece *piece) {
    return (uint8_t *)piece + LINE;
}

/* Join a free piece, in no list, with the free piece behind it. */
static void join_behind(macsec_piece *piece) {
    macsec_piece *next = behind(piece);
    if (is_free(next)) {
        pull(next);
        resize(piece, piece->octets + next->octets);
    }
}

void macsec_piece_shrink(macsec_piece *piece, size_t octets) {
    macsec_piece *rest = piece->owner == NULL ? NULL : split(piece, whole(octets, LINE) + LINE);
    if (rest != NULL) {
        join_behind(rest);
        put(rest);
    }
}

static void give(macsec_piece *piece) {
    join_behind(piece);
    macsec_piece *front =
        piece->before == 0 ? NULL : (macsec_piece *)(void *)((uint8_t *)piece - piece->before);
    if (is_free(front)) {
        pull(front);
        resize(front, front->octets + piece->octets);
        piece = front;
    }
    if (is_whole_block(piece)) {
        idle_block(piece);
    } else {
        put(piece);
    }
}

macsec_piece *macsec_piece_hold(macsec_piece *piece) {
    if (piece != NULL) {
        atomic_fetch_add_explicit(&piece->uses, 1, memory_order_relaxed);
    }
    return piece;
}

void macsec_piece_drop(macsec_piece *piece) {
    if (piece == NULL || atomic_fetch_sub_explicit(&piece->uses, 1, memory_order_acq_rel) != 1) {
        return;
    }
    if (piece->owner == NULL) {
        free(piece);
    } else {
        give(piece);
    }
}
