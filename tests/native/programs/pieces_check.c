/* Checks the memory of results by itself: `pieces_check [steps [seed]]`.

   Pieces of random sizes are taken, shrunk, held and dropped at random. Each has to keep its octets
   until its last use is dropped. Then the program checks that a dropped piece is the next one
   taken, how much stays mapped, and what a pool leaves behind. The exit status is 0 if all held. */
#define _DEFAULT_SOURCE

#include "base/pieces.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PIECES = 400, SMALL = 3000, LARGE = 400000, MIB = 1 << 20 };

static unsigned long faults;

static void check(int holds, const char *what) {
    if (!holds && ++faults <= 20) {
        printf("FAULT: %s\n", what);
    }
}

/* splitmix64 */
static uint64_t random_state;

static uint64_t draw(void) {
    uint64_t z = random_state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static int is_mapped(const void *octets) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char resident;
    return mincore((void *)((uintptr_t)octets / page * page), page, &resident) == 0;
}

typedef struct held {
    macsec_piece *piece; /* NULL: not taken */
    size_t octets;
    unsigned uses;
    uint8_t fill;
} held;

static held all[PIECES];

static void take(macsec_pieces *pool, held *h) {
    const size_t wanted = draw() % (draw() % 8 == 0 ? LARGE : SMALL);
    h->piece = macsec_piece_take(pool, wanted);
    if (h->piece == NULL) {
        check(0, "refused");
        exit(1);
    }
    h->octets = draw() % 2 ? wanted : wanted - wanted / 3;
    h->uses = 1;
    h->fill = (uint8_t)draw();
    uint8_t *octets = macsec_piece_octets(h->piece);
    check((uintptr_t)octets % 64 == 0, "not aligned");
    memset(octets, h->fill, wanted);
    macsec_piece_shrink(h->piece, h->octets);
}

static void drop(held *h) {
    const uint8_t *octets = macsec_piece_octets(h->piece);
    size_t same = 0;
    while (same < h->octets && octets[same] == h->fill) {
        same++;
    }
    check(same == h->octets, "changed by another piece");
    macsec_piece_drop(h->piece);
    if (--h->uses == 0) {
        h->piece = NULL;
    }
}

static void drop_all(void) {
    for (size_t i = 0; i < PIECES; i++) {
        while (all[i].piece != NULL) {
            drop(&all[i]);
        }
    }
}

/* The number of pieces rises and falls. */
static void at_random(macsec_pieces *pool, unsigned long steps) {
    for (unsigned long step = 0; step < steps; step++) {
        const size_t most = step / 4096 % 2 ? 20 : PIECES;
        held *h = &all[draw() % PIECES];
        if (h->piece == NULL) {
            if (h < all + most) {
                take(pool, h);
            }
        } else if (draw() % 4 == 0) {
            check(macsec_piece_hold(h->piece) == h->piece, "held another");
            h->uses++;
        } else {
            drop(h);
        }
    }
    drop_all();
}

/* Two results in turn, as of a loop that keeps the last one, take the same places again. */
static void in_turn(macsec_pieces *pool) {
    macsec_piece *last = macsec_piece_take(pool, LARGE), *places[2];
    for (int turn = 0; turn < 100; turn++) {
        macsec_piece *next = macsec_piece_take(pool, LARGE);
        check(turn < 2 || next == places[turn % 2], "another place");
        places[turn % 2] = next;
        macsec_piece_drop(last);
        last = next;
    }
    macsec_piece_drop(last);
}

/* Many kept results take what they need and not much more. */
static void amounts(macsec_pieces *pool) {
    enum { COUNT = 100 };
    macsec_piece *kept[COUNT];
    const size_t before = macsec_pieces_mapped(pool);
    for (size_t i = 0; i < COUNT; i++) {
        kept[i] = macsec_piece_take(pool, 2 * MIB);
        macsec_piece_shrink(kept[i], MIB);
    }
    check(macsec_pieces_mapped(pool) <= before + (COUNT + COUNT / 8 + 64) * MIB,
          "more than is needed");
    for (size_t i = 0; i < COUNT; i++) {
        macsec_piece_drop(kept[i]);
    }
}

/* Of many dropped results at most 1 GiB stays. */
static void what_stays(macsec_pieces *pool) {
    enum { COUNT = 30, EACH = 48 };
    macsec_piece *kept[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        kept[i] = macsec_piece_take(pool, (size_t)EACH * MIB);
    }
    check(macsec_pieces_mapped(pool) >= (size_t)COUNT * EACH * MIB, "less than is needed");
    for (size_t i = 0; i < COUNT; i++) {
        macsec_piece_drop(kept[i]);
    }
    check(macsec_pieces_mapped(pool) <= (size_t)1024 * MIB, "more than 1 GiB stays");
    check(macsec_pieces_mapped(pool) > (size_t)512 * MIB, "little stays");
    check(macsec_piece_take(pool, SIZE_MAX - 100) == NULL, "took all memory");
}

/* A piece outlives its pool, and the block ends with its last piece. */
static void after_the_end(void) {
    macsec_pieces *pool = macsec_pieces_new();
    all[0].uses = 1;
    take(pool, &all[0]);
    take(pool, &all[1]);
    macsec_piece *large = macsec_piece_take(pool, 40 * MIB);
    const uint8_t *first = macsec_piece_octets(all[0].piece), *other = macsec_piece_octets(large);
    macsec_piece_drop(large);
    macsec_pieces_leave(pool);
    check(!is_mapped(other), "an empty block is left");
    drop(&all[0]);
    check(is_mapped(first), "a block with a piece is gone");
    drop(&all[1]);
    check(!is_mapped(first), "a block is left");
}

int main(int count, char **words) {
    const unsigned long steps = count > 1 ? strtoul(words[1], NULL, 0) : 100000;
    random_state = count > 2 ? strtoull(words[2], NULL, 0) : 1;
    at_random(NULL, steps / 10);
    macsec_pieces *pool = macsec_pieces_new();
    at_random(pool, steps);
    in_turn(pool);
    amounts(pool);
    what_stays(pool);
    at_random(pool, steps);
    macsec_pieces_leave(pool);
    after_the_end();
    printf("pieces: %lu steps, %lu faults\n", steps, faults);
    return faults != 0;
}
