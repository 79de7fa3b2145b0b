/* CRC-32, 16 octets at a time, with a table for each of their places. */
#include "wire/crc32.h"

#include <stddef.h>

#include "base/octets.h"

enum { CRC_SLICES = 16 };
static uint32_t crc_table[CRC_SLICES][256];

__attribute__((constructor)) static void crc_prepare(void) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (0xEDB88320u & (0u - (crc & 1)));
        }
        crc_table[0][i] = crc;
    }
    for (int slice = 1; slice < CRC_SLICES; slice++) {
        for (int i = 0; i < 256; i++) {
            uint32_t before = crc_table[slice - 1][i];
            crc_table[slice][i] = before >> 8 ^ crc_table[0][before & 0xFF];
        }
    }
}

/* Return the part of four octets that are followed by 4 * `words_behind` octets of the same step.
 */
static uint32_t crc_word(uint32_t word, int words_behind) {
    uint32_t (*table)[256] = crc_table + 4 * words_behind;
    return table[3][word & 0xFF] ^ table[2][word >> 8 & 0xFF] ^ table[1][word >> 16 & 0xFF] ^
           table[0][word >> 24];
}

/* Continue a CRC over more octets; its bits are inverted, as they are inside a frame. */
static uint32_t crc_more(uint32_t crc, const uint8_t *p, size_t length) {
    for (; length >= CRC_SLICES; p += CRC_SLICES, length -= CRC_SLICES) {
        crc = crc_word(load_le32(p) ^ crc, 3) ^ crc_word(load_le32(p + 4), 2) ^
              crc_word(load_le32(p + 8), 1) ^ crc_word(load_le32(p + 12), 0);
    }
    for (; length > 0; p++, length--) {
        crc = crc >> 8 ^ crc_table[0][(crc ^ *p) & 0xFF];
    }
    return crc;
}

uint32_t macsec_crc32(const uint8_t *octets, int64_t length) {
    return ~crc_more(~0u, octets, (size_t)length);
}

uint32_t macsec_crc32_turned(const uint8_t *octets, int64_t length, int64_t bit) {
    size_t at = (size_t)(bit >> 3);
    uint8_t octet = (uint8_t)(octets[at] ^ 1u << (bit & 7));
    uint32_t crc = crc_more(~0u, octets, at);
    crc = crc_more(crc, &octet, 1);
    return ~crc_more(crc, octets + at + 1, (size_t)length - at - 1);
}
