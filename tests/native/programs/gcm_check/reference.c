/* AES-GCM as FIPS 197 and SP 800-38D have it, in the plainest way. */
#include "check.h"

static uint8_t times_x(uint8_t a) {
    return (uint8_t)(a << 1 ^ (a >> 7) * 0x1b);
}

static uint8_t product256(uint8_t a, uint8_t b) {
    uint8_t product = 0;
    for (; b != 0; b >>= 1, a = times_x(a)) {
        product ^= (uint8_t)((b & 1) * a);
    }
    return product;
}

static uint8_t sbox[256];

/* The inverse by trial, the affine map bit by bit. */
void compute_sbox(void) {
    for (int a = 0; a < 256; a++) {
        int inverse = 0;
        for (int b = 1; b < 256 && inverse == 0; b++) {
            inverse = product256((uint8_t)a, (uint8_t)b) == 1 ? b : 0;
        }
        uint8_t value = 0;
        for (int i = 0; i < 8; i++) {
            int bit = inverse >> i ^ inverse >> (i + 4) % 8 ^ inverse >> (i + 5) % 8 ^
                      inverse >> (i + 6) % 8 ^ inverse >> (i + 7) % 8 ^ 0x63 >> i;
            value |= (uint8_t)((bit & 1) << i);
        }
        sbox[a] = value;
    }
}

static void reference_block(const reference_key *key, const uint8_t in[16], uint8_t out[16]) {
    uint8_t s[16];
    for (int i = 0; i < 16; i++) {
        s[i] = in[i] ^ key->round_keys[0][i];
    }
    for (int round = 1; round <= key->rounds; round++) {
        uint8_t t[16];
        for (int i = 0; i < 16; i++) {
            t[i] = sbox[s[(i + 4 * (i % 4)) % 16]]; /* row i % 4 moves left by as many columns */
        }
        for (int i = 0; i < 16; i++) {
            const uint8_t *column = t + i / 4 * 4;
            uint8_t a = column[i % 4];
            uint8_t b = column[(i + 1) % 4];
            uint8_t rest = column[(i + 2) % 4] ^ column[(i + 3) % 4];
            uint8_t mixed = times_x(a) ^ times_x(b) ^ b ^ rest;
            s[i] = (round < key->rounds ? mixed : a) ^ key->round_keys[round][i];
        }
    }
    memcpy(out, s, 16);
}

void reference_expand(reference_key *key, const uint8_t *octets, size_t length) {
    static const uint8_t zeros[16];
    uint8_t *w = &key->round_keys[0][0];
    uint8_t constant = 1;
    memcpy(w, octets, length);
    key->rounds = (int)length / 4 + 6;
    for (size_t i = length; i < 16 * (size_t)(key->rounds + 1); i += 4) {
        uint8_t t[4] = {w[i - 4], w[i - 3], w[i - 2], w[i - 1]};
        if (i % length == 0) {
            uint8_t first = t[0];
            t[0] = sbox[t[1]] ^ constant;
            t[1] = sbox[t[2]];
            t[2] = sbox[t[3]];
            t[3] = sbox[first];
            constant = times_x(constant);
        } else if (length == 32 && i % length == 16) {
            for (int j = 0; j < 4; j++) {
                t[j] = sbox[t[j]];
            }
        }
        for (size_t j = 0; j < 4; j++) {
            w[i + j] = w[i + j - length] ^ t[j];
        }
    }
    reference_block(key, zeros, key->h);
}

/* y = y h, one bit of y after the other (SP 800-38D, algorithm 1). */
static void reference_multiply(uint8_t y[16], const uint8_t h[16]) {
    uint8_t z[16] = {0};
    uint8_t v[16];
    memcpy(v, h, 16);
    for (int i = 0; i < 128; i++) {
        if (y[i / 8] >> (7 - i % 8) & 1) {
            for (int j = 0; j < 16; j++) {
                z[j] ^= v[j];
            }
        }
        uint8_t lowest = v[15] & 1;
        for (int j = 15; j > 0; j--) {
            v[j] = (uint8_t)(v[j] >> 1 | v[j - 1] << 7);
        }
        v[0] = (uint8_t)(v[0] >> 1 ^ lowest * 0xe1);
    }
    memcpy(y, z, 16);
}

static void reference_hash(uint8_t y[16], const uint8_t h[16], const uint8_t *octets,
                           size_t length) {
    for (size_t i = 0; i < length; i++) {
        y[i % 16] ^= octets[i];
        if (i % 16 == 15 || i + 1 == length) {
            reference_multiply(y, h);
        }
    }
}

void reference_seal(const reference_key *key, const uint8_t iv[12], const uint8_t *aad,
                    size_t aad_length, const uint8_t *in, uint8_t *out, size_t length,
                    uint8_t tag[16]) {
    uint8_t counter[16] = {0};
    uint8_t stream[16];
    uint8_t y[16] = {0};
    uint8_t lengths[16] = {0};
    memcpy(counter, iv, 12);
    for (size_t i = 0; i < length; i++) {
        if (i % 16 == 0) {
            size_t count = i / 16 + 2;
            counter[14] = (uint8_t)(count >> 8);
            counter[15] = (uint8_t)count;
            reference_block(key, counter, stream);
        }
        out[i] = in[i] ^ stream[i % 16];
    }
    for (size_t i = 0; i < 8; i++) {
        lengths[7 - i] = (uint8_t)((uint64_t)aad_length * 8 >> 8 * i);
        lengths[15 - i] = (uint8_t)((uint64_t)length * 8 >> 8 * i);
    }
    reference_hash(y, key->h, aad, aad_length);
    reference_hash(y, key->h, out, length);
    reference_hash(y, key->h, lengths, 16);
    counter[14] = 0;
    counter[15] = 1;
    reference_block(key, counter, stream);
    for (int i = 0; i < 16; i++) {
        tag[i] = y[i] ^ stream[i];
    }
}
