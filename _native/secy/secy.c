/* Frame processing in C: the twin of macsec/secy/reference.py, a batch a call. Clauses are those
   of IEEE 802.1AE-2018; a switch of a profile is named where it acts. */
#include "secy/secy.h"

#include <stddef.h>
#include <string.h>

#include "base/inlining.h"
#include "base/octets.h"
#include "base/secret.h"
#include "base/sectag.h"

enum {
    ICV_LENGTH = 16,
    RUNT_LENGTH = 14, /* on receipt: addresses and an EtherType */
    OVERHEAD = SECTAG_WITH_SCI + ICV_LENGTH,
    /* User Data that is authenticated in the head of a cipher: 32 octets less the shortest front */
    HEAD_BORROWS = 2 * ICV_LENGTH - ADDRESSES_LENGTH - SECTAG_WITHOUT_SCI
};

#define SCI_NONE UINT64_MAX
#define AN_UNKNOWN 255

/* The controls that most SecYs run under. What follows is compiled twice, for any controls and for
   these, whose switches the compiler folds away; a function reads through its `c` what may be
   folded and from secy->controls what may not: encodingsa, xpn, window, longest. */
static const macsec_controls PLAIN = {
    .protect = 1,
    .encrypt = 1,
    .validate = MACSEC_VALIDATE_STRICT,
    .replay = 1,
    .send_sci = 1,
    .icv_length = ICV_LENGTH,
    .refuse_sl_48 = 1,
    .scb_port_zero = 1,
    .too_long_counts_octets = 1,
};

/* Whether that is so. What only the other direction reads does not count. */
static int is_plain(const macsec_secy *secy, int sending) {
    macsec_controls folded = secy->controls;
    folded.encodingsa = folded.xpn = 0;
    if (!sending) {
        folded.protect = PLAIN.protect;
        folded.encrypt = PLAIN.encrypt;
        folded.send_sci = PLAIN.send_sci;
        folded.too_long_counts_octets = PLAIN.too_long_counts_octets;
        folded.end_station = folded.scb = 0;
    }
    return memcmp(&folded, &PLAIN, offsetof(macsec_controls, window)) == 0;
}

/* What one frame told, and where its result lies. */
typedef struct row {
    uint64_t sci;
    uint64_t pn;
    size_t out_length; /* 0: nothing goes on */
    uint8_t an;
} row;

/* Four octets, zeros behind them. */
static inline uint64_t load_32_low(const uint8_t *p) {
    return macsec_gcm_join(load_host32(p), 0);
}

/* The IV of 14.5 to 14.8 and the first count. `base` is the IV with a PN of zero. */
static ALWAYS_INLINE macsec_gcm_block first_counter(const uint8_t base[12], uint64_t pn) {
    return macsec_gcm_block_of(
        load_host64(base) ^ as_be64(pn >> 32),
        macsec_gcm_join(load_host32(base + 8) ^ as_be32((uint32_t)pn), as_be32(1)));
}

/* 14.5: User Data left in clear; no longer than the offset means all of it. */
static ALWAYS_INLINE size_t clear_octets(const macsec_controls *c, int encrypted, size_t length) {
    if (!encrypted) {
        return length;
    }
    return c->offset < length ? c->offset : length;
}

/* In constant time; 16 octets as two words, any other length in a loop. */
static inline int icv_equal(const uint8_t computed[ICV_LENGTH], const uint8_t *icv, size_t length) {
    if (length != ICV_LENGTH) {
        return macsec_equal(computed, icv, length);
    }
    uint64_t a[2], b[2];
    memcpy(a, computed, sizeof a);
    memcpy(b, icv, sizeof b);
    return ((a[0] ^ b[0]) | (a[1] ^ b[1])) == 0;
}

/* ---------------------------------------------------------------- 10.5 transmit */

