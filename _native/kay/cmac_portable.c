/* AES-CMAC on any CPU: the bitsliced AES of the portable kernel of GCM, with seven of its eight
   blocks idle, since each block waits for the one before it. */
#include "kay/cmac_kernel.h"

#include "base/clear.h"
#include "base/octets.h"
#include "base/secret.h"

#include <string.h>

enum { BLOCK = 16 };

#include "gcm/portable/aes.h"

static int portable_supported(void) {
    return 1;
}

static void portable_chain(const cmac_schedule *key, const uint8_t *blocks, size_t count,
                           uint8_t state[BLOCK]) {
    schedule s;
    plane q[LANES];
    spread_schedule(&s, key);
    for (size_t at = 0; at < count; at++) {
        memset(q, 0, sizeof q);
        q[0] = plane_at(state) ^ plane_at(blocks + BLOCK * at);
        encrypt8(&s, q);
        memcpy(state, &q[0], BLOCK);
    }
    macsec_wipe(&s, sizeof s);
    macsec_wipe(q, sizeof q);
}

const cmac_kernel macsec_cmac_portable = {
    .supported = portable_supported,
    .expand = expand_aes,
    .chain = portable_chain,
    .forget = macsec_clear_vectors,
};
