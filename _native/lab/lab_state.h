/* The state of a lab, shared by its parts. */
#ifndef MACSEC_LAB_STATE_H
#define MACSEC_LAB_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "lab/lab.h"
#include "lab/structures/agenda.h"
#include "lab/structures/expected.h"
#include "lab/structures/frame.h"
#include "lab/structures/numbers.h"
#include "wire/streams.h"

enum { TRACE_ROOM = 1 << 14, NEVER = -1 };

/* One direction of a link. `armed_ps`: the time of the event that is to empty it, or NEVER. */
typedef struct lane {
    macsec_wire *wire;
    int64_t armed_ps;
    macsec_lab_place receiver;
    macsec_lab_watch watch;
    uint8_t keyed;
    uint8_t tapped;
} lane;

/* A port of a bridge. Ports of one aggregation have the same `leader`, the first of them, which
   counts them in `members`: for learning and flooding they are one port. */
typedef struct bridge_port {
    macsec_lab_port port;
    uint32_t leader;
    uint32_t members;
} bridge_port;

/* `learnt`: addresses that were seen, and the port; `known`: ports that the hook named, plus one.
 */
typedef struct bridge {
    bridge_port *ports;
    uint32_t port_count;
    uint32_t hairpin;
    uint32_t reserved;
    numbers learnt, known;
    macsec_lab_bridge_counts counts;
} bridge;

typedef struct host {
    int64_t lane;
    int64_t mtu;
    numbers own; /* addresses: see own_address() */
    expected expects;
    macsec_lab_watch watch;
    macsec_lab_host_counts counts;
} host;

typedef struct station {
    macsec_secy *secy; /* NULL once it is closed */
    pthread_mutex_t *lock;
    int64_t lane;
    macsec_lab_place receiver;
    macsec_lab_watch watch;
    uint32_t eapol[2];
    uint8_t open, probed, seen;
    macsec_lab_station_counts counts;
    int64_t wake_ps;       /* when the KaY is to be woken, or NEVER */
    macsec_hellos *hellos; /* that this lab sends and hears, or NULL */
    int64_t rested_ns;     /* by which the KaY's clock is late */
    uint64_t next_pns[4];  /* that its MKPDUs report */
    uint8_t touched;
    uint64_t heard;                 /* hellos */
    uint32_t crcs[MACSEC_LAB_CRCS]; /* of the last of them, a ring */
} station;

typedef struct flow {
    uint32_t hosts[2];
    int64_t begin_ps;
    macsec_lab_tally tally;
    /* The frame that is to depart: of the generator, or a row of the capture. */
    uwide due_ps;
    int64_t number;
    int64_t row;
    int64_t size;
    uint32_t template;
    int is_generated;
    macsec_lab_generator generator;
    macsec_lab_feed feed;
    stream times, sizes;
    uwide random_ps;
    uwide bits;
    int64_t frames;
} flow;

typedef struct tape {
    uint8_t *arena;
    int64_t *columns[5];
    int64_t count, room, octets, octet_room;
} tape;

struct macsec_lab {
    macsec_lab_hooks hooks;
    void *context;
    atomic_int_least64_t now_ps; /* another thread may show it */
    agenda events;
    frame_pool frames;
    lane *lanes;
    bridge *bridges;
    host *hosts;
    station *stations;
    flow *flows;
    tape *tapes;
    uint32_t lane_count, bridge_count, host_count, station_count, flow_count, tape_count;
    macsec_slab icks;  /* of borrowed hellos */
    uint32_t *touched; /* stations, with room for all */
    uint32_t touched_count, touched_room;
    int64_t pending;       /* frames that have still to depart */
    int64_t on_way, users; /* frames on all links, and those of users */
    macsec_lab_end ended;  /* why the present call has to return */
    int64_t ended_number;  /* the flow that ended it */
    int trace_each, pauses;
    int64_t record_count;
    uint8_t records[TRACE_ROOM * MACSEC_WIRE_RECORD];
};

static inline int64_t lab_now(const macsec_lab *lab) {
    return atomic_load_explicit(&lab->now_ps, memory_order_relaxed);
}

/* Why a call returns; the next call begins anew. */
static inline macsec_lab_end lab_ended(macsec_lab *lab) {
    const macsec_lab_end ended = lab->ended;
    lab->ended = MACSEC_LAB_DONE;
    return ended;
}

/* Add a zeroed element to an array that doubles; return its number, or -1. */
#define LAB_ADD(array, count) macsec_lab_grow((void **)&(array), &(count), sizeof *(array))
int64_t macsec_lab_grow(void **array, uint32_t *count, size_t size);

/* ---- frames on their way through the parts; each borrows the frame ---- */

void macsec_lab_lane_send(macsec_lab *lab, uint32_t at, lab_frame *f);
void macsec_lab_lane_fire(macsec_lab *lab, uint32_t at);
void macsec_lab_bridge_relay(macsec_lab *lab, uint32_t at, uint32_t from, lab_frame *f);
void macsec_lab_host_take(macsec_lab *lab, uint32_t at, lab_frame *f);
void macsec_lab_host_put(macsec_lab *lab, uint32_t at, lab_frame *f);
void macsec_lab_station_send(macsec_lab *lab, uint32_t at, lab_frame *f, int *sent);
void macsec_lab_station_take(macsec_lab *lab, uint32_t at, lab_frame *f);
void macsec_lab_flow_depart(macsec_lab *lab, uint32_t at);
/* Return 1 if the KaY of a station is to be woken now. */
int macsec_lab_station_wake(macsec_lab *lab, uint32_t at);
/* Return 1 if a station has heard an MKPDU without its KaY. */
int macsec_lab_station_hears(macsec_lab *lab, uint32_t at, lab_frame *f);
void macsec_lab_deliver(macsec_lab *lab, macsec_lab_port from, lab_frame *f);
void macsec_lab_port_send(macsec_lab *lab, macsec_lab_port port, lab_frame *f);

void macsec_lab_schedule(macsec_lab *lab, int64_t time_ps, int32_t priority, agenda_kind kind,
                         int64_t number);
void macsec_lab_record(macsec_lab *lab, const uint8_t *record);
void macsec_lab_tape_add(macsec_lab *lab, const macsec_lab_watch *watch, const lab_frame *f);

/* Call a hook that may fail. */
int64_t macsec_lab_call_hook(macsec_lab *lab, const macsec_lab_call *call);

static inline int64_t lab_hook(macsec_lab *lab, macsec_lab_hook what, int64_t part, int64_t number,
                               const lab_frame *f) {
    return macsec_lab_call_hook(
        lab,
        &(macsec_lab_call){
            .what = what, .part = part, .number = number, .frame = f->octets, .length = f->length});
}

static inline void lab_no_memory(macsec_lab *lab) {
    lab->ended = MACSEC_LAB_NO_MEMORY;
}

#endif
