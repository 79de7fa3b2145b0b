/* AES-GCM for x86-64: the template of the kernels, which each kernel includes once.

   A kernel defines, before it includes this file:

     TARGET                 instructions, for the target attribute of every function
     VEC, VEC_BLOCKS        vector type, and the blocks in it: 1 (XMM), 2 (YMM) or 4 (ZMM)
     TURN_VECS              vectors in a turn of the loop: 8, unless registers are fewer
     RUN_POWERS             powers of the hash key in the run (see Key layout)
     LAST_POWERS            those of the last sum of a tail that the run is too short for
     HALVES_KEPT            1: the sums of halves of powers are kept with the key; 0: computed
     KEYS_KEPT              round keys that stay in registers from turn to turn, from the second on
     VEC_PAIRS              1: VEC_XOR3 is one instruction, so products are added in pairs
     VEC_LOAD, VEC_STORE    data, at any alignment
     VEC_POWERS(p)          VEC_BLOCKS powers of the hash key, aligned to a block
     VEC_HALF(p)            the number of 64 bits at p, in the low half of each block (if kept)
     VEC_REPEAT(block)      the block in each place
     VEC_WIDEN(block)       the block in the first place, zero in the others
     VEC_FOLD(v)            the sum of the blocks, as one block
     VEC_NUMBERS(first)     first, first + 1, ... in the low 32 bits of the blocks, else zero
     VEC_COUNT(first)       the same below 256, in the last octets of the blocks
     VEC_ZERO, VEC_ADD32, VEC_XOR, VEC_XOR3, VEC_SHUFFLE, VEC_SWAP (of 64-bit halves), VEC_AES,
     VEC_AES_LAST, VEC_PRODUCT(a, b, halves)    block by block, as the instructions of these names
     VEC_KEEP(v)            keeps v as a value of its own in GCC, see KEEP
     VEC_HEAD(vectors, a, b) two blocks as the end of AAD_VECS vectors, zeros before them
     CLEAR_REGISTERS()      zeroes all vector registers
     VEC_MASKED             1: ends under masks; 0: ends by windows (see Ends)
   for windows:
     VEC_JOIN(blocks), VEC_SPLIT(blocks, v)     from and to an array of VEC_BLOCKS blocks
   for masks:
     VEC_MASK, VEC_MASK_OF(octets)              a mask, and that of the first 1 to all octets
     VEC_LOAD_MASKED, VEC_STORE_MASKED          octets outside the mask load as 0, and stay
     VEC_ONLY(v, mask)      v, with zeros outside the mask
     VEC_PLACE(v, n, block) v with the block in place n

   Polynomials. A block of GHASH, its octets reversed, is an integer whose bit 127 is the
   coefficient of 1 and whose bit 0 is that of x^127. The carry-less product of two such integers is
   the product of the polynomials, one bit short of its place. So one factor, the power of the hash
   key, is stored divided by x. Then the upper 128 bits of a product are in place, and the lower 128
   are the coefficients of x^128 to x^255, to be reduced.

   Reduction. x^128 = 1 + x + x^2 + x^7, so bit i of the lowest 64 bits is equal to the bits
   i + 128, i + 127, i + 126 and i + 121. That is: swap the halves of the low 128 bits (i + 64 where
   the middle starts at 64, which is i + 128), and add the product of the low 64 bits and 0xc2 << 56
   (bits 63, 62 and 57, again 64 up). Doing this twice reduces all 128 bits.

   Karatsuba. Products take three PCLMULQDQ instead of four: high, low, and that of the sums of the
   halves. CPUs start one PCLMULQDQ every cycle or every second one, at any width, so it is the
   bottleneck. The sums of the halves of the powers are stored with the key.

   Turns. A long frame is processed in turns of TURN_VECS vectors, whose hash stays in lanes: each
   block of a vector is multiplied by the same power, H^(n VEC_BLOCKS) for the n-th vector from the
   end of the turn, and the sum is reduced lane by lane. The result is added to the first vector
   that follows. At the end of the frame the lanes are summed: the last blocks are multiplied by
   H^n, H^(n-1), ..., H. That needs consecutive powers (the run), and no folding of lanes before. It
   also needs as many blocks as there are lanes, which LEAST_BLOCKS guarantees.

   Key layout. `powers` holds first the powers that turns need above the run, highest first; then
   the run, H^RUN to H^1; then, if kept, the sums of halves of the powers of turns (with single
   blocks, of the run), highest first. A power that belongs to both is in the run only. With masks
   the run reaches over half a turn, its head and the block of lengths, which are then one
   sum with one reduction; the block of lengths takes a free place beside the head. Keep keys small:
   many thousand are in use at once.

   Order of the work. Interleave the products of a turn with the rounds of AES: when opening, of the
   same turn; when sealing, of the next turn, since the ciphertext must be known first. AES and
   PCLMULQDQ then overlap even on CPUs with a small out-of-order window. The first vector is
   multiplied last, because it waits for the hash of the turn before. With masks, the tail does the
   same: when sealing, the last turn is hashed between its rounds; when opening, the tail itself.
   The rest of the frame, up to TAIL_BLOCKS blocks, is the tail, with a copy of its code for each
   size; a short frame is all tail. The last blocks of a tail, with the block of lengths, form the
   last sum, as many as the run has powers for; the blocks before them are a short turn. The AAD of
   a MACsec frame (20 or 28 octets: two blocks) joins the first sum that has room, and costs only
   its products; before a turn it is a sum of its own, whose reduction nothing waits for. E_K(J0),
   the mask of the tag, goes through AES together with the tail, so it costs no time of its own.

   AAD alone (integrity without confidentiality) is hashed in turns too. There is nothing to
   interleave, but the 24 products of a turn are independent and cover the wait for its reduction.

   Count the instructions. On AMD Zen 4 AES has two of the four pipes and PCLMULQDQ one of these;
   any other vector instruction can land on them, and delays AES. A turn of 80 AES, 26 PCLMULQDQ and
   no other takes 106 cycles; the other instructions of the work make it 120. So additions take
   three terms where they can, the sums of halves are kept, and a counter block costs one XOR.

   Ends. By windows: when the frame has 16 octets, the last block is loaded and stored as the 16
   octets that end where the data end. Its first octets belong to the block before: they are
   computed twice, with the same result. In place, the window is loaded before any store. By masks:
   the last vector is loaded and stored under a mask. Neither way has a loop over octets, or a load
   that waits for several smaller stores. */

