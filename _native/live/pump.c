/* The pump: the loop between two ends and a SecY.

   Each direction holds one batch. While frames of it wait to be written, only the writing end is
   polled for that direction, and nothing more is read: later frames stay in the queue of the end
   that they come from, as on a port. A batch has as many frames as are there, up to BATCH: a single
   frame does not wait, and under load frames share system calls. */
#define _GNU_SOURCE

#include "live/pump.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

#include "live/ends.h"

enum {
    BATCH = MACSEC_ENDS_BATCH,
    GROWS_BY = 32,
    LOOK_MS = 250, /* between two checks of an interface that is down */
    ENDS = 2
};

enum { CLEAR, WIRE };

typedef macsec_status macsec_batch_call(macsec_secy *secy, const macsec_frames *in,
                                        macsec_outcome *out);

/* One direction, with its batch. */
typedef struct way {
    macsec_intake intake;
    macsec_outlet outlet;
    macsec_batch_call *call;
    macsec_outcome out;
    atomic_uint_least64_t frames_in, octets_in, batches, blocked;
    int64_t wide[5 * BATCH];
    uint8_t narrow[2 * BATCH];
} way;

struct macsec_pump {
    macsec_secy *secy;
    pthread_mutex_t *lock;
    int closed;     /* under the lock */
    way ways[ENDS]; /* by the end that frames come from */
};

static void add(atomic_uint_least64_t *count, uint64_t more) {
    atomic_fetch_add_explicit(count, more, memory_order_relaxed);
}

static uint64_t read_count(const atomic_uint_least64_t *count) {
    return atomic_load_explicit(count, memory_order_relaxed);
}

/* ---------------------------------------------------------------- made and freed */

static macsec_status way_make(way *w, int from, int to, macsec_batch_call *call) {
    const size_t out = (size_t)BATCH * (MACSEC_ENDS_ROW + GROWS_BY);
    w->call = call;
    w->out.arena = malloc(out);
    w->out.capacity = (int64_t)out;
    macsec_outcome_columns(&w->out, w->wide, w->narrow, BATCH);
    macsec_outlet_make(&w->outlet, to);
    w->outlet.arena = w->out.arena;
    w->outlet.start = w->out.start;
    w->outlet.length = w->out.length;
    const macsec_status status = macsec_intake_make(&w->intake, from);
    return w->out.arena == NULL ? MACSEC_STATUS_NO_MEMORY : status;
}

macsec_pump *macsec_pump_new(macsec_secy *secy, uintptr_t lock, int clear, int wire) {
    macsec_pump *pump = calloc(1, sizeof *pump);
    if (pump == NULL) {
        return NULL;
    }
    pump->secy = secy;
    pump->lock = (pthread_mutex_t *)lock;
    const macsec_status out = way_make(&pump->ways[CLEAR], clear, wire, macsec_protect);
    const macsec_status in = way_make(&pump->ways[WIRE], wire, clear, macsec_validate);
    if (out != MACSEC_STATUS_DONE || in != MACSEC_STATUS_DONE) {
        macsec_pump_free(pump);
        return NULL;
    }
    return pump;
}

void macsec_pump_free(macsec_pump *pump) {
    if (pump == NULL) {
        return;
    }
    for (int from = 0; from < ENDS; from++) {
        macsec_intake_free(&pump->ways[from].intake);
        free(pump->ways[from].out.arena);
    }
    free(pump);
}

void macsec_pump_read(const macsec_pump *pump, int from_wire, macsec_pump_counts *counts) {
    const way *w = &pump->ways[from_wire ? WIRE : CLEAR];
    *counts = (macsec_pump_counts){
        .frames_in = read_count(&w->frames_in),
        .octets_in = read_count(&w->octets_in),
        .batches = read_count(&w->batches),
        .frames_out = read_count(&w->outlet.frames_out),
        .octets_out = read_count(&w->outlet.octets_out),
        .too_long = read_count(&w->outlet.too_long),
        .dropped = read_count(&w->outlet.dropped),
        .blocked = read_count(&w->blocked),
    };
}

