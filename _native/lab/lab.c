/* A lab: its parts, its calendar, and the run. */
#include "lab/lab.h"

#include <string.h>

#include "lab/lab_state.h"

int64_t macsec_lab_grow(void **array, uint32_t *count, size_t size) {
    /* The room is the least power of two that holds the count. */
    if ((*count & (*count - 1)) == 0) {
        const size_t room = *count > 0 ? 2 * (size_t)*count : 1;
        void *wider = realloc(*array, room * size);
        if (wider == NULL) {
            return -1;
        }
        *array = wider;
    }
    memset((uint8_t *)*array + *count * size, 0, size);
    return (*count)++;
}

macsec_lab *macsec_lab_new(macsec_lab_hooks hooks, void *context) {
    macsec_lab *lab = calloc(1, sizeof *lab);
    if (lab != NULL) {
        lab->hooks = hooks;
        lab->context = context;
    }
    return lab;
}

static void drop_on_lane(macsec_lab *lab, lane *l) {
    int64_t number, bit;
    uint8_t record[MACSEC_WIRE_RECORD];
    void *f;
    macsec_wire_ends ends = {&number, &bit, record, &f, 1, 0};
    while (macsec_wire_drop(l->wire, &ends)) {
        frame_drop(&lab->frames, f);
        ends.count = 0;
    }
    macsec_wire_free(l->wire);
}

static void tape_free(tape *t) {
    free(t->arena);
    for (size_t at = 0; at < sizeof t->columns / sizeof *t->columns; at++) {
        free(t->columns[at]);
    }
}

void macsec_lab_free(macsec_lab *lab) {
    if (lab == NULL) {
        return;
    }
    for (uint32_t at = 0; at < lab->lane_count; at++) {
        drop_on_lane(lab, &lab->lanes[at]);
    }
    for (uint32_t at = 0; at < lab->bridge_count; at++) {
        free(lab->bridges[at].ports);
        free(lab->bridges[at].learnt.slots);
        free(lab->bridges[at].known.slots);
    }
    for (uint32_t at = 0; at < lab->host_count; at++) {
        free(lab->hosts[at].own.slots);
        macsec_expected_free(&lab->hosts[at].expects, &lab->frames);
    }
    for (uint32_t at = 0; at < lab->tape_count; at++) {
        tape_free(&lab->tapes[at]);
    }
    for (uint32_t at = 0; at < lab->station_count; at++) {
        macsec_hellos_free(lab->stations[at].hellos, &lab->icks);
    }
    macsec_frame_pool_free(&lab->frames);
    free(lab->touched);
    free(lab->lanes);
    free(lab->bridges);
    free(lab->hosts);
    free(lab->stations);
    free(lab->flows);
    free(lab->tapes);
    free(lab->events.heap);
    free(lab);
}

/* ---------------------------------------------------------------- hooks and the trace */

int64_t macsec_lab_call_hook(macsec_lab *lab, const macsec_lab_call *call) {
    const int64_t answer = lab->hooks(lab->context, call);
    if (answer < -1) {
        lab->ended = MACSEC_LAB_RAISED;
    }
    return answer;
}

void macsec_lab_record(macsec_lab *lab, const uint8_t *record) {
    memcpy(lab->records + lab->record_count++ * MACSEC_WIRE_RECORD, record, MACSEC_WIRE_RECORD);
    if (lab->trace_each || lab->record_count == TRACE_ROOM) {
        macsec_lab_call_hook(lab, &(macsec_lab_call){.what = MACSEC_LAB_TRACE_FULL});
        lab->record_count = 0; /* also where the hook failed */
    }
}

const uint8_t *macsec_lab_records(const macsec_lab *lab, int64_t *count) {
    *count = lab->record_count;
    return lab->records;
}

void macsec_lab_take_records(macsec_lab *lab) {
    lab->record_count = 0;
}

void macsec_lab_trace_each(macsec_lab *lab, int on) {
    lab->trace_each = on;
}

void macsec_lab_pauses(macsec_lab *lab, int on) {
    lab->pauses = on;
}

/* ---------------------------------------------------------------- ports */

void macsec_lab_receiver(macsec_lab *lab, macsec_lab_port from, macsec_lab_place to) {
    *(from.is_station ? &lab->stations[from.part].receiver : &lab->lanes[from.part].receiver) = to;
}

void macsec_lab_watch_port(macsec_lab *lab, macsec_lab_port port, macsec_lab_watch watch) {
    *(port.is_station ? &lab->stations[port.part].watch : &lab->lanes[port.part].watch) = watch;
}

