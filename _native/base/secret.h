/* Memory for secrets: wiping, comparing and allocating it. */
#ifndef MACSEC_SECRET_H
#define MACSEC_SECRET_H

#include <stddef.h>
#include <stdint.h>

/* Overwrites with zeros; survives optimisation, also just before the memory is given up. */
void macsec_wipe(void *memory, size_t length);

/* 1 when equal, else 0. The time depends on the length only. */
int macsec_equal(const uint8_t *left, const uint8_t *right, size_t length);

/* Zeroed memory on pages of its own, aligned to a page (elsewhere than on POSIX: to 64 octets);
   whole multiples of 2 MiB aligned to as much, on huge pages if the system has them. Kept out of
   core dumps, and in RAM as far as the limits on locked memory allow. All this is best effort and
   never a reason to fail. NULL when there is no memory or `length` is 0. */
void *macsec_secret_alloc(size_t length);

/* Wipes and releases; `length` is that of the allocation. NULL is allowed. */
void macsec_secret_free(void *memory, size_t length);

#endif
