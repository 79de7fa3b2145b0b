/* Throws frames at the SecY in C, without Python.

     secy_fuzz [frames [seed [kernel]]]   random SecYs, random frames, frames changed at random
     secy_fuzz --every [kernel]           each octet of a frame set to each of its wrong values,
   each length cut or added, each SL, each TCI; exact verdicts

   A world is a pair of SecYs, one sending to the other, with controls, keys, PNs and peers drawn at
   random. What the sender protects is validated, first changed and then as it was; each verdict,
   octet, counter and PN is held against rules written here once more, in the plainest way.

   Arenas and columns lie flush against pages without access, in turn at their end and at their
   start, so that one octet read or written too far ends the program. What a call leaves unused
   keeps its 0xA5. The same seed gives the same run. The last line counts frames and faults; the
   exit status is 0 if there were none. */
#define _DEFAULT_SOURCE

#include "secy/macsec.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    BATCH = 16,
    CLEAR_LONGEST = 9100,
    ROW_LONGEST = CLEAR_LONGEST + 200,
    OVERHEAD = 32, /* SecTAG with SCI, and ICV */
    HEADER = 28,   /* addresses and SecTAG with SCI */
    REMEMBERED = 32,
    PEERS = 600,
    SOME_PEERS = 40,
    ANS = 4,
    UNUSED = 0xA5,
    V = 0x80,
    ES = 0x40,
    SC = 0x20,
    SCB = 0x10,
    E = 0x08,
    C = 0x04
};

static uint64_t frames_given;
static uint64_t faults;
static uint64_t world_number;
static char scene[160]; /* the world in words, for the message */

/* Counts a fault; the first few are told. Returns `holds`. */
__attribute__((format(printf, 2, 3))) static int check(int holds, const char *what, ...) {
    if (!holds && ++faults <= 20) {
        va_list arguments;
        va_start(arguments, what);
        printf("FAULT in world %" PRIu64 " (%s): ", world_number, scene);
        vprintf(what, arguments);
        printf("\n");
        va_end(arguments);
    }
    return holds;
}

/* ---- Randomness: splitmix64, seeded for each world ----------------------------------------- */

static uint64_t random_state;

static uint64_t draw(void) {
    uint64_t z = random_state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

/* 0 to limit - 1 */
static size_t below(size_t limit) {
    return (size_t)((draw() >> 32) * limit >> 32);
}

static int one_in(size_t n) {
    return below(n) == 0;
}

static uint8_t coin(void) {
    return (uint8_t)(draw() >> 63);
}

static void fill(uint8_t *octets, size_t length) {
    for (size_t i = 0; i < length; i += 8) {
        uint64_t word = draw();
        memcpy(octets + i, &word, length - i < 8 ? length - i : 8);
    }
}

/* ---- Octets --------------------------------------------------------------------------------- */

static uint64_t get(const uint8_t *octets, size_t length) {
    uint64_t value = 0;
    for (size_t i = 0; i < length; i++) {
        value = value << 8 | octets[i];
    }
    return value;
}

static void put(uint8_t *octets, size_t length, uint64_t value) {
    for (size_t i = length; i-- > 0; value >>= 8) {
        octets[i] = (uint8_t)value;
    }
}

static size_t vlan_tags(const uint8_t *frame, size_t length, size_t most) {
    size_t count = 0;
    while (count < most && length >= 16 + 4 * count) {
        uint64_t type = get(frame + 12 + 4 * count, 2);
        if (type != 0x8100 && type != 0x88A8 && type != 0x9100) {
            break;
        }
        count++;
    }
    return count;
}

/* ---- Memory between pages without access ----------------------------------------------------- */

typedef struct region {
    uint8_t *low;
    size_t size;
} region;

static region region_new(size_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size = (size + page - 1) / page * page;
    uint8_t *memory = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory + page, size, PROT_READ | PROT_WRITE) != 0) {
        perror("secy_fuzz");
        exit(2);
    }
    return (region){memory + page, size};
}

static void *place(region r, size_t length, int at_end) {
    return at_end ? r.low + r.size - length : r.low;
}

static region in_arena, out_arena, columns[9];
static int at_end; /* where this batch lies */

/* ---- A world --------------------------------------------------------------------------------- */

