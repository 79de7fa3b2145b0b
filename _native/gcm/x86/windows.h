/* The tail of a frame by windows, for kernels without masks. A part of template.h, which
   includes it. */

/* Shuffles for a block of which n octets count (1 to 16); the others become zero. At `windows` + n:
   its first n octets move to the end. At `windows` + 16 + n: all but the first n move to the front.
 */
#define NONE                                                                                       \
    -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128
static const int8_t windows[48] = {NONE, 0, 1,  2,  3,  4,  5,  6,  7,
                                   8,    9, 10, 11, 12, 13, 14, 15, NONE};
#undef NONE

/* Load 1 to 15 octets as the end of a block that starts with zeros. For each range of lengths, two
   overlapping loads of one size suffice. Shifts by up to 64 are done in two halves. */
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
            uint64_t first = (uint64_t)load_host32(p) << gap & 0xffffffffu;
            high = (uint64_t)load_host32(p + n - 4) << 32 | first;
        } else {
            high = (uint64_t)p[n - 1] << 56 | (uint64_t)p[n / 2] << (gap + 8 * (n / 2)) |
                   (uint64_t)p[0] << gap;
        }
    }
    return _mm_set_epi64x((long long)high, (long long)low);
}

/* Store the last few octets of a block: the reverse of load_few(). */
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

/* Arrange the last vector of the tail for the hash. Its last block is the window of the last 16
   octets, of which the last `partial` are new; the block of lengths follows where there is room. */
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

/* Load the last vector of the tail: whole blocks, then the window. */
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

/* Move the key stream of the last block to where the window has its data: `partial` octets at the
   end, behind the octets that the window shares with the block before. */
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

/* Process the rest of a frame: `blocks` (a constant) blocks, of which the last may be partial. */
INLINE __m128i tail(frame *f, const task *t, size_t octets, int blocks, work mode, int whole) {
    const int strides = (int)strides_of_tail((size_t)blocks);
    const int vectors = (blocks + VEC_BLOCKS - 1) / VEC_BLOCKS;
    size_t partial = octets - (size_t)(blocks - 1) * BLOCK;
    const int last = vectors - 1;
    VEC x[TAIL_VECS];
    hashed h = {
        .blocks = (size_t)blocks, .vectors = vectors, .strides = strides, .lengths = t->lengths};
    if (whole) {
        hash_head(f, t->first, t->second, (size_t)blocks, (size_t)strides, t->lengths);
    }
    if (mode != SEALING) {
        load_whole(x, t->in, last);
        x[last] = load_last(t->in, octets, blocks);
        if (mode == HASHING && t->out != NULL) {
            store_whole(x, t->out, last);
            store_last(x[last], t->out, octets, blocks);
        }
        h.end = hashed_end(x[last], blocks, partial, t->lengths);
        h.x = x;
        hash_tail(f, h);
        h.x = NULL;
        LOAD_AGAIN();
    } else if (!whole) {
        hash_turn(f, t->out - TURN_OCTETS, NULL);
    }
    VEC stream[TAIL_VECS];
    __m128i mask = t->j0;
    tail_stream(f, stream, mode == HASHING ? 0 : vectors, &mask, whole, h);
    if (mode == HASHING) {
        return mask;
    }
    align_stream(stream, blocks, partial);
    VEC window = load_last(t->in, octets, blocks); /* before any store */
    apply_whole(x, stream, t->in, t->out, last);
    x[last] = VEC_XOR(window, stream[last]);
    store_last(x[last], t->out, octets, blocks);
    if (mode == SEALING) {
        h.end = hashed_end(x[last], blocks, partial, t->lengths);
        h.x = x;
        hash_tail(f, h);
    }
    return mask;
}
