/* Every change of one frame, with its exact verdict. */
#include "fuzz.h"

/* Return the verdict of 9.12 and 10.6 under ieee and strict, without clear tags and late frames,
   with one SC that has AN 0 only. */
static macsec_verdict strict_expected(const uint8_t *m, size_t length, const sent_frame *s) {
    if (length < 14) {
        return MACSEC_RUNT;
    }
    if (get(m + 12, 2) != 0x88E5) {
        return MACSEC_NO_TAG;
    }
    if (length > 14 && (m[14] & (E | C)) == E) {
        return MACSEC_UNCONTROLLED;
    }
    const unsigned tci = length > 14 ? m[14] : 0;
    const size_t header = tci & SC ? 16 : 8;
    if (length < 12 + header + 1 || length < 12 + 17 || tci & V || (tci & SC && tci & (ES | SCB)) ||
        m[15] >= 48 || (get(m + 16, 4) == 0 && !w.r.xpn)) {
        return MACSEC_BAD_TAG;
    }
    const size_t room = length - 12 - header;
    if (room < (m[15] ? m[15] : 48u) + 16) {
        return MACSEC_BAD_TAG;
    }
    const uint64_t system = get(m + 6, 6) << 16;
    const uint64_t sci = tci & SC    ? get(m + 20, 8)
                         : tci & SCB ? system
                         : tci & ES  ? system | 1
                                     : w.sci;
    if (sci != w.sci) {
        return MACSEC_NO_SCI;
    }
    if (tci & 3) {
        return MACSEC_NOT_USING_SA;
    }
    const view v = take_apart(m, length);
    return is_frame(s, m, length, &v) ? MACSEC_OK : MACSEC_NOT_VALID;
}

static void try_changed(const uint8_t *m, size_t length, sent_frame *s) {
    batch *b = &wire_batch;
    b->used = b->count = 0;
    memcpy(row_new(b), m, length);
    row_done(b, length);
    run(b, w.receiver, 0);
    const macsec_verdict expected = strict_expected(m, length, s);
    check(b->codes[0] == expected, "%zu octets: %s, not %s", length,
          macsec_verdict_label(b->codes[0]), macsec_verdict_label((int)expected));
    check((b->out[0] != NULL) == (expected == MACSEC_OK), "delivery");
}

static void every_change(sent_frame *s) {
    static uint8_t m[ROW_LONGEST];
    memcpy(m, s->octets, s->length);
    for (size_t at = 0; at < s->length; at++) {
        for (int wrong = 0; wrong < 256; wrong++) { /* one of these is the right value */
            m[at] = (uint8_t)wrong;
            try_changed(m, s->length, s);
        }
        m[at] = s->octets[at];
    }
    for (size_t length = 0; length < s->length; length++) {
        try_changed(m, length, s);
    }
    for (unsigned both = 0; both < 65536; both += s->length > 100 ? 4 : 1) { /* TCI and SL */
        m[14] = (uint8_t)(both >> 8);
        m[15] = (uint8_t)both;
        try_changed(m, s->length, s);
    }
    memcpy(m, s->octets, s->length);
    for (size_t more = 1; more <= 64; more++) {
        m[s->length + more - 1] = (uint8_t)draw();
        try_changed(m, s->length + more, s);
    }
}

static void every_world(const char *kernel, int xpn, size_t key_length, int encrypt, int offset,
                        unsigned naming) {
    static const uint8_t lengths[] = {1, 47, 48, 100};
    memset(&w, 0, sizeof w);
    w.key_length = key_length;
    w.r = (macsec_controls){.protect = 1,
                            .encrypt = (uint8_t)encrypt,
                            .offset = (uint8_t)offset,
                            .validate = MACSEC_VALIDATE_STRICT,
                            .send_sci = naming == SC,
                            .end_station = naming == ES,
                            .scb = naming == SCB,
                            .icv_length = 16,
                            .ethertype = 0x88E5,
                            .window = 1u << 20,
                            .xpn = (uint8_t)xpn,
                            .refuse_sl_48 = 1,
                            .scb_port_zero = 1,
                            .too_long_counts_octets = 1,
                            .longest = -1};
    w.s = w.r;
    w.sci = (draw() & ~(uint64_t)0xFFFF) | (naming == ES);
    snprintf(scene, sizeof scene, "%s, %zu-octet key, xpn %d, encrypt %d+%d, naming %02x", kernel,
             key_length, xpn, encrypt, offset, naming);
    w.sender = macsec_secy_new(kernel, NULL);
    w.receiver = macsec_secy_new(kernel, NULL);
    fill(key, sizeof key);
    fill(salt, sizeof salt);
    const macsec_sa_parameters sa = parameters(below(1000), 0);
    w.tx[0] = (model){1, 1, sa.last_pn, 0};
    check(macsec_secy_configure(w.sender, &w.s) == 0 &&
              macsec_secy_configure(w.receiver, &w.r) == 0 &&
              macsec_secy_set_tx_sc(w.sender, 0, w.sci, 1) == 0 &&
              macsec_secy_add_tx_sa(w.sender, 0, 0, &sa) == 0 &&
              macsec_secy_add_rx_sc(w.receiver, w.sci, 1) == 0 &&
              macsec_secy_add_rx_sa(w.receiver, w.sci, 0, &sa) == 0,
          "set up");
    for (size_t i = 0; i < sizeof lengths; i++) {
        batch *b = &clear_batch;
        b->used = b->count = 0;
        uint8_t *frame = row_new(b);
        fill(frame, 12u + lengths[i]);
        put(frame + 6, 6, w.sci >> 16);
        put(frame + 12, 1, 8);
        row_done(b, 12u + lengths[i]);
        run(b, w.sender, 1);
        check_protected(b, 0);
        sent_frame *s = &w.sent[(w.sent_count - 1) % REMEMBERED];
        every_change(s);
        try_changed(s->octets, s->length, s);
    }
    macsec_secy_free(w.sender);
    macsec_secy_free(w.receiver);
}

void every(const char *kernel) {
    static const uint8_t namings[] = {SC, ES, SCB};
    for (int suite = 0; suite < 4; suite++) {
        const int xpn = suite >> 1;
        for (size_t naming = 0; naming < sizeof namings; naming++) {
            const size_t key_length = suite & 1 ? 32 : 16;
            every_world(kernel, xpn, key_length, 0, 0, namings[naming]);
            for (int offset = 0; offset <= (xpn ? 0 : 50); offset += offset ? 20 : 30) {
                every_world(kernel, xpn, key_length, 1, offset, namings[naming]);
            }
        }
    }
}
