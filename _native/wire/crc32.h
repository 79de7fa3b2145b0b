/* CRC-32 of IEEE 802.3. */
#ifndef MACSEC_CRC32_H
#define MACSEC_CRC32_H

#include <stdint.h>

uint32_t macsec_crc32(const uint8_t *octets, int64_t length);

/* Return the CRC of the octets with one bit inverted; bit 0 is the low bit of the first octet. */
uint32_t macsec_crc32_turned(const uint8_t *octets, int64_t length, int64_t bit);

#endif
