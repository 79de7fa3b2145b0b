/* Pass one batch through a SecY, in guarded memory. */
#include "fuzz.h"

batch clear_batch, wire_batch;

uint8_t *row_new(batch *b) {
    b->used += below(8) == 0 ? below(4) : 0; /* a gap */
    b->at[b->count] = b->used;
    b->cut[b->count] = 0;
    b->whole[b->count] = NULL;
    return b->scratch + b->used;
}

void row_done(batch *b, size_t length) {
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

/* Pass one frame through the calls for single frames. */
static void run_one(batch *b, macsec_secy *secy, int protecting, const uint8_t *arena,
                    size_t capacity, uint8_t *out) {
    int64_t ended = (protecting ? macsec_protect_frame
                                : macsec_validate_frame)(secy, arena + b->at[0], b->length[0], out);
    b->codes[0] = (uint8_t)ended;
    b->out_length[0] = (size_t)(ended >> 8);
    b->out[0] = b->out_length[0] ? out : NULL;
    b->detailed = 0;
    const size_t reach = b->length[0] + (protecting ? OVERHEAD : 0);
    check_unused(out + reach, out + capacity, 0);
    if (!protecting) {
        check_unused(out + b->out_length[0] + HEADER, out + capacity, 1);
    }
}

static void check_outcome(batch *b, const macsec_outcome *o, int protecting) {
    int64_t octets = 0, frames = 0;
    size_t reach = 0;
    b->detailed = 1;
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

void run(batch *b, macsec_secy *secy, int protecting) {
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
    macsec_status (*const call)(macsec_secy *, const macsec_frames *, macsec_outcome *) =
        protecting ? macsec_protect : macsec_validate;
    if (rows > 0 && one_in(50)) {
        macsec_outcome small = o;
        small.capacity = (int64_t)capacity - 1;
        check(call(secy, &in, &small) == MACSEC_STATUS_NO_ROOM, "an arena too small was taken");
        check_unused(out, out + capacity, 0);
    }
    check(call(secy, &in, &o) == 0, "a batch was refused");
    check_outcome(b, &o, protecting);
}
