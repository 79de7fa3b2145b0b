/* 10.6: validation of one received frame. */
#ifndef MACSEC_SECY_VALIDATE_H
#define MACSEC_SECY_VALIDATE_H

#include <string.h>

#include "base/secret.h"
#include "secy/secy_frame.h"

/* A received frame taken apart. */
typedef struct received {
    const uint8_t *frame;
    const uint8_t *mpdu;
    const uint8_t *secure; /* Secure Data */
    size_t length;
    size_t front; /* octets before the MPDU: addresses and clear tags */
    size_t mpdu_length;
    size_t user; /* octets of Secure Data */
    sectag tag;
} received;

/* Compare ICVs in constant time: 16 octets as two words, any other length in a loop. */
static inline int icv_equal(const uint8_t computed[ICV_LENGTH], const uint8_t *icv, size_t length) {
    if (length != ICV_LENGTH) {
        return macsec_equal(computed, icv, length);
    }
    uint64_t a[2], b[2];
    memcpy(a, computed, sizeof a);
    memcpy(b, icv, sizeof b);
    return ((a[0] ^ b[0]) | (a[1] ^ b[1])) == 0;
}

/* 10.6.5: write the frame for the Controlled Port with its User Data unchanged. */
static ALWAYS_INLINE void deliver_as_is(const received *f, uint8_t *out, row *result) {
    memcpy(out, f->frame, f->front);
    memcpy(out + f->front, f->secure, f->user);
    result->out_length = f->front + f->user;
}

/* 10.6.3, 14.5: decipher any frame into `out`. Return 1 if it is VALID; else zero the octets
   deciphered. */
static int open_pieces(const macsec_secy *secy, const rx_sa *sa, const received *f, uint64_t pn,
                       uint8_t *out) {
    const macsec_controls *c = &secy->controls;
    const size_t tags = f->front - ADDRESSES_LENGTH;
    const size_t clear = clear_octets(c, (f->tag.tci & TCI_E) != 0, f->user);
    const size_t behind = f->tag.length + clear; /* of the MPDU, authenticated only */
    const uint8_t *aad = f->frame;
    size_t aad_length = f->front + behind;
    uint8_t *user_out = out + f->front;
    if (tags != 0 && !c->clear_tags_authenticated) {
        /* The AAD without the tags is written to the output, and overwritten below. The output row
           is as long as the frame, so the AAD and the User Data behind it fit. */
        memcpy(out, f->frame, ADDRESSES_LENGTH);
        memcpy(out + ADDRESSES_LENGTH, f->mpdu, behind);
        aad = out;
        aad_length = ADDRESSES_LENGTH + behind;
        user_out = out + aad_length - clear;
    }
    uint8_t icv[ICV_LENGTH];
    macsec_gcm_head head = macsec_gcm_head_at(aad, aad_length);
    head.j0 = first_counter(sa->iv, pn);
    secy->kernel->open(&sa->key, &head, f->secure + clear, user_out + clear, f->user - clear, icv);
    if (!icv_equal(icv, f->secure + f->user, c->icv_length)) {
        memset(user_out, 0, f->user);
        return 0;
    }
    if (clear != 0) {
        memcpy(user_out, f->secure, clear);
    }
    if (user_out != out + f->front) {
        memmove(out + f->front, user_out, f->user);
    }
    memcpy(out, f->frame, f->front);
    return 1;
}

/* Do the same for a frame without clear tags, encrypted whole, with an ICV of 16 octets. */
static ALWAYS_INLINE int open_whole(const macsec_secy *secy, const rx_sa *sa, const received *f,
                                    uint64_t pn, uint8_t *out) {
    macsec_gcm_head head;
    head.j0 = first_counter(sa->iv, pn);
    head.first = macsec_gcm_block_at(f->frame);
    head.second = f->tag.tci & TCI_SC
                      ? macsec_gcm_block_of(load_host64(f->frame + 16), load_32_low(f->frame + 24))
                      : macsec_gcm_block_of(load_32_low(f->frame + 16), 0);
    head.length = ADDRESSES_LENGTH + f->tag.length;
    uint8_t icv[ICV_LENGTH];
    uint8_t *user_out = out + ADDRESSES_LENGTH;
    secy->kernel->open(&sa->key, &head, f->secure, user_out, f->user, icv);
    if (!icv_equal(icv, f->secure + f->user, ICV_LENGTH)) {
        memset(user_out, 0, f->user);
        return 0;
    }
    memcpy(out, f->frame, ADDRESSES_LENGTH);
    return 1;
}

