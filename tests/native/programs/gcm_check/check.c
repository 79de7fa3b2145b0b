/* Count checks, draw random octets, allocate guarded memory. */
#define _DEFAULT_SOURCE

#include "check.h"

#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

unsigned long checks;
unsigned long failures;

/* Count a check; the other arguments are the message if it fails. */
void check(int holds, const char *what, ...) {
    checks++;
    if (holds) {
        return;
    }
    if (++failures <= 20) {
        va_list arguments;
        va_start(arguments, what);
        printf("FAILED: ");
        vprintf(what, arguments);
        printf("\n");
        va_end(arguments);
    }
}

/* A linear congruential generator of Knuth's: small, fast, and the same in every run. */
static uint64_t random_state = 1;

uint32_t next_random(void) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33);
}

void fill_random(uint8_t *octets, size_t length) {
    for (size_t i = 0; i < length; i++) {
        octets[i] = (uint8_t)next_random();
    }
}

const macsec_gcm_kernel *kernels[KERNELS_MAX]; /* kernels that this CPU runs */
size_t kernel_count;

guarded make_guarded(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = (GUARD_ROOM + page - 1) / page * page;
    uint8_t *base = mmap(NULL, room + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED || mprotect(base + page, room, PROT_READ | PROT_WRITE) != 0 ||
        room != GUARD_ROOM) {
        printf("no guarded memory (pages of %zu octets)\n", page);
        exit(2);
    }
    guarded g = {base + page};
    return g;
}

/* Fill the surroundings with a known octet; return the place of `length` octets. */
uint8_t *put(guarded g, place where, size_t length, size_t alignment) {
    size_t offset = where == AT_END     ? GUARD_ROOM - length
                    : where == AT_START ? 0
                                        : CANARY + alignment;
    uint8_t *p = g.start + offset;
    size_t before = offset < CANARY ? offset : CANARY;
    size_t after = GUARD_ROOM - offset - length;
    memset(p - before, 0xa5, before);
    memset(p + length, 0xa5, after < CANARY ? after : CANARY);
    return p;
}

/* Return 1 if the surroundings are as put() left them. */
int untouched(guarded g, const uint8_t *p, size_t length) {
    size_t before = (size_t)(p - g.start);
    size_t after = GUARD_ROOM - before - length;
    int same = 1;
    for (size_t i = 1; i <= (before < CANARY ? before : CANARY); i++) {
        same &= p[-(ptrdiff_t)i] == 0xa5;
    }
    for (size_t i = 0; i < (after < CANARY ? after : CANARY); i++) {
        same &= p[length + i] == 0xa5;
    }
    return same;
}
