/* Check kernels against the reference, known answers, the dispatch and secret memory. */
#include "check.h"

#include "base/secret.h"

/* Check every kernel against the reference, for one frame. */
static void check_reference(const reference_key *key, size_t key_length, size_t aad_length,
                            size_t length, const uint8_t *aad, const uint8_t *plain) {
    static sealed expected;
    static sealed made;
    uint8_t iv[12];
    memcpy(iv, source + length % 97, 12);
    reference_seal(key, iv, aad, aad_length, plain, expected.data, length, expected.tag);
    for (size_t i = 0; i < kernel_count; i++) {
        run_kernel(kernels[i], 0, expanded[i][key_length == 32], iv, aad, aad_length, plain,
                   made.data, length, made.tag);
        check(memcmp(made.data, expected.data, length) == 0 &&
                  memcmp(made.tag, expected.tag, 16) == 0,
              "%s differs from the reference: %zu octets, AAD %zu, key %zu", kernels[i]->name,
              length, aad_length, key_length);
    }
}

void check_reference_lengths(unsigned volume) {
    static const size_t long_lengths[] = {511, 512, 1024, 1486, 1500, 2047, 2200, 4095, 4112, 9000};
    unsigned keys = volume == 0 || volume > 4 ? 4 : volume;
    uint8_t octets[32];
    reference_key key;
    for (unsigned i = 0; i < 2 * keys; i++) {
        size_t key_length = i % 2 ? 32 : 16;
        fill_random(octets, sizeof octets);
        expand_all(octets);
        reference_expand(&key, octets, key_length);
        for (size_t length = 0; length <= 320; length++) {
            size_t aad_length = length % 5 ? nth_combination(next_random() % 13, 0).aad_length
                                           : next_random() % 400;
            check_reference(&key, key_length, aad_length, length, source_aad, source);
            check_reference(&key, key_length, 2 * length, 0, source_aad, source);
            check_reference(&key, key_length, 2 * length + 1, 0, source_aad, source);
        }
        for (size_t j = 0; j < sizeof long_lengths / sizeof long_lengths[0]; j++) {
            check_reference(&key, key_length, 28, long_lengths[j], source_aad, source);
            check_reference(&key, key_length, long_lengths[j], 0, source_aad, source);
        }
    }
}

/* GHASH is linear in the data: with one hash key, the products of the 128 unit blocks represent all
   blocks. Every position of a block in a sum has a power of its own, so the block moves. The sums
   of the widest kernel have 36 blocks. */
static void check_unit_blocks(const reference_key *key) {
    enum { POSITIONS = 37 };
    uint8_t aad[POSITIONS * 16];
    for (size_t bit = 0; bit < 128; bit++) {
        size_t at = bit % POSITIONS * 16;
        memset(aad, 0, sizeof aad);
        aad[at + bit / 8] = (uint8_t)(0x80 >> bit % 8);
        check_reference(key, 16, sizeof aad, 0, aad, source);
        check_reference(key, 16, at + 16, 16 * (bit % 10), aad, source);
        check_reference(key, 16, bit % 11 * 16 + 16, 16 * (bit % 35), aad, source);
    }
    memset(aad, 0xff, sizeof aad);
    check_reference(key, 16, sizeof aad, 0, aad, source);
    memset(aad, 0, sizeof aad);
    check_reference(key, 16, sizeof aad, 0, aad, source);
}

/* Return the length of the run of equal bits at one end of a hash key. */
static int run_length(const uint8_t h[16], int from_end, int value) {
    int run = 0;
    while (run < 128) {
        int i = from_end ? 127 - run : run;
        if ((h[i / 8] >> (7 - i % 8) & 1) != value) {
            break;
        }
        run++;
    }
    return run;
}

/* The hash key is AES of zero, so an edge case cannot be chosen, only searched for. Of a few
   thousand keys, take the ones whose H starts and ends with the longest runs of zeros and ones. */
void check_edge_hash_keys(unsigned volume) {
    int tries = volume == 0 ? 1 << 17 : 1 << 12;
    uint8_t octets[32] = {0};
    uint8_t best[4][32] = {{0}};
    int longest[4] = {-1, -1, -1, -1};
    reference_key key;
    for (int i = 0; i < tries; i++) {
        memcpy(octets, &i, sizeof i);
        reference_expand(&key, octets, 16);
        for (int edge = 0; edge < 4; edge++) {
            int run = run_length(key.h, edge / 2, edge % 2);
            if (run > longest[edge]) {
                longest[edge] = run;
                memcpy(best[edge], octets, sizeof octets);
            }
        }
    }
    for (int edge = 0; edge < 4; edge++) {
        expand_all(best[edge]);
        reference_expand(&key, best[edge], 16);
        check_unit_blocks(&key);
    }
    printf("hash keys starting with %d zeros, %d ones, ending with %d zeros, %d ones\n", longest[0],
           longest[1], longest[2], longest[3]);
}

