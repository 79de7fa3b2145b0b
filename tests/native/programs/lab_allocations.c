/* Makes the allocations of a lab in C fail, one after the other, without Python.

   A scenario makes every part, and runs traffic through all of them. It runs once for each of its
   allocations, which then fails: the call has to say so, and no memory may be left when the lab is
   freed. Link as refusing.h says. The last line counts the failures; the exit status is 0 if each
   was handled. */
#define _DEFAULT_SOURCE

#include "lab/lab.h"
#include "refusing.h"

#include <pthread.h>
#include <string.h>

enum { HOSTS = 2, FRAME = 80, CAPTURED = 24, LANES = 6, HELLO = 80, ICV = 16, MI = 30, LISTS = 62 };

static const int64_t first_ps = 300000000; /* of frames: after the hellos, which report PNs */

static const uint8_t key[16] = {1};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long delivered, hellos_heard;

/* Answer a hook: every address that no bridge has learnt is at port 1. */
static int64_t hook(void *context, const macsec_lab_call *call) {
    macsec_lab *lab = *(macsec_lab **)context;
    if (call->what == MACSEC_LAB_TRACE_FULL) {
        macsec_lab_take_records(lab);
    }
    return call->what == MACSEC_LAB_WHICH_PORT ? 1 : 0;
}

static macsec_wire_plan plan_of(uint32_t link, uint32_t direction, int impaired) {
    const uint64_t half = (uint64_t)1 << 31;
    macsec_wire_plan plan = {.limit = 1000, .longest = 1 << 20, .link = link};
    plan.direction = direction;
    plan.delay.mean_ps = 5000000;
    if (impaired) {
        plan.duplicate = (macsec_wire_dice){.start = 1, .below = half};
        plan.corrupt = (macsec_wire_dice){.start = 2, .below = half};
        plan.fcs_fix = 1;
        plan.delay.jitter_ps = 4000000;
    }
    return plan;
}

/* A SecY with an SA each way; it is made before allocations are refused. */
static macsec_secy *secy_of(uint64_t own, uint64_t peer) {
    const macsec_controls controls = {.protect = 1,
                                      .encrypt = 1,
                                      .validate = MACSEC_VALIDATE_CHECK,
                                      .send_sci = 1,
                                      .icv_length = 16,
                                      .ethertype = 0x88E5,
                                      .refuse_sl_48 = 1,
                                      .longest = -1};
    const macsec_sa_parameters sa = {.key = key, .key_length = 16, .enabled = 1};
    macsec_secy *secy = macsec_secy_new(NULL, NULL);
    macsec_secy_configure(secy, &controls);
    macsec_secy_set_tx_sc(secy, 0, own, 1);
    macsec_secy_add_tx_sa(secy, 0, 0, &sa);
    macsec_secy_add_rx_sc(secy, peer, 1);
    macsec_secy_add_rx_sa(secy, peer, 0, &sa);
    return secy;
}

static macsec_lab_port lane_port(uint32_t lane) {
    return (macsec_lab_port){0, lane};
}

static macsec_lab_port station_port(uint32_t station) {
    return (macsec_lab_port){1, station};
}

/* Two hosts, each at a bridge; a link with a station at both ends between the bridges. Lanes 0 and
   1 are the cable of host 0, 2 and 3 the link, 4 and 5 the cable of host 1; even ones lead away
   from host 0. Return 0 where memory was short. */
