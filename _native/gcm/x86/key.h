/* The key of a kernel for x86-64: the key schedule of AES and the powers of the hash key. A part of
   template.h, which includes it. */

/* SubWord of FIPS 197: with four equal columns and a zero key, AESENCLAST is the S-box alone. */
INLINE uint32_t substitute_word(uint32_t word) {
    __m128i columns = _mm_set1_epi32((int)word);
    return (uint32_t)_mm_cvtsi128_si32(_mm_aesenclast_si128(columns, _mm_setzero_si128()));
}

#include "gcm/schedule.h"

/* Return h / x, for an integer h as in template.h: 1/x = x^127 + x^6 + x + 1. */
INLINE __m128i divide_by_x(__m128i h) {
    uint64_t low = (uint64_t)_mm_cvtsi128_si64(h);
    uint64_t high = (uint64_t)_mm_extract_epi64(h, 1);
    uint64_t carry = 0 - (high >> 63);
    high = (high << 1 | low >> 63) ^ (carry & 0xc200000000000000u);
    low = low << 1 ^ (carry & 1);
    return _mm_set_epi64x((long long)high, (long long)low);
}

/* Write H^n to its places in the key, with the sum of its halves where that is kept. */
INLINE void put_power(macsec_gcm_key *key, size_t n, __m128i power) {
    size_t stride = n / VEC_BLOCKS;
    if (n <= RUN) {
        store_block(key->powers + run_at(n), power);
    }
    if (n % VEC_BLOCKS == 0 && stride <= TURN_VECS) {
        store_block(key->powers + stride_at(stride), power);
    }
#if HALVES_KEPT
    if (n % VEC_BLOCKS == 0 && stride <= HALVES) {
        __m128i sum = _mm_xor_si128(power, _mm_shuffle_epi32(power, 0x4e));
        store_host64(key->powers + half_at(stride), (uint64_t)_mm_cvtsi128_si64(sum));
    }
#endif
}

FUNCTION void expand(macsec_gcm_key *key, const uint8_t *octets, size_t length) {
    frame none = {key, VEC_ZERO(), no_products(), VEC_ZERO()};
    __m128i h = _mm_setzero_si128();
    memset(key, 0, sizeof *key);
    expand_aes(key, octets, length);
    const hashed nothing = {.blocks = 0};
    tail_stream(&none, NULL, 0, &h, 0, nothing);
    __m128i power = divide_by_x(_mm_shuffle_epi8(h, reversal()));
    put_power(key, 1, power);
    for (size_t n = 2; n <= RUN || n <= TURN_BLOCKS; n++) {
        products sum = no_products();
        add_run(&sum, key, VEC_WIDEN(power), 1);
        power = reduce(&sum);
        put_power(key, n, power);
    }
    CLEAR_REGISTERS();
}