/* AAD without text is copied to where the head says, and nothing beside it is written. */
void check_copies(void) {
    static uint8_t room[DATA_MAX + 64];
    uint8_t octets[32] = {1};
    expand_all(octets);
    for (size_t i = 0; i < kernel_count; i++) {
        for (size_t length = 0; length <= 1400; length++) {
            size_t rest = length > 32 ? length - 32 : 0;
            uint8_t tag[2][16];
            macsec_gcm_head head = macsec_gcm_head_of(source, source_aad, length);
            memset(room, 0x5a, sizeof room);
            kernels[i]->seal(expanded[i][0], &head, NULL, NULL, 0, tag[0]);
            head.copy = room + 32;
            (length % 2 ? kernels[i]->open : kernels[i]->seal)(expanded[i][0], &head, NULL, NULL, 0,
                                                               tag[1]);
            check(memcmp(tag[0], tag[1], 16) == 0 &&
                      (rest == 0 || memcmp(room + 32, source_aad + 32, rest) == 0) &&
                      room[31] == 0x5a && room[32 + rest] == 0x5a,
                  "%s copies %zu octets of AAD wrongly", kernels[i]->name, length);
        }
    }
}

void check_known_answers(void) {
    int count = macsec_gcm_selftest_count();
    for (size_t i = 0; i < kernel_count; i++) {
        check(macsec_gcm_selftest(kernels[i], 0) == 0, "%s fails its known answers",
              kernels[i]->name);
        for (int number = 1; number <= count; number++) {
            check(macsec_gcm_selftest(kernels[i], number) == number,
                  "%s: known answer %d does not fail when it is spoilt", kernels[i]->name, number);
        }
    }
}

void check_dispatch(void) {
    size_t count = macsec_gcm_kernel_count();
    const macsec_gcm_kernel *first = NULL;
    for (size_t i = 0; i < count; i++) {
        const macsec_gcm_kernel *kernel = macsec_gcm_kernel_at(i);
        check(macsec_gcm_find(kernel->name) == kernel, "%s is not found by name", kernel->name);
        check(macsec_gcm_usable(kernel) == kernel->supported(), "%s: usable is not supported",
              kernel->name);
        if (first == NULL && kernel->supported()) {
            first = kernel;
        }
    }
    check(macsec_gcm_best() == first, "the best kernel is not the first supported one");
    check(macsec_gcm_kernel_at(count) == NULL, "there is a kernel past the end");
    check(macsec_gcm_find("no such kernel") == NULL, "an unknown name finds a kernel");
    check(macsec_gcm_find(NULL) == NULL, "no name finds a kernel");
    check(macsec_gcm_usable(NULL) == 0, "no kernel is usable");
    check(macsec_gcm_usable(macsec_gcm_find("portable")), "the portable kernel is not usable");
}

void check_secret(void) {
    size_t length = 5000;
    uint8_t *secret = macsec_secret_alloc(length);
    uint8_t other[8] = {0};
    int zero = secret != NULL;
    for (size_t i = 0; zero && i < length; i++) {
        zero = secret[i] == 0;
    }
    check(zero, "secret memory is missing, or not zero");
    check((uintptr_t)secret % 64 == 0, "secret memory is not aligned");
    if (secret == NULL) {
        return;
    }
    memset(secret, 1, length);
    check(!macsec_equal(secret, other, 8), "different octets are equal");
    macsec_wipe(secret, length - 1);
    check(macsec_equal(secret, other, 8) && secret[length - 2] == 0 && secret[length - 1] == 1,
          "wiping does not clear what it should");
    for (int bit = 0; bit < 64; bit++) {
        other[bit / 8] = (uint8_t)(1 << bit % 8);
        check(!macsec_equal(secret, other, 8), "a difference in bit %d is overlooked", bit);
        other[bit / 8] = 0;
    }
    check(macsec_equal(secret, other, 0), "nothing is not equal to nothing");
    check(macsec_secret_alloc(0) == NULL, "no octets are allocated");
    macsec_secret_free(secret, length);
    macsec_secret_free(NULL, 0);
}

/* Check empty text and AAD with NULL pointers, as the interface allows. */
void check_nothing(void) {
    reference_key key;
    uint8_t octets[32] = {0};
    uint8_t iv[12] = {0};
    uint8_t expected[16];
    uint8_t tag[16];
    expand_all(octets);
    reference_expand(&key, octets, 16);
    reference_seal(&key, iv, NULL, 0, NULL, NULL, 0, expected);
    for (size_t i = 0; i < kernel_count; i++) {
        run_kernel(kernels[i], 0, expanded[i][0], iv, NULL, 0, NULL, NULL, 0, tag);
        check(memcmp(tag, expected, 16) == 0, "%s seals nothing wrongly", kernels[i]->name);
        run_kernel(kernels[i], 1, expanded[i][0], iv, NULL, 0, NULL, NULL, 0, tag);
        check(memcmp(tag, expected, 16) == 0, "%s opens nothing wrongly", kernels[i]->name);
    }
}