void macsec_lab_deliver(macsec_lab *lab, macsec_lab_port from, lab_frame *f) {
    const macsec_lab_place to =
        from.is_station ? lab->stations[from.part].receiver : lab->lanes[from.part].receiver;
    switch (to.kind) {
    case MACSEC_LAB_BRIDGE:
        macsec_lab_bridge_relay(lab, to.part, to.port, f);
        break;
    case MACSEC_LAB_HOST:
        macsec_lab_host_take(lab, to.part, f);
        break;
    case MACSEC_LAB_STATION:
        macsec_lab_station_take(lab, to.part, f);
        break;
    case MACSEC_LAB_HOOK:
        lab_hook(lab, from.is_station ? MACSEC_LAB_STATION_DELIVERS : MACSEC_LAB_LANE_DELIVERS,
                 from.part, 0, f);
        break;
    case MACSEC_LAB_NO_RECEIVER:
        break;
    }
}

void macsec_lab_port_send(macsec_lab *lab, macsec_lab_port port, lab_frame *f) {
    if (!port.is_station) {
        macsec_lab_lane_send(lab, port.part, f);
        return;
    }
    const macsec_lab_watch watch = lab->stations[port.part].watch;
    if (watch.tape != 0) {
        macsec_lab_tape_add(lab, &watch, f);
    }
    if (watch.hooked) {
        lab_hook(lab, MACSEC_LAB_STATION_SENDS, port.part, 0, f);
    }
    int sent;
    if (!lab->ended) {
        macsec_lab_station_send(lab, port.part, f, &sent);
    }
}

macsec_lab_end macsec_lab_send(macsec_lab *lab, macsec_lab_port port, const uint8_t *octets,
                               int64_t length) {
    lab_frame *f = macsec_frame_copy(&lab->frames, octets, length);
    if (f == NULL) {
        return MACSEC_LAB_NO_MEMORY;
    }
    macsec_lab_port_send(lab, port, f);
    frame_drop(&lab->frames, f);
    return lab_ended(lab);
}

/* ---------------------------------------------------------------- time */

int64_t macsec_lab_now(const macsec_lab *lab) {
    return lab_now(lab);
}

void macsec_lab_set_now(macsec_lab *lab, int64_t now_ps) {
    atomic_store_explicit(&lab->now_ps, now_ps, memory_order_relaxed);
}

int64_t macsec_lab_next(const macsec_lab *lab) {
    return lab->events.count > 0 ? lab->events.heap[0].time_ps : -1;
}

int64_t macsec_lab_pending(const macsec_lab *lab) {
    return lab->pending;
}

int64_t macsec_lab_users_on_way(const macsec_lab *lab) {
    return lab->users;
}

int64_t macsec_lab_on_way(const macsec_lab *lab) {
    return lab->on_way;
}

void macsec_lab_schedule(macsec_lab *lab, int64_t time_ps, int32_t priority, agenda_kind kind,
                         int64_t number) {
    if (!agenda_add(&lab->events, (appointment){.time_ps = time_ps,
                                                .number = number,
                                                .priority = priority,
                                                .kind = kind})) {
        lab_no_memory(lab);
    }
}

macsec_lab_end macsec_lab_at(macsec_lab *lab, int64_t time_ps, int32_t priority, int64_t number) {
    macsec_lab_schedule(lab, time_ps, priority, AGENDA_ACTION, number);
    return lab_ended(lab);
}

static int is_resting(const macsec_lab *lab, macsec_lab_rest rest) {
    return rest != MACSEC_LAB_NO_REST && lab->users == 0 &&
           (rest == MACSEC_LAB_EMPTY || lab->pending == 0);
}

macsec_lab_end macsec_lab_run(macsec_lab *lab, int64_t until_ps, int64_t events,
                              macsec_lab_rest rest, int64_t *number) {
    for (; events > 0; events--) {
        if (lab->events.count == 0 || lab->events.heap[0].time_ps > until_ps ||
            is_resting(lab, rest)) {
            return MACSEC_LAB_DONE;
        }
        const appointment due = agenda_take(&lab->events);
        macsec_lab_set_now(lab, due.time_ps);
        switch (due.kind) {
        case AGENDA_ACTION:
            *number = due.number;
            return MACSEC_LAB_ACTION;
        case AGENDA_LANE:
            macsec_lab_lane_fire(lab, (uint32_t)due.number);
            break;
        case AGENDA_DEPARTURE:
            macsec_lab_flow_depart(lab, (uint32_t)due.number);
            break;
        case AGENDA_WAKE:
            if (macsec_lab_station_wake(lab, (uint32_t)due.number)) {
                *number = due.number;
                return MACSEC_LAB_WAKE;
            }
            break;
        }
        if (lab->ended) {
            *number = lab->ended_number;
            return lab_ended(lab);
        }
    }
    return MACSEC_LAB_MANY;
}