#define INLINE static inline __attribute__((always_inline, target(TARGET)))
#define NOINLINE __attribute__((noinline))
#define FUNCTION static __attribute__((target(TARGET)))
/* Put this before each loop over an array of vectors: unrolled, the array stays in registers. */
#define UNROLL _Pragma("GCC unroll 16")

enum {
    BLOCK = 16,
    HEAD = 2 * BLOCK, /* octets of AAD in a macsec_gcm_head itself */
    VEC_OCTETS = VEC_BLOCKS * BLOCK,
    TURN_BLOCKS = TURN_VECS * VEC_BLOCKS,
    TURN_OCTETS = TURN_BLOCKS * BLOCK,
    /* Blocks of data that a frame with turns has to leave for its tail: one for each lane of the
       hash of the turns, less the block of lengths. */
    LEAST_BLOCKS = VEC_BLOCKS > 2 ? VEC_BLOCKS - 1 : 1,
    TAIL_BLOCKS = TURN_BLOCKS + LEAST_BLOCKS - 1,
    TAIL_OCTETS = TAIL_BLOCKS * BLOCK,
    TAIL_VECS = (TAIL_BLOCKS + VEC_BLOCKS - 1) / VEC_BLOCKS,
    /* Key layout. */
    RUN = RUN_POWERS,
    LAST = LAST_POWERS,
    ABOVE = TURN_BLOCKS > RUN ? TURN_VECS - RUN / VEC_BLOCKS
                              : 0, /* powers of turns, above the run */
    HALVES_AT = (ABOVE + RUN) * BLOCK,
    HALVES = !HALVES_KEPT ? 0
    : VEC_BLOCKS == 1     ? RUN
                          : TURN_VECS,
    AAD_VECS = VEC_BLOCKS > 1 ? 1 : 2 /* the AAD of a MACsec frame */
};

