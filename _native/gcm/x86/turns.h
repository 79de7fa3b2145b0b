/* Blocks, GHASH and turns of a kernel for x86-64, and steps of both kinds of tail. A part of
   template.h, which includes it. */

/* ---- Blocks ----------------------------------------------------------------------------- */

/* Shuffle for a block of which n octets count (1 to 16), at `reversals` + n: its last n octets, as
   the head of a block of GHASH, octets reversed; the others become zero. */
static const int8_t reversals[32] = {
    -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128,
    15,   14,   13,   12,   11,   10,   9,    8,    7,    6,    5,    4,    3,    2,    1,    0};

INLINE __m128i load_block(const void *p) {
    return _mm_loadu_si128((const __m128i *)p);
}

INLINE void store_block(uint8_t *p, __m128i block) {
    _mm_storeu_si128((__m128i *)(void *)p, block);
}

INLINE __m128i reversal(void) {
    return load_block(reversals + BLOCK);
}

INLINE void load_whole(VEC *x, const uint8_t *in, int vectors) {
    UNROLL
    for (int v = 0; v < vectors; v++) {
        x[v] = VEC_LOAD(in + v * VEC_OCTETS);
    }
}

INLINE void store_whole(const VEC *x, uint8_t *out, int vectors) {
    UNROLL
    for (int v = 0; v < vectors; v++) {
        VEC_STORE(out + v * VEC_OCTETS, x[v]);
    }
}

/* ---- GHASH ------------------------------------------------------------------------------ */

/* A product: the high and low 128 bits, and Karatsuba's middle. */
typedef struct {
    VEC low;
    VEC middle;
    VEC high;
} product;

/* A sum of products. With VEC_PAIRS, every second product waits for the next one, and one
   instruction adds both. `terms` is a constant wherever the code is unrolled. */
typedef struct {
    product all;
    product waiting;
    int terms; /* 0: none; 1: `all`; 2: `all` and `waiting` */
} products;

INLINE products no_products(void) {
    const product zero = {VEC_ZERO(), VEC_ZERO(), VEC_ZERO()};
    const products none = {zero, zero, 0};
    return none;
}

INLINE product plus(product a, product b) {
    const product sum = {VEC_XOR(a.low, b.low), VEC_XOR(a.middle, b.middle),
                         VEC_XOR(a.high, b.high)};
    return sum;
}

/* Here and below, work on copies: sanitizers check each access by a pointer, and the compiler would
   take minutes. */
INLINE void add_products(products *to, VEC blocks, VEC powers, VEC halves) {
    const VEC folded = VEC_XOR(blocks, VEC_SWAP(blocks));
    const product one = {VEC_PRODUCT(blocks, powers, 0x00), VEC_PRODUCT(folded, halves, 0x00),
                         VEC_PRODUCT(blocks, powers, 0x11)};
    products sum = *to;
#if VEC_PAIRS
    if (sum.terms == 1) {
        to->waiting = one;
        to->terms = 2;
        return;
    }
    const product both = {VEC_XOR3(sum.all.low, sum.waiting.low, one.low),
                          VEC_XOR3(sum.all.middle, sum.waiting.middle, one.middle),
                          VEC_XOR3(sum.all.high, sum.waiting.high, one.high)};
    sum.all = sum.terms == 0 ? one : both;
#else
    sum.all = sum.terms == 0 ? one : plus(sum.all, one);
#endif
    KEEP(sum.all.low);
    KEEP(sum.all.high);
    KEEP(sum.all.middle);
    sum.terms = 1;
    *to = sum;
}

/* Add the product that waits, if any. Do this before and after an addition under a condition, so
   that `terms` stays a constant. */
INLINE void close_sum(products *to) {
    products sum = *to;
    if (sum.terms == 2) {
        sum.all = plus(sum.all, sum.waiting);
        sum.terms = 1;
        *to = sum;
    }
}

/* Offset of H^n of the run in the key. */
INLINE size_t run_at(size_t n) {
    return BLOCK * (ABOVE + RUN - n);
}

/* Offset of H^(n VEC_BLOCKS) in the key. */
INLINE size_t stride_at(size_t n) {
    return n * VEC_BLOCKS > RUN ? BLOCK * (TURN_VECS - n) : run_at(n * VEC_BLOCKS);
}

#if HALVES_KEPT
/* Offset of the sum of the halves of H^(n VEC_BLOCKS) in the key. */
INLINE size_t half_at(size_t n) {
    return HALVES_AT + 8 * (HALVES - n);
}
#endif

