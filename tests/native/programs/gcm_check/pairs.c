/* Check all kernels with each other, with every placement of their buffers. */
#include "check.h"

combination nth_combination(unsigned n, size_t length) {
    static const size_t aad_lengths[AAD_LENGTHS - 1] = {0,  1,  12, 15, 16, 17, 20,
                                                        28, 31, 32, 33, 64, 80, 300};
    unsigned aad = n % AAD_LENGTHS;
    combination c;
    n /= AAD_LENGTHS;
    c.aad_length = aad < AAD_LENGTHS - 1 ? aad_lengths[aad] : length;
    c.key_length = n % 2 ? 32 : 16;
    n /= 2;
    c.where = (place)(n % PLACES);
    n /= PLACES;
    c.in_place = n % 2;
    n /= 2;
    c.joined = n % 2;
    return c;
}

memories memory;

/* Keys of both sizes, expanded by each kernel, flush with the end of their memory. */
macsec_gcm_key *expanded[KERNELS_MAX][2];

/* Plain data and AAD for all frames, long enough to start anywhere in the first octets. */
uint8_t source[DATA_MAX + 512];
uint8_t source_aad[DATA_MAX + 512];

/* Run a kernel on an IV and an AAD in memory. */
void run_kernel(const macsec_gcm_kernel *kernel, int opening, const macsec_gcm_key *key,
                const uint8_t iv[12], const uint8_t *aad, size_t aad_length, const uint8_t *in,
                uint8_t *out, size_t length, uint8_t tag[16]) {
    const macsec_gcm_head head = macsec_gcm_head_of(iv, aad, aad_length);
    (opening ? kernel->open : kernel->seal)(key, &head, in, out, length, tag);
}

/* Seal or open `octets`, with all buffers placed as the combination says. Write data and tag to
   `result`; return 1 if nothing else was written. */
static int work(size_t kernel, int opening, const combination *c, const uint8_t *octets,
                size_t length, sealed *result) {
    const macsec_gcm_kernel *k = kernels[kernel];
    size_t room = length + (c->joined ? c->aad_length : 0);
    uint8_t *start = put(memory.in, c->where, room, length % 64);
    uint8_t *in = start + (room - length);
    uint8_t *aad = c->joined ? start : put(memory.aad, c->where, c->aad_length, length % 61);
    uint8_t *out = c->in_place ? in : put(memory.out, c->where, length, (length + 17) % 64);
    uint8_t *iv = put(memory.iv, c->where, 12, length % 59);
    uint8_t *tag = put(memory.tag, c->where, 16, length % 53);
    memcpy(in, octets, length);
    memcpy(aad, source_aad, c->aad_length);
    memcpy(iv, source_aad + 3, 12);
    run_kernel(k, opening, expanded[kernel][c->key_length == 32], iv, aad, c->aad_length, in, out,
               length, tag);
    memcpy(result->data, out, length);
    memcpy(result->tag, tag, 16);
    return untouched(memory.in, start, room) && untouched(memory.tag, tag, 16) &&
           memcmp(aad, source_aad, c->aad_length) == 0 && memcmp(iv, source_aad + 3, 12) == 0 &&
           (c->in_place || (untouched(memory.out, out, length) && memcmp(in, octets, length) == 0));
}

/* Check all ordered pairs at one data length with one combination. */
static void check_pairs(const combination *c, size_t length) {
    static sealed made;
    static sealed opened;
    const uint8_t *plain = source + length % 251;
    for (size_t a = 0; a < kernel_count; a++) {
        int clean = work(a, 0, c, plain, length, &made);
        check(clean, "%s seals %zu octets, AAD %zu: writes beside its output", kernels[a]->name,
              length, c->aad_length);
        for (size_t b = 0; b < kernel_count; b++) {
            clean = work(b, 1, c, made.data, length, &opened);
            check(clean && memcmp(opened.tag, made.tag, 16) == 0 &&
                      memcmp(opened.data, plain, length) == 0,
                  "%s seals and %s opens %zu octets: AAD %zu, key %zu, place %d, in place %d, "
                  "joined %d",
                  kernels[a]->name, kernels[b]->name, length, c->aad_length, c->key_length,
                  (int)c->where, c->in_place, c->joined);
        }
    }
}

void expand_all(const uint8_t octets[32]) {
    size_t size = sizeof(macsec_gcm_key);
    for (size_t i = 0; i < kernel_count; i++) {
        for (size_t k = 0; k < 2; k++) {
            size_t length = k ? 32 : 16;
            uint8_t *given = put(memory.iv, AT_END, length, 0);
            memcpy(given, octets, length);
            size_t from_end = size * (2 * i + k + 1);
            expanded[i][k] = (macsec_gcm_key *)(void *)(memory.key.start + GUARD_ROOM - from_end);
            kernels[i]->expand(expanded[i][k], given, length);
        }
    }
}

/* Check data lengths 0 to 2200 and 8900 to 9100. Combinations rotate, so that neighbouring lengths
   have different ones even when the volume is small. */
void check_all_lengths(unsigned volume) {
    unsigned each = volume == 0 || volume > COMBINATIONS ? COMBINATIONS : volume;
    unsigned turn = 0;
    for (size_t length = 0; length <= DATA_MAX; length = length == 2200 ? 8900 : length + 1) {
        for (unsigned i = 0; i < each; i++) {
            combination c =
                nth_combination(each == COMBINATIONS ? i : turn * 97 % COMBINATIONS, length);
            check_pairs(&c, length);
            turn++;
        }
    }
}