/* 10.5.3, Table 10-1 */
static ALWAYS_INLINE unsigned tci_an_to_send(const macsec_secy *secy, const macsec_controls *c,
                                             unsigned an) {
    unsigned tci = 0;
    if (c->send_sci || (secy->rx_enabled > 1 && !c->end_station && !c->scb)) {
        tci |= TCI_SC;
    } else {
        tci |= (c->end_station ? TCI_ES : 0u) | (c->scb ? TCI_SCB : 0u);
    }
    if (c->encrypt) {
        tci |= TCI_E | TCI_C;
    } else if (c->icv_length != ICV_LENGTH) {
        tci |= TCI_C; /* 9.5: the ICV is not 16 octets */
    }
    return tci | an;
}

/* What the frames of a call share on their way out. */
typedef struct sender {
    tx_sa *sa; /* 10.5.1: the SA is encodingSA of the SC; NULL: none is usable */
    unsigned an;
    unsigned tci_an;
    uint64_t sci; /* as the octets stand */
} sender;

static ALWAYS_INLINE sender sender_of(macsec_secy *secy, const macsec_controls *c) {
    const unsigned an = secy->controls.encodingsa & AN_MASK;
    tx_sa *sa = &secy->tx[an];
    return (sender){
        .sa = sa->present && sa->enabled && secy->tx_enabled ? sa : NULL,
        .an = an,
        .tci_an = tci_an_to_send(secy, c, an),
        .sci = as_be64(secy->tx_sci),
    };
}

/* A frame on its way out. */
typedef struct sent {
    const uint8_t *frame;
    size_t length;
    size_t tags;  /* octets of clear tags */
    size_t clear; /* octets of User Data left in clear */
    uint64_t pn;
} sent;

/* Builds any MPDU and returns the length of the whole frame.

   The AAD of 14.5 is the addresses, the SecTAG and what stays clear, as if the tags were absent.
   So that it lies in one piece, the addresses first go right before the SecTAG; then the front of
   the frame, tags and all, is written over them. */
static size_t protect_pieces(const macsec_secy *secy, const sender *by, const sent *f,
                             uint8_t *out) {
    const macsec_controls *c = &secy->controls;
    const size_t user_at = ADDRESSES_LENGTH + f->tags, user = f->length - user_at;
    uint8_t *aad = out + f->tags, *tag_at = out + user_at;
    memcpy(aad, f->frame, ADDRESSES_LENGTH);
    if (f->tags != 0 && c->clear_tags_authenticated) {
        aad = out;
        memcpy(out, f->frame, user_at);
    }
    uint8_t *secure =
        tag_at + sectag_write(tag_at, by->tci_an, user, (uint32_t)f->pn, secy->tx_sci);
    if (f->clear != 0) {
        memcpy(secure, f->frame + user_at, f->clear);
    }
    uint8_t icv[ICV_LENGTH];
    macsec_gcm_head head = macsec_gcm_head_at(aad, (size_t)(secure + f->clear - aad));
    head.j0 = first_counter(by->sa->iv, f->pn);
    secy->kernel->seal(&by->sa->key, &head, f->frame + user_at + f->clear, secure + f->clear,
                       user - f->clear, icv);
    memcpy(secure + user, icv, c->icv_length);
    if (f->tags != 0) {
        memcpy(out, f->frame, user_at);
    }
    return (size_t)(secure - out) + user + c->icv_length;
}

/* The same without clear tags, with all User Data encrypted or none and an ICV of 16 octets: what
   is authenticated goes to the cipher in registers and to the frame in one store each. `user` is at
   least HEAD_BORROWS where it is authenticated only. */
