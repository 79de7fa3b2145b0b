/* AES-GCM kernels: their interface and the table of them.

   A kernel is AES-GCM (NIST SP 800-38D) as MACsec uses it: a key of 128 or 256 bits, an IV of 96
   bits, the whole tag of 16 octets. Kernels differ in speed and in the CPUs that they need, never
   in results. */
#ifndef MACSEC_GCM_H
#define MACSEC_GCM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define MACSEC_GCM_X86 1
#include <emmintrin.h>
#else
#define MACSEC_GCM_X86 0
#endif

/* 64-bit ARM, for compilers that have the intrinsics in functions of a target of their own, or
   everywhere because the command line names such a CPU. */
#if defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#if defined(__apple_build_version__)
#define MACSEC_GCM_ARM_TARGETS 0 /* its versions count differently */
#elif defined(__clang__)
#define MACSEC_GCM_ARM_TARGETS (__clang_major__ >= 16)
#else
#define MACSEC_GCM_ARM_TARGETS (__GNUC__ >= 10)
#endif
#include <arm_neon.h>
#else
#define MACSEC_GCM_ARM_TARGETS 0
#endif
#if MACSEC_GCM_ARM_TARGETS || (defined(__ARM_NEON) && defined(__ARM_FEATURE_AES))
#define MACSEC_GCM_ARM 1
#else
#define MACSEC_GCM_ARM 0
#endif
#if MACSEC_GCM_ARM_TARGETS || (MACSEC_GCM_ARM && defined(__ARM_FEATURE_SHA3))
#define MACSEC_GCM_ARM_EOR3 1
#else
#define MACSEC_GCM_ARM_EOR3 0
#endif

#define MACSEC_ICV_MAX 16

/* An expanded key, for the kernel that expanded it: each kernel has its own layout of `powers`,
   described at the head of its file. All of it is secret: keep it in memory of
   macsec_secret_alloc(), and wipe it. */
typedef struct macsec_gcm_key {
    _Alignas(64) uint8_t powers[448]; /* powers of the hash key, in the layout of the kernel */
    uint8_t round_keys[240];          /* up to 15, in the order of use */
    uint32_t rounds;                  /* 10 or 14 */
} macsec_gcm_key;

_Static_assert(sizeof(macsec_gcm_key) == 704, "callers lay out tables of keys by this size");

/* Sixteen octets as a value, loaded from memory or joined from two halves in host order. Pass
   blocks as values: a block that is stored in pieces and then loaded whole waits until the stores
   are done, which for a short frame takes as long as the cipher. */
#if MACSEC_GCM_X86
typedef __m128i macsec_gcm_block;
static inline macsec_gcm_block macsec_gcm_block_at(const uint8_t octets[16]) {
    return _mm_loadu_si128((const __m128i *)(const void *)octets);
}
static inline macsec_gcm_block macsec_gcm_block_of(uint64_t first, uint64_t second) {
    return _mm_set_epi64x((long long)second, (long long)first);
}
#elif MACSEC_GCM_ARM
typedef uint8x16_t macsec_gcm_block;
static inline macsec_gcm_block macsec_gcm_block_at(const uint8_t octets[16]) {
    return vld1q_u8(octets);
}
static inline macsec_gcm_block macsec_gcm_block_of(uint64_t first, uint64_t second) {
    return vcombine_u8(vcreate_u8(first), vcreate_u8(second));
}
#else
typedef struct macsec_gcm_block {
    uint64_t half[2];
} macsec_gcm_block;
static inline macsec_gcm_block macsec_gcm_block_at(const uint8_t octets[16]) {
    macsec_gcm_block block;
    memcpy(&block, octets, sizeof block);
    return block;
}
static inline macsec_gcm_block macsec_gcm_block_of(uint64_t first, uint64_t second) {
    return (macsec_gcm_block){{first, second}};
}
#endif

/* Join four octets and the four after them into one number, and split it again; all numbers are in
   host order. */
static inline uint64_t macsec_gcm_join(uint32_t first, uint32_t second) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return (uint64_t)first << 32 | second;
#else
    return (uint64_t)second << 32 | first;
#endif
}

static inline uint32_t macsec_gcm_front(uint64_t both) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return (uint32_t)(both >> 32);
#else
    return (uint32_t)both;
#endif
}

static inline uint32_t macsec_gcm_back(uint64_t both) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return (uint32_t)both;
#else
    return (uint32_t)(both >> 32);
#endif
}

/* IV and AAD of a frame. With an AAD of up to 16 octets, `first` is zero: a block of zeros in front
   does not change the hash. Unused octets are zero. */
typedef struct macsec_gcm_head {
    macsec_gcm_block j0;     /* the IV and the 32-bit number 1 */
    macsec_gcm_block first;  /* octets 0 to 15 of the AAD */
    macsec_gcm_block second; /* octets 16 to 31 */
    size_t length;           /* octets of AAD */
    const uint8_t *rest;     /* octets from 32 on, if any */
    uint8_t *copy;           /* without text: where `rest` is copied to on the way, or NULL */
} macsec_gcm_head;

