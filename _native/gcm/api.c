/* AES-GCM for one call from Python: expand a key, run a kernel, wipe the key. */
#include "gcm/api.h"

#include <string.h>

#include "base/secret.h"
#include "gcm/gcm.h"

static const macsec_gcm_kernel *at(int index) {
    return index < 0 ? NULL : macsec_gcm_kernel_at((size_t)index);
}

int macsec_kernel_count(void) {
    return (int)macsec_gcm_kernel_count();
}

const char *macsec_kernel_name(int index) {
    return at(index) ? at(index)->name : NULL;
}

const char *macsec_kernel_description(int index) {
    return at(index) ? at(index)->description : NULL;
}

int macsec_kernel_supported(int index) {
    return at(index) && at(index)->supported();
}

int macsec_kernel_usable(int index) {
    return at(index) && macsec_gcm_usable(at(index));
}

int macsec_kernel_selftest(int index, int corrupt) {
    return macsec_kernel_supported(index) ? macsec_gcm_selftest(at(index), corrupt) : -1;
}

int macsec_kernel_selftest_count(void) {
    return macsec_gcm_selftest_count();
}

static macsec_status expanded(int index, const uint8_t *key, size_t key_length,
                              macsec_gcm_key **made) {
    if (!macsec_kernel_usable(index)) {
        return MACSEC_STATUS_NO_KERNEL;
    }
    if (key_length != 16 && key_length != 32) {
        return MACSEC_STATUS_KEY_LENGTH;
    }
    *made = macsec_secret_alloc(sizeof **made);
    if (*made == NULL) {
        return MACSEC_STATUS_NO_MEMORY;
    }
    at(index)->expand(*made, key, key_length);
    return MACSEC_STATUS_DONE;
}

macsec_status macsec_kernel_seal(int index, const uint8_t *key, size_t key_length,
                                 const uint8_t *iv, const uint8_t *aad, size_t aad_length,
                                 const uint8_t *in, uint8_t *out, size_t length, uint8_t *tag) {
    macsec_gcm_key *memory;
    const macsec_status status = expanded(index, key, key_length, &memory);
    if (status != MACSEC_STATUS_DONE) {
        return status;
    }
    const macsec_gcm_head head = macsec_gcm_head_of(iv, aad, aad_length);
    at(index)->seal(memory, &head, in, out, length, tag);
    at(index)->forget();
    macsec_secret_free(memory, sizeof *memory);
    return MACSEC_STATUS_DONE;
}

macsec_status macsec_kernel_open(int index, const uint8_t *key, size_t key_length,
                                 const uint8_t *iv, const uint8_t *aad, size_t aad_length,
                                 const uint8_t *in, uint8_t *out, size_t length,
                                 const uint8_t *tag) {
    macsec_gcm_key *memory;
    const macsec_status status = expanded(index, key, key_length, &memory);
    if (status != MACSEC_STATUS_DONE) {
        return status;
    }
    uint8_t computed[16];
    const macsec_gcm_head head = macsec_gcm_head_of(iv, aad, aad_length);
    at(index)->open(memory, &head, in, out, length, computed);
    at(index)->forget();
    macsec_secret_free(memory, sizeof *memory);
    const int good = macsec_equal(computed, tag, sizeof computed);
    if (!good && length != 0) {
        memset(out, 0, length);
    }
    return good ? MACSEC_STATUS_DONE : MACSEC_STATUS_NOT_AUTHENTIC;
}
