/* Hellos without news. */
#include "kay/hellos.h"

#include <stdlib.h>
#include <string.h>

#include "base/octets.h"
#include "base/secret.h"
#include "kay/cmac.h"

enum {
    HEAD = 18, /* addresses, EtherType and EAPOL header */
    MI_AT = HEAD + 12,
    MI_LENGTH = 12,
    MN_AT = MI_AT + MI_LENGTH,
    MN_LENGTH = 4,
    ICV_LENGTH = 16,
    ICK_MOST = 64, /* the size of an object in the slab */
    TIMES = MACSEC_HELLO_TIMES,
    NEVER = -1
};

static const uint32_t number_limit = 0xFFFFFF00; /* the MI is renewed then */

typedef struct peer {
    macsec_hello_peer terms;
    int64_t heard_ns;
    uint8_t head[HEAD];
    uint8_t *stencil;
    uint32_t *places;
} peer;

struct macsec_hellos {
    macsec_hello_terms terms;
    uint8_t *ick;
    int64_t now_ns, heard, sent, heard_ns, sent_ns;
    int64_t times[TIMES]; /* of the last MKPDUs, a ring: that of MN n is at n % TIMES */
    uint32_t kept;        /* within a Life Time */
    uint32_t unread;
    peer *peers;
    uint8_t sent_head[HEAD], signed_head[HEAD];
    uint8_t *mkpdu; /* with room for the ICV */
};

/* ---------------------------------------------------------------- made and freed */

static void blank(const peer *p, uint8_t *frame) {
    memset(frame + MN_AT, 0, MN_LENGTH);
    for (uint32_t at = 0; at < p->terms.place_count; at++) {
        memset(frame + p->places[at], 0, MN_LENGTH);
    }
    memset(frame + p->terms.end, 0, ICV_LENGTH);
}

/* Copy what the terms of a peer point to; return 0 without memory. */
static int peer_fill(peer *p, const macsec_hello_peer *terms) {
    const size_t places = terms->place_count * sizeof *p->places;
    p->terms = *terms;
    p->heard_ns = NEVER;
    memcpy(p->head, terms->head, HEAD);
    p->places = malloc(places > 0 ? places : 1);
    p->stencil = malloc(terms->length);
    if (p->places == NULL || p->stencil == NULL) {
        return 0;
    }
    if (places > 0) {
        memcpy(p->places, terms->places, places);
    }
    memcpy(p->stencil, terms->mkpdu, terms->length);
    blank(p, p->stencil);
    return 1;
}

static int fill(macsec_hellos *h, const macsec_hello_terms *terms, macsec_slab *keys) {
    h->terms = *terms;
    h->heard_ns = h->sent_ns = NEVER;
    h->terms.peer_count = 0; /* as many as are filled */
    h->ick = macsec_slab_take(keys, ICK_MOST);
    h->mkpdu = malloc(terms->length + ICV_LENGTH);
    h->peers = calloc(terms->peer_count, sizeof *h->peers);
    if (h->ick == NULL || h->mkpdu == NULL || h->peers == NULL) {
        return 0;
    }
    memcpy(h->ick, terms->ick, terms->ick_length);
    memcpy(h->mkpdu, terms->mkpdu, terms->length);
    memcpy(h->sent_head, terms->mkpdu, HEAD);
    memcpy(h->signed_head, terms->head, HEAD);
    h->kept = terms->time_count;
    for (uint32_t at = 0; at < h->kept; at++) {
        h->times[(terms->mn - at) % TIMES] = terms->times[h->kept - 1 - at];
    }
    while (h->terms.peer_count < terms->peer_count) {
        const uint32_t at = h->terms.peer_count++;
        if (!peer_fill(&h->peers[at], &terms->peers[at])) {
            return 0;
        }
    }
    return 1;
}