/* Make a head of an AAD in memory; `j0` is not set. */
static inline macsec_gcm_head macsec_gcm_head_at(const uint8_t *aad, size_t length) {
    macsec_gcm_head head = {.length = length};
    if (length >= 32) {
        head.first = macsec_gcm_block_at(aad);
        head.second = macsec_gcm_block_at(aad + 16);
        head.rest = aad + 32;
        return head;
    }
    uint8_t octets[32] = {0};
    if (length > 0) {
        memcpy(octets + (length > 16 ? 0 : 16), aad, length);
    }
    head.first = macsec_gcm_block_at(octets);
    head.second = macsec_gcm_block_at(octets + 16);
    return head;
}

/* Make a head of an IV and an AAD in memory. */
static inline macsec_gcm_head macsec_gcm_head_of(const uint8_t iv[12], const uint8_t *aad,
                                                 size_t length) {
    uint8_t j0[16] = {[15] = 1};
    memcpy(j0, iv, 12);
    macsec_gcm_head head = macsec_gcm_head_at(aad, length);
    head.j0 = macsec_gcm_block_at(j0);
    return head;
}

/* Do what `copy` asks for, with `length` octets of text: for kernels that hash and copy in two
   steps. */
static inline void macsec_gcm_copy_rest(const macsec_gcm_head *head, size_t length) {
    if (length == 0 && head->length > 32 && head->copy != NULL) {
        memcpy(head->copy, head->rest, head->length - 32);
    }
}

/* One entry of the kernel table.

   seal encrypts `in` to `out` and writes the tag. open decrypts `in` to `out` and writes the tag
   that it COMPUTED: the caller compares it with macsec_equal(), and wipes `out` when they differ.
   `out` is `in` itself or disjoint from it. The AAD is outside `out`, and `tag` is outside all of
   them. The text may be empty; its pointers may then be NULL. A kernel reads and writes only the
   given octets, except that it may read the 16 octets before `rest`. A frame has at most 2^32 - 2
   blocks, far more than any caller has.

   Vector registers may hold secrets after expand, seal and open. forget zeroes them: call it once
   after the last frame of a batch. */
typedef struct macsec_gcm_kernel {
    const char *name;        /* "portable", "aesni", ... */
    const char *description; /* instructions that it needs, as text */
    int (*supported)(void);  /* 1 if this CPU and its operating system can run the kernel */
    void (*expand)(macsec_gcm_key *key, const uint8_t *octets, size_t length); /* 16 or 32 octets */
    void (*seal)(const macsec_gcm_key *key, const macsec_gcm_head *head, const uint8_t *in,
                 uint8_t *out, size_t length, uint8_t tag[16]);
    void (*open)(const macsec_gcm_key *key, const macsec_gcm_head *head, const uint8_t *in,
                 uint8_t *out, size_t length, uint8_t tag[16]);
    void (*forget)(void);
} macsec_gcm_kernel;

/* All kernels of this build, fastest first; this CPU may not run all of them. */
size_t macsec_gcm_kernel_count(void);
const macsec_gcm_kernel *macsec_gcm_kernel_at(size_t index); /* NULL past the end */
const macsec_gcm_kernel *macsec_gcm_find(const char *name);  /* NULL when unknown */

/* Return 1 if the kernel is supported and passed its self-test, which runs at the first call. Any
   thread may call. */
int macsec_gcm_usable(const macsec_gcm_kernel *kernel);

/* Return the first usable kernel, or NULL. */
const macsec_gcm_kernel *macsec_gcm_best(void);

/* Run the known answers. Return 0, or the number (from 1) of the first that fails. `corrupt` spoils
   the expected answer of that number beforehand, which proves that the answer can fail; 0 spoils
   none. Call it only for a kernel that the CPU supports. */
int macsec_gcm_selftest(const macsec_gcm_kernel *kernel, int corrupt);
int macsec_gcm_selftest_count(void);

/* All kernels, for the table in dispatch.c. */
#if MACSEC_GCM_X86
extern const macsec_gcm_kernel macsec_gcm_aesni;
#endif
/* For compilers that have VAES on wide vectors, and casts between widths. */
#if MACSEC_GCM_X86 && ((defined(__clang__) && __clang_major__ >= 10) || __GNUC__ >= 10)
#define MACSEC_GCM_VAES 1
extern const macsec_gcm_kernel macsec_gcm_vaes_avx512;
extern const macsec_gcm_kernel macsec_gcm_vaes_avx2;
#else
#define MACSEC_GCM_VAES 0
#endif
#if MACSEC_GCM_ARM
extern const macsec_gcm_kernel macsec_gcm_armv8;
#endif
#if MACSEC_GCM_ARM_EOR3
extern const macsec_gcm_kernel macsec_gcm_armv8_eor3;
#endif
extern const macsec_gcm_kernel macsec_gcm_portable;

#endif
