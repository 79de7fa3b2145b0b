/* AES-GCM on one kernel, chosen by number: for the conformance vectors and `doctor`. */
#ifndef MACSEC_GCM_API_H
#define MACSEC_GCM_API_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* cdef: begin */

/* Return the number of kernels of this build, which this CPU may not all run. Kernel 0 is the
   fastest. */
int macsec_kernel_count(void);
const char *macsec_kernel_name(int index);
const char *macsec_kernel_description(int index);
int macsec_kernel_supported(int index);

/* Return 1 if the kernel is supported and its known answers were right. */
int macsec_kernel_usable(int index);

/* Return 0, or the number of the first known answer that fails, or -1 where the CPU cannot run the
   kernel. `corrupt` spoils the answer of that number beforehand. */
int macsec_kernel_selftest(int index, int corrupt);
int macsec_kernel_selftest_count(void);

/* AES-GCM with a key of 16 or 32 octets and a tag of 16: DONE, NO_KERNEL, KEY_LENGTH or NO_MEMORY.
   Opening may also end as NOT_AUTHENTIC: the tag is wrong, and `out` is zeroed. */
macsec_status macsec_kernel_seal(int index, const uint8_t *key, size_t key_length,
                                 const uint8_t *iv, const uint8_t *aad, size_t aad_length,
                                 const uint8_t *in, uint8_t *out, size_t length, uint8_t *tag);
macsec_status macsec_kernel_open(int index, const uint8_t *key, size_t key_length,
                                 const uint8_t *iv, const uint8_t *aad, size_t aad_length,
                                 const uint8_t *in, uint8_t *out, size_t length,
                                 const uint8_t *tag);

/* cdef: end */
#endif