macsec_hellos *macsec_hellos_new(const macsec_hello_terms *terms, macsec_slab *keys) {
    macsec_hellos *h = calloc(1, sizeof *h);
    if (h != NULL && !fill(h, terms, keys)) {
        macsec_hellos_free(h, keys);
        return NULL;
    }
    return h;
}

void macsec_hellos_free(macsec_hellos *h, macsec_slab *keys) {
    if (h == NULL) {
        return;
    }
    for (uint32_t at = 0; h->peers != NULL && at < h->terms.peer_count; at++) {
        free(h->peers[at].stencil);
        free(h->peers[at].places);
    }
    free(h->peers);
    free(h->mkpdu);
    if (h->ick != NULL) {
        macsec_slab_give(keys, h->ick, ICK_MOST);
    }
    free(h);
}

/* ---------------------------------------------------------------- the MNs that were sent */

static int64_t time_of(const macsec_hellos *h, uint32_t mn) {
    return h->times[mn % TIMES];
}

/* Forget MNs that were sent more than a Life Time ago. */
static void forget(macsec_hellos *h, int64_t now_ns) {
    while (h->kept > 0 && time_of(h, h->terms.mn + 1 - h->kept) < now_ns - h->terms.life_ns) {
        h->kept--;
    }
}

/* Return 1 for an MN that was sent within a Life Time. */
static int is_recent(const macsec_hellos *h, uint32_t mn) {
    return h->kept > 0 && mn <= h->terms.mn && h->terms.mn - mn < h->kept;
}

/* Return 1 if a later one left so long ago that it is lost. */
static int is_missed(const macsec_hellos *h, uint32_t mn, int64_t now_ns) {
    for (uint32_t later = mn + 1; later <= h->terms.mn; later++) {
        if (time_of(h, later) <= now_ns - h->terms.repeat_ns) {
            return 1;
        }
    }
    return 0;
}

/* ---------------------------------------------------------------- heard */

static peer *sender_of(const macsec_hellos *h, const uint8_t *frame, size_t length) {
    for (uint32_t at = 0; at < h->terms.peer_count; at++) {
        const macsec_hello_peer *terms = &h->peers[at].terms;
        if (length == terms->length && memcmp(frame + MI_AT, terms->mi, MI_LENGTH) == 0) {
            return &h->peers[at];
        }
    }
    return NULL;
}

static int fits(const peer *p, const uint8_t *frame) {
    uint8_t blanked[MACSEC_HELLO_MOST];
    memcpy(blanked, frame, p->terms.length);
    blank(p, blanked);
    return memcmp(blanked, p->stencil, p->terms.length) == 0;
}

static int is_authentic(const macsec_hellos *h, const peer *p, const uint8_t *frame) {
    uint8_t octets[MACSEC_HELLO_MOST], icv[ICV_LENGTH];
    memcpy(octets, frame, p->terms.end);
    memcpy(octets, p->head, HEAD);
    return macsec_cmac(h->ick, h->terms.ick_length, octets, p->terms.end, icv) ==
               MACSEC_STATUS_DONE &&
           macsec_equal(icv, frame + p->terms.end, ICV_LENGTH);
}

int macsec_hellos_hear(macsec_hellos *h, int64_t now_ns, const uint8_t *frame, size_t length) {
    peer *p = now_ns < h->terms.until_ns ? sender_of(h, frame, length) : NULL;
    if (p == NULL || !fits(p, frame) || !is_authentic(h, p, frame)) {
        return 0;
    }
    const uint32_t mn = load_be32(frame + MN_AT), listed = load_be32(frame + p->terms.us);
    forget(h, now_ns);
    if (mn <= p->terms.mn || !is_recent(h, listed) || is_missed(h, listed, now_ns)) {
        return 0;
    }
    p->terms.mn = mn;
    p->terms.expires_ns = now_ns + h->terms.life_ns;
    p->heard_ns = h->heard_ns = h->now_ns = now_ns;
    h->heard++;
    h->unread = 1;
    return 1;
}

