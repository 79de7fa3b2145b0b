/* The Internet checksum (RFC 1071), in the order of octets of this CPU: sums of parts may be added
   if each part but the last has an even number of octets. */
#ifndef MACSEC_CHECKSUM_H
#define MACSEC_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/octets.h"

/* Return the sum of some octets, up to 2^33 of them. */
static inline uint64_t checksum_sum(const uint8_t *octets, size_t length) {
    uint64_t sum = 0;
    size_t at = 0;
    for (; at + 4 <= length; at += 4) { /* compilers make vectors of this */
        sum += load_host32(octets + at);
    }
    if (at < length) {
        uint8_t rest[4] = {0};
        memcpy(rest, octets + at, length - at);
        sum += load_host32(rest);
    }
    return sum;
}

/* Return the checksum of a sum: 0xffff only if all that was added is zero. */
static inline uint16_t checksum_of(uint64_t sum) {
    sum = (sum >> 32) + (sum & 0xffffffff);
    sum = (sum >> 32) + (sum & 0xffffffff);
    sum = (sum >> 16) + (sum & 0xffff);
    sum = (sum >> 16) + (sum & 0xffff);
    return (uint16_t)~sum;
}

#endif
