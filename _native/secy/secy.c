/* Frame processing in C: the twin of macsec/secy/reference/, a batch a call. Clauses are those of
   IEEE 802.1AE-2018; a switch of a profile is named where it acts. The steps of a frame are in the
   headers: one translation unit, so that the compiler can inline them. */
#include "secy/secy.h"

#include "base/inlining.h"
#include "secy/secy_prefetch.h"
#include "secy/secy_protect.h"
#include "secy/secy_validate.h"

/* Verdicts of received frames that are not delivered; a switch would do the same in more lines. */
enum {
    REFUSED = 1 << MACSEC_NOT_VALID | 1 << MACSEC_LATE | 1 << MACSEC_NOT_USING_SA |
    1 << MACSEC_NO_TAG | 1 << MACSEC_BAD_TAG | 1 << MACSEC_NO_SCI | 1 << MACSEC_OVERRUN |
    1 << MACSEC_UNCONTROLLED | 1 << MACSEC_DROPPED | 1 << MACSEC_REFUSED_CLEAR
};

int64_t macsec_capacity(const macsec_frames *in) {
    int64_t octets = 0;
    for (int64_t i = 0; i < in->count; i++) {
        octets += in->length[i] + OVERHEAD;
    }
    return octets;
}

void macsec_outcome_columns(macsec_outcome *out, int64_t *wide, uint8_t *narrow, int64_t rows) {
    out->start = wide;
    out->length = wide + rows;
    out->delivered = wide + 2 * rows;
    out->sci = (uint64_t *)(wide + 3 * rows);
    out->pn = (uint64_t *)(wide + 4 * rows);
    out->codes = narrow;
    out->an = narrow + rows;
}

