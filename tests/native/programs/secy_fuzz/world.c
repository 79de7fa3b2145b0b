/* A world: two SecYs with random controls, keys, PNs and peers, and their management. */
#include "fuzz.h"

world w;

uint64_t draw_pn(uint64_t last) {
    static const uint64_t edges[] = {0, 1, 1u << 30, 1u << 31, UINT32_MAX, UINT64_MAX};
    const uint64_t edge = edges[below(sizeof edges / sizeof edges[0])];
    uint64_t pn = one_in(3) ? draw() >> below(64) : edge - below(200);
    if (one_in(4)) {
        pn = below(3);
    }
    return last == UINT64_MAX ? pn : pn & last;
}

static uint32_t draw_window(int small) {
    static const uint32_t windows[] = {0, 1, 2, 31, 64, 100, 1000, 4096};
    uint32_t window = windows[below(sizeof windows / sizeof windows[0])];
    return small || !one_in(4) ? window : (uint32_t)draw() >> below(32);
}

uint32_t window_used(void) {
    const uint32_t limit = ((uint32_t)1 << 30) - 1;
    return w.r.xpn && w.r.window > limit ? limit : w.r.window;
}

static void draw_profile(macsec_controls *c) {
    const size_t profile = below(4); /* ieee, linux, and two draws of anything */
    uint8_t *const switches[] = {
        &c->exact_length,        &c->lookup_before_tag, &c->short_header_silent, &c->no_peer_silent,
        &c->window_from_next_pn, &c->disabled_decrypts, &c->sc_off_receives};
    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
        *switches[i] = profile < 2 ? profile == 1 : coin();
    }
    uint8_t *const standard[] = {&c->refuse_sl_48, &c->scb_port_zero, &c->too_long_counts_octets};
    for (size_t i = 0; i < sizeof standard / sizeof standard[0]; i++) {
        *standard[i] = profile < 2 ? profile == 0 : coin();
    }
    c->refuse_e0_c1 = profile >= 2 && coin();
    const int whole = profile == 0 || c->refuse_e0_c1; /* a shorter ICV has C without E */
    c->icv_length = whole || one_in(2) ? 16 : (uint8_t)(8 + below(9));
}

static void draw_controls(void) {
    static const uint8_t offsets[] = {0, 0, 30, 50};
    macsec_controls c = {.protect = 1, .encodingsa = (uint8_t)below(ANS), .longest = -1};
    c.ethertype = one_in(4) ? 0x9876 : 0x88E5;
    draw_profile(&c);
    c.xpn = coin();
    w.key_length = coin() ? 16 : 32;
    c.encrypt = !one_in(3);
    c.offset = c.encrypt && !c.xpn ? offsets[below(4)] : 0;
    c.replay = !one_in(4);
    c.duplicates_reject = c.replay && !c.window_from_next_pn && one_in(3);
    c.window = draw_window(c.duplicates_reject);
    c.send_sci = coin();
    c.end_station = !c.send_sci && one_in(2);
    c.scb = !c.send_sci && one_in(3);
    c.clear_tags = (uint8_t)(one_in(2) ? 0 : below(3));
    c.clear_tags_authenticated = coin();
    w.s = w.r = c;
    w.s.validate = one_in(20) ? MACSEC_VALIDATE_NULL : MACSEC_VALIDATE_STRICT;
    w.s.protect = !one_in(20);
    w.s.longest = one_in(8) ? (int64_t)below(400) : -1;
    w.r.validate = (uint8_t)(one_in(2) ? MACSEC_VALIDATE_STRICT : below(4));
}

uint8_t key[32], salt[12];

macsec_sa_parameters parameters(uint64_t last, uint64_t floor) {
    return (macsec_sa_parameters){.key = key,
                                  .key_length = w.key_length,
                                  .last_pn = last,
                                  .floor_pn = floor,
                                  .ssci = 7,
                                  .salt = salt,
                                  .enabled = 1};
}

