/* AES-GCM for ARMv8 with the cryptographic extension: the template of the kernels, which each
   kernel includes once.

   A kernel defines, before it includes this file:

     TARGET          instructions, for the target attribute of every function
     XOR3(a, b, c)   the sum of three vectors

   Polynomials. A block of GHASH with the bits of each octet reversed (RBIT) is an integer, first
   octet lowest, whose bit i is the coefficient of x^i. So the carry-less product (PMULL) of two
   such integers is the product of the polynomials, in place, and powers of the hash key need no
   scaling.

   Reduction. x^128 = x^7 + x^2 + x + 1, so 64 bits at x^192 are equal to themselves and their
   product with 0x86, both at x^64. That is: swap the halves of the high 128 bits (which moves the
   highest 64 bits to x^64, and keeps the others at x^128), and add the product of the highest 64
   bits and 0x86. Doing this twice reduces all of them.

   Karatsuba. Products take three PMULL instead of four: high, low, and that of the sums of the
   halves. Small cores start AESE and PMULL on the same unit, once a cycle, so each counts.

   Pairs. Blocks are multiplied two at a time. TRN1 and TRN2 give the sums of the halves of both as
   one vector, in the order in which the key has those of their powers. Two products are added to
   the sum by one XOR3, which is one instruction (EOR3) where the CPU has it.

   Turns. A long frame is processed in turns of eight blocks: eight states, a round key, the sums
   and what a pair needs fill most of the 32 registers. The blocks of a turn are multiplied by H^8
   to H^1, and the sum is reduced once. The result is added to the first block that follows.

   Key layout. `powers` holds H^10 to H^1, with reversed bits as above, then the sums of the halves
   of H^10 to H^1. Ten powers are those of the AAD of a MACsec frame (20 or 28 octets: two blocks),
   seven blocks of text, and the block of lengths: frames up to that size are reduced once.
   `round_keys` is the plain key schedule.

   Order of the work. Between the rounds of AES, the products of a turn are computed: when opening,
   of the same turn; when sealing, of the turn before, since the ciphertext must be known first. The
   first pair is multiplied last, because it waits for the hash of the turn before. AESE and AESMC
   of one state are neighbours, which most CPUs then run as one. The rest of the frame, up to eight
   blocks, is the tail, with a copy of its code for each number of blocks; a short frame is all
   tail. E_K(J0), the mask of the tag, goes through AES together with the tail.

   AAD alone (integrity without confidentiality) is hashed in turns too. */

#include "base/octets.h"

#include <string.h>

#if MACSEC_GCM_ARM_TARGETS
#define INLINE static inline __attribute__((always_inline, target(TARGET)))
#define FUNCTION static __attribute__((target(TARGET)))
#else
#define INLINE static inline __attribute__((always_inline))
#define FUNCTION static
#endif
#define NOINLINE __attribute__((noinline))
/* Put this before each loop over an array of vectors: unrolled, the array stays in registers. */
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif
/* Apply KEEP to each sum of GHASH after each addition. Without it GCC regroups the additions into a
   tree and keeps products in memory until it adds them. Clang does not regroup. */
#if defined(__clang__)
#define KEEP(v) (void)0
#else
#define KEEP(v) __asm__("" : "+w"(v))
#endif
/* Makes the compiler load round keys and powers again after this point: cheaper than keeping them
   in registers and spilling others. */
#define LOAD_AGAIN() __asm__ volatile("" : : : "memory")

enum {
    BLOCK = 16,
    HEAD = 2 * BLOCK, /* octets of AAD in a macsec_gcm_head itself */
    TURN_BLOCKS = 8,
    TURN_OCTETS = TURN_BLOCKS * BLOCK,
    RUN = 10, /* powers in the key */
    HALVES_AT = RUN * BLOCK
};

_Static_assert(HALVES_AT + RUN * 8 <= sizeof(((macsec_gcm_key *)0)->powers), "key layout");
_Static_assert(RUN >= TURN_BLOCKS + 1, "the tail and the block of lengths find their powers");

typedef uint8x16_t block;

/* ---- Blocks ----------------------------------------------------------------------------- */

INLINE block zero(void) {
    return vdupq_n_u8(0);
}

INLINE block swap_halves(block x) {
    return vextq_u8(x, x, 8);
}