/* Add the products of the blocks and H^n, H^(n-1), ... */
INLINE void add_run(products *sum, const macsec_gcm_key *key, VEC blocks, size_t n) {
    VEC powers = VEC_POWERS(key->powers + run_at(n));
#if HALVES_KEPT && VEC_BLOCKS == 1
    VEC halves = VEC_HALF(key->powers + half_at(n));
#else
    VEC halves = VEC_XOR(powers, VEC_SWAP(powers));
#endif
    add_products(sum, blocks, powers, halves);
}

/* Add the product of each block and H^(n VEC_BLOCKS). */
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

/* Reduce lane by lane. */
INLINE VEC reduce_lanes(products *sum) {
    const VEC fold = VEC_REPEAT(_mm_set_epi64x(0, (long long)0xc200000000000000u));
    close_sum(sum);
    const product all = sum->all;
    VEC middle = VEC_XOR3(all.middle, all.low, all.high);
    middle = VEC_XOR3(middle, VEC_SWAP(all.low), VEC_PRODUCT(all.low, fold, 0x00));
    return VEC_XOR3(all.high, VEC_SWAP(middle), VEC_PRODUCT(middle, fold, 0x00));
}

/* Reduce the sum of the lanes. */
INLINE __m128i reduce(products *sum) {
    VEC lanes = reduce_lanes(sum);
    return VEC_FOLD(lanes);
}

/* ---- A frame in work -------------------------------------------------------------------- */

typedef enum { SEALING, OPENING, HASHING } work;

typedef struct {
    const macsec_gcm_key *key;
    VEC counter;  /* in each lane, J0 with a count of the blocks done, octets reversed */
    products sum; /* the products so far of the current sum */
    VEC hash;     /* the last sum, reduced; to be added to the first vector of the next */
} frame;

/* Input and output of the frame. `in`: text or, when hashing, AAD, which is copied to `out` if that
   is not NULL. */
typedef struct {
    __m128i j0;
    __m128i first; /* blocks of AAD */
    __m128i second;
    __m128i lengths; /* the last block of GHASH, reversed */
    const uint8_t *in;
    uint8_t *out;
} task;

/* Return the count of J0. */
INLINE __m128i one_in_order(void) {
    return _mm_set_epi32(1 << 24, 0, 0, 0);
}

/* Return the n-th vector of counter blocks from here on, added to the first round key. `whole`:
   here is the start of the frame. `first`: f->counter, in the order of octets, and the round key.

   The count of a frame starts at 2, and f->counter ends in a multiple of TURN_BLOCKS. So as long as
   the low bits of the count do not overflow, the count is a sum without carries: one XOR. */
