/* Checks every AES-GCM kernel that this CPU runs, without Python.

     gcm_check [volume]    checks; volume (1 when not given) is the number of combinations of AAD,
                           key size and placement tried at each data length; 0 tries all of them
     gcm_check --time      prints nanoseconds a frame
     gcm_check --secret    under valgrind, or built with clang's memory sanitizer: with keys and
                           plaintext marked as undefined, so that each branch and each address that
                           depends on them is reported

   The kernels are compared with known answers, with a slow reference written from the standards
   (FIPS 197 and SP 800-38D) in the plainest way, and with each other in every ordered pair. The
   octets that a kernel is given lie flush against pages without access, so that one octet read or
   written too far ends the program. The last line counts the checks; the exit status is 0 if all
   held. */
#define _DEFAULT_SOURCE

#include "base/cpu.h"
#include "base/secret.h"
#include "gcm/gcm.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#define MEMORY_SANITIZER 1
#endif
#endif
#if !defined(MEMORY_SANITIZER) && defined(__has_include)
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#endif
#endif

enum { DATA_MAX = 9100, KERNELS_MAX = 16, GUARD_ROOM = 5 * 4096, CANARY = 64 };

static unsigned long checks;
static unsigned long failures;

/* Counts a check. The arguments after it describe it, for the message when it fails. */
__attribute__((format(printf, 2, 3))) static void check(int holds, const char *what, ...) {
    checks++;
    if (holds) {
        return;
    }
    if (++failures <= 20) {
        va_list arguments;
        va_start(arguments, what);
        printf("FAILED: ");
        vprintf(what, arguments);
        printf("\n");
        va_end(arguments);
    }
}

/* Small and fast, the same on every run (a linear congruential generator of Knuth's). */
static uint64_t random_state = 1;

static uint32_t next_random(void) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33);
}

static void fill_random(uint8_t *octets, size_t length) {
    for (size_t i = 0; i < length; i++) {
        octets[i] = (uint8_t)next_random();
    }
}

static const macsec_gcm_kernel *kernels[KERNELS_MAX]; /* those that this CPU runs */
static size_t kernel_count;

/* ---- The reference ---------------------------------------------------------------------- */

static uint8_t times_x(uint8_t a) {
    return (uint8_t)(a << 1 ^ (a >> 7) * 0x1b);
}

static uint8_t product256(uint8_t a, uint8_t b) {
    uint8_t product = 0;
    for (; b != 0; b >>= 1, a = times_x(a)) {
        product ^= (uint8_t)((b & 1) * a);
    }
    return product;
}

static uint8_t sbox[256];

/* The inverse by trial, the affine map bit by bit. */
static void compute_sbox(void) {
    for (int a = 0; a < 256; a++) {
        int inverse = 0;
        for (int b = 1; b < 256 && inverse == 0; b++) {
            inverse = product256((uint8_t)a, (uint8_t)b) == 1 ? b : 0;
        }
        uint8_t value = 0;
        for (int i = 0; i < 8; i++) {
            int bit = inverse >> i ^ inverse >> (i + 4) % 8 ^ inverse >> (i + 5) % 8 ^
                      inverse >> (i + 6) % 8 ^ inverse >> (i + 7) % 8 ^ 0x63 >> i;
            value |= (uint8_t)((bit & 1) << i);
        }
        sbox[a] = value;
    }
}

typedef struct {
    uint8_t round_keys[15][16];
    int rounds;
    uint8_t h[16];
} reference_key;

static void reference_block(const reference_key *key, const uint8_t in[16], uint8_t out[16]) {
    uint8_t s[16];
    for (int i = 0; i < 16; i++) {
        s[i] = in[i] ^ key->round_keys[0][i];
    }
    for (int round = 1; round <= key->rounds; round++) {
        uint8_t t[16];
        for (int i = 0; i < 16; i++) {
            t[i] = sbox[s[(i + 4 * (i % 4)) % 16]]; /* row i % 4 moves left by as many columns */
        }
        for (int i = 0; i < 16; i++) {
            const uint8_t *column = t + i / 4 * 4;
            uint8_t a = column[i % 4];
            uint8_t b = column[(i + 1) % 4];
            uint8_t rest = column[(i + 2) % 4] ^ column[(i + 3) % 4];
            uint8_t mixed = times_x(a) ^ times_x(b) ^ b ^ rest;
            s[i] = (round < key->rounds ? mixed : a) ^ key->round_keys[round][i];
        }
    }
    memcpy(out, s, 16);
}