/* Do the same for a frame that is authenticated only and fills the head of a cipher. */
static ALWAYS_INLINE int authenticate_whole(const macsec_secy *secy, const rx_sa *sa,
                                            const received *f, uint64_t pn, uint8_t *out) {
    uint8_t icv[ICV_LENGTH];
    macsec_gcm_head head = {
        .j0 = first_counter(sa->iv, pn),
        .first = macsec_gcm_block_at(f->frame),
        .second = macsec_gcm_block_at(f->frame + 16),
        .length = ADDRESSES_LENGTH + f->tag.length + f->user,
        .rest = f->frame + 32,
        .copy = out + 32 - f->tag.length,
    };
    memcpy(out + ADDRESSES_LENGTH, f->secure, HEAD_BORROWS);
    secy->kernel->open(&sa->key, &head, NULL, NULL, 0, icv);
    if (!icv_equal(icv, f->secure + f->user, ICV_LENGTH)) {
        memset(out + ADDRESSES_LENGTH, 0, f->user);
        return 0;
    }
    memcpy(out, f->frame, ADDRESSES_LENGTH);
    return 1;
}

static ALWAYS_INLINE int open_frame(const macsec_secy *secy, const macsec_controls *c,
                                    const rx_sa *sa, const received *f, uint64_t pn, uint8_t *out) {
    const int plain = f->front == ADDRESSES_LENGTH && c->icv_length == ICV_LENGTH;
    if (plain && f->tag.tci & TCI_E && c->offset == 0) {
        return open_whole(secy, sa, f, pn, out);
    }
    if (plain && !(f->tag.tci & TCI_E) && f->user >= HEAD_BORROWS) {
        return authenticate_whole(secy, sa, f, pn, out);
    }
    const received in_memory = *f; /* a copy, so that *f can stay in registers */
    return open_pieces(secy, sa, &in_memory, pn, out);
}

/* 10.7.10: count octets of User Data whenever the cipher ran, good or bad. */
static ALWAYS_INLINE void count_octets_in(macsec_secy *secy, const macsec_controls *c, rx_sc *sc,
                                          const received *f) {
    if (c->validate == MACSEC_VALIDATE_DISABLED) {
        return;
    }
    if (f->tag.tci & TCI_E) {
        secy->tally.decrypted += f->user;
        sc->decrypted += f->user;
    } else {
        secy->tally.validated += f->user;
        sc->validated += f->user;
    }
}

static ALWAYS_INLINE macsec_verdict receive_on(macsec_secy *secy, const macsec_controls *c,
                                               rx_sc *sc, rx_sa *sa, const received *f,
                                               uint8_t *out, row *result) {
    const int changed = (f->tag.tci & TCI_C) != 0;
    const replay_rule rule = {secy->rule.window, secy->rule.xpn, c->window_from_next_pn,
                              c->duplicates_reject};
    /* 10.6.2: PN recovery and the preliminary replay check. 10.6.4 repeats the check after the
       cipher, for frames validated meanwhile: here there are none. */
    const uint64_t pn = result->pn = replay_recover(&rule, &sa->window, f->tag.pn);
    if (c->replay && replay_late(&rule, &sa->window, pn)) {
        return MACSEC_LATE;
    }
    const int delayed = replay_delayed(&rule, &sa->window, pn);
    /* 10.6.5, validateFrames Disabled: changed text cannot be delivered; no state changes. */
    if (c->validate == MACSEC_VALIDATE_DISABLED && !(changed && c->disabled_decrypts)) {
        if (changed) {
            return MACSEC_NOT_VALID;
        }
        deliver_as_is(f, out, result);
        return delayed ? MACSEC_DELAYED : MACSEC_UNCHECKED;
    }
    /* 10.6.3: the cipher. */
    count_octets_in(secy, c, sc, f);
    if (!open_frame(secy, c, sa, f, pn, out)) {
        if (changed || c->validate == MACSEC_VALIDATE_STRICT) {
            return MACSEC_NOT_VALID;
        }
        deliver_as_is(f, out, result);
        return MACSEC_INVALID;
    }
    /* 10.6.5: delivery. Only a good frame changes state. */
    result->out_length = f->front + f->user;
    replay_advance(&rule, &sa->window, pn);
    return delayed ? MACSEC_DELAYED : MACSEC_OK;
}

