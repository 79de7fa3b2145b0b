/* The line: two directions, each with a calendar and the frames on their way.

   A frame has the number that its calendar gives it, and is kept here until the calendar has no
   frame of that number or an older one on its way. While all places are in use, nothing more is
   read: frames wait in the queue of the end, as at a port. A frame that is due is written at once;
   where the end takes no more, it is lost: a line does not wait for a receiver. */
#define _GNU_SOURCE

#include "live/line.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "live/ends.h"

enum {
    BATCH = MACSEC_ENDS_BATCH,
    PLACES = 1 << 16, /* frames on their way: a power of two */
    ENDED = 4 * BATCH,
    RECORD = 24, /* octets; the offsets of fate and length in it: */
    FATE_AT = 19,
    LENGTH_AT = 8,
    WAYS = 2,
    LOOK_MS = 250 /* between two checks of an interface that is down */
};

static const int64_t PS_PER_NS = 1000, NS_PER_S = 1000000000;

typedef struct kept {
    uint8_t *octets;
    int64_t length;
} kept;

typedef struct direction {
    macsec_wire *wire;
    macsec_intake intake;
    macsec_outlet outlet;
    macsec_which_end from, to, failed;
    kept *places;
    int64_t oldest, next; /* numbers: of the oldest frame kept, of the next frame read */
    uint8_t *arena;       /* of frames to write */
    int64_t start[BATCH], length[BATCH], time_ps[BATCH];
    macsec_wire_ends ends;
    int64_t number[ENDED], bit[ENDED];
    uint8_t records[ENDED * RECORD];
    macsec_line_counts counts;
} direction;

struct macsec_line {
    pthread_mutex_t lock; /* protects the counts that macsec_line_read() reads */
    direction ways[WAYS];
};

/* ---------------------------------------------------------------- made and freed */

static macsec_status make(direction *d, macsec_wire *wire, int from, int to) {
    d->wire = wire;
    d->oldest = d->next = macsec_wire_counts(wire)->sent + 1;
    d->places = calloc(PLACES, sizeof *d->places);
    d->arena = malloc((size_t)BATCH * MACSEC_ENDS_ROW);
    d->ends = (macsec_wire_ends){
        .number = d->number, .bit = d->bit, .records = d->records, .capacity = ENDED};
    macsec_outlet_make(&d->outlet, to);
    d->outlet.arena = d->arena;
    d->outlet.start = d->start;
    d->outlet.length = d->length;
    const macsec_status status = macsec_intake_make(&d->intake, from);
    return d->places == NULL || d->arena == NULL ? MACSEC_STATUS_NO_MEMORY : status;
}

macsec_line *macsec_line_new(macsec_wire *a2b, macsec_wire *b2a, int a, int b) {
    macsec_line *line = calloc(1, sizeof *line);
    if (line == NULL) {
        return NULL;
    }
    pthread_mutex_init(&line->lock, NULL);
    line->ways[0].from = line->ways[1].to = MACSEC_FIRST_END;
    line->ways[0].to = line->ways[1].from = MACSEC_SECOND_END;
    const macsec_status there = make(&line->ways[0], a2b, a, b);
    const macsec_status back = make(&line->ways[1], b2a, b, a);
    if (there != MACSEC_STATUS_DONE || back != MACSEC_STATUS_DONE) {
        macsec_line_free(line);
        return NULL;
    }
    return line;
}

void macsec_line_free(macsec_line *line) {
    if (line == NULL) {
        return;
    }
    for (int at = 0; at < WAYS; at++) {
        direction *d = &line->ways[at];
        for (int place = 0; d->places != NULL && place < PLACES; place++) {
            free(d->places[place].octets);
        }
        free(d->places);
        free(d->arena);
        macsec_intake_free(&d->intake);
    }
    pthread_mutex_destroy(&line->lock);
    free(line);
}