INLINE VEC count_blocks(const frame *f, VEC first, VEC k, unsigned n, int whole) {
    const unsigned count = 2 + n * VEC_BLOCKS;
    if (whole || count + VEC_BLOCKS <= TURN_BLOCKS) {
        return VEC_XOR(first, VEC_COUNT(count));
    }
    return VEC_XOR(VEC_SHUFFLE(VEC_ADD32(f->counter, VEC_NUMBERS(count)), VEC_REPEAT(reversal())),
                   k);
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

/* Add vector v of a turn. Add the first one last: it waits for the hash of the turn before. */
INLINE void hash_vector(frame *f, VEC octets, int v) {
    VEC x = VEC_SHUFFLE(octets, VEC_REPEAT(reversal()));
    if (v == 0) {
        x = VEC_XOR(x, f->hash);
    }
    add_stride(&f->sum, f->key, x, (size_t)(TURN_VECS - v));
}

/* Add the i-th vector of a turn, in the order in which they are added. */
INLINE void hash_of_turn(frame *f, const uint8_t *octets, int i) {
    const int v = (i + 1) % TURN_VECS;
    hash_vector(f, VEC_LOAD(octets + v * VEC_OCTETS), v);
}

/* Add a whole turn, with nothing to interleave. `copy`: where its octets are copied to, or NULL. */
INLINE void hash_turn(frame *f, const uint8_t *octets, uint8_t *copy) {
    VEC x[TURN_VECS];
    load_whole(x, octets, TURN_VECS);
    if (copy != NULL) {
        store_whole(x, copy, TURN_VECS);
    }
    UNROLL
    for (int i = 1; i <= TURN_VECS; i++) {
        hash_vector(f, x[i % TURN_VECS], i % TURN_VECS);
    }
    end_sum(f);
}

/* Number of vectors of a tail that form a sum of their own, because the run is too short for all.
 */
INLINE size_t strides_of_tail(size_t blocks) {
#if VEC_MASKED
    blocks = (blocks + VEC_BLOCKS - 1) / VEC_BLOCKS * VEC_BLOCKS;
#endif
    if (blocks + 1 <= LAST || blocks + 1 + VEC_BLOCKS * AAD_VECS <= RUN) {
        return 0;
    }
    return (blocks + 1 - LAST + VEC_BLOCKS - 1) / VEC_BLOCKS;
}

/* Add a vector of the head to the run. */
INLINE void add_head(frame *f, VEC x, size_t blocks, size_t n, __m128i lengths) {
#if VEC_MASKED
    VEC powers = VEC_POWERS(f->key->powers + run_at(n));
    if (blocks % VEC_BLOCKS == 0) {
        powers = VEC_PLACE(powers, 0, load_block(f->key->powers + run_at(1)));
        x = VEC_PLACE(x, 0, lengths);
    }
    add_products(&f->sum, x, powers, VEC_XOR(powers, VEC_SWAP(powers)));
#else
    (void)blocks;
    (void)lengths;
    add_run(&f->sum, f->key, x, n);
#endif
}

/* Return 1 if the head is in the sum of the run of `blocks` and the block of lengths. */
INLINE int head_joins_run(size_t blocks, size_t strides) {
    return strides == 0 && blocks + 1 + VEC_BLOCKS * AAD_VECS <= RUN;
}

/* Add the first two blocks of the AAD to the next sum: that of `strides` vectors or, without these,
   the run of `blocks` and the block of lengths. If its powers do not suffice, they are a sum of
   their own, whose reduction nothing waits for. With masks, `lengths` goes into the first place of
   the vector, which is free, if the last blocks leave none for it. */
INLINE void hash_head(frame *f, __m128i first, __m128i second, size_t blocks, size_t strides,
                      __m128i lengths) {
    const int to_run = head_joins_run(blocks, strides);
    const int joins = to_run || (strides > 0 && strides + AAD_VECS <= TURN_VECS);
    VEC head[AAD_VECS];
    VEC_HEAD(head, first, second);
    UNROLL
    for (size_t i = 0; i < AAD_VECS; i++) {
        VEC x = VEC_SHUFFLE(head[i], VEC_REPEAT(reversal()));
        size_t vectors = AAD_VECS - i;
        if (to_run) {
            add_head(f, x, blocks, blocks + 1 + VEC_BLOCKS * vectors, lengths);
        } else {
            add_stride(&f->sum, f->key, x, (joins ? strides : 0) + vectors);
        }
    }
    if (!joins) {
        end_sum(f);
    }
}

/* Return a head of two blocks that has the same hash as an AAD of more than two: zeros, and the
   last block plus the hash of those before. This is for frames with text as well: rare and short,
   so block by block. */
FUNCTION NOINLINE macsec_gcm_head fold_head(const macsec_gcm_key *key,
                                            const macsec_gcm_head *head) {
    const uint8_t *rest = head->rest;
    size_t length = head->length - HEAD;
    size_t left = 2 + (length + BLOCK - 1) / BLOCK;
    __m128i x = _mm_setzero_si128();
    __m128i hash = _mm_setzero_si128();
    products sum = no_products();
    for (size_t run = 0, i = 0; left > 0; i++, left--, run--) {
        const int8_t *order = reversals + BLOCK;
        x = i == 0 ? head->first : head->second;
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
            run = left - 1 < RUN ? left - 1 : RUN;
        }
        if (left == 1) {
            break;
        }
        add_run(&sum, key, VEC_WIDEN(x), run);
        if (run == 1) {
            hash = reduce(&sum);
            sum = no_products();
        }
    }
    macsec_gcm_head folded = {.j0 = head->j0,
                              .first = _mm_setzero_si128(),
                              .second = _mm_shuffle_epi8(x, reversal()),
                              .length = head->length};
    return folded;
}

/* Compute the key stream of a turn. `keys`: the kept ones, from 1 to KEYS_KEPT. Between the rounds,
   multiply the turn at `hashed` if `hashing`. */
