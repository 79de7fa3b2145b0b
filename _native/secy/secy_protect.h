/* 10.5: protection of one frame on its way out. */
#ifndef MACSEC_SECY_PROTECT_H
#define MACSEC_SECY_PROTECT_H

#include <string.h>

#include "secy/secy_frame.h"

/* Return TCI and AN of 10.5.3, Table 10-1. */
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

/* Values that all frames of a call share. */
typedef struct sender {
    tx_sa *sa; /* 10.5.1: encodingSA of the SC; NULL: it is not usable, or depends on the frame */
    const tx_sc *sc;
    unsigned an;
    unsigned tci_an;
    uint64_t sci; /* in host order, as loaded from its octets */
} sender;

static ALWAYS_INLINE sender sender_of(macsec_secy *secy, const macsec_controls *c) {
    const unsigned an = secy->controls.encodingsa & AN_MASK;
    tx_sa *sa = &secy->tx.sa[an];
    return (sender){
        .sa = sa->present && sa->enabled && secy->tx_alone ? sa : NULL,
        .sc = &secy->tx,
        .an = an,
        .tci_an = tci_an_to_send(secy, c, an),
        .sci = as_be64(secy->tx.sci),
    };
}

/* 10.7.17: the SC of the traffic class of a frame, by the priority that was asked for, or that of
   its first VLAN tag; without either it is 0. NULL: that of class 0. */
static tx_class *class_of(const macsec_secy *secy, const uint8_t *frame, size_t length) {
    unsigned priority = secy->asked;
    if (priority == MACSEC_PRIORITY_OF_TAG) {
        const int tagged =
            length >= ADDRESSES_LENGTH + 4 && is_vlan_tpid(load_be16(frame + ADDRESSES_LENGTH));
        priority = tagged ? frame[ADDRESSES_LENGTH + 2] >> 5 : 0;
    }
    return secy->classes[secy->class_of[priority % CLASSES]];
}

/* The sender on one of several SCs: every SecTAG then has the SCI (Table 10-1). */
static sender sender_on(macsec_secy *secy, tx_sc *sc) {
    const unsigned an = secy->controls.encodingsa & AN_MASK;
    tx_sa *sa = &sc->sa[an];
    const unsigned tci_an = tci_an_to_send(secy, &secy->controls, an);
    return (sender){
        .sa = sa->present && sa->enabled && sc->enabled ? sa : NULL,
        .sc = sc,
        .an = an,
        .tci_an = (tci_an & ~(unsigned)(TCI_ES | TCI_SCB)) | TCI_SC,
        .sci = as_be64(sc->sci),
    };
}

/* A frame to protect. */
typedef struct sent {
    const uint8_t *frame;
    size_t length;
    size_t tags;  /* octets of clear tags */
    size_t clear; /* octets of User Data left in clear */
    uint64_t pn;
} sent;

/* Protect any frame; return the length of the result.

   The AAD of 14.5 is the addresses, the SecTAG and the User Data in clear, without the clear tags.
   To have it in one piece, write the addresses right before the SecTAG first; then overwrite them
   with the front of the frame, tags included. */
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
        tag_at + sectag_write(tag_at, c->ethertype, by->tci_an, user, (uint32_t)f->pn, by->sc->sci);
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

/* Protect a frame without clear tags, with all User Data encrypted or none, and an ICV of 16
   octets. The authenticated octets go to the cipher in registers, and to the frame with one store
   each. Where User Data is authenticated only, it has at least HEAD_BORROWS octets. */
static ALWAYS_INLINE size_t protect_whole(const macsec_secy *secy, const sender *by,
                                          const macsec_controls *c, const sent *f, uint8_t *out) {
    const uint8_t *data = f->frame + ADDRESSES_LENGTH;
    const size_t user = f->length - ADDRESSES_LENGTH;
    const uint64_t front = as_be64(sectag_front(c->ethertype, by->tci_an, user, (uint32_t)f->pn));
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
        const size_t first = 2 * ICV_LENGTH - head.length;
        memcpy(secure, data, first);
        head.rest = data + first;
        head.copy = secure + first;
        head.length += user;
        secy->kernel->seal(&by->sa->key, &head, NULL, NULL, 0, secure + user);
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
    const sent in_memory = *f; /* a copy, so that *f can stay in registers */
    return protect_pieces(secy, by, &in_memory, out);
}