void macsec_line_read(macsec_line *line, int way, macsec_wire_stats *stats,
                      macsec_line_counts *counts) {
    const direction *d = &line->ways[way != 0];
    pthread_mutex_lock(&line->lock);
    *stats = *macsec_wire_counts(d->wire);
    *counts = d->counts;
    counts->dropped += d->outlet.dropped + d->outlet.too_long;
    pthread_mutex_unlock(&line->lock);
}

/* ---------------------------------------------------------------- frames on their way */

static kept *place_of(direction *d, int64_t number) {
    return &d->places[number & (PLACES - 1)];
}

static void forget(direction *d) {
    const int64_t oldest = macsec_wire_oldest(d->wire);
    const int64_t until = oldest == 0 ? d->next : oldest;
    for (; d->oldest < until; d->oldest++) {
        kept *k = place_of(d, d->oldest);
        free(k->octets);
        *k = (kept){0};
    }
}

static int has_room(const direction *d) {
    return d->next + BATCH - d->oldest <= PLACES;
}

/* Keep the frames read, and make them a job of the calendar. Frames longer than a row are refused.
 */
static int keep(direction *d, macsec_wire_job *job, int64_t now_ps) {
    const macsec_frames *in = &d->intake.in;
    for (int64_t at = 0; at < in->count; at++) {
        if (in->wire_length[at] > in->length[at]) {
            d->counts.refused++;
            continue;
        }
        kept *k = place_of(d, d->next);
        k->length = in->length[at];
        k->octets = malloc((size_t)k->length + 1);
        if (k->octets == NULL) {
            return ENOMEM;
        }
        memcpy(k->octets, in->arena + in->start[at], (size_t)k->length);
        d->intake.start[job->count] = in->start[at];
        d->intake.length[job->count] = in->length[at];
        d->time_ps[job->count++] = now_ps;
        d->next++;
    }
    return 0;
}

/* ---------------------------------------------------------------- out */

static int flush(direction *d) {
    d->outlet.written = 0;
    const int error = macsec_outlet_write(&d->outlet);
    d->counts.dropped += (uint64_t)(d->outlet.frames - d->outlet.written);
    d->outlet.frames = d->outlet.written = 0;
    if (error != 0) {
        d->failed = d->to;
    }
    return error;
}

/* Write the frames that arrived, in batches. */
static int deliver(direction *d) {
    int error = 0;
    int64_t octets = 0;
    for (uint64_t at = 0; at < d->ends.count && error == 0; at++) {
        if (d->records[at * RECORD + FATE_AT] != MACSEC_WIRE_ARRIVED) {
            continue;
        }
        const kept *k = place_of(d, d->number[at]);
        memcpy(d->arena + octets, k->octets, (size_t)k->length);
        if (d->bit[at] >= 0) {
            d->arena[octets + (d->bit[at] >> 3)] ^= (uint8_t)(1u << (d->bit[at] & 7));
        }
        d->start[d->outlet.frames] = octets;
        d->length[d->outlet.frames] = k->length;
        octets += k->length;
        if (++d->outlet.frames == BATCH) {
            error = flush(d);
            octets = 0;
        }
    }
    d->ends.count = 0;
    return error == 0 && d->outlet.frames > 0 ? flush(d) : error;
}

static int answer_of(macsec_wire_status status) {
    return status == MACSEC_WIRE_MEMORY ? ENOMEM : status == MACSEC_WIRE_HORIZON ? EOVERFLOW : 0;
}

static int take_in(direction *d, int64_t now_ps) {
    macsec_wire_job job = {.arena = d->intake.rows,
                           .start = d->intake.start,
                           .length = d->intake.length,
                           .time_ps = d->time_ps};
    int error = keep(d, &job, now_ps);
    macsec_wire_status status = MACSEC_WIRE_FULL;
    while (error == 0 && status == MACSEC_WIRE_FULL) {
        status = macsec_wire_carry(d->wire, &job, &d->ends);
        error = deliver(d);
    }
    return error != 0 ? error : answer_of(status);
}

