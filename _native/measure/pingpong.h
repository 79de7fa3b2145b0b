/* Round trips of datagrams on the host's own clock: who asks, and who answers. */
#ifndef MACSEC_PINGPONG_H
#define MACSEC_PINGPONG_H

#include <stdint.h>

#include "measure/histogram.h"

/* cdef: begin */

/* `octets` of each datagram, at least 8; one is due every `every_ns`, and waited for at most
   `patience_ns`. */
typedef struct macsec_ping_plan {
    int64_t count;
    int64_t octets;
    int64_t every_ns;
    int64_t patience_ns;
} macsec_ping_plan;

/* Sends on a connected socket and records, from when each was due to when its answer was here.
   The number of those that were not answered; -errno where the socket failed. */
int64_t macsec_ping_run(int fd, const macsec_ping_plan *plan, macsec_histogram *histogram);

/* Answers with the same octets until `stop` (an eventfd) can be read: 0, or an errno. */
int macsec_echo_run(int fd, int stop);

/* cdef: end */
#endif
