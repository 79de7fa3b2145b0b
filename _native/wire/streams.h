/* Streams of draws: the twin of macsec/wire/random_streams.py. */
#ifndef MACSEC_STREAMS_H
#define MACSEC_STREAMS_H

#include <stdint.h>

#define ONE ((uint64_t)1 << 32)

__extension__ typedef unsigned __int128 uwide;

typedef struct {
    uint64_t state;
    uint64_t weight;
    uint64_t last;
} stream;

static inline uint32_t draw(stream *s) {
    uint64_t z = s->state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    uint64_t fresh = (z ^ z >> 31) >> 32;
    if (s->weight == 0) {
        return (uint32_t)fresh;
    }
    s->last = (fresh * (ONE - s->weight) + s->last * s->weight) >> 32;
    return (uint32_t)s->last;
}

static inline stream stream_from(uint64_t start, uint64_t weight) {
    stream s = {.state = start};
    if (weight != 0) {
        s.last = draw(&s);
        s.weight = weight;
    }
    return s;
}

static inline int64_t draw_below(stream *s, int64_t limit) {
    return (int64_t)((uwide)draw(s) * (uint64_t)limit >> 32);
}

static inline int fall(stream *s, uint64_t below) {
    return below > 0 && draw(s) < below;
}

#endif