/* The product of the first or of the second halves. */
INLINE block low_product(block a, block b) {
    poly64_t x = (poly64_t)vgetq_lane_u64(vreinterpretq_u64_u8(a), 0);
    poly64_t y = (poly64_t)vgetq_lane_u64(vreinterpretq_u64_u8(b), 0);
    return vreinterpretq_u8_p128(vmull_p64(x, y));
}

INLINE block high_product(block a, block b) {
    return vreinterpretq_u8_p128(vmull_high_p64(vreinterpretq_p64_u8(a), vreinterpretq_p64_u8(b)));
}

/* ---- GHASH ------------------------------------------------------------------------------ */

/* A sum of products: the low and high 128 bits, and Karatsuba's middle. */
typedef struct {
    block low;
    block middle;
    block high;
} products;

INLINE products no_products(void) {
    products none = {zero(), zero(), zero()};
    return none;
}

INLINE const uint8_t *power(const macsec_gcm_key *key, size_t n) {
    return key->powers + BLOCK * (RUN - n);
}

/* The sum of the halves of H^n; that of H^(n-1) follows. */
INLINE const uint8_t *half(const macsec_gcm_key *key, size_t n) {
    return key->powers + HALVES_AT + 8 * (RUN - n);
}

/* Add the products of two blocks and H^n, H^(n-1). */
INLINE void add_pair(products *sum, const macsec_gcm_key *key, block a, block b, size_t n) {
    block h = vld1q_u8(power(key, n));
    block next = vld1q_u8(power(key, n - 1));
    block halves = vld1q_u8(half(key, n));
    uint64x2_t x = vreinterpretq_u64_u8(a);
    uint64x2_t y = vreinterpretq_u64_u8(b);
    block folded = vreinterpretq_u8_u64(veorq_u64(vtrn1q_u64(x, y), vtrn2q_u64(x, y)));
    sum->low = XOR3(sum->low, low_product(a, h), low_product(b, next));
    sum->high = XOR3(sum->high, high_product(a, h), high_product(b, next));
    sum->middle = XOR3(sum->middle, low_product(folded, halves), high_product(folded, halves));
    KEEP(sum->low);
    KEEP(sum->high);
    KEEP(sum->middle);
}

/* Add the product of one block and H^n. */
INLINE void add_one(products *sum, const macsec_gcm_key *key, block a, size_t n) {
    block h = vld1q_u8(power(key, n));
    block halves = vcombine_u8(vld1_u8(half(key, n)), vdup_n_u8(0));
    sum->low = veorq_u8(sum->low, low_product(a, h));
    sum->high = veorq_u8(sum->high, high_product(a, h));
    sum->middle = veorq_u8(sum->middle, low_product(veorq_u8(a, swap_halves(a)), halves));
}

/* Add the products of `count` blocks and the powers down to H. */
INLINE void add_run(products *sum, const macsec_gcm_key *key, const block *x, size_t count) {
    size_t first = count % 2;
    if (first) {
        add_one(sum, key, x[0], count);
    }
    UNROLL
    for (size_t i = 0; i < count / 2; i++) {
        size_t at = first + 2 * i;
        add_pair(sum, key, x[at], x[at + 1], count - at);
    }
}

INLINE block reduce(const products *sum) {
    const block fold = vreinterpretq_u8_u64(vdupq_n_u64(0x86));
    block middle = XOR3(sum->middle, sum->low, sum->high);
    middle = XOR3(middle, swap_halves(sum->high), high_product(sum->high, fold));
    return XOR3(sum->low, swap_halves(middle), high_product(middle, fold));
}

/* ---- A frame in work -------------------------------------------------------------------- */

typedef enum { SEALING, OPENING, HASHING } work;

typedef struct {
    const macsec_gcm_key *key;
    uint32x4_t
        counter;  /* the last counter block used, each four octets a number; the last counts */
    products sum; /* the products so far of the turn */
    block hash;   /* to be added to the first block that follows */
} frame;

/* Input and output of the frame. `in`: text or, when hashing, AAD. */
typedef struct {
    block j0;
    block first; /* blocks of AAD */
    block second;
    block lengths; /* the last block of GHASH, its bits reversed */
    const uint8_t *in;
    uint8_t *out;
} task;

INLINE block next_counter(frame *f) {
    const uint32x4_t one = {0, 0, 0, 1};
    f->counter = vaddq_u32(f->counter, one);
    return vrev32q_u8(vreinterpretq_u8_u32(f->counter));
}

