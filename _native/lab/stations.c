/* Stations: a SecY between the Controlled and the Common Port (10.1, 10.4). The twin of the path of
   a frame in macsec/lab/virtual/stations/station.py and macsec/port/controlled_port.py. */
#include "lab/lab_state.h"

#include "base/octets.h"
#include "frames/dissect.h"
#include "frames/sectag.h"

enum { GROWS_BY = 32, VERDICT = 0xFF, OCTETS_AT = 8, SENT = 0, RECEIVED = 1 };

typedef int64_t secy_call(macsec_secy *secy, const uint8_t *frame, size_t length, uint8_t *out);

int64_t macsec_lab_add_station(macsec_lab *lab, macsec_secy *secy, uintptr_t lock,
                               int64_t lane_sent, const uint32_t eapol[2]) {
    const int64_t at = LAB_ADD(lab->stations, lab->station_count);
    if (at >= 0) {
        station *s = &lab->stations[at];
        s->secy = secy;
        s->lock = (pthread_mutex_t *)lock;
        s->lane = lane_sent;
        s->wake_ps = NEVER;
        s->eapol[0] = eapol[0];
        s->eapol[1] = eapol[1];
    }
    return at;
}

void macsec_lab_open(macsec_lab *lab, int64_t at, int open) {
    lab->stations[at].open = open != 0;
}

void macsec_lab_take_secy(macsec_lab *lab, int64_t at) {
    lab->stations[at].secy = NULL;
}

void macsec_lab_probe(macsec_lab *lab, int64_t at, int on) {
    lab->stations[at].probed = on != 0;
}

void macsec_lab_uncontrolled(macsec_lab *lab, int64_t at, int on) {
    lab->stations[at].seen = on != 0;
}

void macsec_lab_station(const macsec_lab *lab, int64_t at, macsec_lab_station_counts *counts) {
    *counts = lab->stations[at].counts;
}

/* Pass a frame through the SecY. Return 0 if a closed port refused it, which is counted; else set
   the verdict and, for a frame that goes on, the result. */
static int through_secy(macsec_lab *lab, uint32_t at, int way, lab_frame *f, int *verdict,
                        lab_frame **result) {
    secy_call *const calls[] = {macsec_protect_frame, macsec_validate_frame};
    *result = NULL;
    if (lab->stations[at].secy == NULL && lab->stations[at].open) {
        lab_hook(lab, MACSEC_LAB_SECY_CLOSED, at, 0, f);
    }
    station *s = &lab->stations[at];
    if (s->secy == NULL) {
        s->counts.blocked[way]++;
        return 0;
    }
    lab_frame *out = macsec_frame_new(&lab->frames, f->length + GROWS_BY);
    if (out == NULL) {
        lab_no_memory(lab);
        return 0;
    }
    pthread_mutex_lock(s->lock);
    const int passes =
        s->open || macsec_lets_pass(s->secy, f->octets, (size_t)f->length, way == SENT);
    const int64_t ended =
        passes ? calls[way](s->secy, f->octets, (size_t)f->length, out->octets) : 0;
    if (!passes && way == RECEIVED) {
        macsec_see(s->secy, f->octets, (size_t)f->length);
    }
    pthread_mutex_unlock(s->lock);
    s->counts.blocked[way] += !passes;
    *verdict = (int)(ended & VERDICT);
    out->length = ended >> OCTETS_AT;
    if (out->length > 0) {
        *result = out;
    } else {
        frame_drop(&lab->frames, out);
    }
    return passes;
}

static void show(macsec_lab *lab, macsec_lab_hook what, uint32_t at, int verdict,
                 const lab_frame *f, const lab_frame *result) {
    macsec_lab_call_hook(lab,
                         &(macsec_lab_call){.what = what,
                                            .part = at,
                                            .number = verdict,
                                            .frame = f->octets,
                                            .length = f->length,
                                            .result = result != NULL ? result->octets : NULL,
                                            .result_length = result != NULL ? result->length : 0});
}

void macsec_lab_station_send(macsec_lab *lab, uint32_t at, lab_frame *f, int *sent) {
    int verdict = 0;
    lab_frame *result;
    through_secy(lab, at, SENT, f, &verdict, &result);
    if (lab->stations[at].probed && !lab->ended) {
        show(lab, MACSEC_LAB_PROTECTED, at, verdict, f, result);
    }
    *sent = result != NULL && !lab->ended;
    if (*sent) {
        macsec_lab_lane_send(lab, (uint32_t)lab->stations[at].lane, result);
    }
    if (result != NULL) {
        frame_drop(&lab->frames, result);
    }
}

static int is_for_kay(const station *s, const lab_frame *f) {
    const size_t length = (size_t)f->length, at = priority_tag_end(f->octets, length);
    if (length < at + 2) {
        return 0;
    }
    const uint32_t type = load_be16(f->octets + at);
    return type != 0 && (type == s->eapol[0] || type == s->eapol[1]);
}

void macsec_lab_station_take(macsec_lab *lab, uint32_t at, lab_frame *f) {
    if (lab->stations[at].seen) {
        lab_hook(lab, MACSEC_LAB_STATION_SEES, at, 0, f);
    }
    if (lab->ended) {
        return;
    }
    if (is_for_kay(&lab->stations[at], f)) {
        if (!macsec_lab_station_hears(lab, at, f)) {
            lab_hook(lab, MACSEC_LAB_STATION_HEARS, at, 0, f);
        }
        return;
    }
    int verdict = 0;
    lab_frame *result;
    const int judged = through_secy(lab, at, RECEIVED, f, &verdict, &result);
    if (judged && lab->stations[at].probed) {
        show(lab, MACSEC_LAB_VALIDATED, at, verdict, f, result);
    }
    if (result == NULL) {
        return;
    }
    if (!lab->ended) {
        lab->stations[at].counts.delivered++;
        macsec_lab_deliver(lab, (macsec_lab_port){1, at}, result);
    }
    frame_drop(&lab->frames, result);
}

macsec_lab_end macsec_lab_request(macsec_lab *lab, int64_t at, const uint8_t *octets,
                                  int64_t length, int *sent) {
    lab_frame *f = macsec_frame_copy(&lab->frames, octets, length);
    if (f == NULL) {
        return MACSEC_LAB_NO_MEMORY;
    }
    macsec_lab_station_send(lab, (uint32_t)at, f, sent);
    frame_drop(&lab->frames, f);
    return lab_ended(lab);
}

macsec_lab_end macsec_lab_indicate(macsec_lab *lab, int64_t at, const uint8_t *octets,
                                   int64_t length) {
    lab_frame *f = macsec_frame_copy(&lab->frames, octets, length);
    if (f == NULL) {
        return MACSEC_LAB_NO_MEMORY;
    }
    macsec_lab_station_take(lab, (uint32_t)at, f);
    frame_drop(&lab->frames, f);
    return lab_ended(lab);
}
