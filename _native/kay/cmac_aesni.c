/* AES-CMAC for x86-64 with AES-NI. */
#include "kay/cmac_kernel.h"

#if MACSEC_GCM_X86

#include "base/clear.h"
#include "base/cpu.h"
#include "base/octets.h"

#include <immintrin.h>
#include <string.h>

#define TARGET "aes,sse4.1"
#define INLINE static inline __attribute__((always_inline, target(TARGET)))
#define FUNCTION static __attribute__((target(TARGET)))

/* SubWord of FIPS 197: with four equal columns and a zero key, AESENCLAST is the S-box alone. */
INLINE uint32_t substitute_word(uint32_t word) {
    __m128i columns = _mm_set1_epi32((int)word);
    return (uint32_t)_mm_cvtsi128_si32(_mm_aesenclast_si128(columns, _mm_setzero_si128()));
}

#include "gcm/schedule.h"

static int aesni_supported(void) {
    return macsec_cpu_has(MACSEC_CPU_AES | MACSEC_CPU_SSE41);
}

FUNCTION void aesni_expand(cmac_schedule *schedule, const uint8_t *key, size_t length) {
    expand_aes(schedule, key, length);
}

INLINE __m128i block_at(const uint8_t *octets) {
    return _mm_loadu_si128((const __m128i *)(const void *)octets);
}

FUNCTION void aesni_chain(const cmac_schedule *schedule, const uint8_t *blocks, size_t count,
                          uint8_t state[16]) {
    const uint8_t *keys = schedule->round_keys;
    const uint32_t rounds = schedule->rounds;
    __m128i sum = block_at(state);
    for (size_t at = 0; at < count; at++) {
        sum = _mm_xor_si128(sum, _mm_xor_si128(block_at(blocks + 16 * at), block_at(keys)));
        for (uint32_t round = 1; round < rounds; round++) {
            sum = _mm_aesenc_si128(sum, block_at(keys + 16 * round));
        }
        sum = _mm_aesenclast_si128(sum, block_at(keys + 16 * rounds));
    }
    _mm_storeu_si128((__m128i *)(void *)state, sum);
}

const cmac_kernel macsec_cmac_aesni = {
    .supported = aesni_supported,
    .expand = aesni_expand,
    .chain = aesni_chain,
    .forget = macsec_clear_vectors,
};

#endif
