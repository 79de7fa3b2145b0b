/* AES-GCM in plain C11: any CPU, any byte order, constant time.

   CPUs: all. It is the fallback where no other kernel runs, and the others are compared with it. No
   table index and no branch depends on a secret. The multiplications of 64-bit integers in GHASH
   take a fixed time on the CPUs that matter (not on some small 32-bit cores, which finish early on
   small operands).

   AES is bitsliced. Four blocks are 64 octets; plane b, a 64-bit word, holds bit b of each of them.
   Octet (row r, column c) of block k of the AES state is bit 16 r + 4 c + k of its planes. So a row
   is 16 neighbouring bits, and a column in it is 4 bits: ShiftRows rotates within 16 bits by
   multiples of 4, and the row below, which MixColumns needs, is the whole word rotated by 16.

   The S-box is an inversion in GF(2^8) and an affine map. It is computed in the tower
   GF(16)[z]/(z^2 + z + w) over GF(16) = GF(2)[w]/(w^4 + w^3 + w^2 + w + 1). Of all bases of this
   form, {w -> 0x50, z -> 0xa2} takes the fewest XORs for the change of basis and, with the affine
   map, back. In this GF(16), w^5 = 1, which makes products cheap, and w x^2 only permutes the bits
   of x.

   GHASH multiplies 64-bit halves with integer multiplications: only every fourth bit is kept, so
   carries stay in the three zeros between (see `low_product`).

   Key layout: `powers` holds, as native 64-bit words, H/x (see `halve`) as high half, low half,
   their sum, and the bit reversals of these three. `round_keys` is the plain key schedule; each
   call spreads it into planes on its stack, and wipes these. */
#if defined(__GNUC__) && !defined(__clang__)
/* Keep GCC from vectorising this file: GCC 12.2 computes only parts of a round in vectors, and
   passes planes to the other parts through memory, in stores smaller than the loads. That takes
   twice the time. */
#pragma GCC optimize("no-tree-vectorize")
#endif

#include "base/octets.h"
#include "base/secret.h"
#include "gcm/gcm.h"

#include <string.h>

enum { BLOCK = 16, LANES = 4, PLANES = 8, ROUND_KEYS_MAX = 15 };

/* ---- AES: the S-box on planes ----------------------------------------------------------- */

typedef struct {
    uint64_t x[4]; /* coefficients of 1, w, w^2, w^3 */
} nibble;

static inline nibble nibble_add(nibble a, nibble b) {
    for (int i = 0; i < 4; i++) {
        a.x[i] ^= b.x[i];
    }
    return a;
}

/* Ten ANDs: a_i b_j + a_j b_i = (a_i + a_j)(b_i + b_j) + a_i b_i + a_j b_j. */
static inline nibble nibble_multiply(nibble a, nibble b) {
#define DIAGONAL(i) (a.x[i] & b.x[i])
#define CROSS(i, j) ((a.x[i] ^ a.x[j]) & (b.x[i] ^ b.x[j]))
    uint64_t d0 = DIAGONAL(0);
    uint64_t shared = d0 ^ CROSS(1, 3); /* in every coefficient, as w^4 = 1 + w + w^2 + w^3 */
    nibble product = {{
        shared ^ DIAGONAL(1) ^ CROSS(2, 3),
        shared ^ DIAGONAL(2) ^ CROSS(0, 1),
        shared ^ DIAGONAL(3) ^ CROSS(0, 2),
        shared ^ CROSS(0, 3) ^ CROSS(1, 2),
    }};
#undef DIAGONAL
#undef CROSS
    return product;
}

/* a^14, as sums of products of its bits; 0 goes to 0. */
static inline nibble nibble_invert(nibble a) {
    uint64_t x0 = a.x[0];
    uint64_t x1 = a.x[1];
    uint64_t x2 = a.x[2];
    uint64_t x3 = a.x[3];
    uint64_t x02 = x0 & x2;
    uint64_t x13 = x1 & x3;
    uint64_t x012 = x02 & x1;
    uint64_t x023 = x02 & x3;
    uint64_t x123 = x13 & x2;
    uint64_t x013 = x13 & x0;
    uint64_t common = x1 ^ x02;
    nibble inverse = {{
        common ^ x0 ^ (x2 & x3) ^ x023 ^ x123,
        common ^ (x1 & x2) ^ x012 ^ (x0 & x3) ^ x013 ^ x123,
        common ^ (x0 & x1) ^ x012 ^ x3 ^ x023,
        common ^ x2 ^ x13 ^ x013 ^ x023,
    }};
    return inverse;
}

