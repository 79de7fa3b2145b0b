/* The arithmetic of AES-GCM and nothing else: as many AES rounds and carry-less multiplications as
   frames need, in registers, independent of one another, without loads and stores. That is an upper
   bound for this CPU, on registers of each width that it has. */
#include <stdint.h>
#include <string.h>

#define PEER __attribute__((visibility("default")))

/* cdef: begin */

/* Return the blocks in a register of this name, or 0 where the CPU has none. */
int64_t ceiling_blocks(const char *name);

/* Run on registers of `blocks` blocks. `both`: steps of eight registers through AES of `rounds`
   rounds, and eight products; `products`: steps of eight products. */
uint64_t ceiling_run(int64_t blocks, int64_t rounds, int64_t both, int64_t products);

/* Run `steps` of dependent additions: each takes a cycle of the core's clock. */
uint64_t clock_run(int64_t steps);

/* cdef: end */

enum { WIDTH = 8, CHAIN = 64 };

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

#define OPAQUE(v) __asm__ volatile("" : "+v"(v))

/* A product by Karatsuba: three multiplications, and their sums. */
#define STEPS(NAME, TARGET, VEC, XOR, AES, AES_LAST, MULTIPLY)                                     \
    __attribute__((target(TARGET), always_inline)) static inline void NAME##_steps(                \
        VEC key, int64_t rounds, int64_t both, int64_t products) {                                 \
        VEC s[WIDTH] = {key, key, key, key, key, key, key, key};                                   \
        VEC high = key, low = key, middle = key, x = key, y = key;                                 \
        for (int64_t n = 0; n < both; n++) {                                                       \
            _Pragma("GCC unroll 16") for (int64_t r = 0; r < rounds; r++) {                        \
                _Pragma("GCC unroll 8") for (int i = 0; i < WIDTH; i++) {                          \
                    s[i] = r == rounds - 1 ? AES_LAST(s[i], key) : AES(s[i], key);                 \
                    OPAQUE(s[i]);                                                                  \
                }                                                                                  \
                if (r < WIDTH) {                                                                   \
                    OPAQUE(x);                                                                     \
                    high = XOR(high, MULTIPLY(x, y, 0x11));                                        \
                    low = XOR(low, MULTIPLY(x, y, 0x00));                                          \
                    middle = XOR(middle, MULTIPLY(x, y, 0x01));                                    \
                }                                                                                  \
            }                                                                                      \
            OPAQUE(high);                                                                          \
            OPAQUE(low);                                                                           \
            OPAQUE(middle);                                                                        \
        }                                                                                          \
        for (int64_t n = 0; n < products; n++) {                                                   \
            _Pragma("GCC unroll 8") for (int i = 0; i < WIDTH; i++) {                              \
                OPAQUE(x);                                                                         \
                high = XOR(high, MULTIPLY(x, y, 0x11));                                            \
                low = XOR(low, MULTIPLY(x, y, 0x00));                                              \
                middle = XOR(middle, MULTIPLY(x, y, 0x01));                                        \
            }                                                                                      \
            OPAQUE(high);                                                                          \
            OPAQUE(low);                                                                           \
            OPAQUE(middle);                                                                        \
        }                                                                                          \
    }                                                                                              \
    __attribute__((target(TARGET), noinline)) static uint64_t NAME(int64_t rounds, int64_t both,   \
                                                                   int64_t products) {             \
        VEC key;                                                                                   \
        memset(&key, 0x5a, sizeof key);                                                            \
        if (rounds == 10)                                                                          \
            NAME##_steps(key, 10, both, products);                                                 \
        else                                                                                       \
            NAME##_steps(key, 14, both, products);                                                 \
        return (uint64_t)(both + products);                                                        \
    }

STEPS(aesni, "aes,pclmul,sse4.1", __m128i, _mm_xor_si128, _mm_aesenc_si128, _mm_aesenclast_si128,
      _mm_clmulepi64_si128)
STEPS(vaes_avx2, "avx2,vaes,vpclmulqdq", __m256i, _mm256_xor_si256, _mm256_aesenc_epi128,
      _mm256_aesenclast_epi128, _mm256_clmulepi64_epi128)
STEPS(vaes_avx512, "avx512f,avx512bw,vaes,vpclmulqdq", __m512i, _mm512_xor_si512,
      _mm512_aesenc_epi128, _mm512_aesenclast_epi128, _mm512_clmulepi64_epi128)

/* CPUID leaf 7, ECX: VAES and VPCLMULQDQ. Some compilers lack them in __builtin_cpu_supports. */
static int has_wide(void) {
    enum { WIDE = 1 << 9 | 1 << 10 };
    unsigned eax, ebx, ecx, edx;
    return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ecx & WIDE) == WIDE;
}

static int has(const char *name) {
    if (strcmp(name, "aesni") == 0) {
        return __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul") ? 1 : 0;
    }
    if (strcmp(name, "vaes-avx2") == 0) {
        return has_wide() && __builtin_cpu_supports("avx2") ? 2 : 0;
    }
    if (strcmp(name, "vaes-avx512") == 0) {
        return has_wide() && __builtin_cpu_supports("avx512bw") ? 4 : 0;
    }
    return 0;
}

PEER int64_t ceiling_blocks(const char *name) {
    __builtin_cpu_init();
    return has(name);
}

PEER uint64_t ceiling_run(int64_t blocks, int64_t rounds, int64_t both, int64_t products) {
    switch (blocks) {
    case 4:
        return vaes_avx512(rounds, both, products);
    case 2:
        return vaes_avx2(rounds, both, products);
    default:
        return aesni(rounds, both, products);
    }
}
#else
PEER int64_t ceiling_blocks(const char *name) {
    (void)name;
    return 0;
}

PEER uint64_t ceiling_run(int64_t blocks, int64_t rounds, int64_t both, int64_t products) {
    (void)blocks;
    (void)rounds;
    (void)both;
    return (uint64_t)products;
}
#endif

PEER uint64_t clock_run(int64_t steps) {
    uint64_t sum = 0;
    uint64_t one = 1;
    __asm__ volatile(""
                     : "+r"(one)); /* hides the constant: some CPUs add several constants at once */
    for (int64_t n = 0; n < steps; n++) {
        _Pragma("GCC unroll 64") for (int i = 0; i < CHAIN; i++) {
            sum += one;
            __asm__ volatile("" : "+r"(sum));
        }
    }
    return sum;
}
