/* AES-CMAC (NIST SP 800-38B, RFC 4493), the ICV of MKPDUs: constant time on every kernel. */
#ifndef MACSEC_CMAC_H
#define MACSEC_CMAC_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* cdef: begin */

/* Compute the MAC of a message under a key of 16 or 32 octets. Return DONE or KEY_LENGTH. */
macsec_status macsec_cmac(const uint8_t *key, size_t key_length, const uint8_t *message,
                          size_t length, uint8_t mac[16]);

/* The same on a kernel by its number, 0 the fastest; NO_KERNEL where there is none of this number,
   or the CPU cannot run it. */
macsec_status macsec_cmac_on(int kernel, const uint8_t *key, size_t key_length,
                             const uint8_t *message, size_t length, uint8_t mac[16]);

/* cdef: end */
#endif
