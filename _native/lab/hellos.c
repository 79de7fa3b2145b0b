/* Key agreement at a station while nothing is new: the twin of _hear(), _arm() and _wake() in
   macsec/lab/virtual/station.py. */
#include "lab/lab_state.h"

enum { PS_PER_NS = 1000, AN_COUNT = 4 };

static const int64_t horizon_ps = ((int64_t)1 << 62) - 1;

static int64_t now_ns_of(const macsec_lab *lab, const station *s) {
    return lab_now(lab) / PS_PER_NS - s->rested_ns;
}

/* ---------------------------------------------------------------- lent to the lab */

/* Make room for every station among the touched ones; return 0 without memory. */
static int touched_fits(macsec_lab *lab) {
    if (lab->touched_room < lab->station_count) {
        const uint32_t room = 2 * lab->station_count;
        uint32_t *wider = realloc(lab->touched, room * sizeof *wider);
        if (wider == NULL) {
            return 0;
        }
        lab->touched = wider;
        lab->touched_room = room;
    }
    return 1;
}

int macsec_lab_borrow_hellos(macsec_lab *lab, int64_t at, const macsec_hello_terms *terms,
                             int64_t rested_ns, const uint64_t next_pns[4]) {
    station *s = &lab->stations[at];
    macsec_lab_return_hellos(lab, at);
    s->hellos = touched_fits(lab) ? macsec_hellos_new(terms, &lab->icks) : NULL;
    if (s->hellos == NULL) {
        return 0;
    }
    s->rested_ns = rested_ns;
    for (int an = 0; an < AN_COUNT; an++) {
        s->next_pns[an] = next_pns[an];
    }
    return 1;
}

void macsec_lab_return_hellos(macsec_lab *lab, int64_t at) {
    macsec_hellos_free(lab->stations[at].hellos, &lab->icks);
    lab->stations[at].hellos = NULL;
}

const uint32_t *macsec_lab_touched(const macsec_lab *lab, const uint32_t **count) {
    *count = &lab->touched_count;
    return lab->touched;
}

void macsec_lab_take_touched(macsec_lab *lab) {
    for (uint32_t at = 0; at < lab->touched_count; at++) {
        lab->stations[lab->touched[at]].touched = 0;
    }
    lab->touched_count = 0;
}

void macsec_lab_look_at_hellos(macsec_lab *lab, int64_t at, macsec_hello_report *report,
                               macsec_hello_heard *peers, uint32_t *crcs) {
    const station *s = &lab->stations[at];
    macsec_hellos_look(s->hellos, report, peers);
    const uint64_t count =
        report->heard < MACSEC_LAB_CRCS ? (uint64_t)report->heard : MACSEC_LAB_CRCS;
    for (uint64_t row = 0; row < count; row++) {
        crcs[row] = s->crcs[(s->heard - count + row) % MACSEC_LAB_CRCS];
    }
}

static void touch(macsec_lab *lab, uint32_t at) {
    if (!lab->stations[at].touched) {
        lab->stations[at].touched = 1;
        lab->touched[lab->touched_count++] = at;
    }
}

/* ---------------------------------------------------------------- time */

static void wake_at(macsec_lab *lab, uint32_t at, int64_t time_ps) {
    station *s = &lab->stations[at];
    if (s->wake_ps == NEVER || time_ps < s->wake_ps) {
        s->wake_ps = time_ps;
        macsec_lab_schedule(lab, time_ps, 0, AGENDA_WAKE, at);
    }
}

macsec_lab_end macsec_lab_wake_at(macsec_lab *lab, int64_t at, int64_t time_ps) {
    wake_at(lab, (uint32_t)at, time_ps);
    return lab_ended(lab);
}

void macsec_lab_sleep(macsec_lab *lab, int64_t at) {
    lab->stations[at].wake_ps = NEVER;
}

/* Wake the KaY when something is due, now if it is overdue. */
static void arm(macsec_lab *lab, uint32_t at, int64_t time_ns) {
    const int64_t rested_ns = lab->stations[at].rested_ns;
    if (time_ns <= horizon_ps / PS_PER_NS - rested_ns) {
        const int64_t due_ps = (time_ns + rested_ns) * PS_PER_NS;
        wake_at(lab, at, due_ps > lab_now(lab) ? due_ps : lab_now(lab));
    }
}

/* ---------------------------------------------------------------- heard and sent */

int macsec_lab_station_hears(macsec_lab *lab, uint32_t at, lab_frame *f) {
    station *s = &lab->stations[at];
    const int64_t now_ns = now_ns_of(lab, s);
    if (s->hellos == NULL || s->secy == NULL ||
        !macsec_hellos_hear(s->hellos, now_ns, f->octets, (size_t)f->length)) {
        return 0;
    }
    pthread_mutex_lock(s->lock);
    macsec_see(s->secy, f->octets, (size_t)f->length);
    pthread_mutex_unlock(s->lock);
    s->crcs[s->heard++ % MACSEC_LAB_CRCS] = frame_crc(f);
    touch(lab, at);
    arm(lab, at, now_ns);
    return 1;
}

/* Return 1 if the MKPDU would report other PNs: frames were sent. */
static int sent_frames(station *s) {
    int differs = 0;
    pthread_mutex_lock(s->lock);
    for (int an = 0; an < AN_COUNT; an++) {
        macsec_sa_state state;
        const macsec_status status = macsec_secy_tx_sa(s->secy, 0, an, &state);
        differs |= s->next_pns[an] != (status == MACSEC_STATUS_DONE ? state.last_pn + 1 : 0);
    }
    pthread_mutex_unlock(s->lock);
    return differs;
}

static void send_hello(macsec_lab *lab, uint32_t at, int64_t now_ns) {
    macsec_hellos *hellos = lab->stations[at].hellos;
    const size_t length = macsec_hellos_length(hellos);
    lab_frame *f = macsec_frame_new(&lab->frames, (int64_t)length);
    if (f == NULL) {
        lab_no_memory(lab);
        return;
    }
    f->length = (int64_t)length;
    macsec_hellos_send(hellos, now_ns, f->octets);
    macsec_lab_lane_send(lab, (uint32_t)lab->stations[at].lane, f);
    frame_drop(&lab->frames, f);
}

int macsec_lab_station_wake(macsec_lab *lab, uint32_t at) {
    station *s = &lab->stations[at];
    /* An event that an earlier one overtook finds another time, and does nothing. */
    if (s->wake_ps != lab_now(lab)) {
        return 0;
    }
    s->wake_ps = NEVER;
    const int64_t now_ns = now_ns_of(lab, s);
    const int alone = s->hellos == NULL || s->secy == NULL || sent_frames(s);
    const macsec_hello_due due =
        alone ? MACSEC_HELLO_DECLINED : macsec_hellos_due(s->hellos, now_ns);
    if (due != MACSEC_HELLO_DECLINED) {
        touch(lab, at);
    }
    if (due == MACSEC_HELLO_SEND) {
        send_hello(lab, at, now_ns);
    }
    if (lab->ended) {
        return 0;
    }
    /* Python may have taken the hellos back, also in a hook of the lane. */
    const macsec_hellos *hellos = lab->stations[at].hellos;
    if (due == MACSEC_HELLO_DECLINED || hellos == NULL) {
        return 1;
    }
    arm(lab, at, macsec_hellos_next(hellos));
    return 0;
}