static ALWAYS_INLINE size_t protect_whole(const macsec_secy *secy, const sender *by,
                                          const macsec_controls *c, const sent *f, uint8_t *out) {
    const uint8_t *data = f->frame + ADDRESSES_LENGTH;
    const size_t user = f->length - ADDRESSES_LENGTH;
    const uint64_t front = as_be64(sectag_front(by->tci_an, user, (uint32_t)f->pn));
    const uint64_t addresses = load_host64(f->frame);
    const uint64_t to_sl = macsec_gcm_join(load_host32(f->frame + 8), macsec_gcm_front(front));
    macsec_gcm_head head;
    head.j0 = first_counter(by->sa->iv, f->pn);
    head.first = macsec_gcm_block_of(addresses, to_sl);
    store_host64(out, addresses);
    store_host64(out + 8, to_sl);
    if (c->send_sci || by->tci_an & TCI_SC) {
        const uint64_t to_sci = macsec_gcm_join(macsec_gcm_back(front), macsec_gcm_front(by->sci));
        const uint32_t last = macsec_gcm_back(by->sci);
        store_host64(out + 16, to_sci);
        store_host32(out + 24, last);
        head.second =
            macsec_gcm_block_of(to_sci, macsec_gcm_join(last, c->encrypt ? 0 : load_host32(data)));
        head.length = ADDRESSES_LENGTH + SECTAG_WITH_SCI;
    } else {
        const uint32_t pn = macsec_gcm_back(front);
        store_host32(out + 16, pn);
        head.second = macsec_gcm_block_of(macsec_gcm_join(pn, c->encrypt ? 0 : load_host32(data)),
                                          c->encrypt ? 0 : load_host64(data + 4));
        head.length = ADDRESSES_LENGTH + SECTAG_WITHOUT_SCI;
    }
    uint8_t *secure = out + head.length;
    if (c->encrypt) {
        secy->kernel->seal(&by->sa->key, &head, data, secure, user, secure + user);
    } else {
        head.rest = data + (2 * ICV_LENGTH - head.length);
        head.length += user;
        secy->kernel->seal(&by->sa->key, &head, NULL, NULL, 0, secure + user);
        memcpy(secure, data, user);
    }
    return (size_t)(secure - out) + user + ICV_LENGTH;
}

static ALWAYS_INLINE size_t protect_with(const macsec_secy *secy, const sender *by,
                                         const macsec_controls *c, sent *f, uint8_t *out) {
    const size_t user = f->length - ADDRESSES_LENGTH - f->tags;
    f->clear = clear_octets(c, c->encrypt, user);
    const int whole = f->clear == 0 || (!c->encrypt && user >= HEAD_BORROWS);
    if (f->tags == 0 && whole && c->icv_length == ICV_LENGTH) {
        return protect_whole(secy, by, c, f, out);
    }
    const sent in_memory = *f; /* so that the frame above is not */
    return protect_pieces(secy, by, &in_memory, out);
}

static ALWAYS_INLINE macsec_verdict transmit(macsec_secy *secy, const sender *by,
                                             const macsec_controls *c, const uint8_t *frame,
                                             size_t length, uint8_t *out, row *told) {
    /* A frame to send has addresses and at least one octet of User Data. */
    if (length <= ADDRESSES_LENGTH) {
        return MACSEC_RUNT;
    }
    /* 10.5: protectFrames False, and validateFrames Null makes it so: unchanged. */
    if (!c->protect || c->validate == MACSEC_VALIDATE_NULL) {
        memcpy(out, frame, length);
        told->out_length = length;
        secy->tally.octets_out += length;
        return MACSEC_UNPROTECTED;
    }
    tx_sa *sa = by->sa;
    if (sa == NULL) {
        return MACSEC_NOT_OPERATIONAL;
    }
    told->sci = secy->tx_sci;
    told->an = (uint8_t)by->an;
    /* 10.5.2: nextPN past the last, or past those reserved: stop. Never wrap, never fall back to
       clear. */
    if (sa->last >= sa->limit) {
        return sa->last >= secy->pn_last ? MACSEC_EXHAUSTED : MACSEC_NOT_OPERATIONAL;
    }
    told->pn = ++sa->last;
    sent f = {.frame = frame, .length = length, .pn = told->pn};
    f.tags = clear_tags_end(frame, length, c->clear_tags) - ADDRESSES_LENGTH;
    if (ADDRESSES_LENGTH + f.tags == length) {
        f.tags = 0; /* tags and nothing behind them: all is User Data */
    }
    const size_t user = length - ADDRESSES_LENGTH - f.tags;
    const size_t octets = protect_with(secy, by, c, &f, out);
    /* 10.5.5: longer than the Common Port takes: discarded, the PN is used up. */
    const int64_t longest = secy->controls.longest;
    const int too_long = longest >= 0 && octets > (size_t)longest;
    if (!too_long || c->too_long_counts_octets) {
        *(c->encrypt ? &secy->tally.encrypted : &secy->tally.protected_) += user;
    }
    if (too_long) {
        return MACSEC_TOO_LONG;
    }
    ++*(c->encrypt ? &sa->encrypted : &sa->protected_);
    secy->tally.octets_out += length;
    told->out_length = octets;
    return c->encrypt ? MACSEC_ENCRYPTED : MACSEC_PROTECTED;
}

