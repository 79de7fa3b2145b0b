/* AES-GCM for x86-64: the template of the kernels, included once by each instance.

   An instance defines, before it includes this:

     TARGET                 instructions, for the target attribute of every function
     VEC, VEC_BLOCKS        vector type, and the blocks in it: 1 (XMM), 2 (YMM) or 4 (ZMM)
     TURN_VECS              vectors in a turn of the loop; TURN_VECS * VEC_BLOCKS is 8
     VEC_LOAD, VEC_STORE    data, at any alignment
     VEC_POWERS(p)          VEC_BLOCKS powers of the hash key, aligned to a block
     VEC_HALVES(p)          VEC_BLOCKS numbers of 64 bits, each to the low half of its block
     VEC_REPEAT(block)      the block in each place
     VEC_WIDEN(block)       the block in the first place, zero in the others
     VEC_JOIN(blocks), VEC_SPLIT(blocks, v)     from and to an array of VEC_BLOCKS blocks
     VEC_FOLD(v)            the sum of the blocks, as one block
     VEC_COUNT(first)       first, first + 1, ... in the low 32 bits of the blocks, else zero
     VEC_ZERO, VEC_ADD32, VEC_XOR, VEC_SHUFFLE, VEC_SWAP (of 64-bit halves), VEC_AES, VEC_AES_LAST,
     VEC_PRODUCT(a, b, halves)   block by block, as the instructions of these names

   and afterwards names `expand`, `seal` and `open_frame` in its row of the table.

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

   Key layout. `powers` holds H^10, H^9, ... H^1 (160 octets), then the sums of their halves (80). A
   sum of n products starts at the n-th power from the end, and reads on from there in memory order,
   which is the order of the data. Ten, because that is the longest sum made: the AAD of a MACsec
   frame (two blocks) and a turn, or a tail of nine blocks and the block of lengths.

   Order of the work. Sums are reduced once. A frame of up to 7 blocks with an AAD of 17 to 32
   octets (MACsec: 20 or 28) is a single sum. A longer one goes in turns of 8 blocks, the products
   of one turn between the rounds of AES of another: of the same turn when opening, of the next turn
   when sealing, for which the ciphertext must be known first. AES and PCLMULQDQ then overlap even
   on CPUs with a small window. What is left, 16 to 143 octets, is the tail; a short frame is all
   tail. E_K(J0), the mask of the tag, takes the same trip through AES as the tail: long frames need
   it only there, short ones have nothing else, and so it never waits for anything nor makes wait.

   Ends. The last block is loaded and stored as the 16 octets that end where the data end, when the
   frame has 16. The octets of the block before, which this window begins with, are worked out twice
   to the same values; in place, the window is loaded before any store. So there are no loops over
   octets, and no load that would have to wait for several smaller stores. */

#define INLINE static inline __attribute__((always_inline, target(TARGET)))
#define FUNCTION static __attribute__((target(TARGET)))
/* The arrays of vectors below are to live in registers: all loops over them are to be unrolled. */
#define UNROLL _Pragma("GCC unroll 16")

enum {
    BLOCK = 16,
    VEC_OCTETS = VEC_BLOCKS * BLOCK,
    TURN_BLOCKS = TURN_VECS * VEC_BLOCKS,
    TURN_OCTETS = TURN_BLOCKS * BLOCK,
    TAIL_BLOCKS = TURN_BLOCKS + 1,
    TAIL_OCTETS = TURN_OCTETS + BLOCK - 1, /* so that a long frame leaves at least a block */
    TAIL_VECS = (TAIL_BLOCKS + VEC_BLOCKS - 1) / VEC_BLOCKS,
    POWERS = TURN_BLOCKS + 2,
    HALVES_AT = POWERS * BLOCK
};

_Static_assert(TURN_BLOCKS == 8, "the switch over tails has a case for each number of blocks");
_Static_assert(HALVES_AT + POWERS * 8 <= sizeof(((macsec_gcm_key *)0)->powers), "key layout");

/* ---- Blocks ----------------------------------------------------------------------------- */

/* Shuffles for a block of which n octets count (1 to 16); the others become zero. At `windows` + n:
   its first n octets move to the end. At `windows` + 16 + n: all but the first n move to the front.
   At `reversals` + n: its last n octets, as the head of a block of GHASH, octets reversed. */
#define NONE                                                                                       \
    -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128
static const int8_t windows[48] = {NONE, 0, 1,  2,  3,  4,  5,  6,  7,
                                   8,    9, 10, 11, 12, 13, 14, 15, NONE};
