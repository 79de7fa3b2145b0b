/* Frame processing in C: the twin of macsec/secy/reference.py, a batch a call. Clauses are those
   of IEEE 802.1AE-2018; a switch of a profile is named where it acts. The steps of a frame are in
   the headers; all of it is one translation unit, so that the compiler can put it in line. */
#include "secy/secy.h"

#include "base/inlining.h"
#include "secy/secy_prefetch.h"
#include "secy/secy_protect.h"
#include "secy/secy_validate.h"

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

/* One batch; a copy for each direction and each of the two sets of controls. The columns are kept
   here, since for all the compiler knows an octet stored may change a pointer in memory. */
static ALWAYS_INLINE void each(macsec_secy *secy, const macsec_controls *c, const macsec_frames *in,
                               macsec_outcome *result, int sending) {
    const macsec_frames given = *in;
    macsec_outcome out = *result;
    const sender by = sender_of(secy, c);
    const int foresees = !sending && secy->rx_count >= FORESEEN_FROM;
    out.frames = out.octets = 0;
    for (int64_t i = -FRAME_AHEAD; foresees && i < 0; i++) {
        foresee(secy, in, i);
    }
    for (int64_t i = 0; i < given.count; i++) {
        if (foresees) {
            foresee(secy, in, i);
        }
        row told = {.sci = SCI_NONE, .an = AN_UNKNOWN};
        macsec_verdict verdict = MACSEC_TRUNCATED; /* the capture cut it: never judged */
        const uint8_t *frame = given.arena + given.start[i];
        const size_t length = (size_t)given.length[i];
        if (given.wire_length[i] <= given.length[i]) {
            verdict = sending ? transmit(secy, &by, c, frame, length, out.arena + out.octets, &told)
                              : receive(secy, c, frame, length, out.arena + out.octets, &told);
        }
        secy->tally.frames[verdict]++;
        out.codes[i] = (uint8_t)verdict;
        out.sci[i] = told.sci;
        out.an[i] = told.an;
        out.pn[i] = told.pn;
        if (told.out_length == 0) {
            continue;
        }
        out.start[out.frames] = out.octets;
        out.length[out.frames] = (int64_t)told.out_length;
        out.delivered[out.frames] = i;
        out.octets += (int64_t)told.out_length;
        out.frames++;
    }
    result->frames = out.frames;
    result->octets = out.octets;
    secy->kernel->forget();
}

int macsec_protect(macsec_secy *secy, const macsec_frames *in, macsec_outcome *out) {
    if (out->capacity < macsec_capacity(in)) {
        return -1;
    }
    if (is_plain(secy, 1)) {
        each(secy, &PLAIN, in, out, 1);
    } else {
        each(secy, &secy->controls, in, out, 1);
    }
    return 0;
}

int macsec_validate(macsec_secy *secy, const macsec_frames *in, macsec_outcome *out) {
    if (out->capacity < macsec_capacity(in)) {
        return -1;
    }
    if (is_plain(secy, 0)) {
        each(secy, &PLAIN, in, out, 0);
    } else {
        each(secy, &secy->controls, in, out, 0);
    }
    secy->tally.octets_in += (uint64_t)out->octets;
    return 0;
}

int64_t macsec_protect_frame(macsec_secy *secy, const uint8_t *frame, size_t length, uint8_t *out) {
    row told = {.sci = SCI_NONE, .an = AN_UNKNOWN};
    const sender by = sender_of(secy, &secy->controls);
    const macsec_verdict verdict = transmit(secy, &by, &secy->controls, frame, length, out, &told);
    secy->kernel->forget();
    secy->tally.frames[verdict]++;
    return (int64_t)(told.out_length << 8 | (unsigned)verdict);
}

int64_t macsec_validate_frame(macsec_secy *secy, const uint8_t *frame, size_t length,
                              uint8_t *out) {
    row told = {.sci = SCI_NONE, .an = AN_UNKNOWN};
    const macsec_verdict verdict = receive_any(secy, frame, length, out, &told);
    secy->kernel->forget();
    secy->tally.frames[verdict]++;
    secy->tally.octets_in += told.out_length;
    return (int64_t)(told.out_length << 8 | (unsigned)verdict);
}