/* ---------------------------------------------------------------- 10.6 receive */

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

/* 10.6.5: the frame for the Controlled Port, its User Data taken as it stands. */
static ALWAYS_INLINE void deliver_as_is(const received *f, uint8_t *out, row *told) {
    memcpy(out, f->frame, f->front);
    memcpy(out + f->front, f->secure, f->user);
    told->out_length = f->front + f->user;
}

/* 10.6.3, 14.5: deciphers any frame into `out` and tells whether it is VALID. Where it is not, the
   octets deciphered are zeroed. */
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
        /* As if the tags were absent: laid out in the output, written over below. The row there is
           as long as the frame, so this and the User Data behind it fit. */
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

/* The same for a frame without clear tags that is encrypted whole and has an ICV of 16 octets. */
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

/* In steps of 16 octets, the last of which may overlap, where a call would take longer. */
static ALWAYS_INLINE void copy_secure(uint8_t *out, const uint8_t *secure, size_t length) {
    enum { STEP = 16, CALL_FROM = 512 };
    if (length < STEP || length >= CALL_FROM) {
        memcpy(out, secure, length);
        return;
    }
    for (size_t at = 0; at < length - STEP; at += STEP) {
        memcpy(out + at, secure + at, STEP);
    }
    memcpy(out + length - STEP, secure + length - STEP, STEP);
}

/* The same for one that is authenticated only and fills the head of a cipher. */
static ALWAYS_INLINE int authenticate_whole(const macsec_secy *secy, const rx_sa *sa,
                                            const received *f, uint64_t pn, uint8_t *out) {
    uint8_t icv[ICV_LENGTH];
    macsec_gcm_head head = {
        .j0 = first_counter(sa->iv, pn),
        .first = macsec_gcm_block_at(f->frame),
        .second = macsec_gcm_block_at(f->frame + 16),
        .length = ADDRESSES_LENGTH + f->tag.length + f->user,
        .rest = f->frame + 32,
    };
    /* Before the cipher, since the stores of many octets are not to wait for the ICV. */
    copy_secure(out + ADDRESSES_LENGTH, f->secure, f->user);
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
    const received in_memory = *f; /* so that the frame above is not */
    return open_pieces(secy, sa, &in_memory, pn, out);
}

