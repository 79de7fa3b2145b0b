/* A lab in virtual time: hosts, learning bridges, links with impairments, and the SecYs at their
   ends, on one calendar. The twin of macsec/lab/virtual/ on an engine of macsec/wire/engine.py. The
   declarations between the markers are cffi's too.

   Python sees what it asks to see: an event of its own ends a run, and a hook is called where a
   port, a station or a host is watched. A part is named by its number, from 0 in the order in
   which it was made. One thread at a time owns a lab. */
#ifndef MACSEC_LAB_H
#define MACSEC_LAB_H

#include <stdint.h>

#include "kay/hellos.h"
#include "secy/macsec.h"
#include "wire/calendar.h"

/* cdef: begin */
typedef struct macsec_lab macsec_lab;

/* Why a call into a lab returned. */
typedef enum macsec_lab_end {
    MACSEC_LAB_DONE = 0,    /* nothing is left to do up to the time, or up to rest */
    MACSEC_LAB_ACTION = 1,  /* an event of the caller is due now: `number` names it */
    MACSEC_LAB_FEED = 2,    /* flow `number` has sent the last frame that it was given */
    MACSEC_LAB_LATE = 3,    /* flow `number` has a frame that is due after the end of time */
    MACSEC_LAB_MANY = 4,    /* as many events as asked for have run */
    MACSEC_LAB_RAISED = 5,  /* a hook failed */
    MACSEC_LAB_HORIZON = 6, /* a link would deliver a frame after the end of time */
    MACSEC_LAB_NO_MEMORY = 7,
    MACSEC_LAB_WAKE = 8 /* the KaY of station `number` is to be woken */
} macsec_lab_end;

/* What a hook is called for. `part` is the number of the lane, station, bridge or host. */
typedef enum macsec_lab_hook {
    MACSEC_LAB_TRACE_FULL = 0,       /* the records have to be taken */
    MACSEC_LAB_LANE_SENDS = 1,       /* a watched lane is about to take the frame */
    MACSEC_LAB_LANE_ARRIVES = 2,     /* a tapped lane has the frame; `number`: its mark */
    MACSEC_LAB_LANE_DELIVERS = 3,    /* for the receiver of the port at the end of the lane */
    MACSEC_LAB_STATION_SENDS = 4,    /* a watched Controlled Port is about to take the frame */
    MACSEC_LAB_STATION_DELIVERS = 5, /* for the receiver of the Controlled Port */
    MACSEC_LAB_STATION_SEES = 6,     /* for the receiver of the Uncontrolled Port */
    MACSEC_LAB_STATION_HEARS = 7,    /* EAPOL for the KaY */
    MACSEC_LAB_PROTECTED = 8,        /* a probed station: the frame and, if it is sent, `result` */
    MACSEC_LAB_VALIDATED = 9,        /* the same on receipt; `number`: the verdict */
    MACSEC_LAB_SECY_CLOSED = 10,     /* the frame meets a SecY that is closed */
    MACSEC_LAB_HOST_RECEIVES = 11,   /* a host with a listener has the frame */
    MACSEC_LAB_WHICH_PORT = 12, /* return the port of bridge `part` for address `number`, or -1 */
    MACSEC_LAB_PAUSES = 13      /* no flow has a frame pending, the next is due at `number` ps */
} macsec_lab_hook;

typedef struct macsec_lab_call {
    macsec_lab_hook what;
    int64_t part;
    int64_t number;
    const uint8_t *frame;
    int64_t length;
    const uint8_t *result; /* NULL: none */
    int64_t result_length;
} macsec_lab_call;

/* Called with the context of the lab. Return 0, or for WHICH_PORT the port; below -1: it failed. */
typedef int64_t (*macsec_lab_hooks)(void *context, const macsec_lab_call *call);

/* Where frames come out: the receiver of a port. */
typedef enum macsec_lab_kind {
    MACSEC_LAB_NO_RECEIVER = 0,
    MACSEC_LAB_BRIDGE = 1, /* `part`, at its `port` */
    MACSEC_LAB_HOST = 2,
    MACSEC_LAB_STATION = 3, /* as the frames of its Common Port */
    MACSEC_LAB_HOOK = 4
} macsec_lab_kind;

