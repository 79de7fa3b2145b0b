/* A pump: frames between a clear end and a wire end, through one SecY, without Python.

   Either end is a socket that keeps messages apart (AF_PACKET, or a pair of AF_UNIX) or a device
   that gives and takes a frame a call (a TAP); both do not block. */
#ifndef MACSEC_PUMP_H
#define MACSEC_PUMP_H

#include <stdint.h>

#include "secy/macsec.h"

/* cdef: begin */

/* What one direction moved. In: read from one end. Out: written to the other. Between them: what
   the SecY kept, and what was `blocked`: let go because the Controlled Port was closed. `too_long`
   and `dropped` went on, but the end they went to refused them. */
typedef struct macsec_pump_counts {
    uint64_t frames_in;
    uint64_t octets_in;
    uint64_t batches;
    uint64_t frames_out;
    uint64_t octets_out;
    uint64_t too_long;
    uint64_t dropped;
    uint64_t blocked;
} macsec_pump_counts;

typedef struct macsec_pump macsec_pump;

/* `lock` is the address of a pthread_mutex_t: the pump holds it while a batch is in the SecY.
   The Controlled Port is open. NULL: out of memory. Ends, SecY and lock stay the caller's, and
   outlive the pump. */
macsec_pump *macsec_pump_new(macsec_secy *secy, uintptr_t lock, int clear, int wire);
void macsec_pump_free(macsec_pump *pump);

/* Opens or closes the Controlled Port, from any thread. Once it answers, no frame enters the SecY
   while it is closed: what arrives at either end is let go. */
void macsec_pump_open(macsec_pump *pump, int open);

/* Moves frames until `stop` (an eventfd) can be read: then 0. Else the errno of the end that
   failed, negative for the wire's. */
int macsec_pump_run(macsec_pump *pump, int stop);

/* The counts to the wire (0) or from it (1), at any time, from any thread. */
void macsec_pump_read(const macsec_pump *pump, int from_wire, macsec_pump_counts *counts);

/* cdef: end */
#endif
