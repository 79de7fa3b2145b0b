/* Passes hostile frames through _native/live/coalesce.c and _native/live/cut.c.

   offload_fuzz ROUNDS SEED: each frame ends at a page without access, so a read behind a frame ends
   the program even without a sanitizer. Of every round: what was joined is cut into the same
   octets, and a large segment with any offload header is cut without a fault. */
#define _DEFAULT_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/octets.h"
#include "live/coalesce.h"
#include "live/cut.h"
#include "live/packet.h"

enum { FRAMES = 6, LONGEST = 4000, ROWS = 8192, ROOM = 1 << 20 };

static uint64_t state, seed_now, round_now;

static uint64_t draw(void) {
    uint64_t z = state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static uint64_t below(uint64_t bound) {
    return draw() % bound;
}

static void check(int good, const char *what) {
    if (!good) {
        printf("offloads: round %" PRIu64 " of seed %" PRIu64 ": %s\n", round_now, seed_now, what);
        exit(1);
    }
}

/* ---------------------------------------------------------------- frames */

static uint8_t *arena;
static size_t slot; /* octets of a frame's pages and the page without access behind them */
static int64_t start[FRAMES], length[FRAMES];
static uint8_t *large;
static int64_t lengths[ROWS];

static void *pages(size_t octets) {
    void *at = mmap(NULL, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(at != MAP_FAILED, "no memory");
    return at;
}

static void lay_out(void) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    slot = (LONGEST + page - 1) / page * page + page;
    arena = pages(FRAMES * slot);
    for (size_t at = 1; at <= FRAMES; at++) {
        check(mprotect(arena + at * slot - page, page, PROT_NONE) == 0, "mprotect");
    }
    large = malloc(ROOM);
    check(large != NULL, "no memory");
}

/* Write a frame so that it ends at the page without access. */
static void put(int at, const uint8_t *frame, size_t octets) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    start[at] = (int64_t)((size_t)(at + 1) * slot - page - octets);
    length[at] = (int64_t)octets;
    memcpy(arena + start[at], frame, octets);
}

/* A flow: the fields in which its frames agree. */
typedef struct flow {
    int version, protocol;
    size_t tags, options, size;
    uint32_t sequence;
    uint16_t identification;
} flow;

static flow any_flow(void) {
    return (flow){.version = below(2) ? 4 : 6,
                  .protocol = below(2) ? PACKET_TCP : PACKET_UDP,
                  .tags = below(4) ? 0 : 1 + below(2),
                  .options = below(3) * 4,
                  .size = 1 + below(below(2) ? 40 : 1400),
                  .sequence = (uint32_t)draw(),
                  .identification = (uint16_t)draw()};
}

/* Write frame number `number` of a flow; return its octets. */
static size_t frame_of(const flow *f, uint32_t number, uint8_t *to) {
    uint8_t *at = to;
    memset(at, 2, 12);
    at += 12;
    for (size_t tag = 0; tag < f->tags; tag++, at += 4) {
        store_be32(at, 0x81000007);
    }
    store_be16(at, f->version == 4 ? 0x0800 : 0x86DD);
    uint8_t *network = at + 2;
    memset(network, 0, 128);
    if (f->version == 4) {
        network[0] = 0x45;
        store_be16(network + 4, (uint16_t)(f->identification + number));
        network[8] = 64;
        network[9] = (uint8_t)f->protocol;
    } else {
        network[0] = 0x60;
        network[6] = (uint8_t)f->protocol;
        network[7] = 64;
    }
    uint8_t *transport = network + (f->version == 4 ? PACKET_IPV4_HEADER : PACKET_IPV6_HEADER);
    size_t header = PACKET_UDP_HEADER;
    if (f->protocol == PACKET_TCP) {
        header = PACKET_TCP_HEADER + f->options;
        store_be32(transport + 4, f->sequence + number * (uint32_t)f->size);
        transport[12] = (uint8_t)(header / 4 << 4);
        transport[13] = 0x10;
    }
    for (size_t octet = 0; octet < f->size; octet++) {
        transport[header + octet] = (uint8_t)draw();
    }
    macsec_packet p = {.network = (size_t)(network - to),
                       .transport = (size_t)(transport - to),
                       .payload = (size_t)(transport - to) + header,
                       .length = (size_t)(transport - to) + header + f->size,
                       .version = (uint8_t)f->version,
                       .protocol = (uint8_t)f->protocol};
    macsec_packet_set_lengths(&p, to);
    macsec_packet_set_checksums(&p, to);
    return p.length;
}