/* Change from the AES basis to the tower. A greedy search for shared pairs found the sums. */
static inline void enter_tower(const uint64_t q[PLANES], nibble *low, nibble *high) {
    uint64_t s8 = q[4] ^ q[6];
    uint64_t s9 = q[5] ^ q[7];
    uint64_t s10 = q[2] ^ q[3];
    uint64_t s11 = q[1] ^ q[7];
    uint64_t s12 = s8 ^ s10;
    low->x[0] = q[0] ^ s9;
    low->x[1] = q[6] ^ s9;
    low->x[2] = s9 ^ s12;
    low->x[3] = q[2];
    high->x[0] = q[5] ^ s8;
    high->x[1] = s11 ^ s12;
    high->x[2] = s9 ^ s10;
    high->x[3] = s8 ^ s11;
}

/* Change back, through the affine map of the S-box; its constant 0x63 is the four complements. */
static inline void leave_tower(uint64_t q[PLANES], nibble low, nibble high) {
    uint64_t s8 = low.x[0] ^ low.x[2];
    uint64_t s9 = low.x[1] ^ high.x[3];
    uint64_t s10 = high.x[2] ^ s8;
    uint64_t s11 = high.x[0] ^ s9;
    uint64_t s14 = high.x[0] ^ high.x[1];
    uint64_t s16 = low.x[3] ^ s9;
    q[0] = ~s10;
    q[1] = ~(low.x[0] ^ s11);
    q[2] = s10 ^ s16;
    q[3] = high.x[3] ^ s8;
    q[4] = s8 ^ s11;
    q[5] = ~(low.x[1] ^ high.x[1]);
    q[6] = ~(high.x[3] ^ s14);
    q[7] = low.x[2] ^ low.x[3];
}

/* 1/(h z + l) = (h z + (l + h)) / (w h^2 + l (l + h)). */
static inline void substitute(uint64_t q[PLANES]) {
    nibble low;
    nibble high;
    enter_tower(q, &low, &high);
    nibble sum = nibble_add(low, high);
    nibble scaled_square = {{high.x[2], high.x[0], high.x[3], high.x[1]}};
    nibble norm = nibble_add(scaled_square, nibble_multiply(low, sum));
    nibble inverse = nibble_invert(norm);
    leave_tower(q, nibble_multiply(sum, inverse), nibble_multiply(high, inverse));
}

/* ---- AES: the other steps --------------------------------------------------------------- */

/* Exchange the bits of `a` at mask << shift with the bits of `b` at mask. */
static inline void exchange(uint64_t *a, uint64_t *b, uint64_t mask, int shift) {
    uint64_t difference = ((*a >> shift) ^ *b) & mask;
    *a ^= difference << shift;
    *b ^= difference;
}

/* Bit b of octet y of word j becomes bit j of octet y of word b; its own inverse. */
static inline void transpose(uint64_t q[PLANES]) {
    for (int i = 0; i < PLANES; i += 2) {
        exchange(&q[i], &q[i + 1], 0x5555555555555555u, 1);
    }
    for (int i = 0; i < PLANES; i += 4) {
        exchange(&q[i], &q[i + 2], 0x3333333333333333u, 2);
        exchange(&q[i + 1], &q[i + 3], 0x3333333333333333u, 2);
    }
    for (int i = 0; i < 4; i++) {
        exchange(&q[i], &q[i + 4], 0x0f0f0f0f0f0f0f0fu, 4);
    }
}

/* Octet i of the argument becomes octet 2 i. */
static inline uint64_t spread(uint32_t column) {
    uint64_t x = column;
    x = (x | x << 16) & 0x0000ffff0000ffffu;
    return (x | x << 8) & 0x00ff00ff00ff00ffu;
}

static inline uint32_t gather(uint64_t x) {
    x &= 0x00ff00ff00ff00ffu;
    x = (x | x >> 8) & 0x0000ffff0000ffffu;
    return (uint32_t)(x | x >> 16);
}

/* Before the transposition, word k holds columns 0 and 2 of block k and word 4 + k its columns 1
   and 3, octets alternating; after it, the octets are as the head of this file says. */
static inline void block_in(uint64_t q[PLANES], int lane, const uint8_t *block) {
    q[lane] = spread(load_le32(block)) | spread(load_le32(block + 8)) << 8;
    q[4 + lane] = spread(load_le32(block + 4)) | spread(load_le32(block + 12)) << 8;
}

static inline void block_out(const uint64_t q[PLANES], int lane, uint8_t *block) {
    store_le32(block, gather(q[lane]));
    store_le32(block + 4, gather(q[4 + lane]));
    store_le32(block + 8, gather(q[lane] >> 8));
    store_le32(block + 12, gather(q[4 + lane] >> 8));
}

