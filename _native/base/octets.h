/* Numbers in octets, at any address: big-endian (be), little-endian (le), or in the order of this
   CPU (host).

   Each is one load or one store of its size. Keep it so: the cipher loads an IV as 8 and 4 octets,
   and a load waits until stores of smaller pieces of it are through. */
#ifndef MACSEC_OCTETS_H
#define MACSEC_OCTETS_H

#include <stdint.h>
#include <string.h>

static inline uint16_t load_host16(const uint8_t *p) {
    uint16_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

static inline uint32_t load_host32(const uint8_t *p) {
    uint32_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

static inline uint64_t load_host64(const uint8_t *p) {
    uint64_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

static inline void store_host16(uint8_t *p, uint16_t value) {
    memcpy(p, &value, sizeof value);
}

static inline void store_host32(uint8_t *p, uint32_t value) {
    memcpy(p, &value, sizeof value);
}

static inline void store_host64(uint8_t *p, uint64_t value) {
    memcpy(p, &value, sizeof value);
}

/* as_be32(v) has in memory the octets of v in big-endian order; as_be32(as_be32(v)) is v. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__

static inline uint16_t as_be16(uint16_t value) {
    return value;
}

static inline uint32_t as_be32(uint32_t value) {
    return value;
}

static inline uint64_t as_be64(uint64_t value) {
    return value;
}

static inline uint16_t as_le16(uint16_t value) {
    return __builtin_bswap16(value);
}

static inline uint32_t as_le32(uint32_t value) {
    return __builtin_bswap32(value);
}

static inline uint64_t as_le64(uint64_t value) {
    return __builtin_bswap64(value);
}

#else

static inline uint16_t as_be16(uint16_t value) {
    return __builtin_bswap16(value);
}

static inline uint32_t as_be32(uint32_t value) {
    return __builtin_bswap32(value);
}

static inline uint64_t as_be64(uint64_t value) {
    return __builtin_bswap64(value);
}

static inline uint16_t as_le16(uint16_t value) {
    return value;
}

static inline uint32_t as_le32(uint32_t value) {
    return value;
}

static inline uint64_t as_le64(uint64_t value) {
    return value;
}

#endif

static inline uint16_t load_be16(const uint8_t *p) {
    return as_be16(load_host16(p));
}

static inline uint32_t load_be32(const uint8_t *p) {
    return as_be32(load_host32(p));
}

static inline uint64_t load_be64(const uint8_t *p) {
    return as_be64(load_host64(p));
}

/* A MAC address. */
static inline uint64_t load_be48(const uint8_t *p) {
    return (uint64_t)load_be32(p) << 16 | load_be16(p + 4);
}

static inline void store_be16(uint8_t *p, uint16_t value) {
    store_host16(p, as_be16(value));
}

static inline void store_be32(uint8_t *p, uint32_t value) {
    store_host32(p, as_be32(value));
}

static inline void store_be64(uint8_t *p, uint64_t value) {
    store_host64(p, as_be64(value));
}

static inline uint16_t load_le16(const uint8_t *p) {
    return as_le16(load_host16(p));
}

static inline uint32_t load_le32(const uint8_t *p) {
    return as_le32(load_host32(p));
}

static inline void store_le16(uint8_t *p, uint16_t value) {
    store_host16(p, as_le16(value));
}

static inline void store_le32(uint8_t *p, uint32_t value) {
    store_host32(p, as_le32(value));
}

static inline void store_le64(uint8_t *p, uint64_t value) {
    store_host64(p, as_le64(value));
}

#endif