/* Change octets, most of them of headers; often make the checksums right again. */
static void spoil(uint8_t *frame, size_t *octets) {
    for (uint64_t changes = 1 + below(3); changes > 0 && *octets > 0; changes--) {
        frame[below(below(4) ? (*octets < 90 ? *octets : 90) : *octets)] ^=
            (uint8_t)(below(2) ? 1u << below(8) : draw());
    }
    if (below(4) == 0) {
        *octets = below(*octets + 1);
    }
    macsec_packet p;
    if (below(2) && macsec_packet_find(&p, frame, *octets)) {
        macsec_packet_set_checksums(&p, frame);
    }
}

static void any_frames(void) {
    static uint8_t frame[LONGEST];
    flow f = any_flow();
    for (int at = 0; at < FRAMES; at++) {
        size_t octets = frame_of(&f, (uint32_t)at, frame);
        if (below(6) == 0) {
            spoil(frame, &octets);
        }
        put(at, frame, octets);
    }
}

/* ---------------------------------------------------------------- the rules */

static uint64_t joins, cuts;

static void check_joined(void) {
    macsec_offload offload;
    int64_t octets = 0;
    const int64_t count =
        macsec_coalesce_whole(arena, start, length, FRAMES, 1, &offload, large, &octets);
    check(count >= 1 && count <= FRAMES, "no such number of frames");
    if (octets == 0) {
        return;
    }
    static uint8_t again[ROOM];
    const int64_t back =
        macsec_cut_whole(&offload, large, octets, again, sizeof again, lengths, ROWS);
    check(back == count, "joined and cut: another number of frames");
    const uint8_t *at = again;
    for (int64_t row = 0; row < count; row++) {
        check(lengths[row] == length[row] &&
                  memcmp(at, arena + start[row], (size_t)length[row]) == 0,
              "joined and cut: other octets");
        at += lengths[row];
    }
    joins += count > 1;
}

/* Cut a frame with an offload header of any kind, right or wrong. */
static void check_cut(void) {
    static const uint8_t types[] = {0, 1, 4, 5, 0x81, 3, 0xff};
    const int row = (int)below(FRAMES);
    macsec_packet p = {0};
    const int found = macsec_packet_find(&p, arena + start[row], (size_t)length[row]);
    const int right = found && below(4) != 0;
    const macsec_offload offload = {
        .flags = (uint8_t)(below(8) ? 1 : draw()),
        .type = right ? (uint8_t)(p.protocol == PACKET_UDP ? 5
                                  : p.version == 4         ? 1
                                                           : 4)
                      : types[below(sizeof types)],
        .segment_octets = (uint16_t)(below(2) ? 1 + below(50) : draw()),
        .checksum_start = (uint16_t)(right      ? p.transport
                                     : below(2) ? below(80)
                                                : draw()),
        .checksum_at = (uint16_t)(below(2)   ? 16
                                  : below(2) ? 6
                                             : draw()),
    };
    static uint8_t to[ROOM];
    const int64_t count =
        macsec_cut_whole(&offload, arena + start[row], length[row], to, sizeof to, lengths, ROWS);
    check(count >= (length[row] != 0), "a frame is lost");
    int64_t payload = 0;
    for (int64_t at = 0; at < count; at++) {
        check(lengths[at] <= length[row], "a frame is longer than the whole");
        payload += lengths[at] - (count > 1 ? (int64_t)p.payload : 0);
    }
    check(payload == length[row] - (count > 1 ? (int64_t)p.payload : 0), "octets are lost");
    cuts += count > 1;
}

int main(int argc, char **argv) {
    const uint64_t rounds = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;
    seed_now = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    state = seed_now;
    lay_out();
    for (round_now = 0; round_now < rounds; round_now++) {
        any_frames();
        check_joined();
        check_cut();
    }
    check(joins > rounds / 10 && cuts > rounds / 10, "too few were joined or cut");
    printf("offloads: %" PRIu64 " rounds, %" PRIu64 " joined, %" PRIu64 " cut\n", rounds, joins,
           cuts);
    return 0;
}
