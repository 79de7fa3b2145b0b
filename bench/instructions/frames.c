/* A SecY without Python, to count its instructions: `instructions KERNEL STAGE OCTETS BATCHES`. The
   difference of two runs of different length is the cost of the batches alone. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "secy/macsec.h"

enum { FRAMES = 32, SLACK = 64, LONGEST = 9018 };

static const uint64_t SCI = 0x5254001301560001u;
static const uint8_t key[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const uint8_t salt[12];

static uint8_t clear[FRAMES * LONGEST + SLACK];
static uint8_t sealed[FRAMES * (LONGEST + SLACK) + SLACK];
static uint8_t opened[FRAMES * (LONGEST + SLACK) + SLACK];

typedef struct columns {
    int64_t wide[5 * FRAMES];
    uint8_t narrow[2 * FRAMES];
} columns;

static void expect(int good, const char *what) {
    if (!good) {
        fprintf(stderr, "instructions: %s\n", what);
        exit(1);
    }
}

static macsec_secy *new_secy(const char *kernel) {
    /* The controls of profile ieee, with a window in which a batch is valid several times. */
    const macsec_controls controls = {.protect = 1,
                                      .encrypt = 1,
                                      .validate = MACSEC_VALIDATE_STRICT,
                                      .replay = 1,
                                      .send_sci = 1,
                                      .icv_length = 16,
                                      .ethertype = 0x88E5,
                                      .refuse_sl_48 = 1,
                                      .scb_port_zero = 1,
                                      .too_long_counts_octets = 1,
                                      .window = UINT32_MAX,
                                      .longest = -1};
    const macsec_sa_parameters sa = {
        .key = key, .key_length = sizeof key, .salt = salt, .enabled = 1};
    macsec_secy *secy = macsec_secy_new(kernel, NULL);
    expect(secy != NULL, "no such kernel here");
    expect(macsec_secy_configure(secy, &controls) == 0, "controls refused");
    expect(macsec_secy_set_tx_sc(secy, 0, SCI, 1) == 0, "transmit SC refused");
    expect(macsec_secy_add_tx_sa(secy, 0, 0, &sa) == 0, "transmit SA refused");
    expect(macsec_secy_add_rx_sc(secy, SCI, 1) == 0, "receive SC refused");
    expect(macsec_secy_add_rx_sa(secy, SCI, 0, &sa) == 0, "receive SA refused");
    return secy;
}

static macsec_outcome outcome(uint8_t *arena, int64_t capacity, columns *c) {
    macsec_outcome out = {.arena = arena, .capacity = capacity};
    macsec_outcome_columns(&out, c->wide, c->narrow, FRAMES);
    return out;
}

int main(int count, char **words) {
    expect(count == 5, "KERNEL protect|validate OCTETS BATCHES");
    int validates = strcmp(words[2], "validate") == 0;
    int64_t octets = atoi(words[3]);
    int batches = atoi(words[4]);
    expect(octets >= 14 && octets <= LONGEST, "14 to 9018 octets");

    int64_t start[FRAMES];
    int64_t length[FRAMES];
    for (int i = 0; i < FRAMES; i++) {
        start[i] = i * octets;
        length[i] = octets;
        for (int64_t at = 0; at < octets; at++) {
            clear[start[i] + at] = (uint8_t)(at * 7 + i);
        }
        clear[start[i]] &= 0xfe;     /* to one station, as most frames are */
        clear[start[i] + 12] = 0x88; /* an EtherType for local experiments */
        clear[start[i] + 13] = 0xb5;
    }
    macsec_secy *secy = new_secy(words[1]);
    macsec_frames in = {clear, start, length, length, FRAMES};
    static columns first;
    static columns second;
    macsec_outcome made = outcome(sealed, sizeof sealed, &first);
    macsec_outcome back = outcome(opened, sizeof opened, &second);
    expect(macsec_protect(secy, &in, &made) == 0 && made.frames == FRAMES, "not all protected");
    macsec_frames wire = {sealed, made.start, made.length, made.length, FRAMES};
    expect(macsec_validate(secy, &wire, &back) == 0 && back.frames == FRAMES, "not all valid");
    expect(memcmp(opened, clear, 14) == 0, "not what was sent");

    for (int i = 0; i < batches; i++) {
        macsec_status done =
            validates ? macsec_validate(secy, &wire, &back) : macsec_protect(secy, &in, &made);
        expect(done == MACSEC_STATUS_DONE, "refused");
    }
    expect((validates ? back.frames : made.frames) == FRAMES, "not all went on");
    macsec_secy_free(secy);
    return 0;
}