INLINE void turn(frame *f, const VEC *keys, VEC stream[TURN_VECS], const uint8_t *hashed,
                 int hashing) {
    const macsec_gcm_key *key = f->key;
    VEC k = round_key(key, 0);
    const VEC first = VEC_XOR(VEC_SHUFFLE(f->counter, VEC_REPEAT(reversal())), k);
    UNROLL
    for (int v = 0; v < TURN_VECS; v++) {
        stream[v] = count_blocks(f, first, k, (unsigned)v, 0);
    }
    advance(f, TURN_BLOCKS);
    UNROLL
    for (int round = 1; round < 10; round++) {
        k = round <= KEYS_KEPT ? keys[round] : round_key(key, (size_t)round);
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

/* Process the turns of a frame of more than TAIL_OCTETS; return the octets done. When sealing, the
   last turn is not yet hashed. */
INLINE size_t turns(frame *f, const uint8_t *in, uint8_t *out, size_t length, work mode) {
    VEC stream[TURN_VECS];
    size_t done = 0;
    if (mode == HASHING) {
        for (; length - done > TAIL_OCTETS; done += TURN_OCTETS) {
            hash_turn(f, in + done, out == NULL ? NULL : out + done);
        }
        return done;
    }
    VEC keys[10];
    UNROLL
    for (int i = 1; i <= KEYS_KEPT; i++) {
        keys[i] = round_key(f->key, (size_t)i);
        KEEP(keys[i]);
    }
    if (mode == SEALING) {
        turn(f, keys, stream, NULL, 0);
        apply_turn(stream, in, out);
        done = TURN_OCTETS;
    }
    for (; length - done > TAIL_OCTETS; done += TURN_OCTETS) {
        turn(f, keys, stream, mode == SEALING ? out + done - TURN_OCTETS : in + done, 1);
        apply_turn(stream, in + done, out + done);
    }
    return done;
}

/* ---- The tail, in parts ------------------------------------------------------------------ */

/* What is hashed between the rounds of AES of a tail: the last turn, at `turn`, or the tail itself,
   at `x`; NULL: nothing. `end` is the last vector as it is hashed; it holds the block of lengths
   when there is room. */
typedef struct {
    VEC end;
    __m128i lengths;
    const uint8_t *turn;
    const VEC *x;
    size_t blocks;
    int vectors;
    int strides;
    int lengths_done; /* the block of lengths is hashed with the head */
} hashed;

/* Add the products of a vector of the tail; with the last one, those of the block of lengths. */
INLINE void hash_of_tail(frame *f, hashed h, int v) {
    const int last = h.vectors - 1;
    VEC y = v == last ? h.end : VEC_SHUFFLE(h.x[v], VEC_REPEAT(reversal()));
    if (v == 0 || v == h.strides) {
        y = VEC_XOR(y, f->hash);
    }
    if (v < h.strides) {
        add_stride(&f->sum, f->key, y, (size_t)(h.strides - v));
        if (v == h.strides - 1) {
            end_sum(f);
        }
    } else {
        add_run(&f->sum, f->key, y, h.blocks + 1 - (size_t)v * VEC_BLOCKS);
    }
    if (v == last) {
        close_sum(&f->sum);
        if (!h.lengths_done && h.blocks % VEC_BLOCKS == 0) {
            add_run(&f->sum, f->key, VEC_WIDEN(h.lengths), 1);
            close_sum(&f->sum);
        }
    }
}

INLINE void hash_tail(frame *f, hashed h) {
    UNROLL
    for (int v = 0; v < h.vectors; v++) {
        hash_of_tail(f, h, v);
    }
}

/* Hash the part that belongs between this round of AES and the next. */
INLINE void hash_between(frame *f, hashed h, int round) {
    if (h.turn != NULL && round <= TURN_VECS) {
        hash_of_turn(f, h.turn, round - 1);
        if (round == TURN_VECS) {
            end_sum(f);
        }
    }
    if (h.x != NULL && round <= h.vectors) {
        hash_of_tail(f, h, round - 1);
    }
}

/* Compute the key stream of `vectors` vectors, and turn J0 in `mask` into E_K(J0). */
INLINE void tail_stream(frame *f, VEC *stream, int vectors, __m128i *mask, int whole, hashed h) {
    const macsec_gcm_key *key = f->key;
    const __m128i *keys = (const __m128i *)(const void *)key->round_keys;
    LOAD_AGAIN();
    __m128i m = _mm_xor_si128(*mask, keys[0]);
    const VEC k = round_key(key, 0);
    const VEC first = whole ? VEC_REPEAT(_mm_xor_si128(m, one_in_order()))
                            : VEC_XOR(VEC_SHUFFLE(f->counter, VEC_REPEAT(reversal())), k);
    UNROLL
    for (int v = 0; v < vectors; v++) {
        stream[v] = count_blocks(f, first, k, (unsigned)v, whole);
    }
    UNROLL
    for (int round = 1; round < 10; round++) {
        LOAD_AGAIN();
        m = _mm_aesenc_si128(m, keys[round]);
        UNROLL
        for (int v = 0; v < vectors; v++) {
            stream[v] = VEC_AES(stream[v], round_key(key, (size_t)round));
        }
        hash_between(f, h, round);
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

INLINE void apply_whole(VEC *x, const VEC *stream, const uint8_t *in, uint8_t *out, int vectors) {
    UNROLL
    for (int v = 0; v < vectors; v++) {
        x[v] = VEC_XOR(VEC_LOAD(in + v * VEC_OCTETS), stream[v]);
        VEC_STORE(out + v * VEC_OCTETS, x[v]);
    }
}
