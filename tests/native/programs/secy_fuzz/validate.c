/* Received frames, their validation by 10.6, and the turns of a world. */
#include "fuzz.h"

view take_apart(const uint8_t *frame, size_t length) {
    view v = {.front = 12 + 4 * vlan_tags(frame, length, w.r.clear_tags)};
    v.tagged = length >= v.front + 2 && get(frame + v.front, 2) == w.r.ethertype;
    if (!v.tagged || length < v.front + 8) {
        return v;
    }
    v.tci = frame[v.front + 2];
    v.secure_at = v.front + (v.tci & SC ? 16 : 8);
    const size_t sl = frame[v.front + 3];
    v.user = sl ? sl : length - v.secure_at - w.r.icv_length;
    return v;
}

/* Return 1 if the frame is `s`, in all octets that the ICV protects. */
int is_frame(const sent_frame *s, const uint8_t *frame, size_t length, const view *v) {
    const size_t span = v->secure_at - v->front + v->user + w.r.icv_length;
    const int tags = w.r.clear_tags_authenticated;
    return s->length >= s->front + span && v->front + span <= length &&
           (frame[v->front + 3] != 0 || s->length == s->front + span) &&
           memcmp(s->octets, frame, 12) == 0 &&
           memcmp(s->octets + s->front, frame + v->front, span) == 0 &&
           (!tags || (s->front == v->front && memcmp(s->octets, frame, v->front) == 0));
}

static sent_frame *find_sent(const uint8_t *frame, size_t length, const view *v) {
    for (size_t i = 0; i < REMEMBERED; i++) {
        if (w.sent[i].length != 0 && is_frame(&w.sent[i], frame, length, v)) {
            return &w.sent[i];
        }
    }
    return NULL;
}

static int same(const uint8_t *out, size_t out_length, const uint8_t *front, size_t front_length,
                const uint8_t *rest, size_t rest_length) {
    return out_length == front_length + rest_length && memcmp(out, front, front_length) == 0 &&
           memcmp(out + front_length, rest, rest_length) == 0;
}

/* 10.6.5: only a good frame changes the state; `pn` is its PN. */
static void move_model(sent_frame *s, uint64_t pn) {
    model *m = &w.rx[s->an];
    check(!w.r.replay || w.r.window_from_next_pn || pn > m->floor, "PN %" PRIu64 " was late", pn);
    check(!w.r.duplicates_reject || !s->accepted, "PN %" PRIu64 " was accepted twice", pn);
    s->accepted = 1;
    m->last = pn > m->last ? pn : m->last;
    const uint64_t lowest = m->last >= window_used() ? m->last - window_used() : 0;
    m->floor = lowest > m->floor ? lowest : m->floor;
}

/* Check that a delivered frame has a reason for its delivery, and the right octets. */
static void check_delivery(const uint8_t *frame, size_t length, const batch *b, size_t i) {
    const view v = take_apart(frame, length);
    const uint8_t *out = b->out[i];
    const size_t out_length = b->out_length[i];
    const int validate = w.r.validate, changed = (v.tci & C) != 0;
    size_t user = v.user;
    switch (b->codes[i]) {
    case MACSEC_BYPASS:
    case MACSEC_UNTAGGED:
        check(b->codes[i] == MACSEC_BYPASS ? validate == MACSEC_VALIDATE_NULL
                                           : validate < MACSEC_VALIDATE_STRICT && !v.tagged,
              "delivered without a tag");
        check(same(out, out_length, frame, length, frame, 0), "octets changed");
        return;
    case MACSEC_OK:
    case MACSEC_DELAYED:
        if (validate >= MACSEC_VALIDATE_CHECK || (changed && w.r.disabled_decrypts)) {
            sent_frame *s = find_sent(frame, length, &v);
            if (check(s != NULL, "a frame that was never sent was delivered as good")) {
                check(same(out, out_length, frame, v.front, s->clear + s->front, v.user),
                      "octets delivered are not those sent");
                check_details(b, i, s);
                move_model(s, s->pn);
            }
            return;
        }
        check(b->codes[i] == MACSEC_DELAYED, "OK without a check");
        check(validate == MACSEC_VALIDATE_DISABLED && !changed, "delayed");
        break;
    case MACSEC_INVALID:
        check(validate == MACSEC_VALIDATE_CHECK && !changed, "invalid, but delivered");
        break;
    case MACSEC_UNCHECKED:
        check(validate == MACSEC_VALIDATE_DISABLED && !changed, "unchecked");
        break;
    case MACSEC_UNKNOWN_SCI:
        user = w.r.lookup_before_tag ? length - v.secure_at - 16 : user;
        check(validate < MACSEC_VALIDATE_STRICT && !changed, "unknown SCI");
        break;
    case MACSEC_UNUSED_SA:
        check(validate < MACSEC_VALIDATE_STRICT && !changed, "unused SA");
        break;
    default:
        check(0, "delivered as %s", macsec_verdict_label(b->codes[i]));
        return;
    }
    if (check(v.tagged && v.secure_at + user <= length, "a frame too short went on")) {
        check(same(out, out_length, frame, v.front, frame + v.secure_at, user), "octets changed");
    }
}

