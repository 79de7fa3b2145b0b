/* Clear frames, and their protection by 10.5. */
#include "fuzz.h"

static size_t draw_length(void) {
    const size_t kind = below(256);
    return kind < 200   ? below(140)
           : kind < 250 ? below(640)
           : kind < 255 ? below(1600)
                        : below(CLEAR_LONGEST + 1);
}

void add_clear(batch *b) {
    static const uint16_t types[] = {0x0800, 0x88E5, 0x9876, 0x8100, 0x88A8, 0x9100, 0x888E};
    const size_t length = draw_length();
    uint8_t *frame = row_new(b);
    fill(frame, length);
    size_t at = 12;
    if (length >= 12) {
        put(frame + 6, 6, w.sci >> 16);
    }
    for (size_t tags = one_in(3) ? below(4) : 0; tags > 0 && length >= at + 4; tags--, at += 4) {
        put(frame + at, 2, types[2 + below(3)]);
    }
    if (length >= at + 2 && !one_in(4)) {
        put(frame + at, 2, types[one_in(8) ? below(6) : 0]);
    }
    b->cut[b->count] = one_in(200);
    row_done(b, length);
}

/* Return the verdict of 10.5 for a clear frame, and the length sent. */
static macsec_verdict protect_expected(size_t length, size_t *sent) {
    const model *sa = &w.tx[w.s.encodingsa];
    *sent = 0;
    if (length <= 12) {
        return MACSEC_RUNT;
    }
    if (!w.s.protect || w.s.validate == MACSEC_VALIDATE_NULL) {
        *sent = length;
        return MACSEC_UNPROTECTED;
    }
    if (!sa->present || !sa->enabled) {
        return MACSEC_NOT_OPERATIONAL;
    }
    if (sa->last == (w.s.xpn ? UINT64_MAX : UINT32_MAX)) {
        return MACSEC_EXHAUSTED;
    }
    const size_t whole = length + (w.s.send_sci ? 16 : 8) + w.s.icv_length;
    if (w.s.longest >= 0 && whole > (size_t)w.s.longest) {
        return MACSEC_TOO_LONG;
    }
    *sent = whole;
    return w.s.encrypt ? MACSEC_ENCRYPTED : MACSEC_PROTECTED;
}

static void check_sectag(const uint8_t *tag, size_t user) {
    unsigned tci = w.s.send_sci ? SC : (w.s.end_station ? ES : 0u) | (w.s.scb ? SCB : 0u);
    tci |= w.s.encrypt ? E | C : w.s.icv_length == 16 ? 0u : C;
    check(get(tag, 2) == w.s.ethertype && tag[2] == (tci | w.s.encodingsa), "TCI %02x", tag[2]);
    check(tag[3] == (user < 48 ? user : 0), "SL %u of %zu octets", tag[3], user);
    check(get(tag + 4, 4) == (uint32_t)w.tx[w.s.encodingsa].last, "PN in the SecTAG");
    check(!w.s.send_sci || get(tag + 8, 8) == w.sci, "SCI in the SecTAG");
}

static sent_frame *remember(const uint8_t *clear, size_t length, const uint8_t *octets, size_t sent,
                            size_t front) {
    sent_frame *s = &w.sent[w.sent_count++ % REMEMBERED];
    const model *rx = &w.rx[w.s.encodingsa];
    memcpy(s->clear, clear, length);
    memcpy(s->octets, octets, sent);
    s->length = sent;
    s->front = front;
    s->an = w.s.encodingsa;
    s->pn = w.tx[s->an].last;
    s->accepted = 0;
    s->expected = rx->present;
    if (wire_batch.count < BATCH && !one_in(8)) {
        memcpy(row_new(&wire_batch), octets, sent);
        wire_batch.whole[wire_batch.count] = s;
        row_done(&wire_batch, sent);
    }
    return s;
}

void check_details(const batch *b, size_t i, const sent_frame *s) {
    check(!b->detailed || (b->sci[i] == w.sci && b->an[i] == s->an && b->pn[i] == s->pn),
          "details: SCI %016" PRIx64 ", AN %u, PN %" PRIu64, b->sci[i], b->an[i], b->pn[i]);
}

void check_protected(const batch *b, size_t i) {
    const uint8_t *clear = b->scratch + b->at[i], *out = b->out[i];
    const size_t length = b->length[i];
    size_t tags = vlan_tags(clear, length, w.s.clear_tags), sent;
    tags = 12 + 4 * tags == length ? 0 : tags;
    macsec_verdict verdict = protect_expected(length, &sent);
    if (b->cut[i]) {
        verdict = MACSEC_TRUNCATED;
        sent = 0;
    }
    w.sent_codes[verdict]++;
    if (!check(b->codes[i] == verdict && b->out_length[i] == sent, "protected: %s of %zu, not %s",
               macsec_verdict_label(b->codes[i]), b->out_length[i],
               macsec_verdict_label((int)verdict))) {
        return;
    }
    if (verdict == MACSEC_UNPROTECTED) {
        check(memcmp(out, clear, length) == 0, "an unprotected frame changed");
    }
    if (verdict != MACSEC_ENCRYPTED && verdict != MACSEC_PROTECTED && verdict != MACSEC_TOO_LONG) {
        return;
    }
    w.tx[w.s.encodingsa].last++;
    if (verdict == MACSEC_TOO_LONG) {
        return;
    }
    const size_t front = 12 + 4 * tags, user = length - front;
    const size_t plain = !w.s.encrypt ? user : w.s.offset < user ? w.s.offset : user;
    check_sectag(out + front, user);
    check(memcmp(out, clear, front) == 0, "addresses or clear tags changed");
    check(memcmp(out + sent - w.s.icv_length - user, clear + front, plain) == 0,
          "octets before the offset changed");
    check_details(b, i, remember(clear, length, out, sent, front));
}

/* Draw a frame that was sent, most often the last, but none that this turn may still overwrite. */
sent_frame *draw_sent(void) {
    const size_t back = one_in(2) ? 0 : below(REMEMBERED - 8);
    return &w.sent[(w.sent_count - 1 - back) % REMEMBERED];
}