static int let_out(direction *d, int64_t now_ps) {
    macsec_wire_status status = MACSEC_WIRE_FULL;
    int error = 0;
    while (error == 0 && status == MACSEC_WIRE_FULL) {
        status = macsec_wire_drain(d->wire, now_ps, &d->ends);
        error = deliver(d);
    }
    return error;
}

/* ---------------------------------------------------------------- rounds */

static int round_of(direction *d, int64_t now_ps) {
    int error = let_out(d, now_ps);
    forget(d);
    if (error != 0 || !has_room(d)) {
        return error;
    }
    error = macsec_intake_read(&d->intake);
    if (error != 0) {
        d->failed = d->from;
    }
    if (error != 0 || d->intake.in.count == 0) {
        return error;
    }
    error = take_in(d, now_ps);
    return error != 0 ? error : let_out(d, now_ps);
}

int macsec_line_step(macsec_line *line, int64_t now_ps, macsec_which_end *failed) {
    int error = 0;
    *failed = MACSEC_NO_END;
    pthread_mutex_lock(&line->lock);
    for (int at = 0; at < WAYS && error == 0; at++) {
        error = round_of(&line->ways[at], now_ps);
        *failed = line->ways[at].failed;
    }
    pthread_mutex_unlock(&line->lock);
    return error;
}

static int64_t clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Return the time of the next event in ps; INT64_MAX for never. */
static int64_t due_ps(const macsec_line *line) {
    const int64_t there = macsec_wire_due(line->ways[0].wire);
    const int64_t back = macsec_wire_due(line->ways[1].wire);
    return there < back ? there : back;
}

static int any_down(const macsec_line *line) {
    return line->ways[0].intake.is_down || line->ways[1].intake.is_down;
}

/* Wait for a frame, the next event, or the end. While an interface is down, wait at most LOOK_MS.
 */
static int wait_for(macsec_line *line, int stop, int64_t began_ns) {
    struct pollfd polled[1 + WAYS] = {{.fd = stop, .events = POLLIN}};
    for (int at = 0; at < WAYS; at++) {
        const direction *d = &line->ways[at];
        polled[1 + at] =
            (struct pollfd){.fd = has_room(d) ? d->intake.from.fd : -1, .events = POLLIN};
    }
    const int64_t due = due_ps(line);
    int64_t rest =
        due == INT64_MAX ? INT64_MAX : (due + PS_PER_NS - 1) / PS_PER_NS - (clock_ns() - began_ns);
    const int64_t look = (int64_t)LOOK_MS * NS_PER_S / 1000;
    if (any_down(line) && rest > look) {
        rest = look;
    }
    if (rest < 0) {
        rest = 0;
    }
    const struct timespec limit = {.tv_sec = rest / NS_PER_S, .tv_nsec = rest % NS_PER_S};
    const int ready = ppoll(polled, 1 + WAYS, rest == INT64_MAX ? NULL : &limit, NULL);
    if (ready < 0 && errno != EINTR) {
        return -errno;
    }
    return polled[0].revents != 0;
}

static int gone(const macsec_line *line, macsec_which_end *failed) {
    for (int at = 0; at < WAYS; at++) {
        if (line->ways[at].intake.is_down && macsec_intake_gone(&line->ways[at].intake)) {
            *failed = line->ways[at].from;
            return ENODEV;
        }
    }
    return 0;
}

int macsec_line_run(macsec_line *line, int stop, macsec_which_end *failed) {
    prctl(PR_SET_TIMERSLACK, 1L, 0L, 0L, 0L); /* of this thread: by default timers are 50 us late */
    const int64_t began_ns = clock_ns();
    for (;;) {
        *failed = MACSEC_NO_END;
        const int over = wait_for(line, stop, began_ns);
        if (over != 0) {
            return over > 0 ? 0 : -over;
        }
        int error = macsec_line_step(line, (clock_ns() - began_ns) * PS_PER_NS, failed);
        if (error == 0) {
            error = gone(line, failed);
        }
        if (error != 0) {
            return error;
        }
    }
}
