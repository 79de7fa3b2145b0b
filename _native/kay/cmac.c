/* AES-CMAC on the fastest kernel that this CPU runs. */
#include "kay/cmac.h"

#include <stdatomic.h>
#include <string.h>

#include "base/secret.h"
#include "kay/cmac_kernel.h"

enum { BLOCK = 16 };

/* Fastest first. */
static const cmac_kernel *const kernels[] = {
#if MACSEC_GCM_X86
    &macsec_cmac_aesni,
#endif
    &macsec_cmac_portable,
};

enum { KERNELS = sizeof kernels / sizeof kernels[0] };

/* Multiply by x in the field of SP 800-38B, without a branch. */
static void doubled(uint8_t block[BLOCK]) {
    const uint8_t carry = (uint8_t)(block[0] >> 7);
    for (int i = 0; i < BLOCK - 1; i++) {
        block[i] = (uint8_t)(block[i] << 1 | block[i + 1] >> 7);
    }
    block[BLOCK - 1] = (uint8_t)(block[BLOCK - 1] << 1 ^ carry * 0x87);
}

static void compute(const cmac_kernel *kernel, const uint8_t *key, size_t key_length,
                    const uint8_t *message, size_t length, uint8_t mac[BLOCK]) {
    cmac_schedule schedule;
    uint8_t subkey[BLOCK] = {0}, last[BLOCK] = {0};
    const size_t whole = length > 0 ? (length - 1) / BLOCK : 0; /* blocks before the last */
    const size_t rest = length - whole * BLOCK;
    kernel->expand(&schedule, key, key_length);
    kernel->chain(&schedule, last, 1, subkey);
    doubled(subkey);
    if (rest < BLOCK) {
        doubled(subkey);
        last[rest] = 0x80;
    }
    if (rest > 0) {
        memcpy(last, message + whole * BLOCK, rest);
    }
    for (int i = 0; i < BLOCK; i++) {
        last[i] ^= subkey[i];
    }
    memset(mac, 0, BLOCK);
    kernel->chain(&schedule, message, whole, mac);
    kernel->chain(&schedule, last, 1, mac);
    kernel->forget();
    macsec_wipe(&schedule, sizeof schedule);
    macsec_wipe(subkey, sizeof subkey);
    macsec_wipe(last, sizeof last);
}

/* Example 3 of RFC 4493, section 4: 40 octets under a key of 16. */
static int is_right(const cmac_kernel *kernel) {
    static const uint8_t key[] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
                                  0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};
    static const uint8_t message[] = {0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9, 0x3d,
                                      0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a, 0xae, 0x2d, 0x8a, 0x57,
                                      0x1e, 0x03, 0xac, 0x9c, 0x9e, 0xb7, 0x6f, 0xac, 0x45, 0xaf,
                                      0x8e, 0x51, 0x30, 0xc8, 0x1c, 0x46, 0xa3, 0x5c, 0xe4, 0x11};
    static const uint8_t wanted[] = {0xdf, 0xa6, 0x67, 0x47, 0xde, 0x9a, 0xe6, 0x30,
                                     0x30, 0xca, 0x32, 0x61, 0x14, 0x97, 0xc8, 0x27};
    uint8_t mac[BLOCK];
    compute(kernel, key, sizeof key, message, sizeof message, mac);
    return memcmp(mac, wanted, BLOCK) == 0;
}

/* Several threads may try at once: all find the same. */
static const cmac_kernel *fastest(void) {
    static _Atomic(const cmac_kernel *) found;
    const cmac_kernel *kernel = atomic_load_explicit(&found, memory_order_acquire);
    for (size_t at = 0; kernel == NULL; at++) {
        if (at == KERNELS - 1 || (kernels[at]->supported() && is_right(kernels[at]))) {
            kernel = kernels[at];
            atomic_store_explicit(&found, kernel, memory_order_release);
        }
    }
    return kernel;
}

static macsec_status checked(const cmac_kernel *kernel, const uint8_t *key, size_t key_length,
                             const uint8_t *message, size_t length, uint8_t mac[BLOCK]) {
    if (key_length != 16 && key_length != 32) {
        return MACSEC_STATUS_KEY_LENGTH;
    }
    compute(kernel, key, key_length, message, length, mac);
    return MACSEC_STATUS_DONE;
}

macsec_status macsec_cmac(const uint8_t *key, size_t key_length, const uint8_t *message,
                          size_t length, uint8_t mac[BLOCK]) {
    return checked(fastest(), key, key_length, message, length, mac);
}

macsec_status macsec_cmac_on(int kernel, const uint8_t *key, size_t key_length,
                             const uint8_t *message, size_t length, uint8_t mac[BLOCK]) {
    if (kernel < 0 || (size_t)kernel >= KERNELS || !kernels[kernel]->supported()) {
        return MACSEC_STATUS_NO_KERNEL;
    }
    return checked(kernels[kernel], key, key_length, message, length, mac);
}
