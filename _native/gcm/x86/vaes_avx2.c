/* AES-GCM for x86-64 with VAES and AVX2, on 256-bit registers.

   CPUs: AMD from Zen 3 (2020), Intel from Ice Lake (2019) and Alder Lake (2021), small cores from
   Gracemont. Instructions: VAES and VPCLMULQDQ on YMM, AVX2, AES-NI, PCLMULQDQ. Neither AVX-512 nor
   GFNI.

   A vector is two blocks, and eight vectors go through AES at a time: beside a round key and the
   sums of GHASH, 16 registers hold no more. A turn of 16 blocks needs half the reductions of turns
   of 8, and the hash of a turn has twice the time until the next turn needs it: on AMD Zen 5 this
   saves a quarter of the time of long frames. The rest is in template.h. */
#include "gcm/gcm.h"

#if MACSEC_GCM_VAES

#include "base/cpu.h"
#include "base/octets.h"

#include <immintrin.h>
#include <string.h>

#define TARGET "vaes,vpclmulqdq,avx2,aes,pclmul"
#define VEC __m256i
#define VEC_BLOCKS 2
#define TURN_VECS 8
#define RUN_POWERS 8
#define LAST_POWERS 8
#define HALVES_KEPT 1
#define VEC_PAIRS 0
#define KEYS_KEPT 0
#define VEC_MASKED 0

#define VEC_LOAD(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define VEC_STORE(p, v) _mm256_storeu_si256((__m256i *)(void *)(p), v)
#define VEC_POWERS(p) VEC_LOAD(p)
#define VEC_HALF(p) _mm256_castpd_si256(_mm256_broadcast_sd((const double *)(const void *)(p)))
#define VEC_REPEAT(block) _mm256_broadcastsi128_si256(block)
#define VEC_WIDEN(block) _mm256_zextsi128_si256(block)
#define VEC_JOIN(blocks) _mm256_set_m128i((blocks)[1], (blocks)[0])
#define VEC_SPLIT(blocks, v)                                                                       \
    ((blocks)[0] = _mm256_castsi256_si128(v), (blocks)[1] = _mm256_extracti128_si256(v, 1))
#define VEC_HEAD(vectors, a, b) ((vectors)[0] = _mm256_set_m128i(b, a))
#define VEC_FOLD(v) _mm_xor_si128(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1))
#define VEC_ZERO() _mm256_setzero_si256()
#define VEC_NUMBERS(first) _mm256_set_epi32(0, 0, 0, (int)(first) + 1, 0, 0, 0, (int)(first))
#define VEC_COUNT(first)                                                                           \
    _mm256_set_epi32((int)((first) + 1) << 24, 0, 0, 0, (int)(first) << 24, 0, 0, 0)
#define VEC_ADD32(a, b) _mm256_add_epi32(a, b)
#define VEC_XOR(a, b) _mm256_xor_si256(a, b)
#define VEC_XOR3(a, b, c) _mm256_xor_si256(_mm256_xor_si256(a, b), c)
#define VEC_SHUFFLE(v, by) _mm256_shuffle_epi8(v, by)
#define VEC_SWAP(v) _mm256_shuffle_epi32(v, 0x4e)
#define VEC_AES(v, k) _mm256_aesenc_epi128(v, k)
#define VEC_AES_LAST(v, k) _mm256_aesenclast_epi128(v, k)
#define VEC_PRODUCT(a, b, halves) _mm256_clmulepi64_epi128(a, b, halves)

#define VEC_KEEP(v) __asm__("" : "+x"(v))
#define CLEAR_REGISTERS()                                                                          \
    __asm__ volatile("vzeroall"                                                                    \
                     :                                                                             \
                     :                                                                             \
                     : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",     \
                       "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15")

#include "gcm/x86/template.h"

static int vaes_avx2_supported(void) {
    return macsec_cpu_has(MACSEC_CPU_VAES | MACSEC_CPU_VPCLMUL | MACSEC_CPU_AVX2 | MACSEC_CPU_AES |
                          MACSEC_CPU_PCLMUL | MACSEC_CPU_SSE41);
}

const macsec_gcm_kernel macsec_gcm_vaes_avx2 = {
    .name = "vaes-avx2",
    .description = "x86-64: VAES, VPCLMULQDQ, AVX2; two blocks a register",
    .supported = vaes_avx2_supported,
    .expand = expand,
    .seal = seal,
    .open = open_frame,
    .forget = forget,
};

#endif
