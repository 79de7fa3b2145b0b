/* Cut large segments: the rules of TCP (RFC 9293) and IPv4 identification for each frame. */
#include "live/cut.h"

#include <stdlib.h>
#include <string.h>

#include "base/octets.h"
#include "live/checksum.h"

enum {
    AT_SEQUENCE = 4,
    AT_FLAGS = 13,
    FIN = 0x01,
    PSH = 0x08,
    CWR = 0x80,
    AT_IDENTIFICATION = 4,
};

/* Set a checksum that the kernel left to the device, as skb_checksum_help() does: its field has the
   sum of the pseudo-header. */
static void set_checksum(const macsec_offload *offload, uint8_t *frame, size_t length) {
    const size_t start = offload->checksum_start, at = start + offload->checksum_at;
    if ((offload->flags & OFFLOAD_NEEDS_CHECKSUM) == 0 || length < 2 || at > length - 2) {
        return;
    }
    const uint16_t checksum = checksum_of(checksum_sum(frame + start, length - start));
    store_host16(frame + at, checksum == 0 ? 0xffff : checksum);
}

static int fits(const macsec_packet *p, unsigned type) {
    return type == OFFLOAD_TCPV4   ? p->version == 4 && p->protocol == PACKET_TCP
           : type == OFFLOAD_TCPV6 ? p->version == 6 && p->protocol == PACKET_TCP
                                   : type == OFFLOAD_UDP && p->protocol == PACKET_UDP;
}

void macsec_cut_begin(macsec_cut *cut, const macsec_offload *offload, uint8_t *frame,
                      size_t length) {
    *cut = (macsec_cut){.frame = frame, .size = offload->segment_octets};
    const unsigned type = offload->type & ~(unsigned)OFFLOAD_ECN;
    cut->whole = type == 0 || cut->size == 0 || (offload->flags & OFFLOAD_NEEDS_CHECKSUM) == 0 ||
                 !macsec_packet_find(&cut->packet, frame, length) || !fits(&cut->packet, type) ||
                 offload->checksum_start != cut->packet.transport ||
                 cut->packet.payload == cut->packet.length;
    if (cut->whole) {
        cut->packet.length = length;
        set_checksum(offload, frame, length);
    }
}

static size_t payload_left(const macsec_cut *cut) {
    return cut->packet.length - cut->packet.payload - cut->taken;
}

size_t macsec_cut_next_length(const macsec_cut *cut) {
    if (cut->whole) {
        return cut->packet.length - cut->taken;
    }
    const size_t left = payload_left(cut);
    return left == 0 ? 0 : cut->packet.payload + (left < cut->size ? left : cut->size);
}

static void number_segment(const macsec_cut *cut, uint8_t *header, int is_last) {
    const uint32_t sequence = load_be32(cut->frame + cut->packet.transport + AT_SEQUENCE);
    store_be32(header + AT_SEQUENCE, sequence + (uint32_t)cut->taken);
    if (!is_last) {
        header[AT_FLAGS] &= (uint8_t)~(FIN | PSH);
    }
    if (cut->taken != 0) {
        header[AT_FLAGS] &= (uint8_t)~CWR;
    }
}

void macsec_cut_next(macsec_cut *cut, uint8_t *to) {
    const size_t length = macsec_cut_next_length(cut);
    if (cut->whole) {
        memcpy(to, cut->frame, length);
        cut->taken = length;
        return;
    }
    macsec_packet p = cut->packet;
    p.length = length;
    memcpy(to, cut->frame, p.payload);
    memcpy(to + p.payload, cut->frame + p.payload + cut->taken, length - p.payload);
    if (p.version == 4) {
        uint8_t *identification = to + p.network + AT_IDENTIFICATION;
        store_be16(identification, (uint16_t)(load_be16(identification) + cut->count));
    }
    if (p.protocol == PACKET_TCP) {
        number_segment(cut, to + p.transport, payload_left(cut) == length - p.payload);
    }
    macsec_packet_set_lengths(&p, to);
    macsec_packet_set_checksums(&p, to);
    cut->taken += length - p.payload;
    cut->count++;
}

int64_t macsec_cut_whole(const macsec_offload *offload, const uint8_t *frame, int64_t octets,
                         uint8_t *to, int64_t room, int64_t *length, int64_t rows) {
    uint8_t *own = malloc((size_t)octets + 1);
    if (own == NULL) {
        return -1;
    }
    memcpy(own, frame, (size_t)octets);
    macsec_cut cut;
    macsec_cut_begin(&cut, offload, own, (size_t)octets);
    int64_t count = 0;
    for (size_t next; (next = macsec_cut_next_length(&cut)) != 0; count++) {
        if (count == rows || (int64_t)next > room) {
            count = -1;
            break;
        }
        macsec_cut_next(&cut, to);
        length[count] = (int64_t)next;
        to += next;
        room -= (int64_t)next;
    }
    free(own);
    return count;
}