/* Give both sides a new key. */
static void renew_sa(int an) {
    const uint64_t last = draw_pn(w.s.xpn ? UINT64_MAX : UINT32_MAX);
    const uint64_t behind = below(w.r.window < 4096 ? w.r.window + 1u : 4096);
    fill(key, sizeof key);
    fill(salt, sizeof salt);
    macsec_sa_parameters sa = parameters(last, last > behind ? last - behind : 0);
    w.tx[an] = (model){1, 1, last, 0};
    w.rx[an] = (model){1, 1, last, sa.floor_pn};
    check(macsec_secy_add_tx_sa(w.sender, 0, an, &sa) == 0, "transmit SA refused");
    check(macsec_secy_add_rx_sa(w.receiver, w.sci, an, &sa) == 0, "receive SA refused");
    for (size_t i = 0; i < REMEMBERED; i++) {
        w.sent[i].expected = w.sent[i].expected && w.sent[i].an != an;
    }
}

static void add_peers(void) {
    const int only_peer = !w.s.send_sci && !w.s.end_station && (!w.s.scb || !w.r.scb_port_zero);
    /* With hundreds of peers, the SecY prefetches. */
    size_t wanted = only_peer ? 0 : below(one_in(50) ? PEERS : one_in(20) ? SOME_PEERS : 4);
    for (w.peer_count = 0; w.peer_count < wanted; w.peer_count++) {
        const uint64_t sci = one_in(2) ? draw() : w.sci + 0x10000 * (w.peer_count + 1);
        macsec_sa_parameters sa = parameters(0, 0);
        fill(key, sizeof key);
        w.peers[w.peer_count] = sci;
        check(macsec_secy_add_rx_sc(w.receiver, sci, !one_in(4)) == 0, "peer refused");
        check(macsec_secy_add_rx_sa(w.receiver, sci, (int)below(ANS), &sa) == 0, "SA refused");
    }
}

void world_new(uint64_t number, uint64_t seed, const char *kernel) {
    world_number = number;
    random_state = seed * 0x2545F4914F6CDD1Du + number;
    at_end = (int)(number & 1);
    memset(&w, 0, offsetof(world, sent));
    w.sent_count = 0;
    for (size_t i = 0; i < REMEMBERED; i++) {
        w.sent[i].length = 0;
        w.sent[i].expected = 0;
    }
    draw_controls();
    w.sci = draw();
    if (!w.s.send_sci && (w.s.scb || w.s.end_station)) {
        const int port_zero = w.s.scb && w.r.scb_port_zero;
        w.sci = (w.sci & ~(uint64_t)0xFFFF) | !port_zero;
    }
    w.sci -= w.sci == UINT64_MAX;
    snprintf(scene, sizeof scene,
             "%s, %zu-octet key, xpn %u, encrypt %u+%u, icv %u, validate %u, replay %u/%" PRIu32
             ", duplicates %u, sci/es/scb %u%u%u, tags %u",
             kernel, w.key_length, w.r.xpn, w.r.encrypt, w.r.offset, w.r.icv_length, w.r.validate,
             w.r.replay, w.r.window, w.r.duplicates_reject, w.r.send_sci, w.r.end_station, w.r.scb,
             w.r.clear_tags);
    w.sender = macsec_secy_new(kernel, NULL);
    w.receiver = macsec_secy_new(kernel, NULL);
    if (w.sender == NULL || w.receiver == NULL) {
        fprintf(stderr, "secy_fuzz: no SecY on kernel %s\n", kernel);
        exit(2);
    }
    check(macsec_secy_configure(w.sender, &w.s) == 0, "controls refused");
    check(macsec_secy_configure(w.receiver, &w.r) == 0, "controls refused");
    check(macsec_secy_set_tx_sc(w.sender, 0, w.sci, 1) == 0, "transmit SC refused");
    w.rx_enabled = 1;
    check(macsec_secy_add_rx_sc(w.receiver, w.sci, 1) == 0, "receive SC refused");
    add_peers();
    renew_sa(w.s.encodingsa);
}