typedef struct macsec_lab_place {
    macsec_lab_kind kind;
    uint32_t part;
    uint32_t port;
} macsec_lab_place;

/* A port: one end of a link, named by the lane that it sends on, or a Controlled Port, named by its
   station. */
typedef struct macsec_lab_port {
    uint32_t is_station;
    uint32_t part;
} macsec_lab_port;

/* What is recorded of a port or a host, and the columns of each frame in a tape. */
typedef struct macsec_lab_watch {
    uint32_t hooked; /* 1: call the hook */
    uint32_t tape;   /* number of a tape plus one, 0 for none */
    uint32_t port;
    uint32_t direction;
} macsec_lab_watch;

typedef struct macsec_lab_tape {
    const uint8_t *arena;
    const int64_t *start;
    const int64_t *length;
    const int64_t *time_ns;
    const int64_t *port;
    const int64_t *direction;
    int64_t count;
    int64_t octets;
} macsec_lab_tape;

typedef struct macsec_lab_bridge_counts {
    int64_t filtered;
    int64_t flooded;
    int64_t link_local;
    int64_t runts;
} macsec_lab_bridge_counts;

typedef struct macsec_lab_host_counts {
    int64_t sent;
    int64_t received;
    int64_t expected;
    int64_t strange;
    int64_t foreign;
} macsec_lab_host_counts;

/* `blocked`: frames that the closed Controlled Port refused, sent and received. */
typedef struct macsec_lab_station_counts {
    int64_t delivered;
    int64_t blocked[2];
} macsec_lab_station_counts;

/* Latencies in ps; the sum is `latency_high` * 2^64 + `latency_low`. */
typedef struct macsec_lab_tally {
    int64_t sent;
    int64_t sent_octets;
    int64_t delivered;
    int64_t too_long;
    int64_t latency_least;
    int64_t latency_most;
    uint64_t latency_low;
    uint64_t latency_high;
} macsec_lab_tally;

/* How a generator spaces its frames. */
typedef enum macsec_lab_model {
    MACSEC_LAB_CONSTANT = 0,
    MACSEC_LAB_POISSON = 1,
    MACSEC_LAB_ONOFF = 2
} macsec_lab_model;

enum { MACSEC_LAB_SIZES = 16, MACSEC_LAB_CRCS = 64 };

/* A generator of a flow: macsec/lab/virtual/traffic.py. Each size is drawn from `sizes`, a list
   with repetitions, of which `template` has the frames; the number of a frame goes to octet 42. */
typedef struct macsec_lab_generator {
    macsec_lab_model model;
    uint64_t times_start;
    uint64_t sizes_start;
    uint64_t pps; /* 0: `rate` holds */
    uint64_t rate;
    int64_t count;    /* negative: no limit */
    int64_t start_ps; /* of the flow */
    int64_t end_ps;   /* negative: none */
    int64_t burst_ps;
    int64_t pause_ps;
    uint64_t size_count;
    int64_t sizes[16];
    const uint8_t *templates[16];
} macsec_lab_generator;

/* Frames of a capture for a flow; the columns have to live until the flow asks for more. */
typedef struct macsec_lab_feed {
    const uint8_t *arena;
    const int64_t *start;
    const int64_t *length;
    const int64_t *time_ns; /* from the begin of the flow, rising */
    const uint8_t *side;    /* 0: the flow's source sends it, 1: its other host */
    const int64_t *number;
    int64_t count;
} macsec_lab_feed;

/* Make a lab, or return NULL where memory is short. */
macsec_lab *macsec_lab_new(macsec_lab_hooks hooks, void *context);
void macsec_lab_free(macsec_lab *lab);

/* ---- parts: each call returns the number of the part, or -1 where memory is short ---- */

/* A lane delivers nothing until macsec_lab_receiver(). `keyed`: EAPOL on it is no frame of users.
   Plans name their link and direction. */
