/* GHASH of the portable kernel, by multiplication of integers. A part of portable.c, which
   includes it.

   A carry-less product of 32-bit numbers is made of 16 integer products: of each factor, four
   numbers keep every fourth bit. A bit of an integer product then sums at most eight bits, and the
   carries stay in the three zeros up to the next bit in use. A product of blocks takes nine of
   words (Karatsuba's method, twice).

   Two blocks are multiplied at once, by H^2 and by H, in the two halves of vectors: one instruction
   multiplies in both where the CPU has it (SSE2, NEON). */

/* An element of GF(2^128): bit 127 is the coefficient of 1, bit 0 that of x^127 (SP 800-38D). */
typedef struct {
    uint64_t high;
    uint64_t low;
} element;

/* Numbers for two blocks. */
typedef uint64_t pair __attribute__((vector_size(BLOCK)));

enum { CLASSES = 4, WORDS = 9 };

/* Of H^2/x and H/x: every fourth bit of each word. */
typedef struct {
    pair words[WORDS][CLASSES];
} hash_key;

/* Keeps a sum as a value of its own. Without it GCC regroups the additions and stores all products
   before it adds them. Clang does not regroup, and its memory sanitizer takes a value that passed
   an asm statement for public, so there KEEP does nothing. */
#if MACSEC_GCM_X86 && !defined(__clang__)
#define KEEP(a) __asm__("" : "+x"(a))
#else
#define KEEP(a) (void)0
#endif

static inline pair pair_of(uint64_t number) {
    return (pair){number, number};
}

static inline pair every_fourth(pair x, int first) {
    return x & pair_of((uint64_t)0x1111111111111111u << first);
}

/* The products of the low 32 bits. */
static inline pair product_of(pair a, pair b) {
#if MACSEC_GCM_X86
    return (pair)_mm_mul_epu32((__m128i)a, (__m128i)b);
#elif MACSEC_GCM_ARM
    return (pair)vmull_u32(vmovn_u64((uint64x2_t)a), vmovn_u64((uint64x2_t)b));
#else
    return (pair){(a[0] & 0xffffffffu) * (b[0] & 0xffffffffu),
                  (a[1] & 0xffffffffu) * (b[1] & 0xffffffffu)};
#endif
}

/* The words of numbers of 128 bits, low first, and their sums, in the low 32 bits; the other bits
   mean nothing. */
static inline void split(pair words[WORDS], pair high, pair low) {
    words[0] = low;
    words[1] = low >> 32;
    words[3] = high;
    words[4] = high >> 32;
    words[6] = low ^ high;
    words[7] = words[6] >> 32;
    for (int i = 0; i < WORDS; i += 3) {
        words[i + 2] = words[i] ^ words[i + 1];
    }
}

/* The carry-less products of words. */
static inline pair carryless(pair x, const pair y[CLASSES]) {
    pair split[CLASSES];
    pair product = pair_of(0);
    for (int j = 0; j < CLASSES; j++) {
        split[j] = every_fourth(x, j);
    }
    for (int i = 0; i < CLASSES; i++) {
        pair sum = product_of(split[0], y[i]);
        for (int j = 1; j < CLASSES; j++) {
            sum ^= product_of(split[j], y[(i - j) & 3]);
            KEEP(sum);
        }
        product |= every_fourth(sum, i);
    }
    return product;
}

/* The carry-less products of numbers of 64 bits, from three of their words. */
typedef struct {
    pair high;
    pair low;
} products;

static inline products joined(const pair x[3], const pair y[3][CLASSES]) {
    pair low = carryless(x[0], y[0]);
    pair high = carryless(x[1], y[1]);
    pair middle = carryless(x[2], y[2]) ^ low ^ high;
    return (products){high ^ middle >> 32, low ^ middle << 32};
}

static inline uint64_t sum_of(pair x) {
    return x[0] ^ x[1];
}

/* Fold the low word of a product into the two words above it: x^128 = x^7 + x^2 + x + 1. */
static inline void fold(uint64_t word, uint64_t *next, uint64_t *after) {
    *next ^= word << 63 ^ word << 62 ^ word << 57;
    *after ^= word ^ word >> 1 ^ word >> 2 ^ word >> 7;
}

/* Return a H^2 + b H. */
static inline element multiply(element a, element b, const hash_key *h) {
    pair words[WORDS];
    split(words, (pair){a.high, b.high}, (pair){a.low, b.low});
    products low = joined(words, h->words);
    products high = joined(words + 3, h->words + 3);
    products both = joined(words + 6, h->words + 6);
    uint64_t word1 = sum_of(low.high ^ both.low ^ high.low ^ low.low);
    element sum = {sum_of(high.high), sum_of(high.low ^ both.high ^ high.high ^ low.high)};
    uint64_t word0 = sum_of(low.low);
    fold(word0, &word1, &sum.low);
    fold(word1, &sum.low, &sum.high);
    return sum;
}

static inline element add(element hash, const uint8_t block[BLOCK]) {
    return (element){hash.high ^ load_be64(block), hash.low ^ load_be64(block + 8)};
}

/* Add `length` octets to the hash, the last block padded with zeros. */
static element absorb(element hash, const hash_key *h, const uint8_t *octets, size_t length) {
    const element none = {0, 0};
    for (; length >= 2 * BLOCK; octets += 2 * BLOCK, length -= 2 * BLOCK) {
        hash = multiply(add(hash, octets), add(none, octets + BLOCK), h);
    }
    while (length > 0) {
        uint8_t block[BLOCK] = {0};
        size_t taken = length < BLOCK ? length : BLOCK;
        memcpy(block, octets, taken);
        hash = multiply(none, add(hash, block), h);
        octets += taken;
        length -= taken;
    }
    return hash;
}

/* ---- The hash key ------------------------------------------------------------------------ */

/* Return e / x. The product of two elements, taken as integers, is one bit short of its place;
   dividing H once saves a shift in each product. 1/x = x^127 + x^6 + x + 1. */
static element divided(element e) {
    uint64_t carry = 0 - (e.high >> 63);
    element half = {e.high << 1 | e.low >> 63, e.low << 1};
    half.high ^= carry & 0xc200000000000000u;
    half.low ^= carry & 1;
    return half;
}

/* Split H^2/x and H/x. */
static void prepare(hash_key *h, element square, element first) {
    pair words[WORDS];
    split(words, (pair){square.high, first.high}, (pair){square.low, first.low});
    for (int i = 0; i < WORDS; i++) {
        for (int j = 0; j < CLASSES; j++) {
            h->words[i][j] = every_fourth(words[i], j);
        }
    }
}

/* Write H/x and H^2/x, of H as a block, to the key. */
static void store_powers(macsec_gcm_key *key, const uint8_t block[BLOCK]) {
    hash_key h;
    element power[2];
    const element none = {0, 0};
    power[0] = divided(add(none, block));
    prepare(&h, none, power[0]);
    power[1] = divided(multiply(none, add(none, block), &h));
    memcpy(key->powers, power, sizeof power);
    macsec_wipe(&h, sizeof h);
    macsec_wipe(power, sizeof power);
}

static void load_powers(hash_key *h, const macsec_gcm_key *key) {
    element power[2];
    memcpy(power, key->powers, sizeof power);
    prepare(h, power[1], power[0]);
    macsec_wipe(power, sizeof power);
}