static inline uint64_t shift_row(uint64_t x) {
    return (x & 0x000000000000ffffu) |                                        /* row 0 */
           (x >> 4 & 0x000000000fff0000u) | (x << 12 & 0x00000000f0000000u) | /* row 1 */
           (x >> 8 & 0x000000ff00000000u) | (x << 8 & 0x0000ff0000000000u) |  /* row 2 */
           (x >> 12 & 0x000f000000000000u) | (x << 4 & 0xfff0000000000000u);  /* row 3 */
}

static inline uint64_t rotate(uint64_t x, int count) {
    return x >> count | x << (64 - count);
}

/* Each octet a, with b, c, d below it: 2 (a + b) + b + c + d. Doubling adds bit 7 to bits 0, 1, 3
   and 4. */
static inline void mix_columns(uint64_t q[PLANES]) {
    uint64_t sum[PLANES];
    uint64_t rest[PLANES];
    for (int i = 0; i < PLANES; i++) {
        uint64_t below = rotate(q[i], 16);
        sum[i] = q[i] ^ below;
        rest[i] = below ^ rotate(sum[i], 32);
    }
    for (int i = 0; i < PLANES; i++) {
        uint64_t carry = (0x1b >> i & 1) ? sum[7] : 0;
        q[i] = rest[i] ^ carry ^ (i > 0 ? sum[i - 1] : 0);
    }
}

static inline void add_key(uint64_t q[PLANES], const uint64_t key[PLANES]) {
    for (int i = 0; i < PLANES; i++) {
        q[i] ^= key[i];
    }
}

/* Round keys as planes, the same in all four lanes. */
typedef struct {
    uint64_t planes[ROUND_KEYS_MAX][PLANES];
    uint32_t rounds;
} schedule;

static void spread_schedule(schedule *s, const macsec_gcm_key *key) {
    s->rounds = key->rounds;
    for (uint32_t round = 0; round <= key->rounds; round++) {
        uint64_t *planes = s->planes[round];
        block_in(planes, 0, key->round_keys + BLOCK * round);
        for (int lane = 1; lane < LANES; lane++) {
            planes[lane] = planes[0];
            planes[4 + lane] = planes[4];
        }
        transpose(planes);
    }
}

/* Encrypt four blocks in place. */
static void encrypt4(const schedule *s, uint8_t blocks[LANES * BLOCK]) {
    uint64_t q[PLANES];
    for (int lane = 0; lane < LANES; lane++) {
        block_in(q, lane, blocks + BLOCK * lane);
    }
    transpose(q);
    add_key(q, s->planes[0]);
    for (uint32_t round = 1; round <= s->rounds; round++) {
        substitute(q);
        for (int i = 0; i < PLANES; i++) {
            q[i] = shift_row(q[i]);
        }
        if (round < s->rounds) {
            mix_columns(q);
        }
        add_key(q, s->planes[round]);
    }
    transpose(q);
    for (int lane = 0; lane < LANES; lane++) {
        block_out(q, lane, blocks + BLOCK * lane);
    }
}

static uint32_t substitute_word(uint32_t word) {
    uint64_t q[PLANES] = {word};
    transpose(q);
    substitute(q);
    transpose(q);
    return (uint32_t)q[0];
}

/* Expand a key (FIPS 197, 5.2), on little-endian words. */
static void expand_aes(macsec_gcm_key *key, const uint8_t *octets, size_t length) {
    uint32_t words = (uint32_t)length / 4;
    uint32_t round_constant = 1;
    key->rounds = words + 6;
    memcpy(key->round_keys, octets, length);
    for (uint32_t i = words; i < 4 * (key->rounds + 1); i++) {
        uint32_t next = load_le32(key->round_keys + 4 * (i - 1));
        if (i % words == 0) {
            next = substitute_word(next >> 8 | next << 24) ^ round_constant;
            round_constant = round_constant << 1 ^ ((round_constant >> 7) * 0x11b);
        } else if (words > 6 && i % words == 4) {
            next = substitute_word(next);
        }
        store_le32(key->round_keys + 4 * i, next ^ load_le32(key->round_keys + 4 * (i - words)));
    }
}

/* ---- GHASH ------------------------------------------------------------------------------ */

/* An element of GF(2^128): bit 127 is the coefficient of 1, bit 0 that of x^127 (SP 800-38D). */
typedef struct {
    uint64_t high;
    uint64_t low;
} element;

/* A multiplicand as products need it: both halves, their sum, and the bit reversals of these. */
typedef struct {
    uint64_t part[3];     /* high, low, high ^ low */
    uint64_t reversed[3]; /* bit i goes to 63 - i */
} multiplicand;