/* 10.7.10: octets of User Data whenever the cipher ran, good or bad. */
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
                                               uint8_t *out, row *told) {
    const int changed = (f->tag.tci & TCI_C) != 0;
    const replay_rule rule = {secy->rule.window, secy->rule.xpn, c->window_from_next_pn,
                              c->duplicates_reject};
    /* 10.6.2: PN recovery and the preliminary replay check; 10.6.4 repeats the check behind the
       cipher, for frames validated in between: here there are none. */
    const uint64_t pn = told->pn = replay_recover(&rule, &sa->window, f->tag.pn);
    if (c->replay && replay_late(&rule, &sa->window, pn)) {
        return MACSEC_LATE;
    }
    const int delayed = replay_delayed(&rule, &sa->window, pn);
    /* 10.6.5, validateFrames Disabled: changed text cannot go on; no state moves. */
    if (c->validate == MACSEC_VALIDATE_DISABLED && !(changed && c->disabled_decrypts)) {
        if (changed) {
            return MACSEC_NOT_VALID;
        }
        deliver_as_is(f, out, told);
        return delayed ? MACSEC_DELAYED : MACSEC_UNCHECKED;
    }
    /* 10.6.3: the cipher. */
    count_octets_in(secy, c, sc, f);
    if (!open_frame(secy, c, sa, f, pn, out)) {
        if (changed || c->validate == MACSEC_VALIDATE_STRICT) {
            return MACSEC_NOT_VALID;
        }
        deliver_as_is(f, out, told);
        return MACSEC_INVALID;
    }
    /* 10.6.5: delivery; only now does state move. */
    told->out_length = f->front + f->user;
    replay_advance(&rule, &sa->window, pn);
    return delayed ? MACSEC_DELAYED : MACSEC_OK;
}

/* 9.9, 10.6.1: the SCI in the tag, from the source address, or of the only peer. */
static ALWAYS_INLINE uint64_t received_sci(const macsec_secy *secy, const macsec_controls *c,
                                           const received *f) {
    const unsigned tci = f->tag.tci;
    if (tci & TCI_SC) {
        return load_be64(f->mpdu + SECTAG_WITHOUT_SCI);
    }
    const uint64_t system = load_be64(f->frame + 4) << 16; /* the source address */
    if (tci & TCI_SCB && c->scb_port_zero) {
        return system;
    }
    if (tci & TCI_ES) {
        return system | 1;
    }
    return secy->rx_count == 1 && secy->rx_any->enabled ? secy->rx_any->sci : SCI_NONE;
}

/* 10.6.1: what cannot be validated goes on only if it was never changed. */
static ALWAYS_INLINE macsec_verdict without_sa(const macsec_controls *c, const received *f,
                                               macsec_verdict delivered, macsec_verdict discarded) {
    const int strict = c->validate == MACSEC_VALIDATE_STRICT;
    return strict || f->tag.tci & TCI_C ? discarded : delivered;
}

static ALWAYS_INLINE macsec_verdict receive_unknown(const macsec_controls *c, received *f,
                                                    uint8_t *out, row *told) {
    const macsec_verdict verdict = without_sa(c, f, MACSEC_UNKNOWN_SCI, MACSEC_NO_SCI);
    if (verdict == MACSEC_NO_SCI) {
        return verdict;
    }
    if (c->lookup_before_tag) {
        /* Lengths were not checked: all but the last 16 octets, SL or not. */
        if (f->mpdu_length < f->tag.length + ICV_LENGTH) {
            *told = (row){.sci = SCI_NONE, .an = AN_UNKNOWN};
            return MACSEC_DROPPED;
        }
        f->user = f->mpdu_length - f->tag.length - ICV_LENGTH;
    }
    deliver_as_is(f, out, told);
    return verdict;
}

/* What is known of the PN of a frame without an SA: half of an XPN says nothing. */
static inline uint64_t pn_as_sent(const macsec_secy *secy, const received *f) {
    return secy->rule.xpn ? 0 : f->tag.pn;
}