typedef struct sent_frame {
    uint8_t octets[ROW_LONGEST];
    uint8_t clear[ROW_LONGEST];
    size_t length;
    size_t front; /* addresses and clear tags */
    uint64_t pn;
    uint8_t an;
    int expected; /* nothing but replay keeps it from being delivered */
    int accepted;
} sent_frame;

/* What a receive SA should hold. */
typedef struct model {
    int present;
    int enabled;
    uint64_t last;
    uint64_t floor;
} model;

typedef struct world {
    macsec_secy *sender;
    macsec_secy *receiver;
    macsec_controls s;
    macsec_controls r;
    size_t key_length;
    uint64_t sci;
    uint64_t peers[PEERS];
    size_t peer_count;
    model tx[ANS];
    model rx[ANS];
    int rx_enabled;
    uint64_t sent_codes[MACSEC_VERDICTS];
    uint64_t codes[MACSEC_VERDICTS];
    uint64_t delivered_octets;
    sent_frame sent[REMEMBERED];
    size_t sent_count;
} world;

static world w;

static uint64_t draw_pn(uint64_t last) {
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

static uint32_t window_used(void) {
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
    c->icv_length = profile == 0 || one_in(2) ? 16 : (uint8_t)(8 + below(9));
}

static void draw_controls(void) {
    static const uint8_t offsets[] = {0, 0, 30, 50};
    macsec_controls c = {.protect = 1, .encodingsa = (uint8_t)below(ANS), .longest = -1};
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

static uint8_t key[32], salt[12];

static macsec_sa_parameters parameters(uint64_t last, uint64_t floor) {
    return (macsec_sa_parameters){.key = key,
                                  .key_length = w.key_length,
                                  .last_pn = last,
                                  .floor_pn = floor,
                                  .ssci = 7,
                                  .salt = salt,
                                  .enabled = 1};
}

/* A new key on both sides. */
static void renew_sa(int an) {
    const uint64_t last = draw_pn(w.s.xpn ? UINT64_MAX : UINT32_MAX);
    const uint64_t behind = below(w.r.window < 4096 ? w.r.window + 1u : 4096);
    fill(key, sizeof key);
    fill(salt, sizeof salt);
    macsec_sa_parameters sa = parameters(last, last > behind ? last - behind : 0);
    w.tx[an] = (model){1, 1, last, 0};
    w.rx[an] = (model){1, 1, last, sa.floor_pn};
    check(macsec_secy_add_tx_sa(w.sender, an, &sa) == 0, "transmit SA refused");
    check(macsec_secy_add_rx_sa(w.receiver, w.sci, an, &sa) == 0, "receive SA refused");
    for (size_t i = 0; i < REMEMBERED; i++) {
        w.sent[i].expected = w.sent[i].expected && w.sent[i].an != an;
    }
}

static void add_peers(void) {
    const int only_peer = !w.s.send_sci && !w.s.end_station && (!w.s.scb || !w.r.scb_port_zero);
    /* With hundreds, frames are looked up ahead of time. */
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

static void world_new(uint64_t number, uint64_t seed, const char *kernel) {
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
    w.sender = macsec_secy_new(kernel);
    w.receiver = macsec_secy_new(kernel);
    if (w.sender == NULL || w.receiver == NULL) {
        fprintf(stderr, "secy_fuzz: no SecY on kernel %s\n", kernel);
        exit(2);
    }
    check(macsec_secy_configure(w.sender, &w.s) == 0, "controls refused");
    check(macsec_secy_configure(w.receiver, &w.r) == 0, "controls refused");
    check(macsec_secy_set_tx_sc(w.sender, w.sci, 1) == 0, "transmit SC refused");
    w.rx_enabled = 1;
    check(macsec_secy_add_rx_sc(w.receiver, w.sci, 1) == 0, "receive SC refused");
    add_peers();
    renew_sa(w.s.encodingsa);
}

/* The counters of everything that the world saw. */
static void world_end(void) {
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

/* What management may do between two batches. */
static void manage(void) {
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
        check((macsec_secy_enable_tx_sa(w.sender, an, w.tx[an].enabled) == 0) == w.tx[an].present,
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

/* ---- Batches --------------------------------------------------------------------------------- */

typedef struct batch {
    uint8_t scratch[BATCH * (ROW_LONGEST + 4)]; /* the arena as it will lie */
    size_t used;
    size_t count;
    size_t at[BATCH];
    size_t length[BATCH];
    int cut[BATCH];           /* the capture cut it */
    sent_frame *whole[BATCH]; /* an unchanged frame, as sent */
    /* the outcome */
    uint8_t codes[BATCH];
    int told; /* the outcome has SCI, AN and PN */
    uint64_t sci[BATCH];
    uint64_t pn[BATCH];
    uint8_t an[BATCH];
    const uint8_t *out[BATCH]; /* NULL: nothing went on */
    size_t out_length[BATCH];
} batch;

static batch clear_batch, wire_batch;

static uint8_t *row_new(batch *b) {
    b->used += below(8) == 0 ? below(4) : 0; /* a gap */
    b->at[b->count] = b->used;
    b->cut[b->count] = 0;
    b->whole[b->count] = NULL;
    return b->scratch + b->used;
}

static void row_done(batch *b, size_t length) {
    b->length[b->count++] = length;
    b->used += length;
}

static void check_unused(const uint8_t *from, const uint8_t *to, int or_zero) {
    size_t wrong = 0;
    for (; from < to; from++) {
        wrong += *from != UNUSED && !(or_zero && *from == 0);
    }
    check(wrong == 0, "%zu octets written that no frame needed", wrong);
}

/* One frame by itself. */
static void run_one(batch *b, macsec_secy *secy, int protecting, const uint8_t *arena,
                    size_t capacity, uint8_t *out) {
    int64_t ended = (protecting ? macsec_protect_frame
                                : macsec_validate_frame)(secy, arena + b->at[0], b->length[0], out);
    b->codes[0] = (uint8_t)ended;
    b->out_length[0] = (size_t)(ended >> 8);
    b->out[0] = b->out_length[0] ? out : NULL;
    b->told = 0;
    const size_t reach = b->length[0] + (protecting ? OVERHEAD : 0);
    check_unused(out + reach, out + capacity, 0);
    if (!protecting) {
        check_unused(out + b->out_length[0] + HEADER, out + capacity, 1);
    }
}

static void check_outcome(batch *b, const macsec_outcome *o, int protecting) {
    int64_t octets = 0, frames = 0;
    size_t reach = 0;
    b->told = 1;
    for (size_t i = 0; i < b->count; i++) {
        const size_t end = (size_t)octets + b->length[i] + (protecting ? OVERHEAD : 0);
        reach = end > reach && !b->cut[i] ? end : reach;
        b->codes[i] = o->codes[i];
        b->sci[i] = o->sci[i];
        b->pn[i] = o->pn[i];
        b->an[i] = o->an[i];
        b->out[i] = NULL;
        b->out_length[i] = 0;
        if (frames < o->frames && o->delivered[frames] == (int64_t)i) {
            check(o->start[frames] == octets, "frames are not packed");
            b->out[i] = o->arena + octets;
            b->out_length[i] = (size_t)o->length[frames];
            octets += o->length[frames++];
        }
    }
    check(frames == o->frames && octets == o->octets, "outcome does not add up");
    for (size_t i = (size_t)o->frames; i < b->count; i++) {
        check((uint8_t)o->start[i] == UNUSED && (uint8_t)o->length[i] == UNUSED &&
                  (uint8_t)o->delivered[i] == UNUSED,
              "column written past its end");
    }
    check_unused(o->arena + reach, o->arena + o->capacity, 0);
    if (!protecting && o->capacity > octets + HEADER) {
        check_unused(o->arena + octets + HEADER, o->arena + o->capacity, 1);
    }
}

static void run(batch *b, macsec_secy *secy, int protecting) {
    const size_t rows = b->count, wide = 8 * rows;
    macsec_frames in = {.count = (int64_t)rows};
    size_t capacity = 0;
    int cut = 0;
    at_end = !at_end;
    uint8_t *arena = place(in_arena, b->used, at_end);
    int64_t *start = place(columns[0], wide, at_end), *length = place(columns[1], wide, at_end);
    int64_t *wire_length = place(columns[2], wide, at_end);
    memcpy(arena, b->scratch, b->used);
    for (size_t i = 0; i < rows; i++) {
        start[i] = (int64_t)b->at[i];
        length[i] = (int64_t)b->length[i];
        wire_length[i] = length[i] + b->cut[i];
        capacity += b->length[i] + OVERHEAD;
        cut |= b->cut[i];
    }
    in = (macsec_frames){arena, start, length, wire_length, (int64_t)rows};
    frames_given += rows;
    const size_t more = one_in(4) ? below(64) : 0;
    uint8_t *out = place(out_arena, capacity + more, at_end);
    memset(out, UNUSED, capacity + more);
    check(macsec_capacity(&in) == (int64_t)capacity, "capacity");
    if (rows == 1 && !cut && one_in(2)) {
        run_one(b, secy, protecting, arena, capacity + more, out);
        return;
    }
    macsec_outcome o = {.arena = out, .capacity = (int64_t)(capacity + more)};
    o.start = place(columns[3], wide, at_end);
    o.length = place(columns[4], wide, at_end);
    o.delivered = place(columns[5], wide, at_end);
    o.sci = place(columns[6], wide, at_end);
    o.pn = place(columns[7], wide, at_end);
    o.codes = place(columns[8], 2 * rows, at_end);
    o.an = o.codes + rows;
    memset(o.start, UNUSED, wide);
    memset(o.length, UNUSED, wide);
    memset(o.delivered, UNUSED, wide);
    int (*const call)(macsec_secy *, const macsec_frames *, macsec_outcome *) =
        protecting ? macsec_protect : macsec_validate;
    if (rows > 0 && one_in(50)) {
        macsec_outcome small = o;
        small.capacity = (int64_t)capacity - 1;
        check(call(secy, &in, &small) == -1, "an arena too small was taken");
        check_unused(out, out + capacity, 0);
    }
    check(call(secy, &in, &o) == 0, "a batch was refused");
    check_outcome(b, &o, protecting);
}

/* ---- Protect --------------------------------------------------------------------------------- */

static size_t draw_length(void) {
    const size_t kind = below(256);
    return kind < 200   ? below(140)
           : kind < 250 ? below(640)
           : kind < 255 ? below(1600)
                        : below(CLEAR_LONGEST + 1);
}

static void add_clear(batch *b) {
    static const uint16_t types[] = {0x0800, 0x88E5, 0x8100, 0x88A8, 0x9100, 0x888E};
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

/* What 10.5 makes of a clear frame: the verdict and the length sent. */
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
    check(get(tag, 2) == 0x88E5 && tag[2] == (tci | w.s.encodingsa), "TCI %02x", tag[2]);
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

static void check_told(const batch *b, size_t i, const sent_frame *s) {
    check(!b->told || (b->sci[i] == w.sci && b->an[i] == s->an && b->pn[i] == s->pn),
          "told: SCI %016" PRIx64 ", AN %u, PN %" PRIu64, b->sci[i], b->an[i], b->pn[i]);
}

static void check_protected(const batch *b, size_t i) {
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
    check_told(b, i, remember(clear, length, out, sent, front));
}

/* One of those sent, most often the last, and none of those that this turn may still forget. */
static sent_frame *draw_sent(void) {
    const size_t back = one_in(2) ? 0 : below(REMEMBERED - 8);
    return &w.sent[(w.sent_count - 1 - back) % REMEMBERED];
}

/* ---- Frames changed at random ---------------------------------------------------------------- */

static size_t change_sectag(uint8_t *tag, size_t room) {
    if (room < 8) {
        return 0;
    }
    switch (below(8)) {
    case 0:
        tag[2] = (uint8_t)draw();
        break;
    case 1:
        tag[2] ^= (uint8_t)(1u << below(8));
        break;
    case 2:
        tag[2] = (uint8_t)((tag[2] & ~3u) | below(ANS));
        break;
    case 3:
        tag[3] = (uint8_t)(one_in(2) ? draw() : tag[3] + below(5) - 2);
        break;
    case 4:
        put(tag + 4, 4, get(tag + 4, 4) + below(5) - 2);
        break;
    case 5:
        put(tag + 4, 4, draw_pn(UINT64_MAX));
        break;
    case 6:
        put(tag, 2, draw());
        break;
    default:
        if (room >= 16) {
            put(tag + 8, 8, one_in(3) ? UINT64_MAX : one_in(2) ? w.peers[0] : draw());
        }
    }
    return 0;
}

/* Changes a frame in place; gives its new length. */
static size_t change(uint8_t *frame, size_t length, size_t front) {
    const sent_frame *other = draw_sent();
    switch (below(11)) {
    case 0: /* cut */
        return below(length + 1);
    case 1: /* longer */
    {
        const size_t more = 1 + below(64);
        memset(frame + length, 0, more);
        if (one_in(2)) {
            fill(frame + length, more);
        }
        return length + more;
    }
    case 2: /* the front of one and the end of another */
        if (other->length > 0) {
            const size_t at = below(length < other->length ? length : other->length);
            memcpy(frame + at, other->octets + at, other->length - at);
            return other->length;
        }
        return length;
    case 3: /* another's ICV */
        if (other->length >= 16 && length >= 16) {
            memcpy(frame + length - 16, other->octets + other->length - 16, 16);
        }
        return length;
    case 4: /* a VLAN tag more, or octets less */
    {
        const size_t at = 12 + 4 * below(3), few = 1 + below(8);
        if (length < at + few) {
            return length;
        }
        if (one_in(2)) {
            memmove(frame + at, frame + at + few, length - at - few);
            return length - few;
        }
        memmove(frame + at + 4, frame + at, length - at);
        put(frame + at, 4, 0x81000000u | (uint16_t)draw());
        return length + 4;
    }
    case 5: /* nothing left of it */
        fill(frame, length);
        if (one_in(2) && length >= 14) {
            put(frame + 12, 2, 0x88E5);
        }
        return length;
    case 6:
    case 7:
        change_sectag(frame + front, length - front);
        return length;
    default:
        for (size_t flips = one_in(4) ? 1 + below(4) : 1; flips > 0 && length > 0; flips--) {
            frame[below(length)] ^= (uint8_t)(1u << below(8));
        }
        return length;
    }
}

static void add_changed(batch *b) {
    sent_frame *s = draw_sent();
    uint8_t *frame = row_new(b);
    if (s->length == 0) {
        const size_t length = below(80);
        fill(frame, length);
        row_done(b, length);
        return;
    }
    memcpy(frame, s->octets, s->length);
    size_t length = s->length;
    if (one_in(10)) {
        b->whole[b->count] = s; /* a replay */
    } else {
        length = change(frame, length, s->front);
        if (one_in(4) && length >= s->front && length <= CLEAR_LONGEST) {
            length = change(frame, length, s->front);
        }
    }
    b->cut[b->count] = one_in(200);
    row_done(b, length);
}

/* ---- Validate -------------------------------------------------------------------------------- */

/* A received frame taken apart. */
typedef struct view {
    int tagged;
    size_t front;
    unsigned tci;
    size_t secure_at;
    size_t user;
} view;

static view take_apart(const uint8_t *frame, size_t length) {
    view v = {.front = 12 + 4 * vlan_tags(frame, length, w.r.clear_tags)};
    v.tagged = length >= v.front + 2 && get(frame + v.front, 2) == 0x88E5;
    if (!v.tagged || length < v.front + 8) {
        return v;
    }
    v.tci = frame[v.front + 2];
    v.secure_at = v.front + (v.tci & SC ? 16 : 8);
    const size_t sl = frame[v.front + 3];
    v.user = sl ? sl : length - v.secure_at - w.r.icv_length;
    return v;
}

/* Is the frame, as far as the ICV protects it, one that was sent? */
static int is_frame(const sent_frame *s, const uint8_t *frame, size_t length, const view *v) {
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

/* 10.6.5: only a good frame moves the state; `pn` is that of the frame. */
static void move_model(sent_frame *s, uint64_t pn) {
    model *m = &w.rx[s->an];
    check(!w.r.replay || w.r.window_from_next_pn || pn > m->floor, "PN %" PRIu64 " was late", pn);
    check(!w.r.duplicates_reject || !s->accepted, "PN %" PRIu64 " was accepted twice", pn);
    s->accepted = 1;
    m->last = pn > m->last ? pn : m->last;
    const uint64_t lowest = m->last >= window_used() ? m->last - window_used() : 0;
    m->floor = lowest > m->floor ? lowest : m->floor;
}

/* A frame is delivered for one of these reasons, and with these octets. */
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
            if (check(s != NULL, "a frame that nobody sent was delivered as good")) {
                check(same(out, out_length, frame, v.front, s->clear + s->front, v.user),
                      "octets delivered are not those sent");
                check_told(b, i, s);
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

/* The verdict of a frame as sent, where it can be told; else MACSEC_VERDICTS. */
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

/* The state of the receive SAs is what the good frames made it. */
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

/* Skips PNs, as frames lost on the way do. */
static void skip_pns(void) {
    model *sa = &w.tx[w.s.encodingsa];
    const uint64_t last = w.s.xpn ? UINT64_MAX : UINT32_MAX, step = below(70);
    if (sa->present && sa->last < last - step) {
        sa->last += step;
        check(macsec_secy_set_tx_pn(w.sender, w.s.encodingsa, sa->last) == 0, "PN refused");
    }
}

static void turn(void) {
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
    /* Each time one after the other, and sometimes alone: what a bad frame may not do shows best.
     */
    while (wire_batch.count < BATCH && !one_in(3)) {
        add_changed(&wire_batch);
    }
    validate_batch(&wire_batch);
    wire_batch.used = wire_batch.count = 0;
    add_changed(&wire_batch);
    validate_batch(&wire_batch);
}

/* ---- Every change of one frame, with its exact verdict --------------------------------------- */

/* Clause 9.12 and 10.6 under ieee and strict, no clear tags, nothing late, one SC with AN 0 only.
 */
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
        for (int wrong = 0; wrong < 256; wrong++) { /* one of them is right */
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
    w.sender = macsec_secy_new(kernel);
    w.receiver = macsec_secy_new(kernel);
    fill(key, sizeof key);
    fill(salt, sizeof salt);
    const macsec_sa_parameters sa = parameters(below(1000), 0);
    w.tx[0] = (model){1, 1, sa.last_pn, 0};
    check(macsec_secy_configure(w.sender, &w.s) == 0 &&
              macsec_secy_configure(w.receiver, &w.r) == 0 &&
              macsec_secy_set_tx_sc(w.sender, w.sci, 1) == 0 &&
              macsec_secy_add_tx_sa(w.sender, 0, &sa) == 0 &&
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

static void every(const char *kernel) {
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

/* ---- Main ------------------------------------------------------------------------------------ */

enum { KERNELS = 16 };

static size_t usable_kernels(const char *named, const char *names[KERNELS]) {
    size_t count = 0;
    for (size_t i = 0; i < macsec_gcm_kernel_count() && count < KERNELS; i++) {
        const macsec_gcm_kernel *kernel = macsec_gcm_kernel_at(i);
        if ((named == NULL || strcmp(named, kernel->name) == 0) && macsec_gcm_usable(kernel)) {
            printf("%s%s", count ? " " : "kernels: ", kernel->name);
            names[count++] = kernel->name;
        }
    }
    printf("\n");
    return count;
}

static void fuzz(uint64_t wanted, uint64_t seed, const char *const names[], size_t kernels) {
    for (uint64_t number = 0; frames_given < wanted; number++) {
        /* The last one is the slowest: it has an eighth of the worlds beyond its share. */
        const size_t chosen = kernels > 1 && number % 8 ? number % (kernels - 1) : kernels - 1;
        world_new(number, seed, names[chosen]);
        for (size_t turns = 20 + below(400); turns > 0; turns--) {
            turn();
            if (one_in(6)) {
                manage();
            }
        }
        world_end();
    }
}

int main(int argc, char **argv) {
    const int all = argc > 1 && strcmp(argv[1], "--every") == 0;
    const char *names[KERNELS];
    const size_t kernels = usable_kernels(argc > 2 + !all ? argv[2 + !all] : NULL, names);
    if (kernels == 0) {
        fprintf(stderr, "secy_fuzz: no such kernel runs here\n");
        return 2;
    }
    in_arena = region_new(sizeof clear_batch.scratch);
    out_arena = region_new(sizeof clear_batch.scratch + (size_t)BATCH * OVERHEAD + 64);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        columns[i] = region_new(sizeof(uint64_t) * BATCH);
    }
    if (all) {
        for (size_t i = 0; i < kernels; i++) {
            every(names[i]);
        }
    } else {
        const uint64_t wanted = argc > 1 ? strtoull(argv[1], NULL, 0) : 1000000;
        fuzz(wanted, argc > 2 ? strtoull(argv[2], NULL, 0) : 1, names, kernels);
    }
    printf("secy: %" PRIu64 " frames, %" PRIu64 " faults\n", frames_given, faults);
    return faults != 0;
}