static void reference_expand(reference_key *key, const uint8_t *octets, size_t length) {
    static const uint8_t zeros[16];
    uint8_t *w = &key->round_keys[0][0];
    uint8_t constant = 1;
    memcpy(w, octets, length);
    key->rounds = (int)length / 4 + 6;
    for (size_t i = length; i < 16 * (size_t)(key->rounds + 1); i += 4) {
        uint8_t t[4] = {w[i - 4], w[i - 3], w[i - 2], w[i - 1]};
        if (i % length == 0) {
            uint8_t first = t[0];
            t[0] = sbox[t[1]] ^ constant;
            t[1] = sbox[t[2]];
            t[2] = sbox[t[3]];
            t[3] = sbox[first];
            constant = times_x(constant);
        } else if (length == 32 && i % length == 16) {
            for (int j = 0; j < 4; j++) {
                t[j] = sbox[t[j]];
            }
        }
        for (size_t j = 0; j < 4; j++) {
            w[i + j] = w[i + j - length] ^ t[j];
        }
    }
    reference_block(key, zeros, key->h);
}

/* y = y h, one bit of y after the other (SP 800-38D, algorithm 1). */
static void reference_multiply(uint8_t y[16], const uint8_t h[16]) {
    uint8_t z[16] = {0};
    uint8_t v[16];
    memcpy(v, h, 16);
    for (int i = 0; i < 128; i++) {
        if (y[i / 8] >> (7 - i % 8) & 1) {
            for (int j = 0; j < 16; j++) {
                z[j] ^= v[j];
            }
        }
        uint8_t lowest = v[15] & 1;
        for (int j = 15; j > 0; j--) {
            v[j] = (uint8_t)(v[j] >> 1 | v[j - 1] << 7);
        }
        v[0] = (uint8_t)(v[0] >> 1 ^ lowest * 0xe1);
    }
    memcpy(y, z, 16);
}

static void reference_hash(uint8_t y[16], const uint8_t h[16], const uint8_t *octets,
                           size_t length) {
    for (size_t i = 0; i < length; i++) {
        y[i % 16] ^= octets[i];
        if (i % 16 == 15 || i + 1 == length) {
            reference_multiply(y, h);
        }
    }
}

static void reference_seal(const reference_key *key, const uint8_t iv[12], const uint8_t *aad,
                           size_t aad_length, const uint8_t *in, uint8_t *out, size_t length,
                           uint8_t tag[16]) {
    uint8_t counter[16] = {0};
    uint8_t stream[16];
    uint8_t y[16] = {0};
    uint8_t lengths[16] = {0};
    memcpy(counter, iv, 12);
    for (size_t i = 0; i < length; i++) {
        if (i % 16 == 0) {
            size_t count = i / 16 + 2;
            counter[14] = (uint8_t)(count >> 8);
            counter[15] = (uint8_t)count;
            reference_block(key, counter, stream);
        }
        out[i] = in[i] ^ stream[i % 16];
    }
    for (size_t i = 0; i < 8; i++) {
        lengths[7 - i] = (uint8_t)((uint64_t)aad_length * 8 >> 8 * i);
        lengths[15 - i] = (uint8_t)((uint64_t)length * 8 >> 8 * i);
    }
    reference_hash(y, key->h, aad, aad_length);
    reference_hash(y, key->h, out, length);
    reference_hash(y, key->h, lengths, 16);
    counter[14] = 0;
    counter[15] = 1;
    reference_block(key, counter, stream);
    for (int i = 0; i < 16; i++) {
        tag[i] = y[i] ^ stream[i];
    }
}

/* ---- Guarded memory --------------------------------------------------------------------- */

typedef struct {
    uint8_t *start; /* first octet with access; GUARD_ROOM of them, a multiple of the page */
} guarded;

static guarded make_guarded(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = (GUARD_ROOM + page - 1) / page * page;
    uint8_t *base = mmap(NULL, room + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED || mprotect(base + page, room, PROT_READ | PROT_WRITE) != 0 ||
        room != GUARD_ROOM) {
        printf("no guarded memory (pages of %zu octets)\n", page);
        exit(2);
    }
    guarded g = {base + page};
    return g;
}

