/* The calendar of a lab: a binary heap by time, then priority, then the order of scheduling. */
#ifndef MACSEC_LAB_AGENDA_H
#define MACSEC_LAB_AGENDA_H

#include <stdint.h>
#include <stdlib.h>

typedef enum agenda_kind { AGENDA_ACTION, AGENDA_LANE, AGENDA_DEPARTURE, AGENDA_WAKE } agenda_kind;

typedef struct appointment {
    int64_t time_ps;
    uint64_t sequence;
    int64_t number; /* of the action, the lane, the flow or the station */
    int32_t priority;
    agenda_kind kind;
} appointment;

typedef struct agenda {
    appointment *heap;
    uint64_t count, room, sequence;
} agenda;

static inline int agenda_before(const appointment *a, const appointment *b) {
    if (a->time_ps != b->time_ps) {
        return a->time_ps < b->time_ps;
    }
    return a->priority != b->priority ? a->priority < b->priority : a->sequence < b->sequence;
}

/* Return 0 where memory is short. */
static inline int agenda_add(agenda *plan, appointment added) {
    if (plan->count == plan->room) {
        const uint64_t room = plan->room > 0 ? 2 * plan->room : 64;
        appointment *heap = realloc(plan->heap, room * sizeof *heap);
        if (heap == NULL) {
            return 0;
        }
        plan->heap = heap;
        plan->room = room;
    }
    added.sequence = ++plan->sequence;
    uint64_t at = plan->count++;
    for (; at > 0 && agenda_before(&added, &plan->heap[(at - 1) / 2]); at = (at - 1) / 2) {
        plan->heap[at] = plan->heap[(at - 1) / 2];
    }
    plan->heap[at] = added;
    return 1;
}

/* Take the first out; there is one. */
static inline appointment agenda_take(agenda *plan) {
    appointment *heap = plan->heap;
    const appointment first = heap[0], last = heap[--plan->count];
    uint64_t at = 0;
    for (uint64_t child = 1; child < plan->count; child = 2 * at + 1) {
        if (child + 1 < plan->count && agenda_before(&heap[child + 1], &heap[child])) {
            child++;
        }
        if (!agenda_before(&heap[child], &last)) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return first;
}

#endif