static int build(macsec_lab *lab, macsec_secy *const secys[2]) {
    const uint32_t eapol[2] = {0x888E, 0};
    const uint32_t sends[] = {2, 3}, cable_in[] = {0, 5}, cable_out[] = {1, 4}, link_in[] = {3, 2};
    int good = macsec_lab_add_tape(lab) == 0;
    for (uint32_t lane = 0; lane < LANES; lane++) {
        const macsec_wire_plan plan = plan_of(lane / 2, lane % 2, lane / 2 == 1);
        good = good && macsec_lab_add_lane(lab, &plan, 0) == lane;
    }
    for (uint32_t at = 0; at < HOSTS && good; at++) {
        good = macsec_lab_add_bridge(lab) == at &&
               macsec_lab_add_host(lab, at + 1, 1500, cable_in[at]) == at;
        good = good &&
               macsec_lab_add_station(lab, secys[at], (uintptr_t)&lock, sends[at], eapol) == at;
        good = good && macsec_lab_attach(lab, at, lane_port(cable_out[at])) == 0;
        good = good && macsec_lab_attach(lab, at, station_port(at)) == 1;
        if (!good) {
            return 0;
        }
        macsec_lab_receiver(lab, lane_port(cable_in[at]),
                            (macsec_lab_place){MACSEC_LAB_BRIDGE, at, 0});
        macsec_lab_receiver(lab, station_port(at), (macsec_lab_place){MACSEC_LAB_BRIDGE, at, 1});
        macsec_lab_receiver(lab, lane_port(cable_out[at]),
                            (macsec_lab_place){MACSEC_LAB_HOST, at, 0});
        macsec_lab_receiver(lab, lane_port(link_in[at]),
                            (macsec_lab_place){MACSEC_LAB_STATION, at, 0});
        macsec_lab_open(lab, at, 1);
        macsec_lab_watch_host(lab, at, (macsec_lab_watch){.hooked = 1, .tape = 1});
        macsec_lab_tap(lab, 4, 0);
    }
    return good && macsec_lab_add_flow(lab, 0, 1) == 0 && macsec_lab_add_flow(lab, 1, 0) == 1;
}

static void mkpdu_of(uint8_t mkpdu[HELLO + ICV], int station) {
    memset(mkpdu, 0, HELLO + ICV);
    mkpdu[0] = 1;
    mkpdu[12] = 0x88;
    mkpdu[13] = 0x8E;
    mkpdu[MI] = (uint8_t)station;
}

/* Let both stations send hellos, which list each other, every 10 us for 200 us. Return 0 where
   memory was short. */
static int agree(macsec_lab *lab, macsec_secy *const secys[2]) {
    static const uint32_t place = LISTS;
    static const int64_t time_ns;
    int good = 1;
    for (int at = 0; at < HOSTS && good; at++) {
        uint8_t ours[HELLO + ICV], theirs[HELLO + ICV];
        macsec_sa_state sa;
        macsec_secy_tx_sa(secys[at], 0, 0, &sa);
        const uint64_t next_pns[4] = {sa.last_pn + 1};
        mkpdu_of(ours, at);
        mkpdu_of(theirs, 1 - at);
        const macsec_hello_peer peer = {.mi = {(uint8_t)(1 - at)},
                                        .mn = 1,
                                        .expires_ns = 1000000,
                                        .mkpdu = theirs,
                                        .length = HELLO + ICV,
                                        .end = HELLO,
                                        .head = theirs,
                                        .places = &place,
                                        .place_count = 1,
                                        .us = LISTS,
                                        .in_ours = LISTS};
        const macsec_hello_terms terms = {.ick = key,
                                          .ick_length = sizeof key,
                                          .mkpdu = ours,
                                          .length = HELLO,
                                          .head = ours,
                                          .mn = 1,
                                          .times = &time_ns,
                                          .time_count = 1,
                                          .hello_ns = 1000 + at,
                                          .period_ns = 10000,
                                          .life_ns = 1000000,
                                          .repeat_ns = 1000000,
                                          .until_ns = 200000,
                                          .peers = &peer,
                                          .peer_count = 1};
        good = macsec_lab_borrow_hellos(lab, at, &terms, 0, next_pns) &&
               macsec_lab_wake_at(lab, at, terms.hello_ns * 1000) == MACSEC_LAB_DONE;
    }
    return good;
}

