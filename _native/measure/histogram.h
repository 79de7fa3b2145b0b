/* Histogram of latencies: whole nanoseconds from 0 to an hour, to three significant digits, with
   constant memory, and constant time a value. The declarations between the markers are cffi's too.
   */
#ifndef MACSEC_HISTOGRAM_H
#define MACSEC_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

/* cdef: begin */
/* Cells of one nanosecond up to 2^11; from there on 1024 cells for each doubling. */
#define MACSEC_HISTOGRAM_CELLS 33792
#define MACSEC_HISTOGRAM_MOST 3600000000000 /* an hour */

typedef struct macsec_histogram {
    uint64_t total;
    int64_t least; /* of the values themselves, not of cells; undefined while `total` is 0 */
    int64_t most;
    uint64_t counts[33792];
} macsec_histogram;

/* Count `value` `times` times; below 0 as 0, above an hour as an hour. */
void macsec_histogram_record(macsec_histogram *histogram, int64_t value, uint64_t times);
void macsec_histogram_record_many(macsec_histogram *histogram, const int64_t *values,
                                  int64_t count);
/* Add all counts of another histogram. */
void macsec_histogram_merge(macsec_histogram *histogram, const macsec_histogram *other);
/* Return the value of this rank in ascending order, from 1 to `total`: the highest of its cell, but
   no more than the largest value. */
int64_t macsec_histogram_ranked(const macsec_histogram *histogram, uint64_t rank);
/* Computed from the middles of the cells; 0 while `total` is 0. */
double macsec_histogram_mean(const macsec_histogram *histogram);
double macsec_histogram_variance(const macsec_histogram *histogram);
/* cdef: end */

#endif
