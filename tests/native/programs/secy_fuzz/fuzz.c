/* Count faults, draw random octets, allocate guarded memory. */
#define _DEFAULT_SOURCE

#include "fuzz.h"

#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

uint64_t frames_given;
uint64_t faults;
uint64_t world_number;
char scene[160]; /* the world in words, for the message */

/* Count a fault, and print the first 20. Return `holds`. */
int check(int holds, const char *what, ...) {
    if (!holds && ++faults <= 20) {
        va_list arguments;
        va_start(arguments, what);
        printf("FAULT in world %" PRIu64 " (%s): ", world_number, scene);
        vprintf(what, arguments);
        printf("\n");
        va_end(arguments);
    }
    return holds;
}

/* ---- Randomness: splitmix64, seeded for each world ----------------------------------------- */

uint64_t random_state;

uint64_t draw(void) {
    uint64_t z = random_state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

/* 0 to limit - 1 */
size_t below(size_t limit) {
    return (size_t)((draw() >> 32) * limit >> 32);
}

int one_in(size_t n) {
    return below(n) == 0;
}

uint8_t coin(void) {
    return (uint8_t)(draw() >> 63);
}

void fill(uint8_t *octets, size_t length) {
    for (size_t i = 0; i < length; i += 8) {
        uint64_t word = draw();
        memcpy(octets + i, &word, length - i < 8 ? length - i : 8);
    }
}

uint64_t get(const uint8_t *octets, size_t length) {
    uint64_t value = 0;
    for (size_t i = 0; i < length; i++) {
        value = value << 8 | octets[i];
    }
    return value;
}

void put(uint8_t *octets, size_t length, uint64_t value) {
    for (size_t i = length; i-- > 0; value >>= 8) {
        octets[i] = (uint8_t)value;
    }
}

size_t vlan_tags(const uint8_t *frame, size_t length, size_t most) {
    size_t count = 0;
    while (count < most && length >= 16 + 4 * count) {
        uint64_t type = get(frame + 12 + 4 * count, 2);
        if (type != 0x8100 && type != 0x88A8 && type != 0x9100) {
            break;
        }
        count++;
    }
    return count;
}

region region_new(size_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size = (size + page - 1) / page * page;
    uint8_t *memory = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory + page, size, PROT_READ | PROT_WRITE) != 0) {
        perror("secy_fuzz");
        exit(2);
    }
    return (region){memory + page, size};
}

void *place(region r, size_t length, int flush) {
    return flush ? r.low + r.size - length : r.low;
}

region in_arena, out_arena, columns[9];
int at_end; /* where this batch lies */