/* Where octets lie: flush with the page without access after them, or before them, or neither, at
   an alignment of its own. */
typedef enum { AT_END, AT_START, INSIDE, PLACES } place;

/* Fills the surroundings with a known octet and returns where `length` octets go. */
static uint8_t *put(guarded g, place where, size_t length, size_t alignment) {
    size_t offset = where == AT_END     ? GUARD_ROOM - length
                    : where == AT_START ? 0
                                        : CANARY + alignment;
    uint8_t *p = g.start + offset;
    size_t before = offset < CANARY ? offset : CANARY;
    size_t after = GUARD_ROOM - offset - length;
    memset(p - before, 0xa5, before);
    memset(p + length, 0xa5, after < CANARY ? after : CANARY);
    return p;
}

/* Are the surroundings as put() left them? */
static int untouched(guarded g, const uint8_t *p, size_t length) {
    size_t before = (size_t)(p - g.start);
    size_t after = GUARD_ROOM - before - length;
    int same = 1;
    for (size_t i = 1; i <= (before < CANARY ? before : CANARY); i++) {
        same &= p[-(ptrdiff_t)i] == 0xa5;
    }
    for (size_t i = 0; i < (after < CANARY ? after : CANARY); i++) {
        same &= p[length + i] == 0xa5;
    }
    return same;
}

/* ---- Cross-validation ------------------------------------------------------------------- */

/* One combination that is tried at a data length. */
typedef struct {
    size_t aad_length;
    size_t key_length;
    place where;
    int in_place;
    int joined; /* the AAD directly before the data, as in a frame */
} combination;

enum { AAD_LENGTHS = 15, COMBINATIONS = AAD_LENGTHS * 2 * PLACES * 2 * 2 };

static combination nth_combination(unsigned n, size_t length) {
    static const size_t aad_lengths[AAD_LENGTHS - 1] = {0,  1,  12, 15, 16, 17, 20,
                                                        28, 31, 32, 33, 64, 80, 300};
    unsigned aad = n % AAD_LENGTHS;
    combination c;
    n /= AAD_LENGTHS;
    c.aad_length = aad < AAD_LENGTHS - 1 ? aad_lengths[aad] : length;
    c.key_length = n % 2 ? 32 : 16;
    n /= 2;
    c.where = (place)(n % PLACES);
    n /= PLACES;
    c.in_place = n % 2;
    n /= 2;
    c.joined = n % 2;
    return c;
}

static struct {
    guarded key;
    guarded iv;
    guarded aad;
    guarded in;
    guarded out;
    guarded tag;
} memory;

/* The two key sizes as each kernel expanded them, flush with the end of their memory. */
static macsec_gcm_key *expanded[KERNELS_MAX][2];

/* Plain data and AAD for all frames, long enough to start anywhere in the first octets. */
static uint8_t source[DATA_MAX + 512];
static uint8_t source_aad[DATA_MAX + 512];

typedef struct {
    uint8_t data[DATA_MAX];
    uint8_t tag[16];
} sealed;

/* A kernel on an IV and an AAD that lie in memory. */
static void run_kernel(const macsec_gcm_kernel *kernel, int opening, const macsec_gcm_key *key,
                       const uint8_t iv[12], const uint8_t *aad, size_t aad_length,
                       const uint8_t *in, uint8_t *out, size_t length, uint8_t tag[16]) {
    const macsec_gcm_head head = macsec_gcm_head_of(iv, aad, aad_length);
    (opening ? kernel->open : kernel->seal)(key, &head, in, out, length, tag);
}

/* Seals or opens `octets` with everything placed as the combination says. Returns the result, with
   its tag, in `result`, and whether nothing else was written. */