/* 10.5.2 to 10.5.5, on a usable SA. */
static ALWAYS_INLINE macsec_verdict transmit_on(macsec_secy *secy, const sender *by,
                                                const macsec_controls *c, const uint8_t *frame,
                                                size_t length, uint8_t *out, row *result) {
    tx_sa *sa = by->sa;
    result->sci = by->sc->sci;
    result->an = (uint8_t)by->an;
    /* 10.5.2: nextPN is past the last PN, or past the last one reserved: stop. Never wrap, never
       fall back to clear. */
    if (sa->last >= sa->limit) {
        return sa->last >= secy->pn_last ? MACSEC_EXHAUSTED : MACSEC_NOT_OPERATIONAL;
    }
    result->pn = ++sa->last;
    sent f = {.frame = frame, .length = length, .pn = result->pn};
    f.tags = sectag_place(secy, c, frame, length) - ADDRESSES_LENGTH;
    if (ADDRESSES_LENGTH + f.tags == length) {
        f.tags = 0; /* only tags behind the addresses: all is User Data */
    }
    const size_t user = length - ADDRESSES_LENGTH - f.tags;
    const size_t octets = protect_with(secy, by, c, &f, out);
    /* 10.5.5: longer than the Common Port takes: discarded, and the PN is used. */
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
    result->out_length = octets;
    return c->encrypt ? MACSEC_ENCRYPTED : MACSEC_PROTECTED;
}

typedef struct classed {
    macsec_verdict verdict;
    row result;
} classed;

/* 10.5.1 with several SCs. The one SC of most SecYs never comes here: its `sa` is not NULL. */
static NEVER_INLINE classed transmit_by_class(macsec_secy *secy, const uint8_t *frame,
                                              size_t length, uint8_t *out) {
    classed ended = {MACSEC_NOT_OPERATIONAL, {.sci = SCI_NONE, .an = AN_UNKNOWN}};
    tx_class *class = secy->class_count == 0 ? NULL : class_of(secy, frame, length);
    const sender by = sender_on(secy, class == NULL ? &secy->tx : &class->sc);
    if (by.sa == NULL) {
        return ended;
    }
    const uint64_t encrypted = secy->tally.encrypted, protected_ = secy->tally.protected_;
    ended.verdict = transmit_on(secy, &by, &secy->controls, frame, length, out, &ended.result);
    if (class != NULL) {
        class->tally.frames_encrypted += ended.verdict == MACSEC_ENCRYPTED;
        class->tally.frames_protected += ended.verdict == MACSEC_PROTECTED;
        class->tally.encrypted += secy->tally.encrypted - encrypted;
        class->tally.protected_ += secy->tally.protected_ - protected_;
    }
    return ended;
}

static ALWAYS_INLINE macsec_verdict transmit(macsec_secy *secy, const sender *by,
                                             const macsec_controls *c, const uint8_t *frame,
                                             size_t length, uint8_t *out, row *result) {
    /* A frame to send has addresses and at least one octet of User Data. */
    if (length <= ADDRESSES_LENGTH) {
        return MACSEC_RUNT;
    }
    secy->first_octets |= frame[0];
    /* 10.5: protectFrames False, or validateFrames Null, which implies it: unchanged. */
    if (!c->protect || c->validate == MACSEC_VALIDATE_NULL) {
        memcpy(out, frame, length);
        result->out_length = length;
        secy->tally.octets_out += length;
        return MACSEC_UNPROTECTED;
    }
    if (c->clear != 0 && goes_in_clear(secy, frame, length)) {
        memcpy(out, frame, length);
        result->out_length = length;
        secy->tally.octets_out += length;
        return MACSEC_SENT_CLEAR;
    }
    if (by->sa == NULL) {
        const classed ended = transmit_by_class(secy, frame, length, out);
        *result = ended.result;
        return ended.verdict;
    }
    return transmit_on(secy, by, c, frame, length, out, result);
}

#endif
