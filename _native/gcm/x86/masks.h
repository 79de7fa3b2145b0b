/* The tail of a frame under masks, for VEC_MASKED. A part of template.h, which includes it. */

/* Arrange the last vector of the tail for the hash. */
INLINE VEC hashed_end(VEC x, size_t blocks, __m128i lengths) {
    VEC y = VEC_SHUFFLE(x, VEC_REPEAT(reversal()));
    return blocks % VEC_BLOCKS == 0 ? y : VEC_PLACE(y, blocks % VEC_BLOCKS, lengths);
}

/* Process the rest of a frame: `vectors` (a constant) vectors, of which the last may be partial. */
INLINE __m128i tail(frame *f, const task *t, size_t octets, int vectors, work mode, int whole) {
    const int last = vectors - 1;
    const int strides = (int)strides_of_tail((size_t)vectors * VEC_BLOCKS);
    size_t blocks = (octets + BLOCK - 1) / BLOCK;
    VEC_MASK end = VEC_MASK_OF(octets - (size_t)last * VEC_OCTETS);
    VEC x[TAIL_VECS];
    hashed h = {.blocks = blocks, .vectors = vectors, .strides = strides, .lengths = t->lengths};
    if (whole) {
        hash_head(f, t->first, t->second, blocks, (size_t)strides, t->lengths);
        h.lengths_done = strides == 0;
    }
    if (mode != SEALING) {
        load_whole(x, t->in, last);
        x[last] = VEC_LOAD_MASKED(t->in + last * VEC_OCTETS, end);
        h.end = hashed_end(x[last], blocks, t->lengths);
        h.x = x;
    } else if (!whole) {
        h.turn = t->out - TURN_OCTETS;
    }
    if (mode == HASHING) {
        if (t->out != NULL) {
            store_whole(x, t->out, last);
            VEC_STORE_MASKED(t->out + last * VEC_OCTETS, x[last], end);
        }
        hash_tail(f, h);
        h.x = NULL;
    }
    VEC stream[TAIL_VECS];
    __m128i mask = t->j0;
    tail_stream(f, stream, mode == HASHING ? 0 : vectors, &mask, whole, h);
    if (mode == HASHING) {
        return mask;
    }
    apply_whole(x, stream, t->in, t->out, last);
    x[last] = VEC_LOAD_MASKED(t->in + last * VEC_OCTETS, end);
    x[last] = VEC_ONLY(VEC_XOR(x[last], stream[last]), end);
    VEC_STORE_MASKED(t->out + last * VEC_OCTETS, x[last], end);
    if (mode == SEALING) {
        h.end = hashed_end(x[last], blocks, t->lengths);
        h.x = x;
        hash_tail(f, h);
    }
    return mask;
}