static int work(size_t kernel, int opening, const combination *c, const uint8_t *octets,
                size_t length, sealed *result) {
    const macsec_gcm_kernel *k = kernels[kernel];
    size_t room = length + (c->joined ? c->aad_length : 0);
    uint8_t *start = put(memory.in, c->where, room, length % 64);
    uint8_t *in = start + (room - length);
    uint8_t *aad = c->joined ? start : put(memory.aad, c->where, c->aad_length, length % 61);
    uint8_t *out = c->in_place ? in : put(memory.out, c->where, length, (length + 17) % 64);
    uint8_t *iv = put(memory.iv, c->where, 12, length % 59);
    uint8_t *tag = put(memory.tag, c->where, 16, length % 53);
    memcpy(in, octets, length);
    memcpy(aad, source_aad, c->aad_length);
    memcpy(iv, source_aad + 3, 12);
    run_kernel(k, opening, expanded[kernel][c->key_length == 32], iv, aad, c->aad_length, in, out,
               length, tag);
    memcpy(result->data, out, length);
    memcpy(result->tag, tag, 16);
    return untouched(memory.in, start, room) && untouched(memory.tag, tag, 16) &&
           memcmp(aad, source_aad, c->aad_length) == 0 && memcmp(iv, source_aad + 3, 12) == 0 &&
           (c->in_place || (untouched(memory.out, out, length) && memcmp(in, octets, length) == 0));
}

/* All ordered pairs at one data length with one combination. */
static void check_pairs(const combination *c, size_t length) {
    static sealed made;
    static sealed opened;
    const uint8_t *plain = source + length % 251;
    for (size_t a = 0; a < kernel_count; a++) {
        int clean = work(a, 0, c, plain, length, &made);
        check(clean, "%s seals %zu octets, AAD %zu: writes beside its output", kernels[a]->name,
              length, c->aad_length);
        for (size_t b = 0; b < kernel_count; b++) {
            clean = work(b, 1, c, made.data, length, &opened);
            check(clean && memcmp(opened.tag, made.tag, 16) == 0 &&
                      memcmp(opened.data, plain, length) == 0,
                  "%s seals and %s opens %zu octets: AAD %zu, key %zu, place %d, in place %d, "
                  "joined %d",
                  kernels[a]->name, kernels[b]->name, length, c->aad_length, c->key_length,
                  (int)c->where, c->in_place, c->joined);
        }
    }
}

static void expand_all(const uint8_t octets[32]) {
    size_t size = sizeof(macsec_gcm_key);
    for (size_t i = 0; i < kernel_count; i++) {
        for (size_t k = 0; k < 2; k++) {
            size_t length = k ? 32 : 16;
            uint8_t *given = put(memory.iv, AT_END, length, 0);
            memcpy(given, octets, length);
            size_t from_end = size * (2 * i + k + 1);
            expanded[i][k] = (macsec_gcm_key *)(void *)(memory.key.start + GUARD_ROOM - from_end);
            kernels[i]->expand(expanded[i][k], given, length);
        }
    }
}

/* Data lengths 0 to 2200 and 8900 to 9100. The combinations go round, so that neighbouring lengths
   have different ones even when the volume is small. */
static void check_all_lengths(unsigned volume) {
    unsigned each = volume == 0 || volume > COMBINATIONS ? COMBINATIONS : volume;
    unsigned turn = 0;
    for (size_t length = 0; length <= DATA_MAX; length = length == 2200 ? 8900 : length + 1) {
        for (unsigned i = 0; i < each; i++) {
            combination c =
                nth_combination(each == COMBINATIONS ? i : turn * 97 % COMBINATIONS, length);
            check_pairs(&c, length);
            turn++;
        }
    }
}

/* ---- The other checks ------------------------------------------------------------------- */

/* Every kernel against the reference, for one frame. */
static void check_reference(const reference_key *key, size_t key_length, size_t aad_length,
                            size_t length, const uint8_t *aad, const uint8_t *plain) {
    static sealed expected;
    static sealed made;
    uint8_t iv[12];
    memcpy(iv, source + length % 97, 12);
    reference_seal(key, iv, aad, aad_length, plain, expected.data, length, expected.tag);
    for (size_t i = 0; i < kernel_count; i++) {
        run_kernel(kernels[i], 0, expanded[i][key_length == 32], iv, aad, aad_length, plain,
                   made.data, length, made.tag);
        check(memcmp(made.data, expected.data, length) == 0 &&
                  memcmp(made.tag, expected.tag, 16) == 0,
              "%s differs from the reference: %zu octets, AAD %zu, key %zu", kernels[i]->name,
              length, aad_length, key_length);
    }
}