int64_t macsec_lab_add_lane(macsec_lab *lab, const macsec_wire_plan *plan, int keyed);
int64_t macsec_lab_add_bridge(macsec_lab *lab);
int64_t macsec_lab_add_host(macsec_lab *lab, uint64_t address, int64_t mtu, int64_t lane);

/* `eapol`: EtherTypes of which frames go to the hook HEARS, 0 for none. `lane`: its Common Port. */
int64_t macsec_lab_add_station(macsec_lab *lab, macsec_secy *secy, uintptr_t lock, int64_t lane,
                               const uint32_t eapol[2]);
int64_t macsec_lab_add_flow(macsec_lab *lab, int64_t from, int64_t to);
int64_t macsec_lab_add_tape(macsec_lab *lab);

/* ---- the shape ---- */

/* Add a port to a bridge, which sends there; macsec_lab_receiver() gives it the frames that arrive.
   Return the number of the port, or -1. */
int64_t macsec_lab_attach(macsec_lab *lab, int64_t bridge, macsec_lab_port port);
/* Make a port, attached last, one with a `leader`, attached before: a link aggregation. */
void macsec_lab_aggregate(macsec_lab *lab, int64_t bridge, uint32_t port, uint32_t leader);
/* Set the receiver at the end of a lane, of which `from` has the name, or of a Controlled Port. */
void macsec_lab_receiver(macsec_lab *lab, macsec_lab_port from, macsec_lab_place to);
void macsec_lab_hairpin(macsec_lab *lab, int64_t bridge, int on);
/* Set which of 01-80-C2-00-00-00 to 0F a bridge does not relay, a bit for each. */
void macsec_lab_reserve(macsec_lab *lab, int64_t bridge, uint32_t reserved);
void macsec_lab_open(macsec_lab *lab, int64_t station, int open);
/* Take the SecY from a station: it is about to be closed. */
void macsec_lab_take_secy(macsec_lab *lab, int64_t station);

/* ---- key agreement at a station ---- */

/* Wake the KaY of a station at a time, unless it is to be woken before; or no more. */
macsec_lab_end macsec_lab_wake_at(macsec_lab *lab, int64_t station, int64_t time_ps);
void macsec_lab_sleep(macsec_lab *lab, int64_t station);
/* Send and hear its hellos here as long as they have no news. `rested_ns`: what the clock of the
   KaY is late. `next_pns`: of the transmit SAs by AN, 0 for none: their MKPDU reports them. Return
   0 without memory. */
int macsec_lab_borrow_hellos(macsec_lab *lab, int64_t station, const macsec_hello_terms *terms,
                             int64_t rested_ns, const uint64_t next_pns[4]);
void macsec_lab_return_hellos(macsec_lab *lab, int64_t station);
/* The stations that sent or heard a hello here since they were taken: an array, whose length is at
   `count` from then on. Take each of them before Python looks at its KaY. */
const uint32_t *macsec_lab_touched(const macsec_lab *lab, const uint32_t **count);
void macsec_lab_take_touched(macsec_lab *lab);
/* `crcs`: of the frames that were heard, MACSEC_LAB_CRCS at most, the last one last. */
void macsec_lab_look_at_hellos(macsec_lab *lab, int64_t station, macsec_hello_report *report,
                               macsec_hello_heard *peers, uint32_t *crcs);

/* ---- what Python watches ---- */

void macsec_lab_watch_port(macsec_lab *lab, macsec_lab_port port, macsec_lab_watch watch);
void macsec_lab_watch_host(macsec_lab *lab, int64_t host, macsec_lab_watch watch);
void macsec_lab_tap(macsec_lab *lab, int64_t lane, int on);
void macsec_lab_probe(macsec_lab *lab, int64_t station, int on);
void macsec_lab_uncontrolled(macsec_lab *lab, int64_t station, int on);
void macsec_lab_trace_each(macsec_lab *lab, int on);
void macsec_lab_pauses(macsec_lab *lab, int on);
void macsec_lab_read_tape(const macsec_lab *lab, int64_t tape, macsec_lab_tape *found);

/* ---- frames from Python, all sent now ---- */

macsec_lab_end macsec_lab_send(macsec_lab *lab, macsec_lab_port port, const uint8_t *frame,
                               int64_t length);