/* 9.9, 10.6.1: return the SCI in the SecTAG, or of the source address, or of the only peer. */
static ALWAYS_INLINE uint64_t received_sci(const macsec_secy *secy, const macsec_controls *c,
                                           const received *f) {
    const unsigned tci = f->tag.tci;
    if (tci & TCI_SC) {
        return load_be64(f->mpdu + SECTAG_WITHOUT_SCI);
    }
    if (tci & TCI_SCB && c->scb_port_zero) {
        return source_sci(f->frame, PORT_SCB);
    }
    if (tci & TCI_ES) {
        return source_sci(f->frame, PORT_END_STATION);
    }
    return secy->rx_count == 1 && secy->rx_any->enabled ? secy->rx_any->sci : SCI_NONE;
}

/* 10.6.1: a frame that cannot be validated is delivered only if its text was not changed. */
static ALWAYS_INLINE macsec_verdict without_sa(const macsec_controls *c, const received *f,
                                               macsec_verdict delivered, macsec_verdict discarded) {
    const int strict = c->validate == MACSEC_VALIDATE_STRICT;
    return strict || f->tag.tci & TCI_C ? discarded : delivered;
}

static ALWAYS_INLINE macsec_verdict receive_unknown(const macsec_controls *c, received *f,
                                                    uint8_t *out, row *result) {
    const macsec_verdict verdict = without_sa(c, f, MACSEC_UNKNOWN_SCI, MACSEC_NO_SCI);
    if (verdict == MACSEC_NO_SCI) {
        return verdict;
    }
    if (c->lookup_before_tag) {
        /* Lengths were not checked: deliver all but the last 16 octets, for any SL. */
        if (f->mpdu_length < f->tag.length + ICV_LENGTH) {
            *result = (row){.sci = SCI_NONE, .an = AN_UNKNOWN};
            return MACSEC_DROPPED;
        }
        f->user = f->mpdu_length - f->tag.length - ICV_LENGTH;
    }
    deliver_as_is(f, out, result);
    return verdict;
}

/* Return the PN of a frame without an SA; 0 for an XPN, of which only half is known. */
static inline uint64_t pn_as_sent(const macsec_secy *secy, const received *f) {
    return secy->rule.xpn ? 0 : f->tag.pn;
}

/* 10.6.1: find the SC and the SA. */
static ALWAYS_INLINE macsec_verdict receive_tagged(macsec_secy *secy, const macsec_controls *c,
                                                   received *f, int bad, uint8_t *out,
                                                   row *result) {
    const uint64_t sci = received_sci(secy, c, f);
    if (sci == SCI_NONE && !(f->tag.tci & TCI_SC) && c->no_peer_silent) {
        return MACSEC_DROPPED;
    }
    const int named = (f->tag.tci & TCI_SC) != 0 || sci != SCI_NONE;
    rx_sc *sc = named ? rx_sc_find(secy, sci) : NULL;
    if (bad && sc != NULL) { /* switch lookup_before_tag */
        return MACSEC_BAD_TAG;
    }
    *result = (row){.sci = sci, .an = (uint8_t)f->tag.an};
    f->secure = f->mpdu + f->tag.length;
    if (!bad) {
        f->user = secure_data_length(&f->tag, f->mpdu_length, c->icv_length);
    }
    if (sc == NULL) {
        result->pn = pn_as_sent(secy, f);
        return receive_unknown(c, f, out, result);
    }
    rx_sa *sa = &sc->sa[f->tag.an];
    KEEP_POINTER(sa);
    macsec_verdict verdict;
    if (!(sa->present & sa->enabled & (sc->enabled | c->sc_off_receives))) {
        result->pn = pn_as_sent(secy, f);
        verdict = without_sa(c, f, MACSEC_UNUSED_SA, MACSEC_NOT_USING_SA);
        if (verdict == MACSEC_UNUSED_SA) {
            deliver_as_is(f, out, result);
        }
    } else {
        verdict = receive_on(secy, c, sc, sa, f, out, result);
        if ((int)verdict < SA_VERDICTS) {
            sa->frames[verdict]++;
        }
    }
    sc->frames[verdict]++;
    return verdict;
}

