/* The twin of PythonHistogram in macsec/measure/latency/histogram.py.

   A cell is `shift` low bits wide, and the eleven bits above them are its number within a doubling;
   values of at most eleven bits have a cell each. So a cell is never wider than a 1024th of its
   values: three significant digits. */
#include "measure/histogram.h"

enum { BITS = 11, HALF = 1 << (BITS - 1), WHOLE = 1 << BITS };

static size_t cell_of(int64_t value) {
    const uint64_t bits = (uint64_t)value | (WHOLE - 1);
    const unsigned shift = (unsigned)(64 - BITS - __builtin_clzll(bits));
    return (size_t)shift * HALF + ((size_t)value >> shift);
}

static unsigned shift_of(size_t cell) {
    return cell < WHOLE ? 0 : (unsigned)(cell / HALF - 1);
}

static int64_t lowest_of(size_t cell) {
    const unsigned shift = shift_of(cell);
    return (int64_t)((cell - (size_t)shift * HALF) << shift);
}

static int64_t highest_of(size_t cell) {
    return lowest_of(cell) + ((int64_t)1 << shift_of(cell)) - 1;
}

static double middle_of(size_t cell) {
    return (double)(lowest_of(cell) + (((int64_t)1 << shift_of(cell)) >> 1));
}

void macsec_histogram_record(macsec_histogram *histogram, int64_t value, uint64_t times) {
    if (times == 0) {
        return;
    }
    if (value < 0) {
        value = 0;
    }
    if (value > MACSEC_HISTOGRAM_MOST) {
        value = MACSEC_HISTOGRAM_MOST;
    }
    if (histogram->total == 0 || value < histogram->least) {
        histogram->least = value;
    }
    if (histogram->total == 0 || value > histogram->most) {
        histogram->most = value;
    }
    histogram->total += times;
    histogram->counts[cell_of(value)] += times;
}

void macsec_histogram_record_many(macsec_histogram *histogram, const int64_t *values,
                                  int64_t count) {
    for (int64_t at = 0; at < count; at++) {
        macsec_histogram_record(histogram, values[at], 1);
    }
}

void macsec_histogram_merge(macsec_histogram *histogram, const macsec_histogram *other) {
    if (other->total == 0) {
        return;
    }
    if (histogram->total == 0 || other->least < histogram->least) {
        histogram->least = other->least;
    }
    if (histogram->total == 0 || other->most > histogram->most) {
        histogram->most = other->most;
    }
    histogram->total += other->total;
    for (size_t cell = 0; cell < MACSEC_HISTOGRAM_CELLS; cell++) {
        histogram->counts[cell] += other->counts[cell];
    }
}

int64_t macsec_histogram_ranked(const macsec_histogram *histogram, uint64_t rank) {
    uint64_t below = 0;
    for (size_t cell = 0; cell < MACSEC_HISTOGRAM_CELLS; cell++) {
        below += histogram->counts[cell];
        if (below >= rank && below != 0) {
            const int64_t highest = highest_of(cell);
            return highest < histogram->most ? highest : histogram->most;
        }
    }
    return histogram->most;
}

double macsec_histogram_mean(const macsec_histogram *histogram) {
    double sum = 0;
    if (histogram->total == 0) {
        return 0;
    }
    for (size_t cell = 0; cell < MACSEC_HISTOGRAM_CELLS; cell++) {
        if (histogram->counts[cell] != 0) {
            sum += (double)histogram->counts[cell] * middle_of(cell);
        }
    }
    return sum / (double)histogram->total;
}

double macsec_histogram_variance(const macsec_histogram *histogram) {
    const double mean = macsec_histogram_mean(histogram);
    double sum = 0;
    if (histogram->total == 0) {
        return 0;
    }
    for (size_t cell = 0; cell < MACSEC_HISTOGRAM_CELLS; cell++) {
        const double off = middle_of(cell) - mean;
        if (histogram->counts[cell] != 0) {
            sum += (double)histogram->counts[cell] * off * off;
        }
    }
    return sum / (double)histogram->total;
}