static const int8_t reversals[32] = {NONE, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
#undef NONE

INLINE __m128i load_block(const void *p) {
    return _mm_loadu_si128((const __m128i *)p);
}

INLINE void store_block(uint8_t *p, __m128i block) {
    _mm_storeu_si128((__m128i *)(void *)p, block);
}

INLINE uint64_t load64(const uint8_t *p) {
    uint64_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

INLINE uint64_t load32(const uint8_t *p) {
    uint32_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

INLINE void store64(uint8_t *p, uint64_t value) {
    memcpy(p, &value, sizeof value);
}

INLINE void store32(uint8_t *p, uint64_t value) {
    uint32_t low = (uint32_t)value;
    memcpy(p, &low, sizeof low);
}

/* A few octets (1 to 15) as the end of a block that starts with zeros. Two loads of one size that
   overlap cover each range of sizes. Shifts by up to 64 go in two halves. */
FUNCTION __m128i load_few(const uint8_t *p, size_t n) {
    uint64_t low = 0;
    uint64_t high;
    if (n >= 8) {
        unsigned half_gap = 4 * (16 - (unsigned)n);
        low = load64(p) << half_gap << half_gap;
        high = load64(p + n - 8);
    } else {
        unsigned gap = 8 * (8 - (unsigned)n);
        if (n >= 4) {
            high = load32(p + n - 4) << 32 | (load32(p) << gap & 0xffffffffu);
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
        store64(p, low >> half_gap >> half_gap | high << 8 * (n - 8));
        store64(p + n - 8, high);
        return;
    }
    uint64_t octets = high >> 8 * (8 - n);
    if (n >= 4) {
        store32(p, octets);
        store32(p + n - 4, high >> 32);
    } else {
        p[0] = (uint8_t)octets;
        p[n / 2] = (uint8_t)(octets >> 8 * (n / 2));
        p[n - 1] = (uint8_t)(high >> 56);
    }
}

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

/* Adds the products of VEC_BLOCKS blocks and as many powers, `place` powers after the highest. */
INLINE void add_products(products *sum, const macsec_gcm_key *key, VEC blocks, size_t place) {
    VEC powers = VEC_POWERS(key->powers + BLOCK * place);
    VEC halves = VEC_HALVES(key->powers + HALVES_AT + 8 * place);
    VEC folded = VEC_XOR(blocks, VEC_SWAP(blocks));
    sum->low = VEC_XOR(sum->low, VEC_PRODUCT(blocks, powers, 0x00));
    sum->high = VEC_XOR(sum->high, VEC_PRODUCT(blocks, powers, 0x11));
    sum->middle = VEC_XOR(sum->middle, VEC_PRODUCT(folded, halves, 0x00));
}

INLINE __m128i reduce(const products *sum) {
    const __m128i fold = _mm_set_epi64x(0, (long long)0xc200000000000000u);
    __m128i low = VEC_FOLD(sum->low);
    __m128i high = VEC_FOLD(sum->high);
    __m128i middle = VEC_FOLD(sum->middle);
    middle = _mm_xor_si128(middle, _mm_xor_si128(low, high));
    middle = _mm_xor_si128(middle, _mm_shuffle_epi32(low, 0x4e));
    middle = _mm_xor_si128(middle, _mm_clmulepi64_si128(low, fold, 0x00));
    high = _mm_xor_si128(high, _mm_shuffle_epi32(middle, 0x4e));
    return _mm_xor_si128(high, _mm_clmulepi64_si128(middle, fold, 0x00));
}

/* ---- A frame in work -------------------------------------------------------------------- */

typedef struct {
    const macsec_gcm_key *key;
    __m128i counter; /* the next counter block, reversed: the count is the lowest 32 bits */
    products sum;    /* products so far of the sum in work */
    __m128i hash;    /* the last sum, reduced; due to be added to the first block of the next */
} frame;

INLINE VEC count_blocks(const frame *f, unsigned ahead) {
    VEC counters = VEC_ADD32(VEC_REPEAT(f->counter), VEC_COUNT(ahead));
    return VEC_SHUFFLE(counters, VEC_REPEAT(reversal()));
}

INLINE void advance(frame *f, unsigned blocks) {
    f->counter = _mm_add_epi32(f->counter, _mm_set_epi32(0, 0, 0, (int)blocks));
}

INLINE VEC round_key(const macsec_gcm_key *key, size_t round) {
    return VEC_REPEAT(
        _mm_load_si128((const __m128i *)(const void *)(key->round_keys + BLOCK * round)));
}

/* Adds a whole turn of 8 blocks that nothing is left to interleave with. */
INLINE void hash_turn(frame *f, const uint8_t *octets) {
    UNROLL
    for (int v = 0; v < TURN_VECS; v++) {
        VEC x = VEC_SHUFFLE(VEC_LOAD(octets + v * VEC_OCTETS), VEC_REPEAT(reversal()));
        if (v == 0) {
            x = VEC_XOR(x, VEC_WIDEN(f->hash));
        }
        add_products(&f->sum, f->key, x, (size_t)(POWERS - TURN_BLOCKS + v * VEC_BLOCKS));
    }
    f->hash = reduce(&f->sum);
    f->sum = no_products();
}

/* Takes the AAD into the sum that `following` further blocks end, if the powers reach that far. */
INLINE void hash_aad(frame *f, const uint8_t *aad, size_t length, size_t following) {
    int windowed = length >= BLOCK;
    if (length == 0) {
        return;
    }
    const uint8_t *end = aad + length;
    while (length > TURN_OCTETS) {
        hash_turn(f, aad);
        aad += TURN_OCTETS;
        length -= TURN_OCTETS;
    }
    size_t blocks = (length + BLOCK - 1) / BLOCK;
    size_t partial = length - BLOCK * (blocks - 1);
    int together = blocks + following <= POWERS;
    size_t place = POWERS - blocks - (together ? following : 0);
    __m128i x = f->hash;
    for (size_t i = 1; i < blocks; i++, aad += BLOCK, place++) {
        x = _mm_xor_si128(x, _mm_shuffle_epi8(load_block(aad), reversal()));
        add_products(&f->sum, f->key, VEC_WIDEN(x), place);
        x = _mm_setzero_si128();
    }
    __m128i last = windowed ? load_block(end - BLOCK) : load_few(aad, partial);
    x = _mm_xor_si128(x, _mm_shuffle_epi8(last, load_block(reversals + partial)));
    add_products(&f->sum, f->key, VEC_WIDEN(x), place);
    f->hash = _mm_setzero_si128();
    if (!together) {
        f->hash = reduce(&f->sum);
        f->sum = no_products();
    }
}

/* The key stream of a turn, the products of 8 blocks at `hashed` (if any) between the rounds. */
INLINE void turn(frame *f, VEC stream[TURN_VECS], const uint8_t *hashed) {
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
        if (hashed != NULL && round <= TURN_VECS) {
            int v = round - 1;
            VEC x = VEC_SHUFFLE(VEC_LOAD(hashed + v * VEC_OCTETS), VEC_REPEAT(reversal()));
            if (v == 0) {
                x = VEC_XOR(x, VEC_WIDEN(f->hash));
            }
            add_products(&f->sum, key, x, (size_t)(POWERS - TURN_BLOCKS + v * VEC_BLOCKS));
        }
    }
    for (size_t round = 10; round < key->rounds; round++) {
        k = round_key(key, round);
        UNROLL
        for (int v = 0; v < TURN_VECS; v++) {
            stream[v] = VEC_AES(stream[v], k);
        }
    }
    if (hashed != NULL) {
        f->hash = reduce(&f->sum);
        f->sum = no_products();
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
INLINE size_t turns(frame *f, const uint8_t *in, uint8_t *out, size_t length, int sealing) {
    VEC stream[TURN_VECS];
    size_t done = 0;
    if (sealing) {
        turn(f, stream, NULL);
        apply_turn(stream, in, out);
        done = TURN_OCTETS;
    }
    for (; length - done > TAIL_OCTETS; done += TURN_OCTETS) {
        turn(f, stream, sealing ? out + done - TURN_OCTETS : in + done);
        apply_turn(stream, in + done, out + done);
    }
    if (sealing) {
        hash_turn(f, out + done - TURN_OCTETS);
    }
    return done;
}

/* ---- The tail --------------------------------------------------------------------------- */

/* The key stream for `vectors` vectors, and E_K(J0) from J0 in `mask`. */
INLINE void tail_stream(const frame *f, VEC *stream, int vectors, __m128i *mask) {
    const macsec_gcm_key *key = f->key;
    const __m128i *keys = (const __m128i *)(const void *)key->round_keys;
    __m128i m = _mm_xor_si128(*mask, keys[0]);
    UNROLL
    for (int v = 0; v < vectors; v++) {
        stream[v] = VEC_XOR(count_blocks(f, (unsigned)(v * VEC_BLOCKS)), round_key(key, 0));
    }
    for (size_t round = 1; round < key->rounds; round++) {
        m = _mm_aesenc_si128(m, keys[round]);
        UNROLL
        for (int v = 0; v < vectors; v++) {
            stream[v] = VEC_AES(stream[v], round_key(key, round));
        }
    }
    *mask = _mm_aesenclast_si128(m, keys[key->rounds]);
    UNROLL
    for (int v = 0; v < vectors; v++) {
        stream[v] = VEC_AES_LAST(stream[v], round_key(key, key->rounds));
    }
}

/* The products of the data of the tail. `x` is the data as they lie, but the last block, which is
   the window of the last 16 octets, the last `partial` of which are new. */
INLINE void hash_tail(frame *f, const VEC *x, int blocks, size_t partial) {
    const int last = (blocks - 1) / VEC_BLOCKS;
    const int last_in = (blocks - 1) % VEC_BLOCKS;
    size_t place = (size_t)(POWERS - 1 - blocks);
    UNROLL
    for (int v = 0; v <= last; v++, place += VEC_BLOCKS) {
        VEC shuffle = VEC_REPEAT(reversal());
        if (v == last) {
            __m128i each[VEC_BLOCKS];
            VEC_SPLIT(each, shuffle);
            each[last_in] = load_block(reversals + partial);
            UNROLL
            for (int i = last_in + 1; i < VEC_BLOCKS; i++) {
                each[i] = load_block(reversals); /* makes zeros: there is no data */
            }
            shuffle = VEC_JOIN(each);
        }
        VEC y = VEC_SHUFFLE(x[v], shuffle);
        if (v == 0) {
            y = VEC_XOR(y, VEC_WIDEN(f->hash));
        }
        add_products(&f->sum, f->key, y, place);
    }
    f->hash = _mm_setzero_si128();
}

/* Loads the tail as hash_tail() wants it: whole vectors, then whole blocks, then the window. */
INLINE void load_tail(VEC *x, const uint8_t *in, size_t octets, int blocks) {
    const int last = (blocks - 1) / VEC_BLOCKS;
    const int last_in = (blocks - 1) % VEC_BLOCKS;
    __m128i each[VEC_BLOCKS];
    UNROLL
    for (int v = 0; v < last; v++) {
        x[v] = VEC_LOAD(in + v * VEC_OCTETS);
    }
    UNROLL
    for (int i = 0; i < VEC_BLOCKS; i++) {
        each[i] =
            i < last_in ? load_block(in + last * VEC_OCTETS + i * BLOCK) : _mm_setzero_si128();
    }
    each[last_in] =
        blocks == 1 && octets < BLOCK ? load_few(in, octets) : load_block(in + octets - BLOCK);
    x[last] = VEC_JOIN(each);
}

INLINE void store_tail(const VEC *x, uint8_t *out, size_t octets, int blocks) {
    const int last = (blocks - 1) / VEC_BLOCKS;
    const int last_in = (blocks - 1) % VEC_BLOCKS;
    __m128i each[VEC_BLOCKS];
    UNROLL
    for (int v = 0; v < last; v++) {
        VEC_STORE(out + v * VEC_OCTETS, x[v]);
    }
    VEC_SPLIT(each, x[last]);
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

/* The rest of a frame, `blocks` (a constant) blocks, the last of which may be partial. J0 goes in
   and E_K(J0) comes out. */
INLINE __m128i tail(frame *f, __m128i mask, const uint8_t *in, uint8_t *out, size_t octets,
                    int blocks, int sealing) {
    const int vectors = (blocks + VEC_BLOCKS - 1) / VEC_BLOCKS;
    size_t partial = octets - (size_t)(blocks - 1) * BLOCK;
    VEC stream[TAIL_VECS];
    VEC x[TAIL_VECS];
    load_tail(x, in, octets, blocks);
    if (!sealing) {
        hash_tail(f, x, blocks, partial);
    }
    tail_stream(f, stream, vectors, &mask);
    align_stream(stream, blocks, partial);
    UNROLL
    for (int v = 0; v < vectors; v++) {
        x[v] = VEC_XOR(x[v], stream[v]);
    }
    store_tail(x, out, octets, blocks);
    if (sealing) {
        hash_tail(f, x, blocks, partial);
    }
    return mask;
}

/* One copy of the tail for each number of blocks, with its vectors in registers. */
INLINE __m128i any_tail(frame *f, __m128i j0, const uint8_t *in, uint8_t *out, size_t octets,
                        int sealing) {
#define CASE(n)                                                                                    \
    case n:                                                                                        \
        return tail(f, j0, in, out, octets, n, sealing);
    switch ((octets + BLOCK - 1) / BLOCK) {
        CASE(1)
        CASE(2)
        CASE(3)
        CASE(4)
        CASE(5)
        CASE(6)
        CASE(7)
        CASE(8)
        CASE(9)
    default:
        tail_stream(f, NULL, 0, &j0);
        return j0;
    }
#undef CASE
}

/* ---- The kernel ------------------------------------------------------------------------- */

INLINE void run(const macsec_gcm_key *key, const uint8_t iv[12], const uint8_t *aad,
                size_t aad_length, const uint8_t *in, uint8_t *out, size_t length, uint8_t tag[16],
                int sealing) {
    __m128i j0 = _mm_insert_epi64(_mm_cvtsi64_si128((long long)load64(iv)),
                                  (long long)(load32(iv + 8) | (uint64_t)1 << 56), 1);
    frame f = {key, _mm_shuffle_epi8(j0, reversal()), no_products(), _mm_setzero_si128()};
    __m128i lengths = _mm_set_epi64x((long long)(aad_length * 8), (long long)(length * 8));
    advance(&f, 1);
    if (length <= TAIL_OCTETS) {
        hash_aad(&f, aad, aad_length, (length + BLOCK - 1) / BLOCK + 1);
    } else {
        hash_aad(&f, aad, aad_length, TURN_BLOCKS);
        size_t done = turns(&f, in, out, length, sealing);
        in += done;
        out += done;
        length -= done;
    }
    __m128i mask = any_tail(&f, j0, in, out, length, sealing);
    add_products(&f.sum, key, VEC_WIDEN(_mm_xor_si128(lengths, f.hash)), POWERS - 1);
    store_block(tag, _mm_xor_si128(_mm_shuffle_epi8(reduce(&f.sum), reversal()), mask));
}

FUNCTION void seal(const macsec_gcm_key *key, const uint8_t iv[12], const uint8_t *aad,
                   size_t aad_length, const uint8_t *in, uint8_t *out, size_t length,
                   uint8_t tag[16]) {
    run(key, iv, aad, aad_length, in, out, length, tag, 1);
}

FUNCTION void open_frame(const macsec_gcm_key *key, const uint8_t iv[12], const uint8_t *aad,
                         size_t aad_length, const uint8_t *in, uint8_t *out, size_t length,
                         uint8_t tag[16]) {
    run(key, iv, aad, aad_length, in, out, length, tag, 0);
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
        uint32_t next = (uint32_t)load32(key->round_keys + 4 * (i - 1));
        if (i % words == 0) {
            next = substitute_word(next >> 8 | next << 24) ^ round_constant;
            round_constant = round_constant << 1 ^ ((round_constant >> 7) * 0x11b);
        } else if (words > 6 && i % words == 4) {
            next = substitute_word(next);
        }
        store32(key->round_keys + 4 * i, next ^ load32(key->round_keys + 4 * (i - words)));
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

/* Writes one power, and the sum of its halves, to their place. */
INLINE void put_power(macsec_gcm_key *key, size_t place, __m128i power) {
    __m128i sum = _mm_xor_si128(power, _mm_shuffle_epi32(power, 0x4e));
    store_block(key->powers + BLOCK * place, power);
    store64(key->powers + HALVES_AT + 8 * place, (uint64_t)_mm_cvtsi128_si64(sum));
}

FUNCTION void expand(macsec_gcm_key *key, const uint8_t *octets, size_t length) {
    frame none = {key, _mm_setzero_si128(), no_products(), _mm_setzero_si128()};
    __m128i h = _mm_setzero_si128();
    memset(key, 0, sizeof *key);
    expand_aes(key, octets, length);
    tail_stream(&none, NULL, 0, &h);
    __m128i power = divide_by_x(_mm_shuffle_epi8(h, reversal()));
    put_power(key, POWERS - 1, power);
    for (size_t place = POWERS - 1; place-- > 0;) {
        products sum = no_products();
        add_products(&sum, key, VEC_WIDEN(power), POWERS - 1);
        power = reduce(&sum);
        put_power(key, place, power);
    }
}