/* 10.7.6: count a frame to a group. Unicast is the rest of all frames. */
static void count_course(macsec_secy *secy, const uint8_t *frame, macsec_course course) {
    static const uint8_t everyone[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    if (frame[0] & 1) {
        const int all = memcmp(frame, everyone, sizeof everyone) == 0;
        (all ? secy->tally.broadcast : secy->tally.multicast)[course]++;
    }
}

void macsec_see(macsec_secy *secy, const uint8_t *frame, size_t length) {
    secy->tally.octets_common += length;
    if (length >= RUNT_LENGTH) {
        secy->tally.alone++;
        count_course(secy, frame, MACSEC_COURSE_ALONE);
    }
}

static void count_group(macsec_secy *secy, const uint8_t *frame, macsec_verdict verdict,
                        int sending) {
    if (verdict == MACSEC_RUNT || verdict == MACSEC_TRUNCATED) {
        return;
    }
    const macsec_course end =
        REFUSED >> verdict & 1 ? MACSEC_COURSE_REFUSED : MACSEC_COURSE_DELIVERED;
    count_course(secy, frame, sending ? MACSEC_COURSE_SENT : end);
}

/* The same for a batch; only after one with a frame to a group. */
static NEVER_INLINE void count_groups(macsec_secy *secy, const macsec_frames *in,
                                      const uint8_t *codes, int sending) {
    for (int64_t i = 0; i < in->count; i++) {
        count_group(secy, in->arena + in->start[i], (macsec_verdict)codes[i], sending);
    }
    secy->first_octets = 0;
}

/* Process a batch. There is a copy of this code for each direction and each of the two sets of
   controls. Keep the columns in local variables: the compiler has to assume that an octet stored
   changes any pointer in memory, and would load each pointer again. */
static ALWAYS_INLINE void each(macsec_secy *secy, const macsec_controls *c, const macsec_frames *in,
                               const uint8_t *priorities, macsec_outcome *outcome, int sending) {
    const macsec_frames given = *in;
    macsec_outcome out = *outcome;
    const sender by = sender_of(secy, c);
    const int prefetches = !sending && secy->rx_count >= PREFETCH_FROM;
    out.frames = out.octets = 0;
    for (int64_t i = -FRAME_AHEAD; prefetches && i < 0; i++) {
        prefetch(secy, in, i);
    }
    for (int64_t i = 0; i < given.count; i++) {
        if (prefetches) {
            prefetch(secy, in, i);
        }
        row result = {.sci = SCI_NONE, .an = AN_UNKNOWN};
        macsec_verdict verdict = MACSEC_TRUNCATED; /* the capture cut the frame: it is not judged */
        const uint8_t *frame = given.arena + given.start[i];
        const size_t length = (size_t)given.length[i];
        if (priorities != NULL) {
            secy->asked = priorities[i];
        }
        if (given.wire_length[i] <= given.length[i]) {
            verdict = sending
                          ? transmit(secy, &by, c, frame, length, out.arena + out.octets, &result)
                          : receive(secy, c, frame, length, out.arena + out.octets, &result);
        }
        secy->tally.frames[verdict]++;
        out.codes[i] = (uint8_t)verdict;
        out.sci[i] = result.sci;
        out.an[i] = result.an;
        out.pn[i] = result.pn;
        if (result.out_length == 0) {
            continue;
        }
        out.start[out.frames] = out.octets;
        out.length[out.frames] = (int64_t)result.out_length;
        out.delivered[out.frames] = i;
        out.octets += (int64_t)result.out_length;
        out.frames++;
    }
    outcome->frames = out.frames;
    outcome->octets = out.octets;
    if (secy->first_octets & 1) {
        count_groups(secy, in, out.codes, sending);
    }
    secy->kernel->forget();
}

macsec_status macsec_protect(macsec_secy *secy, const macsec_frames *in, macsec_outcome *out) {
    if (out->capacity < macsec_capacity(in)) {
        return MACSEC_STATUS_NO_ROOM;
    }
    if (is_plain(secy, 1)) {
        each(secy, &PLAIN, in, NULL, out, 1);
    } else {
        each(secy, &secy->controls, in, NULL, out, 1);
    }
    return MACSEC_STATUS_DONE;
}

macsec_status macsec_protect_asked(macsec_secy *secy, const macsec_frames *in,
                                   const uint8_t *priorities, macsec_outcome *out) {
    if (out->capacity < macsec_capacity(in)) {
        return MACSEC_STATUS_NO_ROOM;
    }
    each(secy, &secy->controls, in, priorities, out, 1);
    secy->asked = MACSEC_PRIORITY_OF_TAG;
    return MACSEC_STATUS_DONE;
}

macsec_status macsec_validate(macsec_secy *secy, const macsec_frames *in, macsec_outcome *out) {
    const int64_t capacity = macsec_capacity(in);
    if (out->capacity < capacity) {
        return MACSEC_STATUS_NO_ROOM;
    }
    secy->tally.octets_common += (uint64_t)(capacity - OVERHEAD * in->count);
    if (is_plain(secy, 0)) {
        each(secy, &PLAIN, in, NULL, out, 0);
    } else {
        each(secy, &secy->controls, in, NULL, out, 0);
    }
    secy->tally.octets_in += (uint64_t)out->octets;
    return MACSEC_STATUS_DONE;
}

void macsec_clear_only(macsec_secy *secy, const macsec_frames *in, macsec_outcome *out,
                       int sending) {
    out->frames = out->octets = 0;
    for (int64_t i = 0; i < in->count; i++) {
        const uint8_t *frame = in->arena + in->start[i];
        const size_t length = (size_t)in->length[i];
        if (!macsec_lets_pass(secy, frame, length, sending)) {
            if (!sending) {
                macsec_see(secy, frame, length);
            }
            continue;
        }
        (void)(sending ? goes_in_clear(secy, frame, length)
                       : (int)comes_in_clear(secy, frame, length, MACSEC_NO_TAG));
        memcpy(out->arena + out->octets, frame, length);
        count_group(secy, frame, MACSEC_EXCEPTED, sending);
        out->start[out->frames] = out->octets;
        out->length[out->frames++] = (int64_t)length;
        out->octets += (int64_t)length;
        secy->tally.frames[sending ? MACSEC_SENT_CLEAR : MACSEC_EXCEPTED]++;
    }
    *(sending ? &secy->tally.octets_out : &secy->tally.octets_in) += (uint64_t)out->octets;
    secy->tally.octets_common += sending ? 0 : (uint64_t)out->octets;
}

int macsec_lets_pass(macsec_secy *secy, const uint8_t *frame, size_t length, int sending) {
    const int rule = secy->controls.clear != 0 ? clear_rule_of(secy, frame, length) : -1;
    if (rule < 0) {
        return 0;
    }
    const int mode = secy->clear_rules[rule].mode;
    return sending ? mode == MACSEC_CLEAR_BYPASS : mode != MACSEC_CLEAR_STRICT;
}

int64_t macsec_protect_frame(macsec_secy *secy, const uint8_t *frame, size_t length, uint8_t *out) {
    row result = {.sci = SCI_NONE, .an = AN_UNKNOWN};
    const sender by = sender_of(secy, &secy->controls);
    const macsec_verdict verdict =
        transmit(secy, &by, &secy->controls, frame, length, out, &result);
    secy->kernel->forget();
    secy->tally.frames[verdict]++;
    count_group(secy, frame, verdict, 1);
    return (int64_t)(result.out_length << 8 | (unsigned)verdict);
}

int64_t macsec_validate_frame(macsec_secy *secy, const uint8_t *frame, size_t length,
                              uint8_t *out) {
    row result = {.sci = SCI_NONE, .an = AN_UNKNOWN};
    const macsec_verdict verdict = receive_any(secy, frame, length, out, &result);
    secy->kernel->forget();
    secy->tally.frames[verdict]++;
    secy->tally.octets_in += result.out_length;
    secy->tally.octets_common += length;
    count_group(secy, frame, verdict, 0);
    return (int64_t)(result.out_length << 8 | (unsigned)verdict);
}
