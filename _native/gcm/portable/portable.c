/* AES-GCM in C11 with the vectors of GCC and clang: any CPU, any byte order, constant time.

   CPUs: all. It is the fallback where no other kernel runs, and the others are compared with it. No
   table index and no branch depends on a secret. The multiplications of 64-bit integers in GHASH
   take a fixed time on the CPUs that matter (not on some small 32-bit cores, which finish early on
   small operands).

   AES is bitsliced, eight blocks at a time: aes.h. GHASH is made of integer multiplications:
   hash.h.

   Key layout: `powers` holds H/x and H^2/x, see `divided`. `round_keys` holds round keys with their
   octets displaced, and the complements of the S-box added; each call spreads them into planes on
   its stack, and wipes these. */
#include "base/clear.h"
#include "base/octets.h"
#include "base/secret.h"
#include "gcm/gcm.h"

#include <string.h>

enum { BLOCK = 16 };

#include "gcm/portable/aes.h"

#include "gcm/portable/hash.h"

/* ---- The kernel ------------------------------------------------------------------------- */

static int portable_supported(void) {
    return 1;
}

static void portable_expand(macsec_gcm_key *key, const uint8_t *octets, size_t length) {
    schedule s;
    plane blocks[LANES] = {{0}};
    uint8_t h[BLOCK];
    memset(key, 0, sizeof *key);
    expand_aes(key, octets, length);
    spread_schedule(&s, key);
    encrypt8(&s, blocks);
    memcpy(h, blocks, BLOCK);
    store_powers(key, h);
    macsec_wipe(&s, sizeof s);
    macsec_wipe(h, sizeof h);
    macsec_wipe(blocks, sizeof blocks);
    macsec_clear_vectors();
}

/* Compute the key stream of eight counter blocks, from `counter` on. */
static void next_stream(const schedule *s, plane j0, uint32_t counter, plane stream[LANES]) {
    for (uint32_t lane = 0; lane < LANES; lane++) {
        stream[lane] = (plane){j0[0], j0[1], j0[2], as_be32(counter + lane)};
    }
    encrypt8(s, stream);
}

/* Add key stream to at most its length of text. */
static void apply(const plane *stream, const uint8_t *in, uint8_t *out, size_t length) {
    for (; length >= BLOCK; stream++, in += BLOCK, out += BLOCK, length -= BLOCK) {
        const plane text = plane_at(in) ^ *stream;
        memcpy(out, &text, BLOCK);
    }
    const uint8_t *octets = (const uint8_t *)stream;
    for (size_t i = 0; i < length; i++) {
        out[i] = in[i] ^ octets[i];
    }
}

/* Encrypt or decrypt, and write the encrypted first counter block to `mask`: it is computed
   together with the first blocks of data. */
static void crypt(const macsec_gcm_key *key, const macsec_gcm_head *head, const uint8_t *in,
                  uint8_t *out, size_t length, uint8_t mask[BLOCK]) {
    schedule s;
    plane stream[LANES];
    const plane j0 = plane_at((const uint8_t *)&head->j0);
    size_t first = 1; /* block of the stream for the text */
    spread_schedule(&s, key);
    next_stream(&s, j0, 1, stream);
    memcpy(mask, stream, BLOCK);
    for (uint32_t counter = 1; length > 0; first = 0) {
        const size_t room = (LANES - first) * BLOCK;
        const size_t taken = length < room ? length : room;
        apply(stream + first, in, out, taken);
        in += taken;
        out += taken;
        length -= taken;
        if (length > 0) {
            counter += LANES;
            next_stream(&s, j0, counter, stream);
        }
    }
    macsec_wipe(&s, sizeof s);
    macsec_wipe(stream, sizeof stream);
}

/* Hash the AAD. */
static element absorb_aad(const hash_key *h, const macsec_gcm_head *head) {
    element hash = {0, 0};
    const size_t rest = head->length > 2 * BLOCK ? head->length - 2 * BLOCK : 0;
    hash = absorb(hash, h, (const uint8_t *)&head->first, BLOCK);
    hash = absorb(hash, h, (const uint8_t *)&head->second, BLOCK);
    return absorb(hash, h, head->rest, rest);
}

/* Compute the tag over AAD and ciphertext; `tag` holds the mask on entry. */
static void finish(const macsec_gcm_key *key, const macsec_gcm_head *head,
                   const uint8_t *ciphertext, size_t length, uint8_t tag[BLOCK]) {
    hash_key h;
    uint8_t lengths[BLOCK];
    load_powers(&h, key);
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
    macsec_gcm_copy_rest(head, length);
    crypt(key, head, in, out, length, sum);
    finish(key, head, out, length, sum);
    memcpy(tag, sum, BLOCK);
}

/* Hash first: in place, decryption overwrites the ciphertext. */
static void portable_open(const macsec_gcm_key *key, const macsec_gcm_head *head, const uint8_t *in,
                          uint8_t *out, size_t length, uint8_t tag[16]) {
    uint8_t sum[BLOCK] = {0};
    uint8_t mask[BLOCK];
    macsec_gcm_copy_rest(head, length);
    finish(key, head, in, length, sum);
    crypt(key, head, in, out, length, mask);
    for (int i = 0; i < BLOCK; i++) {
        tag[i] = sum[i] ^ mask[i];
    }
    macsec_wipe(mask, sizeof mask);
}

/* Zeroes the vector registers of x86-64 and 64-bit ARM; those of others stay. */
static void portable_forget(void) {
    macsec_clear_vectors();
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
