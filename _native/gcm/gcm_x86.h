/* AES-GCM for x86-64: the template of the kernels, included once by each instance.

   An instance defines, before it includes this:

     TARGET                 instructions, for the target attribute of every function
     VEC, VEC_BLOCKS        vector type, and the blocks in it: 1 (XMM), 2 (YMM) or 4 (ZMM)
     TURN_VECS              vectors in a turn of the loop: 8, unless registers are fewer
     RUN_POWERS             powers of the hash key in the run (see the key layout)
     HALVES_KEPT            1: the sums of halves of powers are kept with the key; 0: computed
     VEC_LOAD, VEC_STORE    data, at any alignment
     VEC_POWERS(p)          VEC_BLOCKS powers of the hash key, aligned to a block
     VEC_HALF(p)            the number of 64 bits at p, in the low half of each block (if kept)
     VEC_REPEAT(block)      the block in each place
     VEC_WIDEN(block)       the block in the first place, zero in the others
     VEC_FOLD(v)            the sum of the blocks, as one block
     VEC_COUNT(first)       first, first + 1, ... in the low 32 bits of the blocks, else zero
     VEC_ZERO, VEC_ADD32, VEC_XOR, VEC_XOR3, VEC_SHUFFLE, VEC_SWAP (of 64-bit halves), VEC_AES,
     VEC_AES_LAST, VEC_PRODUCT(a, b, halves)    block by block, as the instructions of these names
     VEC_KEEP(v)            makes GCC keep v as it is at this point, see KEEP
     VEC_HEAD(vectors, a, b) two blocks as the end of AAD_VECS vectors, zeros before them
     CLEAR_REGISTERS()      zeroes all vector registers
     VEC_MASKED             1: ends under masks; 0: ends by windows (see Ends)
   for windows:
     VEC_JOIN(blocks), VEC_SPLIT(blocks, v)     from and to an array of VEC_BLOCKS blocks
   for masks:
     VEC_MASK, VEC_MASK_OF(octets)              a mask, and that of the first 1 to all octets
     VEC_LOAD_MASKED, VEC_STORE_MASKED          what is masked out is not touched, and loads as zero
     VEC_ONLY(v, mask)      zero where masked out
     VEC_PLACE(v, n, block) v with the block in place n

   Polynomials. A block of GHASH, its octets reversed, is an integer whose bit 127 is the
   coefficient of 1 and whose bit 0 is that of x^127. The carry-less product of two such integers is
   the product of the polynomials, one bit short of its place. So one factor, the power of the hash
   key, is kept divided by x; then the upper 128 bits of a product are in place, and the lower 128
   are the coefficients of x^128 to x^255, to be reduced.

   Reduction. x^128 = 1 + x + x^2 + x^7, so that bit i of the lowest 64 bits is equal to the bits
   i + 128, i + 127, i + 126 and i + 121. That is: swap the halves of the low 128 bits (i + 64 where
   the middle starts at 64, which is i + 128), and add the product of the low 64 bits and 0xc2 << 56
   (bits 63, 62 and 57, again 64 up). Twice, and 128 bits are gone.

   Karatsuba. Products take three PCLMULQDQ instead of four: high, low, and that of the sums of the
   halves. The CPUs start a PCLMULQDQ every cycle or every second one, whatever its width, so this
   is the scarce resource; the sums of the halves of the powers are kept with the key.

   Turns. A long frame goes in turns of TURN_VECS vectors, whose hash stays in lanes: each block of
   a vector is multiplied by the same power, H^(n VEC_BLOCKS) for the n-th vector from the end of
   the turn, and the sum is reduced lane by lane. It is then due at the first vector of what
   follows. Lanes meet at the end of the frame, in a sum whose blocks are multiplied by H^n,
   H^(n-1), ..., H; that needs consecutive powers (the run), and no fold of lanes before. It also
   needs as many blocks as there are lanes, which LEAST_BLOCKS sees to.

   Key layout. `powers` holds the powers that turns need above the run, highest first; the run,
   H^RUN to H^1; and, if kept, the sums of halves of the powers of turns (with single blocks, of the
   run), highest first. What can be in two places is in the run only. 256 octets are enough for all:
   of 16 powers, or of 12 and 8 sums. Keys are small because tables of many thousand are in use at
   once.

   Order of the work. The products of a turn stand between the rounds of AES of another: of the same
   turn when opening, of the next when sealing, for which the ciphertext must be known first. AES
   and PCLMULQDQ then overlap even on CPUs with a small window. The first vector is multiplied last,
   because it waits for the hash of the turn before. What is left, up to TAIL_BLOCKS blocks, is the
   tail, a copy of its code for each size; a short frame is all tail. Of the blocks of a tail and
   the block of lengths, as many as the run has powers for make the last sum; what is before them is
   a short turn. The AAD of a MACsec frame (20 or 28 octets: two blocks) is put before the first sum
   that has room, at the price of its products alone; before a turn it is one of its own, whose
   reduction nothing waits for. E_K(J0), the mask of the tag, takes the same trip through AES as the
   tail: long frames need it only there, short ones have nothing else, and so it never waits for
   anything nor makes wait.

   AAD alone (integrity without confidentiality) is hashed in turns too. With nothing to interleave,
   the 24 products of a turn, which depend on nothing, are what covers the wait for its reduction.

   Ends. By windows: the last block is loaded and stored as the 16 octets that end where the data
   end, when the frame has 16. The octets of the block before, which this window begins with, are
   worked out twice to the same values; in place, the window is loaded before any store. By masks:
   the last vector is loaded and stored under a mask. Either way there are no loops over octets, and
   no load that would have to wait for several smaller stores. */