/* Check the counters of the whole world. */
void world_end(void) {
    macsec_tally tally, sc, sum = {0};
    macsec_secy_tally(w.sender, &tally);
    for (int i = 0; i < MACSEC_VERDICTS; i++) {
        check(tally.frames[i] == w.sent_codes[i], "sender: %s counted wrong",
              macsec_verdict_label(i));
    }
    macsec_secy_tally(w.receiver, &tally);
    for (size_t p = 0; p <= w.peer_count; p++) {
        const uint64_t sci = p < w.peer_count ? w.peers[p] : w.sci;
        check(macsec_secy_rx_sc_tally(w.receiver, sci, &sc) == 0, "receive SC lost");
        for (int i = 0; i < 8; i++) {
            sum.frames[i] += sc.frames[i];
        }
        sum.validated += sc.validated;
        sum.decrypted += sc.decrypted;
    }
    for (int i = 0; i < MACSEC_VERDICTS; i++) {
        check(tally.frames[i] == w.codes[i], "%s counted wrong", macsec_verdict_label(i));
        check(i >= 8 || sum.frames[i] == w.codes[i], "%s counted wrong on the SCs",
              macsec_verdict_label(i));
    }
    check(tally.octets_in == w.delivered_octets, "octets delivered counted wrong");
    check(tally.validated == sum.validated && tally.decrypted == sum.decrypted,
          "octets validated or decrypted differ from those of the SCs");
    macsec_secy_free(w.sender);
    macsec_secy_free(w.receiver);
}

/* Do one step of management, between two batches. */
void manage(void) {
    const int an = (int)below(ANS);
    switch (below(12)) {
    case 0:
        w.s.encodingsa = w.r.encodingsa = (uint8_t)an;
        check(macsec_secy_configure(w.sender, &w.s) == 0, "controls refused");
        break;
    case 1:
        renew_sa(an);
        break;
    case 2:
        w.r.window = draw_window(w.r.duplicates_reject);
        check(macsec_secy_configure(w.receiver, &w.r) == 0, "controls refused");
        break;
    case 3:
        w.rx[an].enabled = !one_in(2);
        check((macsec_secy_enable_rx_sa(w.receiver, w.sci, an, w.rx[an].enabled) == 0) ==
                  w.rx[an].present,
              "receive SA: wrong answer");
        break;
    case 4:
        w.tx[an].enabled = !one_in(4);
        check((macsec_secy_enable_tx_sa(w.sender, 0, an, w.tx[an].enabled) == 0) ==
                  w.tx[an].present,
              "transmit SA: wrong answer");
        break;
    case 5:
        if (w.s.send_sci) {
            w.rx_enabled = !one_in(4);
            check(macsec_secy_enable_rx_sc(w.receiver, w.sci, w.rx_enabled) == 0, "no receive SC");
        }
        break;
    case 6:
        if (w.rx[an].present && !w.r.window_from_next_pn && w.rx[an].floor < UINT32_MAX - 9) {
            w.rx[an].floor += below(3); /* updtNextPN, updtLowestPN */
            w.rx[an].last += w.rx[an].last < UINT32_MAX - 9 ? below(3) : 0;
            if (w.rx[an].last < w.rx[an].floor) {
                w.rx[an].last = w.rx[an].floor;
            }
            check(macsec_secy_set_rx_pn(w.receiver, w.sci, an, w.rx[an].last, w.rx[an].floor) == 0,
                  "PNs refused");
        }
        break;
    case 7:
        check((macsec_secy_remove_rx_sa(w.receiver, w.sci, an) == 0) == w.rx[an].present,
              "removal: wrong answer");
        w.rx[an].present = 0;
        break;
    default:
        w.r.validate = (uint8_t)(one_in(2) ? MACSEC_VALIDATE_STRICT : below(4));
        check(macsec_secy_configure(w.receiver, &w.r) == 0, "controls refused");
    }
}