/* ---------------------------------------------------------------- sent */

macsec_hello_due macsec_hellos_due(macsec_hellos *h, int64_t now_ns) {
    if (now_ns >= h->terms.until_ns) {
        return MACSEC_HELLO_DECLINED;
    }
    for (uint32_t at = 0; at < h->terms.peer_count; at++) {
        if (h->peers[at].terms.expires_ns <= now_ns) {
            return MACSEC_HELLO_DECLINED;
        }
    }
    if (h->terms.hello_ns > now_ns) {
        h->now_ns = now_ns;
        h->unread = 0;
        return MACSEC_HELLO_NOTHING;
    }
    forget(h, now_ns);
    if (h->terms.mn >= number_limit || h->kept == TIMES) {
        return MACSEC_HELLO_DECLINED;
    }
    return MACSEC_HELLO_SEND;
}

size_t macsec_hellos_length(const macsec_hellos *h) {
    return h->terms.length + ICV_LENGTH;
}

void macsec_hellos_send(macsec_hellos *h, int64_t now_ns, uint8_t *frame) {
    const int64_t period_ns = h->terms.period_ns;
    h->terms.hello_ns += ((now_ns - h->terms.hello_ns) / period_ns + 1) * period_ns;
    h->terms.mn++;
    h->times[h->terms.mn % TIMES] = h->now_ns = h->sent_ns = now_ns;
    h->kept++;
    h->sent++;
    h->unread = 0;
    store_be32(h->mkpdu + MN_AT, h->terms.mn);
    for (uint32_t at = 0; at < h->terms.peer_count; at++) {
        const macsec_hello_peer *terms = &h->peers[at].terms;
        store_be32(h->mkpdu + terms->in_ours, terms->mn);
    }
    const size_t length = h->terms.length;
    memcpy(h->mkpdu, h->signed_head, HEAD);
    (void)macsec_cmac(h->ick, h->terms.ick_length, h->mkpdu, length, h->mkpdu + length);
    memcpy(h->mkpdu, h->sent_head, HEAD);
    memcpy(frame, h->mkpdu, length + ICV_LENGTH);
}

int64_t macsec_hellos_next(const macsec_hellos *h) {
    int64_t next_ns = h->terms.until_ns < h->terms.hello_ns ? h->terms.until_ns : h->terms.hello_ns;
    for (uint32_t at = 0; at < h->terms.peer_count; at++) {
        const int64_t expires_ns = h->peers[at].terms.expires_ns;
        next_ns = expires_ns < next_ns ? expires_ns : next_ns;
    }
    return next_ns;
}

/* ---------------------------------------------------------------- looked at */

void macsec_hellos_look(macsec_hellos *h, macsec_hello_report *report, macsec_hello_heard *peers) {
    *report = (macsec_hello_report){.now_ns = h->now_ns,
                                    .hello_ns = h->terms.hello_ns,
                                    .heard = h->heard,
                                    .sent = h->sent,
                                    .heard_ns = h->heard_ns,
                                    .sent_ns = h->sent_ns,
                                    .mn = h->terms.mn,
                                    .kept = h->kept,
                                    .unread = h->unread};
    const int64_t most = h->sent > h->kept ? h->sent : h->kept;
    const uint32_t count = most < TIMES ? (uint32_t)most : TIMES;
    for (uint32_t at = 0; at < count; at++) {
        report->times[TIMES - 1 - at] = time_of(h, h->terms.mn - at);
    }
    for (uint32_t at = 0; at < h->terms.peer_count; at++) {
        peer *p = &h->peers[at];
        peers[at] = (macsec_hello_heard){p->terms.mn, p->terms.expires_ns, p->heard_ns};
        p->heard_ns = NEVER;
    }
    h->heard = h->sent = 0;
    h->heard_ns = h->sent_ns = NEVER;
}