/* 10.6.1: the SC and the SA. */
static ALWAYS_INLINE macsec_verdict receive_tagged(macsec_secy *secy, const macsec_controls *c,
                                                   received *f, int bad, uint8_t *out, row *told) {
    const uint64_t sci = received_sci(secy, c, f);
    if (sci == SCI_NONE && !(f->tag.tci & TCI_SC) && c->no_peer_silent) {
        return MACSEC_DROPPED;
    }
    const int named = (f->tag.tci & TCI_SC) != 0 || sci != SCI_NONE;
    rx_sc *sc = named ? rx_sc_find(secy, sci) : NULL;
    if (bad && sc != NULL) { /* switch lookup_before_tag */
        return MACSEC_BAD_TAG;
    }
    *told = (row){.sci = sci, .an = (uint8_t)f->tag.an};
    f->secure = f->mpdu + f->tag.length;
    if (!bad) {
        f->user = secure_data_length(&f->tag, f->mpdu_length, c->icv_length);
    }
    if (sc == NULL) {
        told->pn = pn_as_sent(secy, f);
        return receive_unknown(c, f, out, told);
    }
    rx_sa *sa = &sc->sa[f->tag.an];
    KEEP_POINTER(sa);
    macsec_verdict verdict;
    if (!(sa->present & sa->enabled & (sc->enabled | c->sc_off_receives))) {
        told->pn = pn_as_sent(secy, f);
        verdict = without_sa(c, f, MACSEC_UNUSED_SA, MACSEC_NOT_USING_SA);
        if (verdict == MACSEC_UNUSED_SA) {
            deliver_as_is(f, out, told);
        }
    } else {
        verdict = receive_on(secy, c, sc, sa, f, out, told);
        if ((int)verdict < SA_VERDICTS) {
            sa->frames[verdict]++;
        }
    }
    sc->frames[verdict]++;
    return verdict;
}

/* Any frame, under any controls. */
static NEVER_INLINE macsec_verdict receive_any(macsec_secy *secy, const uint8_t *frame,
                                               size_t length, uint8_t *out, row *told) {
    const macsec_controls *c = &secy->controls;
    if (length < RUNT_LENGTH) {
        return MACSEC_RUNT;
    }
    received f = {.frame = frame, .length = length};
    const int null = c->validate == MACSEC_VALIDATE_NULL;
    f.front = null ? ADDRESSES_LENGTH : clear_tags_end(frame, length, c->clear_tags);
    f.mpdu = frame + f.front;
    f.mpdu_length = length - f.front;
    /* 10.6: Null: untouched, tags and all; or no SecTAG. */
    if (null || f.mpdu_length < 2 || load_be16(f.mpdu) != ETHERTYPE_MACSEC) {
        if (!null && c->validate == MACSEC_VALIDATE_STRICT) {
            return MACSEC_NO_TAG;
        }
        memcpy(out, frame, length);
        told->out_length = length;
        return null ? MACSEC_BYPASS : MACSEC_UNTAGGED;
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
    const int bad = !decoded || !sectag_valid(&f.tag, f.mpdu_length, secy->rule.xpn,
                                              c->exact_length, c->refuse_sl_48, c->icv_length);
    if (!decoded || (bad && !c->lookup_before_tag)) {
        return MACSEC_BAD_TAG;
    }
    return receive_tagged(secy, c, &f, bad, out, told);
}

/* The frames that nearly all are: no clear tags, an SCI in the tag, and encrypted whole or only
   authenticated. They take the same steps as any, in a copy in which the compiler knows the TCI. */
static ALWAYS_INLINE macsec_verdict receive(macsec_secy *secy, const macsec_controls *c,
                                            const uint8_t *frame, size_t length, uint8_t *out,
                                            row *told) {
    enum {
        LEAST = ADDRESSES_LENGTH + SECTAG_WITH_SCI + HEAD_BORROWS + ICV_LENGTH,
        ENCRYPTED = TCI_SC | TCI_E | TCI_C,
        AUTHENTICATED = TCI_SC
    };
    if (c == &PLAIN && length >= LEAST) {
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
                return receive_tagged(secy, c, &f, 0, out, told);
            }
        } else if (type_and_tci == (ETHERTYPE_MACSEC << 8 | AUTHENTICATED)) {
            f.tag.tci = AUTHENTICATED;
            if (sectag_valid(&f.tag, f.mpdu_length, secy->rule.xpn, 0, 1, ICV_LENGTH)) {
                return receive_tagged(secy, c, &f, 0, out, told);
            }
        }
    }
    row found = *told; /* so that the row above is not in memory */
    const macsec_verdict verdict = receive_any(secy, frame, length, out, &found);
    *told = found;
    return verdict;
}

