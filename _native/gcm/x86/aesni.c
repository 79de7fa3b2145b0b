/* AES-GCM for x86-64 with AES-NI, on 128-bit registers.

   CPUs: Intel from Westmere (2010) and Goldmont, AMD from Bulldozer and Jaguar (2011-2013), and all
   later ones. CPUs with VAES run it too: there the wider kernels are compared with it.
   Instructions: AES-NI, PCLMULQDQ, SSE4.1 and all that SSE4.1 implies. No AVX.

   A vector is one block, and eight blocks go through AES at a time: AESENC has a latency of 3 to 8
   cycles and starts once or twice a cycle. Eight states, a round key and the sums of GHASH fill the
   16 registers. Layout of the key and order of the work: see template.h. */
#include "gcm/gcm.h"

#if MACSEC_GCM_X86

#include "base/cpu.h"
#include "base/octets.h"

#include <immintrin.h>
#include <string.h>

#define TARGET "aes,pclmul,sse4.1"
#define VEC __m128i
#define VEC_BLOCKS 1
#define TURN_VECS 8
#define RUN_POWERS 10
#define LAST_POWERS 10
#define HALVES_KEPT 1
#define VEC_PAIRS 0
#define KEYS_KEPT 0
#define VEC_MASKED 0

#define VEC_LOAD(p) _mm_loadu_si128((const __m128i *)(const void *)(p))
#define VEC_STORE(p, v) _mm_storeu_si128((__m128i *)(void *)(p), v)
/* Powers and round keys are aligned to a block, so the compiler can use them as memory operands. */
#define VEC_POWERS(p) _mm_load_si128((const __m128i *)(const void *)(p))
#define VEC_HALF(p) _mm_loadl_epi64((const __m128i *)(const void *)(p))
#define VEC_REPEAT(block) (block)
#define VEC_WIDEN(block) (block)
#define VEC_JOIN(blocks) ((blocks)[0])
#define VEC_SPLIT(blocks, v) ((blocks)[0] = (v))
#define VEC_HEAD(vectors, a, b) ((vectors)[0] = (a), (vectors)[1] = (b))
#define VEC_FOLD(v) (v)
#define VEC_ZERO() _mm_setzero_si128()
#define VEC_NUMBERS(first) _mm_set_epi32(0, 0, 0, (int)(first))
#define VEC_COUNT(first) _mm_set_epi32((int)(first) << 24, 0, 0, 0)
#define VEC_ADD32(a, b) _mm_add_epi32(a, b)
#define VEC_XOR(a, b) _mm_xor_si128(a, b)
#define VEC_XOR3(a, b, c) _mm_xor_si128(_mm_xor_si128(a, b), c)
#define VEC_SHUFFLE(v, by) _mm_shuffle_epi8(v, by)
#define VEC_SWAP(v) _mm_shuffle_epi32(v, 0x4e)
#define VEC_AES(v, k) _mm_aesenc_si128(v, k)
#define VEC_AES_LAST(v, k) _mm_aesenclast_si128(v, k)
#define VEC_PRODUCT(a, b, halves) _mm_clmulepi64_si128(a, b, halves)

/* Nothing: where instructions overwrite an operand, GCC orders the sums well by itself. */
#define VEC_KEEP(v) (void)0

#define CLEAR(n) "pxor %%xmm" #n ", %%xmm" #n "\n\t"
#define CLEAR_REGISTERS()                                                                          \
    __asm__ volatile(CLEAR(0) CLEAR(1) CLEAR(2) CLEAR(3) CLEAR(4) CLEAR(5) CLEAR(6) CLEAR(7)       \
                         CLEAR(8) CLEAR(9) CLEAR(10) CLEAR(11) CLEAR(12) CLEAR(13) CLEAR(14)       \
                             CLEAR(15)                                                             \
                     :                                                                             \
                     :                                                                             \
                     : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",     \
                       "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15")

#include "gcm/x86/template.h"

static int aesni_supported(void) {
    return macsec_cpu_has(MACSEC_CPU_AES | MACSEC_CPU_PCLMUL | MACSEC_CPU_SSE41);
}

const macsec_gcm_kernel macsec_gcm_aesni = {
    .name = "aesni",
    .description = "x86-64: AES-NI, PCLMULQDQ, SSE4.1; one block a register",
    .supported = aesni_supported,
    .expand = expand,
    .seal = seal,
    .open = open_frame,
    .forget = forget,
};

#endif
