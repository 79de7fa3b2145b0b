/* AES-GCM for x86-64 with VAES and AVX-512, on 512-bit registers.

   CPUs: Intel from Ice Lake (2019; not Alder Lake and its successors, which lack AVX-512), AMD from
   Zen 4 (2022). Instructions: VAES and VPCLMULQDQ on ZMM, AVX-512F, BW and VL, AES-NI, PCLMULQDQ.
   The operating system has to save ZMM and mask registers.

   A vector is four blocks, and a turn eight vectors: fewer than eight chains of AESENC would not
   hide its latency. The run holds the powers of half a turn, a head and the block of lengths: a
   short frame is one sum, which saves 12 % of the time at 256 octets (AMD Zen 4) for 128 octets of
   each key; over a whole turn it would save 6 % at 512, for 256 octets more. The sums of halves of
   the powers of turns are kept: computing them with two instructions at each product would cost 8 %
   of the time at 9014 octets. Four round keys stay in registers: with more, GCC spills what it
   computes from data, and with the first it spilled round keys. Ends of frames use masks. The rest
   is in template.h. */
#include "gcm/gcm.h"

#if MACSEC_GCM_VAES

#include "base/cpu.h"
#include "base/octets.h"

#include <immintrin.h>
#include <string.h>

#define TARGET "vaes,vpclmulqdq,avx512f,avx512bw,avx512vl,avx2,aes,pclmul"
#define VEC __m512i
#define VEC_BLOCKS 4
#define TURN_VECS 8
#define RUN_POWERS 21
#define LAST_POWERS 10
#define HALVES_KEPT 1
#define VEC_PAIRS 1
#define KEYS_KEPT 4
#define VEC_MASKED 1

#define VEC_LOAD(p) _mm512_loadu_si512((const void *)(p))
#define VEC_STORE(p, v) _mm512_storeu_si512((void *)(p), v)
#define VEC_MASK __mmask64
#define VEC_MASK_OF(octets) (~(uint64_t)0 >> (64 - (octets)))
#define VEC_LOAD_MASKED(p, mask) _mm512_maskz_loadu_epi8(mask, (const void *)(p))
#define VEC_STORE_MASKED(p, v, mask) _mm512_mask_storeu_epi8((void *)(p), mask, v)
#define VEC_ONLY(v, mask) _mm512_maskz_mov_epi8(mask, v)
#define VEC_PLACE(v, n, block) _mm512_mask_broadcast_i32x4(v, (__mmask16)(0xfu << 4 * (n)), block)
#define VEC_POWERS(p) VEC_LOAD(p)
#define VEC_HALF(p) _mm512_set1_epi64((long long)load_host64(p))
#define VEC_REPEAT(block) _mm512_broadcast_i32x4(block)
#define VEC_WIDEN(block) _mm512_zextsi128_si512(block)
#define VEC_HEAD(vectors, a, b)                                                                    \
    ((vectors)[0] = _mm512_inserti64x4(_mm512_setzero_si512(), _mm256_set_m128i(b, a), 1))
#define VEC_FOLD(v) add_blocks(v)
#define VEC_ZERO() _mm512_setzero_si512()
#define VEC_NUMBERS(first)                                                                         \
    _mm512_set_epi32(0, 0, 0, (int)(first) + 3, 0, 0, 0, (int)(first) + 2, 0, 0, 0,                \
                     (int)(first) + 1, 0, 0, 0, (int)(first))
#define VEC_COUNT(first)                                                                           \
    _mm512_set_epi32((int)((first) + 3) << 24, 0, 0, 0, (int)((first) + 2) << 24, 0, 0, 0,         \
                     (int)((first) + 1) << 24, 0, 0, 0, (int)(first) << 24, 0, 0, 0)
#define VEC_ADD32(a, b) _mm512_add_epi32(a, b)
#define VEC_XOR(a, b) _mm512_xor_si512(a, b)
#if defined(__clang__)
/* Two XORs, for clang: it makes one instruction of them, and its memory sanitizer does not know the
   intrinsic. */
#define VEC_XOR3(a, b, c) _mm512_xor_si512(_mm512_xor_si512(a, b), c)
#else
#define VEC_XOR3(a, b, c) _mm512_ternarylogic_epi64(a, b, c, 0x96)
#endif
#define VEC_SHUFFLE(v, by) _mm512_shuffle_epi8(v, by)
#define VEC_SWAP(v) _mm512_shuffle_epi32(v, _MM_PERM_BADC)
#define VEC_AES(v, k) _mm512_aesenc_epi128(v, k)
#define VEC_AES_LAST(v, k) _mm512_aesenclast_epi128(v, k)
#define VEC_PRODUCT(a, b, halves) _mm512_clmulepi64_epi128(a, b, halves)

static inline __attribute__((always_inline, target(TARGET))) __m128i add_blocks(__m512i v) {
    __m256i half = _mm256_xor_si256(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));
    return _mm_xor_si128(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}

#define VEC_KEEP(v) __asm__("" : "+v"(v))
#define CLEAR(n) "vpxord %%xmm" #n ", %%xmm" #n ", %%xmm" #n "\n\t"
#define CLEAR_REGISTERS()                                                                          \
    __asm__ volatile("vzeroall\n\t" CLEAR(16) CLEAR(17) CLEAR(18) CLEAR(19) CLEAR(20) CLEAR(21)    \
                         CLEAR(22) CLEAR(23) CLEAR(24) CLEAR(25) CLEAR(26) CLEAR(27) CLEAR(28)     \
                             CLEAR(29) CLEAR(30) CLEAR(31)                                         \
                     :                                                                             \
                     :                                                                             \
                     : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",     \
                       "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "xmm16",      \
                       "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24",     \
                       "xmm25", "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31")

#include "gcm/x86/template.h"

static int vaes_avx512_supported(void) {
    return macsec_cpu_has(MACSEC_CPU_VAES | MACSEC_CPU_VPCLMUL | MACSEC_CPU_AVX512 |
                          MACSEC_CPU_AVX2 | MACSEC_CPU_AES | MACSEC_CPU_PCLMUL | MACSEC_CPU_SSE41);
}

const macsec_gcm_kernel macsec_gcm_vaes_avx512 = {
    .name = "vaes-avx512",
    .description = "x86-64: VAES, VPCLMULQDQ, AVX-512 (F, BW, VL); four blocks a register",
    .supported = vaes_avx512_supported,
    .expand = expand,
    .seal = seal,
    .open = open_frame,
    .forget = forget,
};

#endif