/* ---------------------------------------------------------------- batches */

int64_t macsec_capacity(const macsec_frames *in) {
    int64_t octets = 0;
    for (int64_t i = 0; i < in->count; i++) {
        octets += in->length[i] + OVERHEAD;
    }
    return octets;
}

void macsec_outcome_columns(macsec_outcome *out, int64_t *wide, uint8_t *narrow, int64_t rows) {
    out->start = wide;
    out->length = wide + rows;
    out->delivered = wide + 2 * rows;
    out->sci = (uint64_t *)(wide + 3 * rows);
    out->pn = (uint64_t *)(wide + 4 * rows);
    out->codes = narrow;
    out->an = narrow + rows;
}

/* Looking ahead. With thousands of SCs, what a frame needs is seldom in a cache, and each frame
   would wait for memory in turn: for the slot of its SCI, the SC, the SA and the key. But a batch
   knows which frames come next. So memory is asked while earlier frames are in work: first for the
   frame, then for the slot that its SecTAG leads to, then for what the slot leads to. This touches
   the caches and nothing else. */
enum {
    FORESEEN_FROM = 256,  /* receive SCs: what fewer need is in a second-level cache */
    FRAME_AHEAD = 24,     /* rows */
    FRAME_FETCHED = 2048, /* octets: the CPU itself sees that a longer frame goes on */
    SLOT_AHEAD = 12,
    SC_AHEAD = 6,
    LINE = 64
};

#if defined(__GNUC__)
/* To the second-level cache: in the first they would push out what the next frames need. */
#define FETCH(line) __builtin_prefetch(line, 0, 2)
#else
#define FETCH(line) (void)(line)
#endif

/* These are in line for GCC's sake: it sees no effect in a function that does nothing but this. */
static ALWAYS_INLINE void fetch(const void *octets, size_t length) {
    for (size_t at = 0; at < length; at += LINE) {
        FETCH((const uint8_t *)octets + at);
    }
}

static ALWAYS_INLINE void foresee_frame(const macsec_frames *in, int64_t i) {
    if (i >= in->count) {
        return;
    }
    const size_t length = (size_t)in->length[i];
    fetch(in->arena + in->start[i], length < FRAME_FETCHED ? length : FRAME_FETCHED);
}

/* The SCI and the AN of a row, if it is there and has a SecTAG. */
static ALWAYS_INLINE int foretold(const macsec_secy *secy, const macsec_frames *in, int64_t i,
                                  uint64_t *sci, unsigned *an) {
    if (i < 0 || i >= in->count) {
        return 0;
    }
    const uint8_t *frame = in->arena + in->start[i];
    const size_t length = (size_t)in->length[i];
    const size_t front = clear_tags_end(frame, length, secy->controls.clear_tags);
    if (length < front + SECTAG_WITH_SCI || load_be16(frame + front) != ETHERTYPE_MACSEC) {
        return 0;
    }
    received f = {.frame = frame, .mpdu = frame + front};
    f.tag.tci = f.mpdu[2] & ~(unsigned)AN_MASK;
    *an = f.mpdu[2] & AN_MASK;
    *sci = received_sci(secy, &secy->controls, &f);
    return 1;
}

/* Not in line: where there are few SCs, each() is to be as if this were not here. */
static NEVER_INLINE void foresee(const macsec_secy *secy, const macsec_frames *in, int64_t i) {
    uint64_t sci;
    unsigned an;
    foresee_frame(in, i + FRAME_AHEAD);
    if (foretold(secy, in, i + SLOT_AHEAD, &sci, &an)) {
        fetch(&secy->slots[sci_hash(sci) & secy->slot_mask], 1);
    }
    if (!foretold(secy, in, i + SC_AHEAD, &sci, &an)) {
        return;
    }
    const rx_sc *sc = rx_sc_find(secy, sci);
    if (sc != NULL) {
        fetch(sc, LINE);
        fetch(&sc->sa[an], sizeof sc->sa[an].key + LINE);
    }
}

