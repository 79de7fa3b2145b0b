/* Memory for secrets: wipe, compare and allocate it. */
#ifndef MACSEC_SECRET_H
#define MACSEC_SECRET_H

#include <stddef.h>
#include <stdint.h>

/* Overwrite with zeros. No optimisation removes it, not even just before the memory is freed. */
void macsec_wipe(void *memory, size_t length);

/* Return 1 when equal, else 0. The time depends on the length only. */
int macsec_equal(const uint8_t *left, const uint8_t *right, size_t length);

/* Allocate zeroed memory on pages of its own, aligned to a page (without POSIX: to 64 octets). A
   multiple of 2 MiB is aligned to 2 MiB, on huge pages if the system has them. The memory is kept
   out of core dumps, and locked in RAM as far as the limits allow; where that fails, the allocation
   does not. Return NULL when there is no memory or `length` is 0. */
void *macsec_secret_alloc(size_t length);

/* Wipe and release; `length` is that of the allocation. NULL is allowed. */
void macsec_secret_free(void *memory, size_t length);

#endif
