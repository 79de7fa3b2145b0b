/* One AES-GCM kernel at a time, by number: what the conformance vectors and `doctor` need. */
#ifndef MACSEC_GCM_API_H
#define MACSEC_GCM_API_H

#include <stddef.h>
#include <stdint.h>

/* cdef: begin */

/* Number of kernels in this build, fastest first, those that this CPU cannot run included. */
int macsec_kernel_count(void);
const char *macsec_kernel_name(int index);
const char *macsec_kernel_description(int index);
int macsec_kernel_supported(int index);

/* Supported, and its known answers came out. */
int macsec_kernel_usable(int index);

/* 0, or the number of the known answer that fails; `corrupt` spoils that one first. -1 where the
   CPU cannot run the kernel. */
int macsec_kernel_selftest(int index, int corrupt);
int macsec_kernel_selftest_count(void);

/* AES-GCM with a key of 16 or 32 octets and a tag of 16. open answers 1 where the tag is good; else
   `out` is zeroed. -1: not usable, a wrong key length, or out of memory. */
int macsec_kernel_seal(int index, const uint8_t *key, size_t key_length, const uint8_t *iv,
                       const uint8_t *aad, size_t aad_length, const uint8_t *in, uint8_t *out,
                       size_t length, uint8_t *tag);
int macsec_kernel_open(int index, const uint8_t *key, size_t key_length, const uint8_t *iv,
                       const uint8_t *aad, size_t aad_length, const uint8_t *in, uint8_t *out,
                       size_t length, const uint8_t *tag);

/* cdef: end */
#endif