/* Send as a host does: the source address is its own from here on. */
macsec_lab_end macsec_lab_host_send(macsec_lab *lab, int64_t host, const uint8_t *frame,
                                    int64_t length);
/* Send from a Controlled Port; `sent` is 1 if the frame went on. */
macsec_lab_end macsec_lab_request(macsec_lab *lab, int64_t station, const uint8_t *frame,
                                  int64_t length, int *sent);
/* Give a station a frame of its Common Port. */
macsec_lab_end macsec_lab_indicate(macsec_lab *lab, int64_t station, const uint8_t *frame,
                                   int64_t length);
/* Hand a frame to a receiver, and to the trace as one that arrived if it came out of a lane. */
macsec_lab_end macsec_lab_hand(macsec_lab *lab, int64_t lane, uint32_t mark, const uint8_t *frame,
                               int64_t length);
macsec_lab_end macsec_lab_relay(macsec_lab *lab, int64_t bridge, uint32_t port,
                                const uint8_t *frame, int64_t length);
macsec_lab_end macsec_lab_host_receive(macsec_lab *lab, int64_t host, const uint8_t *frame,
                                       int64_t length);

/* ---- traffic ---- */

/* Begin a flow at a time: with a generator, or with NULL and frames by macsec_lab_give(). */
macsec_lab_end macsec_lab_begin(macsec_lab *lab, int64_t flow, int64_t begin_ps,
                                const macsec_lab_generator *generator);
/* Give a flow the next frames of its capture; none ends it. */
macsec_lab_end macsec_lab_give(macsec_lab *lab, int64_t flow, const macsec_lab_feed *feed);
/* Return the number of frames that have still to depart: at most one a flow. */
int64_t macsec_lab_pending(const macsec_lab *lab);
/* The frame that is due too late: its number, and its time from the begin of the flow in ps as
   `high` * 2^64 + `low`. */
void macsec_lab_late(const macsec_lab *lab, int64_t flow, int64_t *number, uint64_t *high,
                     uint64_t *low);

/* ---- time ---- */

int64_t macsec_lab_now(const macsec_lab *lab);
void macsec_lab_set_now(macsec_lab *lab, int64_t now_ps);
/* Return the time of the next event, or -1. */
int64_t macsec_lab_next(const macsec_lab *lab);
/* Add an event of the caller. */
macsec_lab_end macsec_lab_at(macsec_lab *lab, int64_t time_ps, int32_t priority, int64_t number);
/* When a run ends before its time: never, as soon as no frame of a user is on a link, or as soon as
   none has still to depart either. */
typedef enum macsec_lab_rest {
    MACSEC_LAB_NO_REST = 0,
    MACSEC_LAB_EMPTY = 1,
    MACSEC_LAB_ALL_SENT = 2
} macsec_lab_rest;

/* Run up to `events` events that are due up to a time. */
macsec_lab_end macsec_lab_run(macsec_lab *lab, int64_t until_ps, int64_t events,
                              macsec_lab_rest rest, int64_t *number);

/* Return the frames of users on all links, and frames of any kind. */
int64_t macsec_lab_users_on_way(const macsec_lab *lab);
int64_t macsec_lab_on_way(const macsec_lab *lab);

/* ---- results ---- */

const uint8_t *macsec_lab_records(const macsec_lab *lab, int64_t *count);
void macsec_lab_take_records(macsec_lab *lab);
const macsec_wire_stats *macsec_lab_lane_stats(const macsec_lab *lab, int64_t lane);
uint64_t macsec_lab_lane_length(const macsec_lab *lab, int64_t lane);
void macsec_lab_bridge(const macsec_lab *lab, int64_t bridge, macsec_lab_bridge_counts *counts);
void macsec_lab_host(const macsec_lab *lab, int64_t host, macsec_lab_host_counts *counts);
void macsec_lab_station(const macsec_lab *lab, int64_t station, macsec_lab_station_counts *counts);
void macsec_lab_flow(const macsec_lab *lab, int64_t flow, macsec_lab_tally *tally);
/* cdef: end */

#endif