#define INLINE static inline __attribute__((always_inline, target(TARGET)))
#define NOINLINE __attribute__((noinline))
#define FUNCTION static __attribute__((target(TARGET)))
/* The arrays of vectors below are to live in registers: all loops over them are to be unrolled. */
#define UNROLL _Pragma("GCC unroll 16")

enum {
    BLOCK = 16,
    HEAD = 2 * BLOCK, /* octets of AAD in a macsec_gcm_head itself */
    VEC_OCTETS = VEC_BLOCKS * BLOCK,
    TURN_BLOCKS = TURN_VECS * VEC_BLOCKS,
    TURN_OCTETS = TURN_BLOCKS * BLOCK,
    /* The lanes of a hash of earlier octets fall on as many blocks, the block of lengths included:
       so many blocks of data a frame that had turns has to leave for its tail. */
    LEAST_BLOCKS = VEC_BLOCKS > 2 ? VEC_BLOCKS - 1 : 1,
    TAIL_BLOCKS = TURN_BLOCKS + LEAST_BLOCKS - 1,
    TAIL_OCTETS = TAIL_BLOCKS * BLOCK,
    TAIL_VECS = (TAIL_BLOCKS + VEC_BLOCKS - 1) / VEC_BLOCKS,
    /* Key layout. */
    RUN = RUN_POWERS,
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

/* GCC would turn the sums of GHASH, which are associative, into trees of which all products wait in
   memory. What has passed here stays a sum. Clang does not; and its memory sanitizer takes whatever
   passes an asm statement for public. */
#if defined(__clang__)
#define KEEP(v) (void)0
#else
#define KEEP(v) VEC_KEEP(v)
#endif
/* Nothing loaded before is kept for after: to load again is cheaper than to spill. */
#define LOAD_AGAIN() __asm__ volatile("" : : : "memory")

/* ---- Blocks ----------------------------------------------------------------------------- */

/* Shuffles for a block of which n octets count (1 to 16); the others become zero. At `windows` + n:
   its first n octets move to the end. At `windows` + 16 + n: all but the first n move to the front.
   At `reversals` + n: its last n octets, as the head of a block of GHASH, octets reversed. */
#define NONE                                                                                       \
    -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128
#if !VEC_MASKED
static const int8_t windows[48] = {NONE, 0, 1,  2,  3,  4,  5,  6,  7,
                                   8,    9, 10, 11, 12, 13, 14, 15, NONE};
#endif
static const int8_t reversals[32] = {NONE, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
#undef NONE

INLINE __m128i load_block(const void *p) {
    return _mm_loadu_si128((const __m128i *)p);
}

INLINE void store_block(uint8_t *p, __m128i block) {
    _mm_storeu_si128((__m128i *)(void *)p, block);
}

#if !VEC_MASKED

/* A few octets (1 to 15) as the end of a block that starts with zeros. Two loads of one size that
   overlap cover each range of sizes. Shifts by up to 64 go in two halves. */
FUNCTION __m128i load_few(const uint8_t *p, size_t n) {
    uint64_t low = 0;
    uint64_t high;
    if (n >= 8) {
        unsigned half_gap = 4 * (16 - (unsigned)n);
        low = load_host64(p) << half_gap << half_gap;
        high = load_host64(p + n - 8);
    } else {
        unsigned gap = 8 * (8 - (unsigned)n);
        if (n >= 4) {
            high = (uint64_t)load_host32(p + n - 4) << 32 | (load_host32(p) << gap & 0xffffffffu);
        } else {
            high = (uint64_t)p[n - 1] << 56 | (uint64_t)p[n / 2] << (gap + 8 * (n / 2)) |
                   (uint64_t)p[0] << gap;
        }
    }
    return _mm_set_epi64x((long long)high, (long long)low);
}

/* Stores the last few octets of a block, the reverse of load_few(). */
FUNCTION void store_few(uint8_t *p, size_t n, __m128i block) {
    uint64_t low = (uint64_t)_mm_cvtsi128_si64(block);
    uint64_t high = (uint64_t)_mm_extract_epi64(block, 1);
    if (n >= 8) {
        unsigned half_gap = 4 * (16 - (unsigned)n);
        store_host64(p, low >> half_gap >> half_gap | high << 8 * (n - 8));
        store_host64(p + n - 8, high);
        return;
    }
    uint64_t octets = high >> 8 * (8 - n);
    if (n >= 4) {
        store_host32(p, (uint32_t)octets);
        store_host32(p + n - 4, (uint32_t)(high >> 32));
    } else {
        p[0] = (uint8_t)octets;
        p[n / 2] = (uint8_t)(octets >> 8 * (n / 2));
        p[n - 1] = (uint8_t)(high >> 56);
    }
}

#endif

INLINE __m128i reversal(void) {
    return load_block(reversals + BLOCK);
}

/* ---- GHASH ------------------------------------------------------------------------------ */

/* A sum of products: the high and low 128 bits, and Karatsuba's middle. */
typedef struct {
    VEC low;
    VEC middle;
    VEC high;
} products;

INLINE products no_products(void) {
    products none = {VEC_ZERO(), VEC_ZERO(), VEC_ZERO()};
    return none;
}

INLINE void add_products(products *sum, VEC blocks, VEC powers, VEC halves) {
    VEC folded = VEC_XOR(blocks, VEC_SWAP(blocks));
    sum->low = VEC_XOR(sum->low, VEC_PRODUCT(blocks, powers, 0x00));
    sum->high = VEC_XOR(sum->high, VEC_PRODUCT(blocks, powers, 0x11));
    sum->middle = VEC_XOR(sum->middle, VEC_PRODUCT(folded, halves, 0x00));
    KEEP(sum->low);
    KEEP(sum->high);
    KEEP(sum->middle);
}

/* Where H^n of the run lies in the key. */
INLINE size_t run_at(size_t n) {
    return BLOCK * (ABOVE + RUN - n);
}

/* Where H^(n VEC_BLOCKS) lies. */
INLINE size_t stride_at(size_t n) {
    return n * VEC_BLOCKS > RUN ? BLOCK * (TURN_VECS - n) : run_at(n * VEC_BLOCKS);
}

#if HALVES_KEPT
/* Where the sum of the halves of H^(n VEC_BLOCKS) lies. */
INLINE size_t half_at(size_t n) {
    return HALVES_AT + 8 * (HALVES - n);
}
#endif

/* Adds the products of the blocks and H^n, H^(n-1), ... */
INLINE void add_run(products *sum, const macsec_gcm_key *key, VEC blocks, size_t n) {
    VEC powers = VEC_POWERS(key->powers + run_at(n));
#if HALVES_KEPT && VEC_BLOCKS == 1
    VEC halves = VEC_HALF(key->powers + half_at(n));
#else
    VEC halves = VEC_XOR(powers, VEC_SWAP(powers));
#endif
    add_products(sum, blocks, powers, halves);
}

/* Adds the products of each of the blocks and H^(n VEC_BLOCKS). */
INLINE void add_stride(products *sum, const macsec_gcm_key *key, VEC blocks, size_t n) {
    VEC power =
        VEC_REPEAT(_mm_load_si128((const __m128i *)(const void *)(key->powers + stride_at(n))));
#if HALVES_KEPT
    VEC halves = VEC_HALF(key->powers + half_at(n));
#else
    VEC halves = VEC_XOR(power, VEC_SWAP(power));
#endif
    add_products(sum, blocks, power, halves);
}

/* Reduces lane by lane. */
INLINE VEC reduce_lanes(const products *sum) {
    const VEC fold = VEC_REPEAT(_mm_set_epi64x(0, (long long)0xc200000000000000u));
    VEC middle = VEC_XOR3(sum->middle, sum->low, sum->high);
    middle = VEC_XOR3(middle, VEC_SWAP(sum->low), VEC_PRODUCT(sum->low, fold, 0x00));
    return VEC_XOR3(sum->high, VEC_SWAP(middle), VEC_PRODUCT(middle, fold, 0x00));
}

/* Reduces the sum of the lanes. */
INLINE __m128i reduce(const products *sum) {
    VEC lanes = reduce_lanes(sum);
    return VEC_FOLD(lanes);
}

/* ---- A frame in work -------------------------------------------------------------------- */

typedef enum { SEALING, OPENING, HASHING } work;

typedef struct {
    const macsec_gcm_key *key;
    VEC counter;  /* the counter block before the next, in each lane, reversed: 32 bits count */
    products sum; /* products so far of the sum in work */
    VEC hash;     /* the last sum, reduced; due to be added to the first vector of the next */
} frame;

/* What is to be done. `in`: text or, when hashing, AAD. */
typedef struct {
    __m128i j0;
    __m128i first; /* blocks of AAD */
    __m128i second;
    __m128i lengths; /* the last block of GHASH, reversed */
    const uint8_t *in;
    uint8_t *out;
} task;

INLINE VEC count_blocks(const frame *f, unsigned ahead) {
    return VEC_SHUFFLE(VEC_ADD32(f->counter, VEC_COUNT(ahead + 1)), VEC_REPEAT(reversal()));
}

INLINE void advance(frame *f, unsigned blocks) {
    f->counter = VEC_ADD32(f->counter, VEC_REPEAT(_mm_set_epi32(0, 0, 0, (int)blocks)));
}

INLINE VEC round_key(const macsec_gcm_key *key, size_t round) {
    return VEC_REPEAT(
        _mm_load_si128((const __m128i *)(const void *)(key->round_keys + BLOCK * round)));
}

INLINE void end_sum(frame *f) {
    f->hash = reduce_lanes(&f->sum);
    f->sum = no_products();
}

/* Adds a vector of a turn. The first comes last: it has to wait for the hash of the turn before. */
INLINE void hash_of_turn(frame *f, const uint8_t *octets, int i) {
    int v = (i + 1) % TURN_VECS;
    VEC x = VEC_SHUFFLE(VEC_LOAD(octets + v * VEC_OCTETS), VEC_REPEAT(reversal()));
    if (v == 0) {
        x = VEC_XOR(x, f->hash);
    }
    add_stride(&f->sum, f->key, x, (size_t)(TURN_VECS - v));
}

/* Adds a whole turn that nothing is left to interleave with. */
INLINE void hash_turn(frame *f, const uint8_t *octets) {
    UNROLL
    for (int i = 0; i < TURN_VECS; i++) {
        hash_of_turn(f, octets, i);
    }
    end_sum(f);
}

/* How many vectors of a tail go into a sum of their own, because the run is too short for all. */
INLINE size_t strides_of_tail(size_t blocks) {
#if VEC_MASKED
    blocks = (blocks + VEC_BLOCKS - 1) / VEC_BLOCKS * VEC_BLOCKS;
#endif
    return blocks + 1 <= RUN ? 0 : (blocks + 1 - RUN + VEC_BLOCKS - 1) / VEC_BLOCKS;
}

/* Adds the first two blocks of the AAD to the sum that is next: that of `strides` vectors or, when
   there are none, the run of `blocks` and the block of lengths. If its powers do not reach that
   far, they are a sum of their own, whose reduction nothing waits for. */
INLINE void hash_head(frame *f, __m128i first, __m128i second, size_t blocks, size_t strides) {
    const int to_run = strides == 0 && blocks + 1 + VEC_BLOCKS * AAD_VECS <= RUN;
    const int joins = to_run || (strides > 0 && strides + AAD_VECS <= TURN_VECS);
    VEC head[AAD_VECS];
    VEC_HEAD(head, first, second);
    UNROLL
    for (size_t i = 0; i < AAD_VECS; i++) {
        VEC x = VEC_SHUFFLE(head[i], VEC_REPEAT(reversal()));
        size_t vectors = AAD_VECS - i;
        if (to_run) {
            add_run(&f->sum, f->key, x, blocks + 1 + VEC_BLOCKS * vectors);
        } else {
            add_stride(&f->sum, f->key, x, (joins ? strides : 0) + vectors);
        }
    }
    if (!joins) {
        end_sum(f);
    }
}

/* The hash of the whole AAD where it goes on behind the first two blocks and there is text as well:
   rare and short, so block by block. It is due at the first block of what follows. */
FUNCTION VEC hash_whole_aad(const macsec_gcm_key *key, __m128i first, __m128i second,
                            const uint8_t *rest, size_t length) {
    size_t left = 2 + (length + BLOCK - 1) / BLOCK;
    __m128i hash = _mm_setzero_si128();
    products sum = no_products();
    for (size_t run = 0, i = 0; left > 0; i++, left--, run--) {
        __m128i x = i == 0 ? first : second;
        const int8_t *order = reversals + BLOCK;
        if (i > 1) {
            size_t octets = length < BLOCK ? length : BLOCK;
            x = load_block(rest + octets - BLOCK);
            order = reversals + octets;
            rest += octets;
            length -= octets;
        }
        x = _mm_xor_si128(_mm_shuffle_epi8(x, load_block(order)), hash);
        hash = _mm_setzero_si128();
        if (run == 0) {
            run = left < RUN ? left : RUN;
        }
        add_run(&sum, key, VEC_WIDEN(x), run);
        if (run == 1) {
            hash = reduce(&sum);
            sum = no_products();
        }
    }
    return VEC_WIDEN(hash);
}

/* The key stream of a turn, the products of 8 blocks at `hashed` (if any) between the rounds. */
INLINE void turn(frame *f, VEC stream[TURN_VECS], const uint8_t *hashed, int hashing) {
    const macsec_gcm_key *key = f->key;
    VEC k = round_key(key, 0);
    UNROLL
    for (int v = 0; v < TURN_VECS; v++) {
        stream[v] = VEC_XOR(count_blocks(f, (unsigned)(v * VEC_BLOCKS)), k);
    }
    advance(f, TURN_BLOCKS);
    UNROLL
    for (int round = 1; round < 10; round++) {
        k = round_key(key, (size_t)round);
        UNROLL
        for (int v = 0; v < TURN_VECS; v++) {
            stream[v] = VEC_AES(stream[v], k);
        }
        if (hashing && round <= TURN_VECS) {
            hash_of_turn(f, hashed, round - 1);
        }
    }
    if (key->rounds > 10) {
        UNROLL
        for (size_t round = 10; round < 14; round++) {
            k = round_key(key, round);
            UNROLL
            for (int v = 0; v < TURN_VECS; v++) {
                stream[v] = VEC_AES(stream[v], k);
            }
        }
    }
    if (hashing) {
        end_sum(f);
    }
    k = round_key(key, key->rounds);
    UNROLL
    for (int v = 0; v < TURN_VECS; v++) {
        stream[v] = VEC_AES_LAST(stream[v], k);
    }
}

INLINE void apply_turn(const VEC stream[TURN_VECS], const uint8_t *in, uint8_t *out) {
    UNROLL
    for (int v = 0; v < TURN_VECS; v++) {
        VEC x = VEC_LOAD(in + v * VEC_OCTETS);
        VEC_STORE(out + v * VEC_OCTETS, VEC_XOR(x, stream[v]));
    }
}

/* The turns of a frame of more than TAIL_OCTETS; returns the octets done. */
INLINE size_t turns(frame *f, const uint8_t *in, uint8_t *out, size_t length, work mode) {
    VEC stream[TURN_VECS];
    size_t done = 0;
    if (mode == HASHING) {
        for (; length - done > TAIL_OCTETS; done += TURN_OCTETS) {
            hash_turn(f, in + done);
        }
        return done;
    }
    if (mode == SEALING) {
        turn(f, stream, NULL, 0);
        apply_turn(stream, in, out);
        done = TURN_OCTETS;
    }
    for (; length - done > TAIL_OCTETS; done += TURN_OCTETS) {
        turn(f, stream, mode == SEALING ? out + done - TURN_OCTETS : in + done, 1);
        apply_turn(stream, in + done, out + done);
    }
    if (mode == SEALING) {
        hash_turn(f, out + done - TURN_OCTETS);
    }
    return done;
}

/* ---- The tail --------------------------------------------------------------------------- */

/* The key stream for `vectors` vectors, and E_K(J0) from J0 in `mask`. */
INLINE void tail_stream(const frame *f, VEC *stream, int vectors, __m128i *mask) {
    const macsec_gcm_key *key = f->key;
    const __m128i *keys = (const __m128i *)(const void *)key->round_keys;
    LOAD_AGAIN();
    __m128i m = _mm_xor_si128(*mask, keys[0]);
    UNROLL
    for (int v = 0; v < vectors; v++) {
        stream[v] = VEC_XOR(count_blocks(f, (unsigned)(v * VEC_BLOCKS)), round_key(key, 0));
    }
    UNROLL
    for (size_t round = 1; round < 10; round++) {
        LOAD_AGAIN();
        m = _mm_aesenc_si128(m, keys[round]);
        UNROLL
        for (int v = 0; v < vectors; v++) {
            stream[v] = VEC_AES(stream[v], round_key(key, round));
        }
    }
    if (key->rounds > 10) {
        UNROLL
        for (size_t round = 10; round < 14; round++) {
            LOAD_AGAIN();
            m = _mm_aesenc_si128(m, keys[round]);
            UNROLL
            for (int v = 0; v < vectors; v++) {
                stream[v] = VEC_AES(stream[v], round_key(key, round));
            }
        }
    }
    *mask = _mm_aesenclast_si128(m, keys[key->rounds]);
    UNROLL
    for (int v = 0; v < vectors; v++) {
        stream[v] = VEC_AES_LAST(stream[v], round_key(key, key->rounds));
    }
}

/* The products of the tail and of the block of lengths. The last vector is hashed as `end`, which
   holds the block of lengths when there is room. */
INLINE void hash_tail(frame *f, const VEC *x, VEC end, size_t blocks, int vectors, int strides,
                      __m128i lengths) {
    UNROLL
    for (int v = 0; v < vectors; v++) {
        VEC y = v == vectors - 1 ? end : VEC_SHUFFLE(x[v], VEC_REPEAT(reversal()));
        if (v == 0 || v == strides) {
            y = VEC_XOR(y, f->hash);
        }
        if (v < strides) {
            add_stride(&f->sum, f->key, y, (size_t)(strides - v));
            if (v == strides - 1) {
                end_sum(f);
            }
        } else {
            add_run(&f->sum, f->key, y, blocks + 1 - (size_t)v * VEC_BLOCKS);
        }
    }
    if (blocks % VEC_BLOCKS == 0) {
        add_run(&f->sum, f->key, VEC_WIDEN(lengths), 1);
    }
}

INLINE void load_whole(VEC *x, const uint8_t *in, int vectors) {
    UNROLL
    for (int v = 0; v < vectors; v++) {
        x[v] = VEC_LOAD(in + v * VEC_OCTETS);
    }
}

INLINE void apply_whole(VEC *x, const VEC *stream, const uint8_t *in, uint8_t *out, int vectors) {
    UNROLL
    for (int v = 0; v < vectors; v++) {
        x[v] = VEC_XOR(VEC_LOAD(in + v * VEC_OCTETS), stream[v]);
        VEC_STORE(out + v * VEC_OCTETS, x[v]);
    }
}

#if VEC_MASKED

/* The last vector of the tail, as the hash wants it. */
INLINE VEC hashed_end(VEC x, size_t blocks, __m128i lengths) {
    VEC y = VEC_SHUFFLE(x, VEC_REPEAT(reversal()));
    return blocks % VEC_BLOCKS == 0 ? y : VEC_PLACE(y, blocks % VEC_BLOCKS, lengths);
}

/* What is left of a frame, in `vectors` (a constant) vectors, the last of which may be partial. */
INLINE __m128i tail(frame *f, const task *t, size_t octets, int vectors, work mode, int whole) {
    const int last = vectors - 1;
    const int strides = (int)strides_of_tail((size_t)vectors * VEC_BLOCKS);
    size_t blocks = (octets + BLOCK - 1) / BLOCK;
    VEC_MASK end = VEC_MASK_OF(octets - (size_t)last * VEC_OCTETS);
    VEC x[TAIL_VECS];
    if (whole) {
        hash_head(f, t->first, t->second, blocks, (size_t)strides);
    }
    if (mode != SEALING) {
        load_whole(x, t->in, last);
        x[last] = VEC_LOAD_MASKED(t->in + last * VEC_OCTETS, end);
        VEC hashed = hashed_end(x[last], blocks, t->lengths);
        hash_tail(f, x, hashed, blocks, vectors, strides, t->lengths);
    }
    VEC stream[TAIL_VECS];
    __m128i mask = t->j0;
    tail_stream(f, stream, mode == HASHING ? 0 : vectors, &mask);
    if (mode == HASHING) {
        return mask;
    }
    apply_whole(x, stream, t->in, t->out, last);
    x[last] = VEC_LOAD_MASKED(t->in + last * VEC_OCTETS, end);
    x[last] = VEC_ONLY(VEC_XOR(x[last], stream[last]), end);
    VEC_STORE_MASKED(t->out + last * VEC_OCTETS, x[last], end);
    if (mode == SEALING) {
        VEC hashed = hashed_end(x[last], blocks, t->lengths);
        hash_tail(f, x, hashed, blocks, vectors, strides, t->lengths);
    }
    return mask;
}

#else

/* The last vector of the tail, as the hash wants it: the last block is the window of the last 16
   octets, the last `partial` of which are new; the block of lengths follows where there is room. */
INLINE VEC hashed_end(VEC x, int blocks, size_t partial, __m128i lengths) {
    const int last_in = (blocks - 1) % VEC_BLOCKS;
    __m128i each[VEC_BLOCKS];
    VEC shuffle = VEC_REPEAT(reversal());
    VEC_SPLIT(each, shuffle);
    each[last_in] = load_block(reversals + partial);
    x = VEC_SHUFFLE(x, VEC_JOIN(each));
    if (last_in == VEC_BLOCKS - 1) {
        return x;
    }
    VEC_SPLIT(each, x);
    UNROLL
    for (int i = last_in + 1; i < VEC_BLOCKS; i++) {
        each[i] = i == last_in + 1 ? lengths : _mm_setzero_si128();
    }
    return VEC_JOIN(each);
}

/* The last vector of the tail: whole blocks, then the window. */
INLINE VEC load_last(const uint8_t *in, size_t octets, int blocks) {
    const int last = (blocks - 1) / VEC_BLOCKS;
    const int last_in = (blocks - 1) % VEC_BLOCKS;
    __m128i each[VEC_BLOCKS];
    UNROLL
    for (int i = 0; i < VEC_BLOCKS; i++) {
        each[i] =
            i < last_in ? load_block(in + last * VEC_OCTETS + i * BLOCK) : _mm_setzero_si128();
    }
    each[last_in] =
        blocks == 1 && octets < BLOCK ? load_few(in, octets) : load_block(in + octets - BLOCK);
    return VEC_JOIN(each);
}

INLINE void store_last(VEC x, uint8_t *out, size_t octets, int blocks) {
    const int last = (blocks - 1) / VEC_BLOCKS;
    const int last_in = (blocks - 1) % VEC_BLOCKS;
    __m128i each[VEC_BLOCKS];
    VEC_SPLIT(each, x);
    UNROLL
    for (int i = 0; i < last_in; i++) {
        store_block(out + last * VEC_OCTETS + i * BLOCK, each[i]);
    }
    if (blocks == 1 && octets < BLOCK) {
        store_few(out, octets, each[0]);
    } else {
        store_block(out + octets - BLOCK, each[last_in]);
    }
}

/* Moves the stream of the last block to where the window has its data: `partial` octets at the end,
   after what the window shares with the block before. */
INLINE void align_stream(VEC *stream, int blocks, size_t partial) {
    const int last = (blocks - 1) / VEC_BLOCKS;
    const int last_in = (blocks - 1) % VEC_BLOCKS;
    __m128i each[VEC_BLOCKS];
    __m128i before[VEC_BLOCKS];
    VEC_SPLIT(each, stream[last]);
    VEC_SPLIT(before, stream[last_in > 0 || last == 0 ? last : last - 1]);
    __m128i window = _mm_shuffle_epi8(each[last_in], load_block(windows + partial));
    if (blocks > 1) {
        __m128i previous = before[(last_in + VEC_BLOCKS - 1) % VEC_BLOCKS];
        __m128i shared = _mm_shuffle_epi8(previous, load_block(windows + BLOCK + partial));
        window = _mm_or_si128(window, shared);
    }
    each[last_in] = window;
    stream[last] = VEC_JOIN(each);
}

/* What is left of a frame, `blocks` (a constant) blocks, the last of which may be partial. */
INLINE __m128i tail(frame *f, const task *t, size_t octets, int blocks, work mode, int whole) {
    const int strides = (int)strides_of_tail((size_t)blocks);
    const int vectors = (blocks + VEC_BLOCKS - 1) / VEC_BLOCKS;
    size_t partial = octets - (size_t)(blocks - 1) * BLOCK;
    const int last = vectors - 1;
    VEC x[TAIL_VECS];
    if (whole) {
        hash_head(f, t->first, t->second, (size_t)blocks, (size_t)strides);
    }
    if (mode != SEALING) {
        load_whole(x, t->in, last);
        x[last] = load_last(t->in, octets, blocks);
        VEC end = hashed_end(x[last], blocks, partial, t->lengths);
        hash_tail(f, x, end, (size_t)blocks, vectors, strides, t->lengths);
        LOAD_AGAIN();
    }
    VEC stream[TAIL_VECS];
    __m128i mask = t->j0;
    tail_stream(f, stream, mode == HASHING ? 0 : vectors, &mask);
    if (mode == HASHING) {
        return mask;
    }
    align_stream(stream, blocks, partial);
    VEC window = load_last(t->in, octets, blocks); /* before any store */
    apply_whole(x, stream, t->in, t->out, last);
    x[last] = VEC_XOR(window, stream[last]);
    store_last(x[last], t->out, octets, blocks);
    if (mode == SEALING) {
        VEC end = hashed_end(x[last], blocks, partial, t->lengths);
        hash_tail(f, x, end, (size_t)blocks, vectors, strides, t->lengths);
    }
    return mask;
}

#endif

/* One copy of the tail for each number of blocks (of vectors, with masks), with its vectors in
   registers. `whole`: the frame has no turns, and its AAD goes into the sums of the tail. Returns
   E_K(J0). */
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
        hash_head(f, t->first, t->second, 0, 0);
    }
    __m128i mask = t->j0;
    tail_stream(f, NULL, 0, &mask);
    add_run(&f->sum, f->key, VEC_WIDEN(t->lengths), 1);
    return mask;
}

