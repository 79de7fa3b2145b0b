/* AES-GCM kernels: the interface, and the table that lists them.

   A kernel is AES-GCM (NIST SP 800-38D) as MACsec uses it: a key of 128 or 256 bits, an IV of 96
   bits, the whole tag of 16 octets. Kernels differ in speed and in the CPUs that they need, never
   in results. */
#ifndef MACSEC_GCM_H
#define MACSEC_GCM_H

#include <stddef.h>
#include <stdint.h>

#define MACSEC_ICV_MAX 16

/* An expanded key. Belongs to the kernel that expanded it: each lays out `powers` in its own way
   (described at its head). Secret throughout: keep it in macsec_secret_alloc() memory, wipe it. */
typedef struct macsec_gcm_key {
    _Alignas(64) uint8_t powers[256]; /* powers of the hash key, or what stands for them */
    uint8_t round_keys[240];          /* up to 15, in the order of use */
    uint32_t rounds;                  /* 10 or 14 */
} macsec_gcm_key;

_Static_assert(sizeof(macsec_gcm_key) == 512, "callers lay out tables of keys by this size");

/* One entry of the kernel table.

   seal encrypts `in` to `out` and writes the tag; open decrypts `in` to `out` and writes the tag
   that it COMPUTED: the caller compares it with macsec_equal(), and wipes `out` when they differ.
   `out` is `in` itself or disjoint from it; `aad` may lie anywhere outside `out`, and `tag` outside
   all of them. Each length may be 0, its pointer may then be NULL. Nothing outside the given octets
   is read or written. A frame is limited to 2^32 - 2 blocks, which no caller comes near. */
typedef struct macsec_gcm_kernel {
    const char *name;        /* "portable", "aesni", ... */
    const char *description; /* instructions it needs, for people */
    int (*supported)(void);  /* does this CPU, and the operating system on it, run the kernel? */
    void (*expand)(macsec_gcm_key *key, const uint8_t *octets, size_t length); /* 16 or 32 octets */
    void (*seal)(const macsec_gcm_key *key, const uint8_t iv[12], const uint8_t *aad,
                 size_t aad_length, const uint8_t *in, uint8_t *out, size_t length,
                 uint8_t tag[16]);
    void (*open)(const macsec_gcm_key *key, const uint8_t iv[12], const uint8_t *aad,
                 size_t aad_length, const uint8_t *in, uint8_t *out, size_t length,
                 uint8_t tag[16]);
} macsec_gcm_kernel;

/* The kernels of this build, fastest first, those that this CPU cannot run included. */
size_t macsec_gcm_kernel_count(void);
const macsec_gcm_kernel *macsec_gcm_kernel_at(size_t index); /* NULL past the end */
const macsec_gcm_kernel *macsec_gcm_find(const char *name);  /* NULL when unknown */

/* Supported, and its self-test passed. The test runs at the first call; any thread may make it. */
int macsec_gcm_usable(const macsec_gcm_kernel *kernel);

/* The first usable kernel, NULL when there is none. */
const macsec_gcm_kernel *macsec_gcm_best(void);

/* Known answers. Returns 0, or the number (from 1) of the first that fails. `corrupt` spoils the
   expected answer of that number first, which proves that the answer can fail; 0 spoils none. The
   caller makes sure that the CPU supports the kernel. */
int macsec_gcm_selftest(const macsec_gcm_kernel *kernel, int corrupt);
int macsec_gcm_selftest_count(void);

/* The instances, for the table in gcm_dispatch.c. */
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define MACSEC_GCM_X86 1
extern const macsec_gcm_kernel macsec_gcm_aesni;
#else
#define MACSEC_GCM_X86 0
#endif
/* Compilers that know VAES on wide vectors, and the casts between widths. */
#if MACSEC_GCM_X86 && ((defined(__clang__) && __clang_major__ >= 10) || __GNUC__ >= 10)
#define MACSEC_GCM_VAES 1
extern const macsec_gcm_kernel macsec_gcm_vaes_avx512;
extern const macsec_gcm_kernel macsec_gcm_vaes_avx2;
#else
#define MACSEC_GCM_VAES 0
#endif
extern const macsec_gcm_kernel macsec_gcm_portable;

#endif
