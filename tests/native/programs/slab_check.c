/* Checks the slab of secrets by itself: `slab_check [steps [seed]]`.

   Objects are allocated and freed at random. Each has to be zeroed and aligned when it is
   allocated, and to keep its octets until it is freed; after that its octets are zeros, as long as
   they are mapped. When the last object is freed, nothing is mapped. Then the program checks how
   much memory few and many objects take. The exit status is 0 if all held. */
#define _DEFAULT_SOURCE

#include "base/slab.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { OBJECTS = 3000, ALIGNMENT = 64 };

static const size_t sizes[] = {1, 63, 64, 200, 2688, 4096, 10000};

static unsigned long faults;

static void check(int holds, const char *what, size_t size) {
    if (!holds && ++faults <= 20) {
        printf("FAULT with objects of %zu octets: %s\n", size, what);
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

static int all_equal(const uint8_t *octets, size_t length, uint8_t wanted) {
    size_t at = 0;
    while (at < length && octets[at] == wanted) {
        at++;
    }
    return at == length;
}

/* Return 1 if the page of an object is mapped. */
static int is_mapped(const uint8_t *octets) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char resident;
    return mincore((void *)((uintptr_t)octets / page * page), page, &resident) == 0;
}

typedef struct object {
    uint8_t *octets; /* NULL: not allocated */
    uint8_t *before; /* its address the last time */
    uint8_t fill;
} object;

static object objects[OBJECTS];

static void take(macsec_slab *slab, object *o, size_t size) {
    o->octets = macsec_slab_take(slab, size);
    if (o->octets == NULL) {
        check(0, "refused", size);
        exit(1);
    }
    check((uintptr_t)o->octets % ALIGNMENT == 0, "not aligned", size);
    check(all_equal(o->octets, size, 0), "not zeros when taken", size);
    o->fill = (uint8_t)(draw() | 1);
    memset(o->octets, o->fill, size);
}

static void give(macsec_slab *slab, object *o, size_t size) {
    check(all_equal(o->octets, size, o->fill), "changed by another object", size);
    macsec_slab_give(slab, o->octets, size);
    if (is_mapped(o->octets)) {
        check(all_equal(o->octets, size, 0), "not wiped", size);
    }
    o->before = o->octets;
    o->octets = NULL;
}

/* Allocate and free at random, so that their number rises and falls; free all in the end. */
static void at_random(size_t size, unsigned long steps) {
    macsec_slab slab = {0};
    for (unsigned long step = 0; step < steps; step++) {
        const size_t most = step / 4096 % 2 ? 20 : OBJECTS;
        object *o = &objects[draw() % OBJECTS];
        if (o->octets != NULL) {
            give(&slab, o, size);
        } else if (o < objects + most) {
            take(&slab, o, size);
        }
    }
    for (size_t i = 0; i < OBJECTS; i++) {
        if (objects[i].octets != NULL) {
            give(&slab, &objects[i], size);
        }
    }
    check(slab.octets == 0 && slab.open == NULL, "chunks are left", size);
    for (size_t i = 0; i < OBJECTS; i++) {
        check(objects[i].before == NULL || !is_mapped(objects[i].before), "still mapped", size);
        objects[i].before = NULL;
    }
}

/* Check that a few objects take a page or two, and any number at most three times their size. */
static void check_amount(const macsec_slab *slab, size_t count, size_t size) {
    const size_t needed = count * (size + 2 * ALIGNMENT) + ALIGNMENT;
    check(slab->octets <= 3 * needed + 4096, "more memory than is needed", size);
}

/* Check the amount of memory, also when objects are freed and allocated all the time. */
static void amounts(size_t size) {
    macsec_slab slab = {0};
    for (size_t count = 1; count <= OBJECTS; count++) {
        take(&slab, &objects[count - 1], size);
        check_amount(&slab, count, size);
    }
    for (size_t i = 0; i < 10 * OBJECTS; i++) {
        object *o = &objects[draw() % OBJECTS];
        give(&slab, o, size);
        take(&slab, o, size);
        check_amount(&slab, OBJECTS, size);
    }
    for (size_t i = 0; i < OBJECTS; i++) {
        give(&slab, &objects[i], size);
    }
}

int main(int count, char **words) {
    const unsigned long steps = count > 1 ? strtoul(words[1], NULL, 0) : 100000;
    random_state = count > 2 ? strtoull(words[2], NULL, 0) : 1;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        at_random(sizes[i], steps);
        amounts(sizes[i]);
    }
    printf("slab: %lu steps, %lu faults\n", steps, faults);
    return faults != 0;
}