/* The low 64 bits of the carry-less product. Of each operand, four numbers keep every fourth bit. A
   bit of their integer product sums at most 16 bits; 15 fit into the four bits up to the next one
   in use, and 16 occur only at bit 60 and above, where the carry leaves the word. */
static inline uint64_t low_product(uint64_t a, uint64_t b) {
    const uint64_t every_fourth = 0x1111111111111111u;
    uint64_t x[4];
    uint64_t y[4];
    uint64_t product = 0;
    for (int i = 0; i < 4; i++) {
        x[i] = a & every_fourth << i;
        y[i] = b & every_fourth << i;
    }
    for (int i = 0; i < 4; i++) {
        uint64_t sum = 0;
        for (int j = 0; j < 4; j++) {
            sum ^= x[j] * y[(i - j) & 3];
        }
        product |= sum & every_fourth << i;
    }
    return product;
}

static inline uint64_t reverse(uint64_t x) {
    x = (x >> 1 & 0x5555555555555555u) | (x & 0x5555555555555555u) << 1;
    x = (x >> 2 & 0x3333333333333333u) | (x & 0x3333333333333333u) << 2;
    x = (x >> 4 & 0x0f0f0f0f0f0f0f0fu) | (x & 0x0f0f0f0f0f0f0f0fu) << 4;
    x = (x >> 8 & 0x00ff00ff00ff00ffu) | (x & 0x00ff00ff00ff00ffu) << 8;
    x = (x >> 16 & 0x0000ffff0000ffffu) | (x & 0x0000ffff0000ffffu) << 16;
    return x >> 32 | x << 32;
}

static void split(multiplicand *m, element e) {
    m->part[0] = e.high;
    m->part[1] = e.low;
    m->part[2] = e.high ^ e.low;
    for (int i = 0; i < 3; i++) {
        m->reversed[i] = reverse(m->part[i]);
    }
}

/* Return e / x. The product of two elements, taken as integers, is one bit short of its place;
   dividing H once saves a shift in each product. 1/x = x^127 + x^6 + x + 1. */
static element halve(element e) {
    uint64_t carry = 0 - (e.high >> 63);
    element half = {e.high << 1 | e.low >> 63, e.low << 1};
    half.high ^= carry & 0xc200000000000000u;
    half.low ^= carry & 1;
    return half;
}

/* Fold the low word of a product into the two words above it: x^128 = x^7 + x^2 + x + 1. */
static inline void fold(uint64_t word, uint64_t *next, uint64_t *after) {
    *next ^= word << 63 ^ word << 62 ^ word << 57;
    *after ^= word ^ word >> 1 ^ word >> 2 ^ word >> 7;
}

/* Return e h, where h is given as h/x. The high half of a 64-bit product is the low half of that of
   the reversed operands, reversed. Karatsuba: three products instead of four. */
static element multiply(element e, const multiplicand *h) {
    uint64_t high[3];
    uint64_t low[3];
    multiplicand m;
    split(&m, e);
    for (int i = 0; i < 3; i++) {
        low[i] = low_product(m.part[i], h->part[i]);
        high[i] = reverse(low_product(m.reversed[i], h->reversed[i])) >> 1;
    }
    uint64_t word0 = low[1];
    uint64_t word1 = high[1] ^ low[2] ^ low[0] ^ low[1];
    element result = {high[0], low[0] ^ high[2] ^ high[0] ^ high[1]};
    fold(word0, &word1, &result.low);
    fold(word1, &result.low, &result.high);
    return result;
}

/* Add `length` octets to the hash, the last block padded with zeros. */
static element absorb(element hash, const multiplicand *h, const uint8_t *octets, size_t length) {
    while (length > 0) {
        uint8_t block[BLOCK] = {0};
        size_t taken = length < BLOCK ? length : BLOCK;
        memcpy(block, octets, taken);
        hash.high ^= load_be64(block);
        hash.low ^= load_be64(block + 8);
        hash = multiply(hash, h);
        octets += taken;
        length -= taken;
    }
    return hash;
}

/* ---- The kernel ------------------------------------------------------------------------- */

static int portable_supported(void) {
    return 1;
}

static void portable_expand(macsec_gcm_key *key, const uint8_t *octets, size_t length) {
    schedule s;
    multiplicand h;
    uint8_t zeros[LANES * BLOCK] = {0};
    memset(key, 0, sizeof *key);
    expand_aes(key, octets, length);
    spread_schedule(&s, key);
    encrypt4(&s, zeros);
    element hash_key = {load_be64(zeros), load_be64(zeros + 8)};
    split(&h, halve(hash_key));
    memcpy(key->powers, &h, sizeof h);
    macsec_wipe(&s, sizeof s);
    macsec_wipe(&h, sizeof h);
    macsec_wipe(zeros, sizeof zeros);
}