/* Return the verdict of an unchanged frame where it can be known; else MACSEC_VERDICTS. */
static macsec_verdict whole_expected(const sent_frame *s) {
    const model *m = &w.rx[s->an];
    const int validate = w.r.validate, changed = w.r.encrypt || w.r.icv_length != 16;
    if (!s->expected) {
        return MACSEC_VERDICTS;
    }
    if (validate == MACSEC_VALIDATE_NULL) {
        return MACSEC_BYPASS;
    }
    if (!m->present || !m->enabled || !(w.rx_enabled || w.r.sc_off_receives)) {
        return validate == MACSEC_VALIDATE_STRICT || changed ? MACSEC_NOT_USING_SA
                                                             : MACSEC_UNUSED_SA;
    }
    if (w.r.window_from_next_pn) {
        if (s->pn <= m->last || (uint32_t)s->pn < (uint32_t)m->last) {
            return MACSEC_VERDICTS;
        }
    } else if (s->pn <= m->floor) {
        return w.r.xpn ? MACSEC_VERDICTS : w.r.replay ? MACSEC_LATE : MACSEC_VERDICTS;
    } else if (w.r.duplicates_reject && s->accepted) {
        return MACSEC_LATE;
    }
    if (validate == MACSEC_VALIDATE_DISABLED && !(changed && w.r.disabled_decrypts)) {
        return changed ? MACSEC_NOT_VALID : MACSEC_UNCHECKED;
    }
    return MACSEC_OK;
}

/* Check that the state of the receive SAs is that after the good frames. */
static void check_states(const uint64_t before[ANS], const int moved[ANS]) {
    for (int an = 0; an < ANS; an++) {
        macsec_sa_state state;
        const int found = macsec_secy_rx_sa(w.receiver, w.sci, an, &state) == 0;
        check(found == w.rx[an].present, "an SA came or went");
        if (!found) {
            continue;
        }
        if (w.r.window_from_next_pn) {
            check(moved[an] || state.last_pn == before[an], "a bad frame moved nextPN");
        } else {
            check(state.last_pn == w.rx[an].last && state.floor_pn == w.rx[an].floor,
                  "AN %d: PNs %" PRIu64 " over %" PRIu64 ", not %" PRIu64 " over %" PRIu64, an,
                  state.last_pn, state.floor_pn, w.rx[an].last, w.rx[an].floor);
        }
    }
}

static void validate_batch(batch *b) {
    uint64_t before[ANS] = {0};
    int moved[ANS] = {0};
    macsec_sa_state state;
    for (int an = 0; an < ANS; an++) {
        if (macsec_secy_rx_sa(w.receiver, w.sci, an, &state) == 0) {
            before[an] = state.last_pn;
        }
    }
    run(b, w.receiver, 0);
    for (size_t i = 0; i < b->count; i++) {
        const uint8_t *frame = b->scratch + b->at[i];
        const uint8_t code = b->codes[i];
        sent_frame *s = b->whole[i];
        if (!check(code < MACSEC_VERDICTS, "verdict %u", code)) {
            continue;
        }
        w.codes[code]++;
        w.delivered_octets += b->out_length[i];
        check((code == MACSEC_TRUNCATED) == b->cut[i], "a frame that was cut: %u", code);
        check(b->cut[i] || (code == MACSEC_RUNT) == (b->length[i] < 14), "a runt: %u", code);
        if (s != NULL && !b->cut[i]) {
            const macsec_verdict expected = whole_expected(s);
            check(expected == MACSEC_VERDICTS || code == expected, "a frame as sent: %s, not %s",
                  macsec_verdict_label(code), macsec_verdict_label((int)expected));
        }
        if (code == MACSEC_OK || code == MACSEC_DELAYED) {
            for (int an = 0; an < ANS; an++) {
                moved[an] = 1;
            }
        }
        if (b->out[i] != NULL) {
            check_delivery(frame, b->length[i], b, i);
        }
    }
    check_states(before, moved);
}

/* Skip PNs, as if frames were lost on the way. */
static void skip_pns(void) {
    model *sa = &w.tx[w.s.encodingsa];
    const uint64_t last = w.s.xpn ? UINT64_MAX : UINT32_MAX, step = below(70);
    if (sa->present && sa->last < last - step) {
        sa->last += step;
        check(macsec_secy_set_tx_pn(w.sender, 0, w.s.encodingsa, sa->last) == 0, "PN refused");
    }
}

void turn(void) {
    batch *b = &clear_batch;
    if (one_in(3)) {
        skip_pns();
    }
    b->used = b->count = wire_batch.used = wire_batch.count = 0;
    const size_t clear = one_in(2) ? 1 : below(6);
    while (b->count < clear) {
        add_clear(b);
    }
    run(b, w.sender, 1);
    for (size_t i = 0; i < b->count; i++) {
        for (size_t more = below(4); more > 0 && wire_batch.count < BATCH - 1; more--) {
            add_changed(&wire_batch);
        }
        check_protected(b, i);
    }
    /* Validate changed frames in one batch, and one alone: that shows what a bad frame changes. */
    while (wire_batch.count < BATCH && !one_in(3)) {
        add_changed(&wire_batch);
    }
    validate_batch(&wire_batch);
    wire_batch.used = wire_batch.count = 0;
    add_changed(&wire_batch);
    validate_batch(&wire_batch);
}
