/* The state of one direction of a virtual wire, shared by the parts of calendar.c. */
#ifndef MACSEC_CALENDAR_STATE_H
#define MACSEC_CALENDAR_STATE_H

#include <stdint.h>

#include "wire/calendar.h"
#include "wire/streams.h"

typedef struct {
    int64_t due_ps;
    uint64_t sequence;
    int64_t number;
    int64_t bit;
    int64_t length;
    void *frame; /* the caller's */
    uint32_t crc;
    uint16_t mark;
    uint16_t eapol; /* 1: its EtherType is one of EAPOL */
} transit;

typedef struct {
    stream draws;
    int64_t open_ps;
    int64_t packets;
    int64_t octets;
} slots;

struct macsec_wire {
    macsec_wire_plan plan;
    macsec_wire_stats stats;
    stream duplicate, loss, corrupt, bits, reorder, delay;
    slots slot;
    transit *way; /* a heap */
    uint64_t on_way, room, eapol_on_way;
    int64_t *drops, *edges_ps;
    uint64_t next_drop, next_edge;
    uint64_t since; /* frames since the last one that overtook */
    uint64_t sequence;
    int64_t matched;
    int64_t newest;
    int64_t now_ps, first_ps;
    uint64_t free_ps, latest_ps;
    unsigned loss_state;
    int started;
    macsec_wire_status failed; /* the reason that ended the run */
};

/* A frame as it is sent. */
typedef struct {
    const uint8_t *octets;
    int64_t length;
    int64_t number;
    void *frame;
    uint32_t crc;
} outgoing;

#endif