_Static_assert(HALVES_AT + HALVES * 8 <= sizeof(((macsec_gcm_key *)0)->powers), "key layout");
_Static_assert(RUN >= 2 * VEC_BLOCKS + 2, "the lanes of a hash find their powers");

/* Apply KEEP to each sum of GHASH after each addition. Without it GCC regroups the additions into a
   tree and keeps all products in memory until it adds them. Clang does not regroup, and its memory
   sanitizer takes a value that passed an asm statement for public, so there KEEP does nothing. */
#if defined(__clang__)
#define KEEP(v) (void)0
#else
#define KEEP(v) VEC_KEEP(v)
#endif
/* Makes the compiler load round keys again after this point: cheaper than keeping them in registers
   and spilling others. */
#define LOAD_AGAIN() __asm__ volatile("" : : : "memory")

#include "gcm/x86/turns.h"

#if VEC_MASKED
#include "gcm/x86/masks.h"
#else
#include "gcm/x86/windows.h"
#endif

/* Run the tail, with one copy of its code for each number of blocks (with masks: of vectors), so
   that vectors stay in registers. `whole`: the frame has no turns, and its AAD goes into the sums
   of the tail. Return E_K(J0). */
INLINE __m128i any_tail(frame *f, const task *t, size_t octets, work mode, int whole) {
#if VEC_MASKED
    enum { UNIT = VEC_OCTETS, UNITS = TAIL_VECS };
#else
    enum { UNIT = BLOCK, UNITS = TAIL_BLOCKS };
#endif
#define CASE(n)                                                                                    \
    case n:                                                                                        \
        if (n <= UNITS) {                                                                          \
            return tail(f, t, octets, n <= UNITS ? n : 1, mode, whole);                            \
        }                                                                                          \
        break;
    switch ((octets + UNIT - 1) / UNIT) {
        CASE(1)
        CASE(2)
        CASE(3)
        CASE(4)
        CASE(5)
        CASE(6)
        CASE(7)
        CASE(8)
        CASE(9)
        CASE(10)
        CASE(11)
        CASE(12)
        CASE(13)
        CASE(14)
        CASE(15)
        CASE(16)
    default:
        break;
    }
#undef CASE
    if (whole) {
        hash_head(f, t->first, t->second, 0, 0, t->lengths);
    }
    __m128i mask = t->j0;
    const hashed none = {.blocks = 0};
    tail_stream(f, NULL, 0, &mask, whole, none);
    if (!VEC_MASKED || !whole) { /* else it is beside the head */
        add_run(&f->sum, f->key, VEC_WIDEN(t->lengths), 1);
    }
    return mask;
}

/* ---- The kernel ------------------------------------------------------------------------- */

INLINE frame frame_of(const macsec_gcm_key *key, __m128i j0) {
    const __m128i none_done = _mm_xor_si128(j0, one_in_order());
    frame f = {key, VEC_REPEAT(_mm_shuffle_epi8(none_done, reversal())), no_products(), VEC_ZERO()};
    return f;
}

INLINE void finish(frame *f, __m128i mask, uint8_t tag[16]) {
    store_block(tag, _mm_xor_si128(_mm_shuffle_epi8(reduce(&f->sum), reversal()), mask));
}

INLINE task task_of(const macsec_gcm_head *head, const uint8_t *in, uint8_t *out, size_t length) {
    task t = {
        .j0 = head->j0,
        .first = head->first,
        .second = head->second,
        .lengths = _mm_set_epi64x((long long)(head->length * 8), (long long)(length * 8)),
        .in = in,
        .out = out,
    };
    return t;
}

/* Process a frame that fits into a tail. */
INLINE void short_frame(const macsec_gcm_key *key, const task *t, size_t length, uint8_t tag[16],
                        work mode) {
    frame f = frame_of(key, t->j0);
    finish(&f, any_tail(&f, t, length, mode, 1), tag);
}