static void check_reference_lengths(unsigned volume) {
    static const size_t long_lengths[] = {511, 512, 1024, 1486, 1500, 2047, 2200, 4095, 4112, 9000};
    unsigned keys = volume == 0 || volume > 4 ? 4 : volume;
    uint8_t octets[32];
    reference_key key;
    for (unsigned i = 0; i < 2 * keys; i++) {
        size_t key_length = i % 2 ? 32 : 16;
        fill_random(octets, sizeof octets);
        expand_all(octets);
        reference_expand(&key, octets, key_length);
        for (size_t length = 0; length <= 320; length++) {
            size_t aad_length = length % 5 ? nth_combination(next_random() % 13, 0).aad_length
                                           : next_random() % 400;
            check_reference(&key, key_length, aad_length, length, source_aad, source);
            check_reference(&key, key_length, 2 * length, 0, source_aad, source);
            check_reference(&key, key_length, 2 * length + 1, 0, source_aad, source);
        }
        for (size_t j = 0; j < sizeof long_lengths / sizeof long_lengths[0]; j++) {
            check_reference(&key, key_length, 28, long_lengths[j], source_aad, source);
            check_reference(&key, key_length, long_lengths[j], 0, source_aad, source);
        }
    }
}

/* GHASH is linear in the data: with one hash key, the products of the 128 unit blocks stand for all
   blocks. Every position of a block in a sum has a power of its own, so the block moves. The sums
   of the widest kernel have 36 blocks. */
static void check_unit_blocks(const reference_key *key) {
    enum { POSITIONS = 37 };
    uint8_t aad[POSITIONS * 16];
    for (size_t bit = 0; bit < 128; bit++) {
        size_t at = bit % POSITIONS * 16;
        memset(aad, 0, sizeof aad);
        aad[at + bit / 8] = (uint8_t)(0x80 >> bit % 8);
        check_reference(key, 16, sizeof aad, 0, aad, source);
        check_reference(key, 16, at + 16, 16 * (bit % 10), aad, source);
        check_reference(key, 16, bit % 11 * 16 + 16, 16 * (bit % 35), aad, source);
    }
    memset(aad, 0xff, sizeof aad);
    check_reference(key, 16, sizeof aad, 0, aad, source);
    memset(aad, 0, sizeof aad);
    check_reference(key, 16, sizeof aad, 0, aad, source);
}

/* How extreme is a hash key? Highest for runs of equal bits at its two ends. */
static int run_length(const uint8_t h[16], int from_end, int value) {
    int run = 0;
    while (run < 128) {
        int i = from_end ? 127 - run : run;
        if ((h[i / 8] >> (7 - i % 8) & 1) != value) {
            break;
        }
        run++;
    }
    return run;
}

/* The hash key is AES of zero, so an edge case cannot be chosen; it can be searched for. Of a few
   thousand keys, takes those whose H starts and ends with the longest runs of zeros and ones. */
static void check_edge_hash_keys(unsigned volume) {
    int tries = volume == 0 ? 1 << 17 : 1 << 12;
    uint8_t octets[32] = {0};
    uint8_t best[4][32] = {{0}};
    int longest[4] = {-1, -1, -1, -1};
    reference_key key;
    for (int i = 0; i < tries; i++) {
        memcpy(octets, &i, sizeof i);
        reference_expand(&key, octets, 16);
        for (int edge = 0; edge < 4; edge++) {
            int run = run_length(key.h, edge / 2, edge % 2);
            if (run > longest[edge]) {
                longest[edge] = run;
                memcpy(best[edge], octets, sizeof octets);
            }
        }
    }
    for (int edge = 0; edge < 4; edge++) {
        expand_all(best[edge]);
        reference_expand(&key, best[edge], 16);
        check_unit_blocks(&key);
    }
    printf("hash keys starting with %d zeros, %d ones, ending with %d zeros, %d ones\n", longest[0],
           longest[1], longest[2], longest[3]);
}

static void check_known_answers(void) {
    int count = macsec_gcm_selftest_count();
    for (size_t i = 0; i < kernel_count; i++) {
        check(macsec_gcm_selftest(kernels[i], 0) == 0, "%s fails its known answers",
              kernels[i]->name);
        for (int number = 1; number <= count; number++) {
            check(macsec_gcm_selftest(kernels[i], number) == number,
                  "%s: known answer %d does not fail when it is spoilt", kernels[i]->name, number);
        }
    }
}

