/* Makes the allocations of the SecY in C fail, one after the other, without Python.

   A scenario makes every call that allocates. It runs once for each of its allocations, which then
   fails: the call has to return NULL or MACSEC_STATUS_NO_MEMORY, and leave a SecY that still works.
   At the end, no memory may be left allocated. Link as refusing.h says. The last line counts the
   failures; the exit status is 0 if each was handled. */
#define _DEFAULT_SOURCE

#include "gcm/api.h"
#include "refusing.h"
#include "secy/macsec.h"

#include <string.h>

/* Run a call that may fail, and compare its result with whether one of its allocations failed. */
#define TRY(call, succeeded)                                                                       \
    do {                                                                                           \
        const long before = allocations;                                                           \
        const int good = (call)succeeded;                                                          \
        const int refusal = before < fails_at && allocations >= fails_at;                          \
        if (good == refusal) {                                                                     \
            fault(refusal ? "no failure reported: " #call : "failed for no reason: " #call);       \
        }                                                                                          \
    } while (0)

enum { PEERS = 20, CROWD = 1500, FRAME = 64, FRAMES = 8, ROOM = FRAMES * (FRAME + 32) };

static const uint8_t key[32] = {1}, salt[12] = {2};

/* Protect frames and validate them; the frames delivered must be the frames sent, if the SA exists.
 */
static void traffic(macsec_secy *secy, int complete) {
    static uint8_t clear[FRAMES * FRAME], wire[ROOM], back[ROOM + ROOM];
    static int64_t start[FRAMES], length[FRAMES], columns[6][FRAMES];
    static uint64_t sci[FRAMES], pn[FRAMES];
    static uint8_t codes[FRAMES], an[FRAMES];
    for (int i = 0; i < FRAMES; i++) {
        start[i] = (int64_t)i * FRAME;
        length[i] = FRAME;
    }
    macsec_frames in = {clear, start, length, length, FRAMES};
    macsec_outcome sent = {wire, ROOM, columns[0], columns[1], columns[2], codes,
                           sci,  an,   pn,         0,          0};
    if (macsec_protect(secy, &in, &sent) != 0) {
        fault("protect refused");
    }
    macsec_frames arrived = {wire, columns[0], columns[1], columns[1], sent.frames};
    macsec_outcome got = {back, sizeof back, columns[3], columns[4], columns[5], codes,
                          sci,  an,          pn,         0,          0};
    memset(back, 0xA5, sizeof back);
    if (macsec_validate(secy, &arrived, &got) != 0) {
        fault("validate refused");
    }
    const int64_t frames = got.frames;
    if (macsec_validate(secy, &arrived, &got) != 0) { /* once more: replays */
        fault("validate refused");
    }
    if (complete && (frames != FRAMES || memcmp(back, clear, sizeof clear) != 0)) {
        fault("a frame was lost");
    }
}

static void add_peer(macsec_secy *secy, uint64_t sci) {
    macsec_status answer = MACSEC_STATUS_DONE;
    TRY((answer = macsec_secy_add_rx_sc(secy, sci, 1)), == MACSEC_STATUS_DONE);
    if (answer != MACSEC_STATUS_DONE) {
        TRY(macsec_secy_add_rx_sc(secy, sci, 1), == MACSEC_STATUS_DONE);
    }
}

static void use_secy(macsec_secy *secy) {
    macsec_controls controls = {.protect = 1,
                                .encrypt = 1,
                                .validate = MACSEC_VALIDATE_STRICT,
                                .replay = 1,
                                .duplicates_reject = 0,
                                .send_sci = 1,
                                .icv_length = 16,
                                .ethertype = 0x88E5,
                                .refuse_sl_48 = 1,
                                .scb_port_zero = 1,
                                .window = 100,
                                .longest = -1};
    macsec_sa_parameters sa = {.key = key, .key_length = 16, .salt = salt, .enabled = 1};
    TRY(macsec_secy_configure(secy, &controls), == MACSEC_STATUS_DONE);
    TRY(macsec_secy_set_tx_sc(secy, 0, 1, 1), == MACSEC_STATUS_DONE);
    TRY(macsec_secy_add_tx_sa(secy, 0, 0, &sa), == MACSEC_STATUS_DONE);
    macsec_status answer = MACSEC_STATUS_DONE;
    for (uint64_t sci = 1; sci < PEERS; sci++) {
        add_peer(secy, sci);
    }
    TRY((answer = macsec_secy_add_rx_sa(secy, 1, 0, &sa)), == MACSEC_STATUS_DONE);
    traffic(secy, 1);
    controls.duplicates_reject = 1; /* gives each SA a bitmap */
    TRY(macsec_secy_configure(secy, &controls), == MACSEC_STATUS_DONE);
    traffic(secy, 1);
    TRY(macsec_secy_add_rx_sa(secy, 1, 1, &sa), == MACSEC_STATUS_DONE);
    TRY((answer = macsec_secy_add_rx_sa(secy, 1, 0, &sa)), == MACSEC_STATUS_DONE);
    if (answer == MACSEC_STATUS_DONE) {
        TRY(macsec_secy_set_tx_pn(secy, 0, 0, 0), == MACSEC_STATUS_DONE);
    }
    traffic(secy, 1);
    controls.window = 10000; /* a larger one */
    TRY(macsec_secy_configure(secy, &controls), == MACSEC_STATUS_DONE);
    traffic(secy, 1);
    TRY(macsec_secy_remove_rx_sc(secy, 2), == MACSEC_STATUS_DONE);
    traffic(secy, 1);
    controls.duplicates_reject = 0;
    TRY(macsec_secy_configure(secy, &controls), == MACSEC_STATUS_DONE);
    TRY(macsec_secy_remove_rx_sa(secy, 1, 0), == MACSEC_STATUS_DONE);
    traffic(secy, 0);
}

/* Add SCs until they need huge pages, and remove every second one. */
static void crowd(macsec_secy *secy) {
    for (uint64_t sci = PEERS; sci < PEERS + CROWD; sci++) {
        add_peer(secy, sci);
    }
    traffic(secy, 0);
    for (uint64_t sci = PEERS; sci < PEERS + CROWD; sci += 2) {
        TRY(macsec_secy_remove_rx_sc(secy, sci), == MACSEC_STATUS_DONE);
    }
}

static void use_kernels(void) {
    uint8_t data[40] = {0}, tag[16];
    for (int index = 0; index < macsec_kernel_count(); index++) {
        if (macsec_kernel_usable(index)) {
            macsec_status sealed;
            TRY((sealed = macsec_kernel_seal(index, key, 32, salt, NULL, 0, data, data, sizeof data,
                                             tag)),
                == MACSEC_STATUS_DONE);
            if (sealed == MACSEC_STATUS_DONE) {
                TRY(macsec_kernel_open(index, key, 32, salt, NULL, 0, data, data, sizeof data, tag),
                    == MACSEC_STATUS_DONE);
            }
        }
    }
}

static void scenario(void) {
    macsec_secy *secy = NULL;
    TRY((secy = macsec_secy_new(NULL, NULL)), != NULL);
    if (secy != NULL) {
        use_secy(secy);
        crowd(secy);
        macsec_secy_free(secy);
    }
    use_kernels();
}

int main(void) {
    long failures = 0;
    setvbuf(stdout, NULL, _IONBF, 0); /* no buffer of the C library among the allocations */
    do {
        fails_at++;
        allocations = 0;
        const long before = held, mapped_before = mapped;
        scenario();
        if (held != before || mapped != mapped_before) {
            fault(held > before || mapped > mapped_before ? "memory is left"
                                                          : "memory was released twice");
        }
        failures += allocations >= fails_at;
    } while (allocations >= fails_at);
    fails_at = 0; /* code that runs at exit may allocate */
    printf("allocations: %ld refused, %lu faults\n", failures, faults);
    return faults != 0;
}