/* Compute the key stream of four counter blocks, from `counter` on. */
static void next_stream(const schedule *s, const uint8_t iv[12], uint32_t counter,
                        uint8_t stream[LANES * BLOCK]) {
    for (uint32_t lane = 0; lane < LANES; lane++) {
        memcpy(stream + BLOCK * lane, iv, 12);
        store_be32(stream + BLOCK * lane + 12, counter + lane);
    }
    encrypt4(s, stream);
}

/* Encrypt or decrypt, and write the encrypted first counter block to `mask`: it is computed
   together with the first three blocks of data. */
static void crypt(const macsec_gcm_key *key, const uint8_t iv[12], const uint8_t *in, uint8_t *out,
                  size_t length, uint8_t mask[BLOCK]) {
    schedule s;
    uint8_t stream[LANES * BLOCK];
    uint32_t counter = 1;
    size_t used = BLOCK;
    spread_schedule(&s, key);
    next_stream(&s, iv, counter, stream);
    memcpy(mask, stream, BLOCK);
    while (length > 0) {
        if (used == sizeof stream) {
            counter += LANES;
            next_stream(&s, iv, counter, stream);
            used = 0;
        }
        size_t taken = length < sizeof stream - used ? length : sizeof stream - used;
        for (size_t i = 0; i < taken; i++) {
            out[i] = in[i] ^ stream[used + i];
        }
        used += taken;
        in += taken;
        out += taken;
        length -= taken;
    }
    macsec_wipe(&s, sizeof s);
    macsec_wipe(stream, sizeof stream);
}

/* Hash the AAD. */
static element absorb_aad(const multiplicand *h, const macsec_gcm_head *head) {
    element hash = {0, 0};
    const size_t rest = head->length > 2 * BLOCK ? head->length - 2 * BLOCK : 0;
    hash = absorb(hash, h, (const uint8_t *)&head->first, BLOCK);
    hash = absorb(hash, h, (const uint8_t *)&head->second, BLOCK);
    return absorb(hash, h, head->rest, rest);
}

/* Compute the tag over AAD and ciphertext; `tag` holds the mask on entry. */
static void finish(const macsec_gcm_key *key, const macsec_gcm_head *head,
                   const uint8_t *ciphertext, size_t length, uint8_t tag[BLOCK]) {
    multiplicand h;
    uint8_t lengths[BLOCK];
    memcpy(&h, key->powers, sizeof h);
    element hash = absorb(absorb_aad(&h, head), &h, ciphertext, length);
    store_be64(lengths, (uint64_t)head->length * 8);
    store_be64(lengths + 8, (uint64_t)length * 8);
    hash = absorb(hash, &h, lengths, sizeof lengths);
    store_be64(tag, hash.high ^ load_be64(tag));
    store_be64(tag + 8, hash.low ^ load_be64(tag + 8));
    macsec_wipe(&h, sizeof h);
}

static void portable_seal(const macsec_gcm_key *key, const macsec_gcm_head *head, const uint8_t *in,
                          uint8_t *out, size_t length, uint8_t tag[16]) {
    uint8_t sum[BLOCK];
    crypt(key, (const uint8_t *)&head->j0, in, out, length, sum);
    finish(key, head, out, length, sum);
    memcpy(tag, sum, BLOCK);
}

/* Hash first: in place, decryption overwrites the ciphertext. */
static void portable_open(const macsec_gcm_key *key, const macsec_gcm_head *head, const uint8_t *in,
                          uint8_t *out, size_t length, uint8_t tag[16]) {
    uint8_t sum[BLOCK] = {0};
    uint8_t mask[BLOCK];
    finish(key, head, in, length, sum);
    crypt(key, (const uint8_t *)&head->j0, in, out, length, mask);
    for (int i = 0; i < BLOCK; i++) {
        tag[i] = sum[i] ^ mask[i];
    }
    macsec_wipe(mask, sizeof mask);
}

/* Does nothing: this kernel uses no vector registers on purpose. */
static void portable_forget(void) {
}

const macsec_gcm_kernel macsec_gcm_portable = {
    .name = "portable",
    .description = "any CPU: bitsliced AES, GHASH by integer multiplication, constant time",
    .supported = portable_supported,
    .expand = portable_expand,
    .seal = portable_seal,
    .open = portable_open,
    .forget = portable_forget,
};