static void check_dispatch(void) {
    size_t count = macsec_gcm_kernel_count();
    const macsec_gcm_kernel *first = NULL;
    for (size_t i = 0; i < count; i++) {
        const macsec_gcm_kernel *kernel = macsec_gcm_kernel_at(i);
        check(macsec_gcm_find(kernel->name) == kernel, "%s is not found by name", kernel->name);
        check(macsec_gcm_usable(kernel) == kernel->supported(), "%s: usable is not supported",
              kernel->name);
        if (first == NULL && kernel->supported()) {
            first = kernel;
        }
    }
    check(macsec_gcm_best() == first, "the best kernel is not the first supported one");
    check(macsec_gcm_kernel_at(count) == NULL, "there is a kernel past the end");
    check(macsec_gcm_find("no such kernel") == NULL, "an unknown name finds a kernel");
    check(macsec_gcm_find(NULL) == NULL, "no name finds a kernel");
    check(macsec_gcm_usable(NULL) == 0, "no kernel is usable");
    check(macsec_gcm_usable(macsec_gcm_find("portable")), "the portable kernel is not usable");
}

static void check_secret(void) {
    size_t length = 5000;
    uint8_t *secret = macsec_secret_alloc(length);
    uint8_t other[8] = {0};
    int zero = secret != NULL;
    for (size_t i = 0; zero && i < length; i++) {
        zero = secret[i] == 0;
    }
    check(zero, "secret memory is missing, or not zero");
    check((uintptr_t)secret % 64 == 0, "secret memory is not aligned");
    if (secret == NULL) {
        return;
    }
    memset(secret, 1, length);
    check(!macsec_equal(secret, other, 8), "different octets are equal");
    macsec_wipe(secret, length - 1);
    check(macsec_equal(secret, other, 8) && secret[length - 2] == 0 && secret[length - 1] == 1,
          "wiping does not clear what it should");
    for (int bit = 0; bit < 64; bit++) {
        other[bit / 8] = (uint8_t)(1 << bit % 8);
        check(!macsec_equal(secret, other, 8), "a difference in bit %d is overlooked", bit);
        other[bit / 8] = 0;
    }
    check(macsec_equal(secret, other, 0), "nothing is not equal to nothing");
    check(macsec_secret_alloc(0) == NULL, "no octets are allocated");
    macsec_secret_free(secret, length);
    macsec_secret_free(NULL, 0);
}

/* Both lengths 0 with no memory at all, as the interface allows. */
static void check_nothing(void) {
    reference_key key;
    uint8_t octets[32] = {0};
    uint8_t iv[12] = {0};
    uint8_t expected[16];
    uint8_t tag[16];
    expand_all(octets);
    reference_expand(&key, octets, 16);
    reference_seal(&key, iv, NULL, 0, NULL, NULL, 0, expected);
    for (size_t i = 0; i < kernel_count; i++) {
        run_kernel(kernels[i], 0, expanded[i][0], iv, NULL, 0, NULL, NULL, 0, tag);
        check(memcmp(tag, expected, 16) == 0, "%s seals nothing wrongly", kernels[i]->name);
        run_kernel(kernels[i], 1, expanded[i][0], iv, NULL, 0, NULL, NULL, 0, tag);
        check(memcmp(tag, expected, 16) == 0, "%s opens nothing wrongly", kernels[i]->name);
    }
}

/* ---- Times ------------------------------------------------------------------------------ */

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Best of several runs of some milliseconds, frames back to back, from one buffer to another. */
static double time_frame(size_t kernel, int opening, size_t key_length, size_t aad_length,
                         size_t length) {
    static uint8_t out[DATA_MAX];
    const macsec_gcm_kernel *k = kernels[kernel];
    const macsec_gcm_key *key = expanded[kernel][key_length == 32];
    double best = 1e18;
    size_t frames =
        (strcmp(k->name, "portable") == 0 ? 2000000 : 40000000) / (aad_length + length + 500);
    uint8_t iv[12] = {0};
    uint8_t tag[16];
    for (int run = 0; run < 9; run++) {
        double start = now();
        for (size_t i = 0; i < frames; i++) {
            uint32_t number = (uint32_t)i;
            memcpy(iv + 8, &number, sizeof number);
            run_kernel(k, opening, key, iv, source_aad, aad_length, source, out, length, tag);
        }
        double each = (now() - start) / (double)frames;
        best = each < best ? each : best;
    }
    return best;
}

