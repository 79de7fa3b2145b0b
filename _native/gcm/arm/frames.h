/* The frames and the key of a kernel for ARMv8. A part of template.h, which includes it. */

/* ---- Frames ------------------------------------------------------------------------------ */

INLINE frame frame_of(const macsec_gcm_key *key, block j0) {
    frame f = {key, vreinterpretq_u32_u8(vrev32q_u8(j0)), no_products(), zero()};
    return f;
}

INLINE task task_of(const macsec_gcm_head *head, const uint8_t *in, uint8_t *out, size_t length) {
    block lengths = macsec_gcm_block_of(as_be64(head->length * 8), as_be64(length * 8));
    task t = {head->j0, head->first, head->second, vrbitq_u8(lengths), in, out};
    return t;
}

/* Hash the AAD before a turn: its first two blocks and, rare and short, octets behind these. */
FUNCTION block hash_aad(const macsec_gcm_key *key, const task *t, const uint8_t *rest,
                        size_t length) {
    const block head[2] = {vrbitq_u8(t->first), vrbitq_u8(t->second)};
    products sum = no_products();
    add_run(&sum, key, head, 2);
    while (length > 0) {
        size_t octets = length < BLOCK ? length : BLOCK;
        block x = hashed_end(vld1q_u8(rest + octets - BLOCK), octets);
        block next = veorq_u8(vrbitq_u8(x), reduce(&sum));
        sum = no_products();
        add_one(&sum, key, next, 1);
        rest += octets;
        length -= octets;
    }
    return reduce(&sum);
}

/* Process a frame that fits into a tail, and its AAD into the head. */
INLINE void short_frame(const macsec_gcm_key *key, const task *t, size_t length, uint8_t tag[16],
                        work mode) {
    frame f = frame_of(key, t->j0);
    vst1q_u8(tag, any_tail(&f, t, length, mode, 1));
}

/* Process any longer frame. `rest`: octets of AAD behind the head. */
INLINE void long_frame(const macsec_gcm_key *key, task t, const uint8_t *aad, size_t rest,
                       size_t length, uint8_t tag[16], work mode) {
    frame f = frame_of(key, t.j0);
    f.hash = hash_aad(key, &t, aad, rest);
    if (length > TURN_OCTETS) {
        size_t done = turns(&f, t.in, t.out, length, mode);
        t.in += done;
        if (mode != HASHING) {
            t.out += done;
        }
        length -= done;
    }
    vst1q_u8(tag, any_tail(&f, &t, length, mode, 0));
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

/* Process AAD without text (integrity without confidentiality), also longer than the head. */
FUNCTION NOINLINE void hash_alone(const macsec_gcm_key *key, const macsec_gcm_head *head,
                                  uint8_t tag[16]) {
    macsec_gcm_copy_rest(head, 0);
    task t = task_of(head, head->rest, NULL, 0);
    size_t rest = rest_of(head);
    if (rest <= TURN_OCTETS) {
        short_frame(key, &t, rest, tag, HASHING);
    } else {
        long_frame(key, t, NULL, 0, rest, tag, HASHING);
    }
}

FUNCTION void seal(const macsec_gcm_key *key, const macsec_gcm_head *head, const uint8_t *in,
                   uint8_t *out, size_t length, uint8_t tag[16]) {
    if (length == 0) {
        hash_alone(key, head, tag);
    } else if (length <= TURN_OCTETS && head->length <= HEAD) {
        task t = task_of(head, in, out, length);
        short_frame(key, &t, length, tag, SEALING);
    } else {
        seal_long(key, head, in, out, length, tag);
    }
}

FUNCTION void open_frame(const macsec_gcm_key *key, const macsec_gcm_head *head, const uint8_t *in,
                         uint8_t *out, size_t length, uint8_t tag[16]) {
    if (length == 0) {
        hash_alone(key, head, tag);
    } else if (length <= TURN_OCTETS && head->length <= HEAD) {
        task t = task_of(head, in, out, length);
        short_frame(key, &t, length, tag, OPENING);
    } else {
        open_long(key, head, in, out, length, tag);
    }
}

/* ---- The key ----------------------------------------------------------------------------- */

/* SubWord of FIPS 197: with four equal columns and a zero key, AESE is the S-box alone. */
INLINE uint32_t substitute_word(uint32_t word) {
    block columns = vreinterpretq_u8_u32(vdupq_n_u32(word));
    return vgetq_lane_u32(vreinterpretq_u32_u8(vaeseq_u8(columns, zero())), 0);
}

#include "gcm/schedule.h"

FUNCTION void forget(void) {
    macsec_clear_vectors();
}

FUNCTION void expand(macsec_gcm_key *key, const uint8_t *octets, size_t length) {
    block h = zero();
    memset(key, 0, sizeof *key);
    expand_aes(key, octets, length);
    encrypt(&h, 1, key);
    h = vrbitq_u8(veorq_u8(h, round_key(key, key->rounds)));
    for (size_t n = 1; n <= RUN; n++) {
        vst1q_u8(key->powers + BLOCK * (RUN - n), h);
        vst1_u8(key->powers + HALVES_AT + 8 * (RUN - n), veor_u8(vget_low_u8(h), vget_high_u8(h)));
        products sum = no_products();
        add_one(&sum, key, h, 1);
        h = reduce(&sum);
    }
    forget();
}