/* Validate any frame, under any controls. */
static NEVER_INLINE macsec_verdict receive_any(macsec_secy *secy, const uint8_t *frame,
                                               size_t length, uint8_t *out, row *result) {
    const macsec_controls *c = &secy->controls;
    if (length < RUNT_LENGTH) {
        return MACSEC_RUNT;
    }
    secy->first_octets |= frame[0];
    received f = {.frame = frame, .length = length};
    const int null = c->validate == MACSEC_VALIDATE_NULL;
    f.front = null ? ADDRESSES_LENGTH : sectag_place(secy, c, frame, length);
    f.mpdu = frame + f.front;
    f.mpdu_length = length - f.front;
    /* 10.6: Null delivers the frame unchanged, with its tags; or there is no SecTAG. */
    if (null || f.mpdu_length < 2 || load_be16(f.mpdu) != c->ethertype) {
        const int strict = c->validate == MACSEC_VALIDATE_STRICT;
        macsec_verdict verdict = null ? MACSEC_BYPASS : strict ? MACSEC_NO_TAG : MACSEC_UNTAGGED;
        if (!null && c->clear != 0) {
            verdict = comes_in_clear(secy, frame, length, verdict);
        }
        if (verdict != MACSEC_NO_TAG && verdict != MACSEC_REFUSED_CLEAR) {
            memcpy(out, frame, length);
            result->out_length = length;
        }
        return verdict;
    }
    if (c->short_header_silent && f.mpdu_length < SECTAG_WITHOUT_SCI + 2) {
        return MACSEC_DROPPED;
    }
    /* 10.6: E without C is for the KaY at the Uncontrolled Port. */
    if (f.mpdu_length > 2 && (f.mpdu[2] & (TCI_E | TCI_C)) == TCI_E) {
        return MACSEC_UNCONTROLLED;
    }
    const int decoded = sectag_decode(f.mpdu, f.mpdu_length, &f.tag);
    if (c->short_header_silent && f.tag.tci & TCI_SC && f.mpdu_length < SECTAG_WITH_SCI + 2) {
        return MACSEC_DROPPED;
    }
    /* 9.12, a) to i) */
    const int changed_alone = (f.tag.tci & (TCI_E | TCI_C)) == TCI_C;
    const int bad = !decoded || (c->refuse_e0_c1 && changed_alone) ||
                    !sectag_valid(&f.tag, f.mpdu_length, secy->rule.xpn, c->exact_length,
                                  c->refuse_sl_48, c->icv_length);
    if (!decoded || (bad && !c->lookup_before_tag)) {
        return MACSEC_BAD_TAG;
    }
    return receive_tagged(secy, c, &f, bad, out, result);
}

/* Validate a frame. Nearly all frames have no clear tags, an SCI in the SecTAG, and are encrypted
   whole or only authenticated: for these there are copies of the same steps in which the TCI is a
   constant, so the compiler removes its branches. */
static ALWAYS_INLINE macsec_verdict receive(macsec_secy *secy, const macsec_controls *c,
                                            const uint8_t *frame, size_t length, uint8_t *out,
                                            row *result) {
    enum {
        LEAST = ADDRESSES_LENGTH + SECTAG_WITH_SCI + HEAD_BORROWS + ICV_LENGTH,
        ENCRYPTED = TCI_SC | TCI_E | TCI_C,
        AUTHENTICATED = TCI_SC
    };
    if (c == &PLAIN && length >= LEAST) {
        secy->first_octets |= frame[0];
        const uint64_t front = load_be64(frame + ADDRESSES_LENGTH);
        const uint64_t type_and_tci = front >> 40 & ~(uint64_t)AN_MASK;
        received f = {
            .frame = frame,
            .mpdu = frame + ADDRESSES_LENGTH,
            .length = length,
            .front = ADDRESSES_LENGTH,
            .mpdu_length = length - ADDRESSES_LENGTH,
            .tag = {.an = front >> 40 & AN_MASK,
                    .sl = front >> 32 & 0xFF,
                    .pn = (uint32_t)front,
                    .length = SECTAG_WITH_SCI},
        };
        if (type_and_tci == (ETHERTYPE_MACSEC << 8 | ENCRYPTED)) {
            f.tag.tci = ENCRYPTED;
            if (sectag_valid(&f.tag, f.mpdu_length, secy->rule.xpn, 0, 1, ICV_LENGTH)) {
                return receive_tagged(secy, c, &f, 0, out, result);
            }
        } else if (type_and_tci == (ETHERTYPE_MACSEC << 8 | AUTHENTICATED)) {
            f.tag.tci = AUTHENTICATED;
            if (sectag_valid(&f.tag, f.mpdu_length, secy->rule.xpn, 0, 1, ICV_LENGTH)) {
                return receive_tagged(secy, c, &f, 0, out, result);
            }
        }
    }
    row found = *result; /* a copy, so that *result can stay in registers */
    const macsec_verdict verdict = receive_any(secy, frame, length, out, &found);
    *result = found;
    return verdict;
}

#endif