/* Per kernel, direction and key size a row, with the line fitted through 64 and 9014 octets, and
   integrity alone: 1514 octets that are AAD. */
static void print_times(void) {
    static const size_t lengths[] = {64, 128, 256, 512, 1024, 1514, 9014};
    enum { LENGTHS = sizeof lengths / sizeof lengths[0] };
    uint8_t octets[32];
    fill_random(octets, sizeof octets);
    expand_all(octets);
    printf("ns a frame, AAD of 28 octets\n%-14s%-6s%-5s", "kernel", "does", "key");
    for (size_t i = 0; i < LENGTHS; i++) {
        printf("%8zu", lengths[i]);
    }
    printf("   ns/octet   1514 AAD only\n");
    for (size_t kernel = 0; kernel < kernel_count; kernel++) {
        for (unsigned row = 0; row < 4; row++) {
            double first = 0;
            double last = 0;
            size_t key_length = row / 2 ? 32 : 16;
            printf("%-14s%-6s%-5zu", kernels[kernel]->name, row % 2 ? "open" : "seal",
                   key_length * 8);
            for (size_t i = 0; i < LENGTHS; i++) {
                last = time_frame(kernel, row % 2, key_length, 28, lengths[i]);
                first = i == 0 ? last : first;
                printf("%8.1f", last);
            }
            printf("%11.4f%16.1f\n", (last - first) / (double)(lengths[LENGTHS - 1] - lengths[0]),
                   time_frame(kernel, row % 2, key_length, 28 + 1514, 0));
        }
    }
}

/* ---- Secrets ------------------------------------------------------------------------------- */

/* Two tools follow what is undefined: valgrind, on any build but without the instructions of the
   wider kernels; and clang's memory sanitizer, built with -fsanitize=memory
   -fsanitize-recover=memory -fno-sanitize-memory-param-retval (values may be passed on, only not
   decided upon). The latter ends the program with a status of its own after any report. */
#if defined(MEMORY_SANITIZER)
#define HIDE(p, length) __msan_allocated_memory(p, length)
#elif defined(VALGRIND_MAKE_MEM_UNDEFINED)
#define HIDE(p, length) VALGRIND_MAKE_MEM_UNDEFINED(p, length)
#define REVEAL(p, length) VALGRIND_MAKE_MEM_DEFINED(p, length)
#endif

#if defined(HIDE)

/* One key through all that a kernel does with it. Nothing that comes out is looked at. */
static void use_secrets(const macsec_gcm_kernel *kernel, size_t key_length) {
    static const size_t lengths[] = {0,   1,   3,   7,   15,  16,  17,  32,  48,  60,  64,   96,
                                     128, 130, 143, 144, 176, 200, 224, 256, 300, 540, 1056, 1486};
    static macsec_gcm_key key;
    static sealed data;
    uint8_t octets[32];
    memcpy(octets, source, sizeof octets);
    HIDE(octets, sizeof octets);
    kernel->expand(&key, octets, key_length);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        size_t length = lengths[i];
        HIDE(data.data, length);
        run_kernel(kernel, 0, &key, source_aad, source_aad, 28, data.data, data.data, length,
                   data.tag);
        run_kernel(kernel, 1, &key, source_aad, source_aad, 5 * i, data.data, data.data, length,
                   data.tag);
        HIDE(data.data, length);
        run_kernel(kernel, 0, &key, source_aad, data.data, length, NULL, NULL, 0, data.tag);
        checks++;
    }
#if !defined(MEMORY_SANITIZER) /* which reports what an asm statement hides from the compiler */
    int same = macsec_equal(data.tag, octets, 16);
    REVEAL(&same, sizeof same); /* the verdict is public */
    check(!same, "a tag is equal to the key");
#endif
}

/* That the tool sees a branch on what the kernels put out, which depends on the key throughout: no
   instruction on the way made it public. */
#define BRANCH_ON(octet)                                                                           \
    if (octet) {                                                                                   \
        __asm__ volatile("" : : : "memory"); /* no compiler does without the branch */             \
    }

