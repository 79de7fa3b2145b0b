/* The tail of a frame: its last blocks, the block of lengths, and the mask of the tag. A part of
   template.h, which includes it.

   When the frame has 16 octets, the last block is loaded and stored as the window of the 16 octets
   that end where the data end. Its first octets belong to the block before: they are computed
   twice, with the same result. In place, the window is loaded before any store. */

/* Indexes for TBL; one outside the table gives zero. At `indexes` + n, the octets of a block from
   the n-th on move to its front. In a table of two blocks, these are 16 octets from any place. */
static const uint8_t indexes[32] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};

/* Load fewer than 16 octets as the end of a block. */
FUNCTION NOINLINE block load_few(const uint8_t *p, size_t n) {
    uint64_t low = 0;
    uint64_t high = 0;
    for (size_t i = 0; i < n; i++) {
        low = low >> 8 | high << 56;
        high = high >> 8 | (uint64_t)p[i] << 56;
    }
    return macsec_gcm_block_of(low, high);
}

/* Store the last few octets of a block: the reverse of load_few(). */
FUNCTION NOINLINE void store_few(uint8_t *p, size_t n, block x) {
    uint64_t low = vgetq_lane_u64(vreinterpretq_u64_u8(x), 0);
    uint64_t high = vgetq_lane_u64(vreinterpretq_u64_u8(x), 1);
    for (size_t i = n; i-- > 0;) {
        p[i] = (uint8_t)(high >> 56);
        high = high << 8 | low >> 56;
        low <<= 8;
    }
}

/* The last `partial` octets of the window as a block that ends with zeros, to be hashed. */
INLINE block hashed_end(block window, size_t partial) {
    return vqtbl1q_u8(window, vld1q_u8(indexes + BLOCK - partial));
}

/* The key stream of the window: the end of that of the block before, then that of the last. Both
   lack the last round key. */
INLINE block aligned_stream(block before, block last, block k, size_t partial) {
    const uint8x16x2_t both = {{veorq_u8(before, k), veorq_u8(last, k)}};
    return vqtbl2q_u8(both, vld1q_u8(indexes + partial));
}

/* Encrypt `count` states, but for the last round key. */
INLINE void encrypt(block *state, size_t count, const macsec_gcm_key *key) {
    UNROLL
    for (size_t round = 0; round < 9; round++) {
        LOAD_AGAIN();
        round_of(state, count, round_key(key, round));
    }
    more_rounds(state, count, key);
    last_round(state, count, round_key(key, key->rounds - 1));
}

/* Hash the tail: the AAD if it is not hashed yet, `blocks` (a constant) blocks, and the block of
   lengths. */
INLINE block hash_tail(const frame *f, const task *t, const block *x, size_t blocks, size_t partial,
                       int whole) {
    block run[RUN];
    products sum = no_products();
    block hash = f->hash;
    size_t count = 0;
    if (whole) {
        run[count++] = vrbitq_u8(t->first);
        run[count++] = vrbitq_u8(t->second);
        if (blocks + 3 > RUN) {
            add_run(&sum, f->key, run, 2);
            hash = reduce(&sum);
            sum = no_products();
            count = 0;
        }
    }
    const size_t hashed = count; /* the hash so far joins the first of the blocks */
    UNROLL
    for (size_t i = 0; i < blocks; i++) {
        run[count++] = vrbitq_u8(i == blocks - 1 ? hashed_end(x[i], partial) : x[i]);
    }
    run[count++] = t->lengths;
    if (hashed == 0) {
        run[0] = veorq_u8(run[0], hash);
    }
    add_run(&sum, f->key, run, count);
    return reduce(&sum);
}

/* Process the rest of a frame: `blocks` (a constant) blocks, of which the last may be partial.
   Return the tag. */
INLINE block tail(frame *f, const task *t, size_t octets, size_t blocks, work mode, int whole) {
    const size_t last = blocks > 0 ? blocks - 1 : 0;
    const size_t partial = octets - last * BLOCK;
    const int few = blocks == 1 && octets < BLOCK;
    const block k = round_key(f->key, f->key->rounds);
    block x[TURN_BLOCKS];
    block state[1 + TURN_BLOCKS]; /* J0, then the counter blocks */
    state[0] = t->j0;
    UNROLL
    for (size_t i = 0; i < last; i++) {
        x[i] = vld1q_u8(t->in + BLOCK * i);
    }
    if (blocks > 0) {
        x[last] = few ? load_few(t->in, octets) : vld1q_u8(t->in + octets - BLOCK);
    }
    if (mode != SEALING) {
        f->hash = hash_tail(f, t, x, blocks, partial, whole);
    }
    if (mode == HASHING || blocks == 0) {
        encrypt(state, 1, f->key);
    } else {
        UNROLL
        for (size_t i = 0; i < blocks; i++) {
            state[1 + i] = next_counter(f);
        }
        encrypt(state, 1 + blocks, f->key);
        x[last] = veorq_u8(x[last], aligned_stream(state[last], state[blocks], k, partial));
        UNROLL
        for (size_t i = 0; i < last; i++) {
            x[i] = XOR3(x[i], state[1 + i], k);
            vst1q_u8(t->out + BLOCK * i, x[i]);
        }
        if (few) {
            store_few(t->out, octets, x[last]);
        } else {
            vst1q_u8(t->out + octets - BLOCK, x[last]);
        }
    }
    if (mode == SEALING) {
        f->hash = hash_tail(f, t, x, blocks, partial, whole);
    }
    return XOR3(vrbitq_u8(f->hash), state[0], k);
}

/* Run the tail, with one copy of its code for each number of blocks, so that they stay in
   registers. `whole`: the frame has no turns, and its AAD is hashed here. */
INLINE block any_tail(frame *f, const task *t, size_t octets, work mode, int whole) {
    switch ((octets + BLOCK - 1) / BLOCK) {
    case 1:
        return tail(f, t, octets, 1, mode, whole);
    case 2:
        return tail(f, t, octets, 2, mode, whole);
    case 3:
        return tail(f, t, octets, 3, mode, whole);
    case 4:
        return tail(f, t, octets, 4, mode, whole);
    case 5:
        return tail(f, t, octets, 5, mode, whole);
    case 6:
        return tail(f, t, octets, 6, mode, whole);
    case 7:
        return tail(f, t, octets, 7, mode, whole);
    case 8:
        return tail(f, t, octets, 8, mode, whole);
    default:
        return tail(f, t, 0, 0, mode, whole);
    }
}