/* ---- The kernel ------------------------------------------------------------------------- */

INLINE frame frame_of(const macsec_gcm_key *key, __m128i j0) {
    frame f = {key, VEC_REPEAT(_mm_shuffle_epi8(j0, reversal())), no_products(), VEC_ZERO()};
    return f;
}

INLINE void finish(const frame *f, __m128i mask, uint8_t tag[16]) {
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

/* What fits into a tail, its AAD into the head. */
INLINE void short_frame(const macsec_gcm_key *key, const task *t, size_t length, uint8_t tag[16],
                        work mode) {
    frame f = frame_of(key, t->j0);
    finish(&f, any_tail(&f, t, length, mode, 1), tag);
}

/* What does not. `rest`: octets of AAD behind the head. */
INLINE void long_frame(const macsec_gcm_key *key, task t, const uint8_t *aad, size_t rest,
                       size_t length, uint8_t tag[16], work mode) {
    frame f = frame_of(key, t.j0);
    if (rest > 0) {
        f.hash = hash_whole_aad(key, t.first, t.second, aad, rest);
    } else {
        hash_head(&f, t.first, t.second, 0, TURN_VECS);
    }
    if (length > TAIL_OCTETS) {
        size_t done = turns(&f, t.in, t.out, length, mode);
        t.in += done;
        if (mode != HASHING) {
            t.out += done;
        }
        length -= done;
    }
    finish(&f, any_tail(&f, &t, length, mode, 0), tag);
}

INLINE size_t rest_of(const macsec_gcm_head *head) {
    return head->length > HEAD ? head->length - HEAD : 0;
}

FUNCTION NOINLINE void seal_long(const macsec_gcm_key *key, const macsec_gcm_head *head,
                                 const uint8_t *in, uint8_t *out, size_t length, uint8_t tag[16]) {
    long_frame(key, task_of(head, in, out, length), head->rest, rest_of(head), length, tag,
               SEALING);
}

FUNCTION NOINLINE void open_long(const macsec_gcm_key *key, const macsec_gcm_head *head,
                                 const uint8_t *in, uint8_t *out, size_t length, uint8_t tag[16]) {
    long_frame(key, task_of(head, in, out, length), head->rest, rest_of(head), length, tag,
               OPENING);
}

/* AAD alone (integrity without confidentiality), longer than the head. */
FUNCTION NOINLINE void hash_alone(const macsec_gcm_key *key, const macsec_gcm_head *head,
                                  uint8_t tag[16]) {
    task t = task_of(head, head->rest, NULL, 0);
    size_t rest = rest_of(head);
    if (rest <= TAIL_OCTETS) {
        short_frame(key, &t, rest, tag, HASHING);
    } else {
        long_frame(key, t, NULL, 0, rest, tag, HASHING);
    }
}

FUNCTION void seal(const macsec_gcm_key *key, const macsec_gcm_head *head, const uint8_t *in,
                   uint8_t *out, size_t length, uint8_t tag[16]) {
    if (length <= TAIL_OCTETS && head->length <= HEAD) {
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
    if (length <= TAIL_OCTETS && head->length <= HEAD) {
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

/* SubWord of FIPS 197: with four equal columns, AESENCLAST without a key is the S-box alone. */
INLINE uint32_t substitute_word(uint32_t word) {
    __m128i columns = _mm_set1_epi32((int)word);
    return (uint32_t)_mm_cvtsi128_si32(_mm_aesenclast_si128(columns, _mm_setzero_si128()));
}

/* FIPS 197, 5.2, on little-endian words. */
FUNCTION void expand_aes(macsec_gcm_key *key, const uint8_t *octets, size_t length) {
    uint32_t words = (uint32_t)length / 4;
    uint32_t round_constant = 1;
    key->rounds = words + 6;
    memcpy(key->round_keys, octets, length);
    for (uint32_t i = words; i < 4 * (key->rounds + 1); i++) {
        uint32_t next = load_host32(key->round_keys + 4 * (i - 1));
        if (i % words == 0) {
            next = substitute_word(next >> 8 | next << 24) ^ round_constant;
            round_constant = round_constant << 1 ^ ((round_constant >> 7) * 0x11b);
        } else if (words > 6 && i % words == 4) {
            next = substitute_word(next);
        }
        store_host32(key->round_keys + 4 * i,
                     next ^ load_host32(key->round_keys + 4 * (i - words)));
    }
}

/* h / x for an integer h as above: 1/x = x^127 + x^6 + x + 1. */
INLINE __m128i divide_by_x(__m128i h) {
    uint64_t low = (uint64_t)_mm_cvtsi128_si64(h);
    uint64_t high = (uint64_t)_mm_extract_epi64(h, 1);
    uint64_t carry = 0 - (high >> 63);
    high = (high << 1 | low >> 63) ^ (carry & 0xc200000000000000u);
    low = low << 1 ^ (carry & 1);
    return _mm_set_epi64x((long long)high, (long long)low);
}

/* Writes H^n to the places that it has, with the sum of its halves where that is kept. */
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
    tail_stream(&none, NULL, 0, &h);
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