/* Process any longer frame. */
INLINE void long_frame(const macsec_gcm_key *key, task t, size_t length, uint8_t tag[16],
                       work mode) {
    frame f = frame_of(key, t.j0);
    hash_head(&f, t.first, t.second, 0, TURN_VECS, t.lengths);
    const size_t done = turns(&f, t.in, t.out, length, mode);
    t.in += done;
    if (t.out != NULL) {
        t.out += done;
    }
    finish(&f, any_tail(&f, &t, length - done, mode, 0), tag);
}

INLINE size_t rest_of(const macsec_gcm_head *head) {
    return head->length > HEAD ? head->length - HEAD : 0;
}

FUNCTION NOINLINE void hash_long(const macsec_gcm_key *key, const macsec_gcm_head *head,
                                 uint8_t tag[16]) {
    long_frame(key, task_of(head, head->rest, head->copy, 0), rest_of(head), tag, HASHING);
}

/* Process AAD without text (integrity without confidentiality), also longer than the head. */
FUNCTION NOINLINE void hash_alone(const macsec_gcm_key *key, const macsec_gcm_head *head,
                                  uint8_t tag[16]) {
    if (rest_of(head) <= TAIL_OCTETS) {
        task t = task_of(head, head->rest, head->copy, 0);
        short_frame(key, &t, rest_of(head), tag, HASHING);
    } else {
        hash_long(key, head, tag);
    }
}

/* Return 1 if the two blocks of a head are all AAD, or have the hash of all (see fold_head). */
INLINE int is_whole(const macsec_gcm_head *head) {
    return head->length <= HEAD || head->rest == NULL;
}

FUNCTION void seal(const macsec_gcm_key *key, const macsec_gcm_head *head, const uint8_t *in,
                   uint8_t *out, size_t length, uint8_t tag[16]);
FUNCTION void open_frame(const macsec_gcm_key *key, const macsec_gcm_head *head, const uint8_t *in,
                         uint8_t *out, size_t length, uint8_t tag[16]);

FUNCTION NOINLINE void seal_long(const macsec_gcm_key *key, const macsec_gcm_head *head,
                                 const uint8_t *in, uint8_t *out, size_t length, uint8_t tag[16]) {
    if (is_whole(head)) {
        long_frame(key, task_of(head, in, out, length), length, tag, SEALING);
    } else {
        const macsec_gcm_head folded = fold_head(key, head);
        seal(key, &folded, in, out, length, tag);
    }
}

FUNCTION NOINLINE void open_long(const macsec_gcm_key *key, const macsec_gcm_head *head,
                                 const uint8_t *in, uint8_t *out, size_t length, uint8_t tag[16]) {
    if (is_whole(head)) {
        long_frame(key, task_of(head, in, out, length), length, tag, OPENING);
    } else {
        const macsec_gcm_head folded = fold_head(key, head);
        open_frame(key, &folded, in, out, length, tag);
    }
}

FUNCTION void seal(const macsec_gcm_key *key, const macsec_gcm_head *head, const uint8_t *in,
                   uint8_t *out, size_t length, uint8_t tag[16]) {
    if (length - 1 < TAIL_OCTETS && is_whole(head)) {
        task t = task_of(head, in, out, length);
        short_frame(key, &t, length, tag, SEALING);
    } else if (length > 0) {
        seal_long(key, head, in, out, length, tag);
    } else {
        hash_alone(key, head, tag);
    }
}

FUNCTION void open_frame(const macsec_gcm_key *key, const macsec_gcm_head *head, const uint8_t *in,
                         uint8_t *out, size_t length, uint8_t tag[16]) {
    if (length - 1 < TAIL_OCTETS && is_whole(head)) {
        task t = task_of(head, in, out, length);
        short_frame(key, &t, length, tag, OPENING);
    } else if (length > 0) {
        open_long(key, head, in, out, length, tag);
    } else {
        hash_alone(key, head, tag);
    }
}

FUNCTION void forget(void) {
    CLEAR_REGISTERS();
}

#include "gcm/x86/key.h"
