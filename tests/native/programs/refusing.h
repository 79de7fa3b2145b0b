/* Allocations that fail on demand, for one program: include it once, and link with

   -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free,--wrap=mmap,--wrap=munmap */
#ifndef MACSEC_REFUSING_H
#define MACSEC_REFUSING_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void __real_free(void *memory);
void *__real_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset);
int __real_munmap(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void __wrap_free(void *memory);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset);
int __wrap_munmap(void *memory, size_t size);

static long fails_at; /* the number of the allocation that fails; 0: none */
static long allocations;
static long held;   /* blocks of the heap */
static long mapped; /* octets of pages */
static unsigned long faults;

static int refused(void) {
    return ++allocations == fails_at;
}

static void *counted(void *memory) {
    held += memory != NULL;
    return memory;
}

void *__wrap_malloc(size_t size) {
    return refused() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size) {
    return refused() ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *memory, size_t size) {
    if (refused()) {
        return NULL;
    }
    void *wider = __real_realloc(memory, size);
    held += memory == NULL && wider != NULL;
    return wider;
}

void __wrap_free(void *memory) {
    held -= memory != NULL;
    __real_free(memory);
}

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset) {
    if (refused()) {
        return MAP_FAILED;
    }
    void *memory = __real_mmap(at, size, protection, flags, file, offset);
    mapped += memory != MAP_FAILED ? (long)size : 0;
    return memory;
}

int __wrap_munmap(void *memory, size_t size) {
    mapped -= (long)size;
    return __real_munmap(memory, size);
}

static void fault(const char *what) {
    printf("FAULT with allocation %ld refused: %s\n", fails_at, what);
    faults++;
}

#endif