/* Return the hellos that a station has heard. */
static long heard_by(macsec_lab *lab, int station) {
    macsec_hello_report report;
    macsec_hello_heard peer;
    uint32_t crcs[MACSEC_LAB_CRCS];
    const uint32_t *count;
    (void)macsec_lab_touched(lab, &count);
    if (*count != HOSTS) {
        fault("not every station was touched");
    }
    macsec_lab_look_at_hellos(lab, station, &report, &peer, crcs);
    return (long)report.heard;
}

/* Run to rest. Return how it ended: DONE, or what was short. */
static macsec_lab_end run(macsec_lab *lab) {
    static uint8_t frames[2][FRAME];
    static int64_t start[CAPTURED], length[CAPTURED], time_ns[CAPTURED], number[CAPTURED];
    static uint8_t side[CAPTURED];
    for (int at = 0; at < HOSTS; at++) {
        memset(frames[at], 0, FRAME);
        frames[at][5] = (uint8_t)(2 - at); /* to the other host, from this one */
        frames[at][11] = (uint8_t)(1 + at);
    }
    for (int row = 0; row < CAPTURED; row++) { /* equal frames, so that times queue up */
        start[row] = FRAME;
        length[row] = FRAME;
        time_ns[row] = row;
    }
    const macsec_lab_generator generator = {.model = MACSEC_LAB_POISSON,
                                            .times_start = 3,
                                            .pps = 1000000,
                                            .count = 200,
                                            .end_ps = -1,
                                            .size_count = 1,
                                            .sizes = {FRAME},
                                            .templates = {frames[0]}};
    const macsec_lab_feed feed = {frames[0], start, length, time_ns, side, number, CAPTURED};
    macsec_lab_end end = macsec_lab_begin(lab, 0, first_ps, &generator);
    end = end ? end : macsec_lab_begin(lab, 1, first_ps, NULL);
    end = end ? end : macsec_lab_give(lab, 1, &feed);
    int64_t which = 0;
    while (end == MACSEC_LAB_DONE) {
        end = macsec_lab_run(lab, INT64_MAX, 100, MACSEC_LAB_NO_REST, &which);
        if (end == MACSEC_LAB_DONE) {
            return end;
        }
        if (end == MACSEC_LAB_MANY || end == MACSEC_LAB_FEED || end == MACSEC_LAB_WAKE) {
            end = MACSEC_LAB_DONE;
        }
    }
    return end;
}

static void scenario(macsec_secy *const secys[2]) {
    macsec_lab *lab = NULL;
    lab = macsec_lab_new(hook, &lab);
    const int built = lab != NULL && build(lab, secys) && agree(lab, secys);
    const macsec_lab_end end = built ? run(lab) : MACSEC_LAB_NO_MEMORY;
    const int refusal = allocations >= fails_at;
    if ((end == MACSEC_LAB_NO_MEMORY) != refusal) {
        fault(refusal ? "no failure reported" : "failed for no reason");
    }
    if (end == MACSEC_LAB_DONE) {
        macsec_lab_host_counts counts;
        macsec_lab_host(lab, 1, &counts);
        delivered = (long)counts.received;
        hellos_heard = heard_by(lab, 1);
        macsec_lab_take_touched(lab);
    }
    macsec_lab_free(lab);
}

int main(void) {
    macsec_secy *const secys[2] = {secy_of(1, 2), secy_of(2, 1)};
    long failures = 0;
    setvbuf(stdout, NULL, _IONBF, 0); /* no buffer of the C library among the allocations */
    do {
        fails_at++;
        allocations = 0;
        const long before = held;
        scenario(secys);
        if (held != before) {
            fault(held > before ? "memory is left" : "memory was released twice");
        }
        failures += allocations >= fails_at;
    } while (allocations >= fails_at);
    fails_at = 0; /* code that runs at exit may allocate */
    macsec_secy_free(secys[0]);
    macsec_secy_free(secys[1]);
    printf("allocations: %ld refused, %lu faults; %ld frames delivered, %ld hellos heard\n",
           failures, faults, delivered, hellos_heard);
    return faults != 0 || delivered == 0 || hellos_heard == 0;
}