void macsec_pump_open(macsec_pump *pump, int open) {
    pthread_mutex_lock(pump->lock);
    pump->closed = !open;
    pthread_mutex_unlock(pump->lock);
}

/* ---------------------------------------------------------------- the loop */

static void count_in(way *w) {
    uint64_t octets = 0;
    for (int64_t at = 0; at < w->intake.in.count; at++) {
        octets += (uint64_t)w->intake.length[at];
    }
    add(&w->frames_in, (uint64_t)w->intake.in.count);
    add(&w->octets_in, octets);
    add(&w->batches, 1);
}

/* Pass the batch through the SecY; past a closed port only what goes in clear. It cannot fail: the
   arena has room for the longest frames. */
static void through_secy(macsec_pump *pump, way *w) {
    count_in(w);
    pthread_mutex_lock(pump->lock);
    const int closed = pump->closed;
    if (closed) {
        macsec_clear_only(pump->secy, &w->intake.in, &w->out, w == &pump->ways[CLEAR]);
    } else {
        (void)w->call(pump->secy, &w->intake.in, &w->out);
    }
    pthread_mutex_unlock(pump->lock);
    w->outlet.frames = w->out.frames;
    w->outlet.written = 0;
    if (closed) {
        add(&w->blocked, (uint64_t)(w->intake.in.count - w->out.frames));
    }
}

/* One step of a direction: write the frames that wait, or read one batch and write it. Returns 0,
   or the errno of the end that failed, which is then in `failed`. */
static int step(macsec_pump *pump, way *w, macsec_which_end *failed) {
    const int to_wire = w == &pump->ways[CLEAR];
    if (!macsec_outlet_waits(&w->outlet)) {
        *failed = to_wire ? MACSEC_FIRST_END : MACSEC_SECOND_END;
        const int error = macsec_intake_read(&w->intake);
        if (error != 0 || w->intake.in.count == 0) {
            return error;
        }
        through_secy(pump, w);
    }
    *failed = to_wire ? MACSEC_SECOND_END : MACSEC_FIRST_END;
    return macsec_outlet_write(&w->outlet);
}

static struct pollfd awaited(const way *w) {
    return macsec_outlet_waits(&w->outlet)
               ? (struct pollfd){.fd = w->outlet.to.fd, .events = POLLOUT}
               : (struct pollfd){.fd = w->intake.from.fd, .events = POLLIN};
}

/* Return 1 if a direction has frames left that were read, and none that wait to be written. */
static int goes_on(const way *w) {
    return macsec_intake_ready(&w->intake) && !macsec_outlet_waits(&w->outlet);
}

/* Return the milliseconds until the pump has work without an event; -1: it has none. */
static int patience(const macsec_pump *pump) {
    return goes_on(&pump->ways[CLEAR]) ? 0 : pump->ways[WIRE].intake.is_down ? LOOK_MS : -1;
}

/* Return ENODEV if the interface is down and was deleted: a deleted one does not come back. */
static int look_below(const way *w) {
    return w->intake.is_down && macsec_intake_gone(&w->intake) ? ENODEV : 0;
}

int macsec_pump_run(macsec_pump *pump, int stop, macsec_which_end *failed) {
    way *ways = pump->ways;
    for (;;) {
        struct pollfd polled[1 + ENDS] = {
            {.fd = stop, .events = POLLIN}, awaited(&ways[CLEAR]), awaited(&ways[WIRE])};
        *failed = MACSEC_NO_END;
        const int ready = poll(polled, 1 + ENDS, patience(pump));
        if (ready < 0 && errno != EINTR) {
            return errno;
        }
        if (polled[0].revents != 0) {
            return 0;
        }
        int error = 0;
        if (ready == 0) {
            *failed = MACSEC_SECOND_END;
            error = look_below(&ways[WIRE]);
        }
        for (int from = 0; from < ENDS && error == 0; from++) {
            error = polled[1 + from].revents || goes_on(&ways[from])
                        ? step(pump, &ways[from], failed)
                        : 0;
        }
        if (error != 0) {
            return error;
        }
    }
}
