/* A TCP segment or UDP datagram in a frame: where its headers are, its lengths and checksums. */
#ifndef MACSEC_PACKET_H
#define MACSEC_PACKET_H

#include <stddef.h>
#include <stdint.h>

enum {
    PACKET_TCP = 6,
    PACKET_UDP = 17,
    PACKET_TCP_HEADER = 20,
    PACKET_UDP_HEADER = 8,
    PACKET_IPV4_HEADER = 20,
    PACKET_IPV6_HEADER = 40,
    PACKET_LONGEST = 65535, /* octets from the IP header on */
    PACKET_HEADERS = 512    /* octets of all headers at most; a packet with more is not known */
};

/* Offsets of headers and payload in a frame of `length` octets. */
typedef struct macsec_packet {
    size_t network, transport, payload, length;
    uint8_t version, protocol;
} macsec_packet;

/* Find the headers. Return 1 for a whole TCP segment or UDP datagram over IPv4 or IPv6, behind up
   to two VLAN tags: not a fragment, and every length agrees with the frame's. Reads no octet behind
   the frame. */
int macsec_packet_find(macsec_packet *packet, const uint8_t *frame, size_t length);

/* Where the checksum of TCP or UDP is. */
size_t macsec_packet_checksum_at(const macsec_packet *packet);

/* Compute a checksum of a frame whose other fields are set. The IPv4 header's is 0 for IPv6, which
   has none. */
uint16_t macsec_packet_network_checksum(const macsec_packet *packet, const uint8_t *frame);
uint16_t macsec_packet_transport_checksum(const macsec_packet *packet, const uint8_t *frame);

/* Set lengths and checksums for packet->length. */
void macsec_packet_set_lengths(const macsec_packet *packet, uint8_t *frame);
void macsec_packet_set_checksums(const macsec_packet *packet, uint8_t *frame);

/* Return the sum of the pseudo-header, for a checksum that another completes. */
uint16_t macsec_packet_pseudo_sum(const macsec_packet *packet, const uint8_t *frame);

/* Return 1 if both checksums are as macsec_packet_set_checksums() sets them. */
int macsec_packet_checksums_hold(const macsec_packet *packet, const uint8_t *frame);

#endif