/* One batch; a copy for each direction and each of the two sets of controls. The columns are kept
   here, since for all the compiler knows an octet stored may change a pointer in memory. */
static ALWAYS_INLINE void each(macsec_secy *secy, const macsec_controls *c, const macsec_frames *in,
                               macsec_outcome *result, int sending) {
    const macsec_frames given = *in;
    macsec_outcome out = *result;
    const sender by = sender_of(secy, c);
    const int foresees = !sending && secy->rx_count >= FORESEEN_FROM;
    out.frames = out.octets = 0;
    for (int64_t i = -FRAME_AHEAD; foresees && i < 0; i++) {
        foresee(secy, in, i);
    }
    for (int64_t i = 0; i < given.count; i++) {
        if (foresees) {
            foresee(secy, in, i);
        }
        row told = {.sci = SCI_NONE, .an = AN_UNKNOWN};
        macsec_verdict verdict = MACSEC_TRUNCATED; /* the capture cut it: never judged */
        const uint8_t *frame = given.arena + given.start[i];
        const size_t length = (size_t)given.length[i];
        if (given.wire_length[i] <= given.length[i]) {
            verdict = sending ? transmit(secy, &by, c, frame, length, out.arena + out.octets, &told)
                              : receive(secy, c, frame, length, out.arena + out.octets, &told);
        }
        secy->tally.frames[verdict]++;
        out.codes[i] = (uint8_t)verdict;
        out.sci[i] = told.sci;
        out.an[i] = told.an;
        out.pn[i] = told.pn;
        if (told.out_length == 0) {
            continue;
        }
        out.start[out.frames] = out.octets;
        out.length[out.frames] = (int64_t)told.out_length;
        out.delivered[out.frames] = i;
        out.octets += (int64_t)told.out_length;
        out.frames++;
    }
    result->frames = out.frames;
    result->octets = out.octets;
    secy->kernel->forget();
}

int macsec_protect(macsec_secy *secy, const macsec_frames *in, macsec_outcome *out) {
    if (out->capacity < macsec_capacity(in)) {
        return -1;
    }
    if (is_plain(secy, 1)) {
        each(secy, &PLAIN, in, out, 1);
    } else {
        each(secy, &secy->controls, in, out, 1);
    }
    return 0;
}

int macsec_validate(macsec_secy *secy, const macsec_frames *in, macsec_outcome *out) {
    if (out->capacity < macsec_capacity(in)) {
        return -1;
    }
    if (is_plain(secy, 0)) {
        each(secy, &PLAIN, in, out, 0);
    } else {
        each(secy, &secy->controls, in, out, 0);
    }
    secy->tally.octets_in += (uint64_t)out->octets;
    return 0;
}

int64_t macsec_protect_frame(macsec_secy *secy, const uint8_t *frame, size_t length, uint8_t *out) {
    row told = {.sci = SCI_NONE, .an = AN_UNKNOWN};
    const sender by = sender_of(secy, &secy->controls);
    const macsec_verdict verdict = transmit(secy, &by, &secy->controls, frame, length, out, &told);
    secy->kernel->forget();
    secy->tally.frames[verdict]++;
    return (int64_t)(told.out_length << 8 | (unsigned)verdict);
}

int64_t macsec_validate_frame(macsec_secy *secy, const uint8_t *frame, size_t length,
                              uint8_t *out) {
    row told = {.sci = SCI_NONE, .an = AN_UNKNOWN};
    const macsec_verdict verdict = receive_any(secy, frame, length, out, &told);
    secy->kernel->forget();
    secy->tally.frames[verdict]++;
    secy->tally.octets_in += told.out_length;
    return (int64_t)(told.out_length << 8 | (unsigned)verdict);
}