static void branch_on_output(const macsec_gcm_kernel *kernel, int opening) {
    static macsec_gcm_key key;
    uint8_t octets[32] = {0};
    uint8_t data[80] = {0};
    uint8_t tag[16];
    HIDE(octets, sizeof octets);
    kernel->expand(&key, octets, 32);
    run_kernel(kernel, opening, &key, source_aad, source_aad, 28, data, data, sizeof data, tag);
    uint8_t tag_octet = tag[5];
    uint8_t data_octet = data[77];
#if defined(MEMORY_SANITIZER)
    __msan_set_expect_umr(1); /* ends the program unless what follows is reported */
    BRANCH_ON(tag_octet)
    __msan_set_expect_umr(0);
    __msan_set_expect_umr(1);
    BRANCH_ON(data_octet)
    __msan_set_expect_umr(0);
    checks += 2;
#else
    unsigned long found = (unsigned long)VALGRIND_COUNT_ERRORS;
    BRANCH_ON(tag_octet)
    check((unsigned long)VALGRIND_COUNT_ERRORS > found, "%s: a branch on a tag is not seen",
          kernel->name);
    found = (unsigned long)VALGRIND_COUNT_ERRORS;
    BRANCH_ON(data_octet)
    check((unsigned long)VALGRIND_COUNT_ERRORS > found, "%s: a branch on data is not seen",
          kernel->name);
#endif
}

static int check_secrets(void) {
#if !defined(MEMORY_SANITIZER)
    if (!RUNNING_ON_VALGRIND) {
        printf("--secret means nothing without valgrind or the memory sanitizer\n");
        return 2;
    }
#endif
    for (size_t i = 0; i < kernel_count; i++) {
        use_secrets(kernels[i], 16);
        use_secrets(kernels[i], 32);
    }
#if !defined(MEMORY_SANITIZER)
    unsigned long found = (unsigned long)VALGRIND_COUNT_ERRORS;
    check(found == 0, "%lu branches or addresses depend on secrets", found);
#endif
    for (size_t i = 0; i < kernel_count; i++) {
        branch_on_output(kernels[i], 0);
        branch_on_output(kernels[i], 1);
    }
    return 0;
}

#else

static int check_secrets(void) {
    printf("--secret needs the header valgrind/memcheck.h, or clang's memory sanitizer\n");
    return 2;
}

#endif

/* ---- Main ------------------------------------------------------------------------------- */

static void find_kernels(void) {
    for (size_t i = 0; i < macsec_gcm_kernel_count() && kernel_count < KERNELS_MAX; i++) {
        const macsec_gcm_kernel *kernel = macsec_gcm_kernel_at(i);
        if (kernel->supported()) {
            kernels[kernel_count++] = kernel;
        }
        printf("%-14s %s (%s)\n", kernel->name,
               kernel->supported() ? "runs" : "NOT RUN: unsupported", kernel->description);
    }
}

static void prepare(void) {
    memory.key = make_guarded();
    memory.iv = make_guarded();
    memory.aad = make_guarded();
    memory.in = make_guarded();
    memory.out = make_guarded();
    memory.tag = make_guarded();
    compute_sbox();
    fill_random(source, sizeof source);
    fill_random(source_aad, sizeof source_aad);
}

static void check_everything(unsigned volume) {
    uint8_t octets[32];
    check_dispatch();
    check_secret();
    check_known_answers();
    check_nothing();
    check_edge_hash_keys(volume);
    check_reference_lengths(volume);
    fill_random(octets, sizeof octets);
    expand_all(octets);
    check_all_lengths(volume);
}

static int report(void) {
    printf("gcm: %lu checks, kernels:", checks);
    for (size_t i = 0; i < kernel_count; i++) {
        printf(" %s", kernels[i]->name);
    }
    if (failures > 0) {
        printf(", %lu FAILED", failures);
    }
    printf("\n");
    return failures > 0;
}

int main(int argc, char **argv) {
    unsigned volume = 1;
    find_kernels();
    prepare();
    if (argc > 1 && strcmp(argv[1], "--time") == 0) {
        print_times();
        return 0;
    }
    if (argc > 1 && strcmp(argv[1], "--secret") == 0) {
        int impossible = check_secrets();
        return impossible ? impossible : report();
    }
    if (argc > 1) {
        volume = (unsigned)strtoul(argv[1], NULL, 10);
    }
    check_everything(volume);
    return report();
}