INLINE block round_key(const macsec_gcm_key *key, size_t round) {
    return vld1q_u8(key->round_keys + BLOCK * round);
}

/* One round but the last of `count` states. */
INLINE void round_of(block *state, size_t count, block k) {
    UNROLL
    for (size_t i = 0; i < count; i++) {
        state[i] = vaesmcq_u8(vaeseq_u8(state[i], k));
    }
}

/* The last round but for its last round key, which is added together with the text. */
INLINE void last_round(block *state, size_t count, block k) {
    UNROLL
    for (size_t i = 0; i < count; i++) {
        state[i] = vaeseq_u8(state[i], k);
    }
}

INLINE void more_rounds(block *state, size_t count, const macsec_gcm_key *key) {
    if (key->rounds > 10) {
        UNROLL
        for (size_t round = 9; round < 13; round++) {
            round_of(state, count, round_key(key, round));
        }
    }
}

/* ---- Turns ------------------------------------------------------------------------------ */

/* Add two blocks of a turn, the first two last. */
INLINE void hash_pair(frame *f, const uint8_t *octets, size_t i) {
    size_t at = 2 * ((i + 1) % (TURN_BLOCKS / 2));
    block a = vrbitq_u8(vld1q_u8(octets + BLOCK * at));
    block b = vrbitq_u8(vld1q_u8(octets + BLOCK * (at + 1)));
    if (at == 0) {
        a = veorq_u8(a, f->hash);
    }
    add_pair(&f->sum, f->key, a, b, TURN_BLOCKS - at);
}

INLINE void end_turn(frame *f) {
    f->hash = reduce(&f->sum);
    f->sum = no_products();
}

/* Add a whole turn, with nothing to interleave. */
INLINE void hash_turn(frame *f, const uint8_t *octets) {
    LOAD_AGAIN();
    UNROLL
    for (size_t i = 0; i < TURN_BLOCKS / 2; i++) {
        hash_pair(f, octets, i);
    }
    end_turn(f);
}

/* Compute the key stream of a turn, but for the last round key; between the rounds, multiply the
   turn at `hashed` if `hashing`. */
INLINE void turn(frame *f, block stream[TURN_BLOCKS], const uint8_t *hashed, int hashing) {
    const macsec_gcm_key *key = f->key;
    LOAD_AGAIN();
    UNROLL
    for (size_t i = 0; i < TURN_BLOCKS; i++) {
        stream[i] = next_counter(f);
    }
    UNROLL
    for (size_t round = 0; round < 9; round++) {
        round_of(stream, TURN_BLOCKS, round_key(key, round));
        if (hashing && round % 2 && round <= TURN_BLOCKS) {
            hash_pair(f, hashed, round / 2);
        }
    }
    more_rounds(stream, TURN_BLOCKS, key);
    if (hashing) {
        end_turn(f);
    }
    last_round(stream, TURN_BLOCKS, round_key(key, key->rounds - 1));
}

INLINE void apply_turn(const macsec_gcm_key *key, const block stream[TURN_BLOCKS],
                       const uint8_t *in, uint8_t *out) {
    block k = round_key(key, key->rounds);
    UNROLL
    for (size_t i = 0; i < TURN_BLOCKS; i++) {
        vst1q_u8(out + BLOCK * i, XOR3(vld1q_u8(in + BLOCK * i), stream[i], k));
    }
}

/* Process the turns of a frame of more than one; return the octets done. */
INLINE size_t turns(frame *f, const uint8_t *in, uint8_t *out, size_t length, work mode) {
    block stream[TURN_BLOCKS];
    size_t done = 0;
    if (mode == HASHING) {
        for (; length - done > TURN_OCTETS; done += TURN_OCTETS) {
            hash_turn(f, in + done);
        }
        return done;
    }
    if (mode == SEALING) {
        turn(f, stream, NULL, 0);
        apply_turn(f->key, stream, in, out);
        done = TURN_OCTETS;
    }
    for (; length - done > TURN_OCTETS; done += TURN_OCTETS) {
        turn(f, stream, mode == SEALING ? out + done - TURN_OCTETS : in + done, 1);
        apply_turn(f->key, stream, in + done, out + done);
    }
    if (mode == SEALING) {
        hash_turn(f, out + done - TURN_OCTETS);
    }
    return done;
}

#include "gcm/arm/tail.h"

#include "gcm/arm/frames.h"
