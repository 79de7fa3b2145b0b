/* Memory for secrets. The reasons are in secret.h. */
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* MAP_ANONYMOUS and MADV_DONTDUMP under -std=c11 */
#endif

#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#include <unistd.h>
#endif

void macsec_wipe(void *memory, size_t length) {
    if (length == 0) {
        return;
    }
    memset(memory, 0, length);
#if defined(__GNUC__) || defined(__clang__)
    /* The compiler has to assume a read of the memory here, so it cannot remove the memset. */
    __asm__ volatile("" : : "r"(memory) : "memory");
#else
    volatile uint8_t *octet = memory;
    for (size_t i = 0; i < length; i++) {
        octet[i] = 0;
    }
#endif
}

int macsec_equal(const uint8_t *left, const uint8_t *right, size_t length) {
    uint32_t difference = 0;
    for (size_t i = 0; i < length; i++) {
        difference |= (uint32_t)(left[i] ^ right[i]);
    }
#if defined(__GNUC__) || defined(__clang__)
    /* Hides the value from the compiler, which could otherwise make the loop stop early. */
    __asm__("" : "+r"(difference));
#endif
    return (int)(((difference - 1) >> 8) & 1);
}

#if defined(MAP_ANONYMOUS)

enum { HUGE_PAGE = 1 << 21 };

static size_t whole_pages(size_t length) {
    long answer = sysconf(_SC_PAGESIZE);
    size_t page = answer > 0 ? (size_t)answer : 4096;
    if (length == 0 || length > SIZE_MAX - page) {
        return 0;
    }
    return (length + page - 1) / page * page;
}

static uint8_t *map(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

/* Map more than needed, and unmap the octets before and after the aligned part. */
static uint8_t *map_huge(size_t size) {
    uint8_t *memory = size <= SIZE_MAX - HUGE_PAGE ? map(size + HUGE_PAGE) : NULL;
    if (memory == NULL) {
        return NULL;
    }
    size_t before = (HUGE_PAGE - (uintptr_t)memory % HUGE_PAGE) % HUGE_PAGE;
    if (before != 0) {
        (void)munmap(memory, before);
    }
    memory += before;
    (void)munmap(memory + size, HUGE_PAGE - before);
#if defined(MADV_HUGEPAGE)
    (void)madvise(memory, size, MADV_HUGEPAGE);
#endif
    return memory;
}

void *macsec_secret_alloc(size_t length) {
    size_t size = whole_pages(length);
    if (size == 0) {
        return NULL;
    }
    uint8_t *memory = size % HUGE_PAGE == 0 ? map_huge(size) : map(size);
    if (memory == NULL) {
        return NULL;
    }
    (void)mlock(memory, size);
#if defined(MADV_DONTDUMP)
    (void)madvise(memory, size, MADV_DONTDUMP);
#endif
    return memory;
}

void macsec_secret_free(void *memory, size_t length) {
    if (memory == NULL) {
        return;
    }
    macsec_wipe(memory, length);
    (void)munmap(memory, whole_pages(length)); /* unlocks as well */
}

#else

/* The pointer from malloc is stored just below the aligned memory. */
enum { ALIGNMENT = 64 };

void *macsec_secret_alloc(size_t length) {
    if (length == 0 || length > SIZE_MAX - ALIGNMENT - sizeof(void *)) {
        return NULL;
    }
    uint8_t *base = malloc(length + ALIGNMENT + sizeof(void *));
    if (base == NULL) {
        return NULL;
    }
    uint8_t *memory = base + sizeof(void *);
    memory += (ALIGNMENT - (uintptr_t)memory % ALIGNMENT) % ALIGNMENT;
    memcpy(memory - sizeof(void *), &base, sizeof(void *));
    return memset(memory, 0, length);
}

void macsec_secret_free(void *memory, size_t length) {
    if (memory == NULL) {
        return;
    }
    void *base;
    memcpy(&base, (uint8_t *)memory - sizeof(void *), sizeof(void *));
    macsec_wipe(memory, length);
    free(base);
}

#endif
