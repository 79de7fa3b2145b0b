/* Known answers for the AES-GCM kernels, run before a kernel is used.

   The published rows show that the kernel computes AES-GCM; a row without data is the encryption of
   one block. The longer rows run the wide loops and every kind of end, for which the published ones
   are too short; two other implementations computed their tags. Each row is three checks: sealing
   gives the answer, opening gives the plaintext and the same tag, opening a changed frame gives
   another tag. */
#include "gcm/gcm.h"

#include <string.h>

enum { DATA_MAX = 1500, AAD_MAX = 1100 };

/* Hexadecimal fields; a missing field is empty. */
typedef struct {
    const char *key;
    const char *iv;
    const char *aad;
    const char *plain;
    const char *cipher;
    const char *tag;
} published_row;

/* Names are those of the vectors: NIST CAVP (gcmtestvectors), and IEEE 802.1AE-2018 Annex C. */
static const published_row published[] = {
    {/* cavp-enc128-p0-a0-0 */
     .key = "11754cd72aec309bf52f7687212e8957",
     .iv = "3c819d9a9bed087615030b65",
     .tag = "250327c674aaf477aef2675748cf6971"},
    {/* cavp-enc256-p0-a0-0 */
     .key = "b52c505a37d78eda5dd34f20c22540ea1b58963cf8e5bf8ffa85f9f2492505b4",
     .iv = "516c33929df5a3284ff463d7",
     .tag = "bdc1ac884d332457a1d2664f168c76f0"},
    {/* annex-c.1.1 */
     .key = "ad7a2bd03eac835a6f620fdcb506b345",
     .iv = "12153524c0895e81b2c28465",
     .aad = "d609b1f056637a0d46df998d88e5222ab2c2846512153524c0895e8108000f10"
            "1112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f30"
            "313233340001",
     .tag = "f09478a9b09007d06f46e9b6a1da25dd"},
    {/* annex-c.1.2 */
     .key = "e3c08a8f06c6e3ad95a70557b23f75483ce33021a9c72b7025666204c69c0b72",
     .iv = "12153524c0895e81b2c28465",
     .aad = "d609b1f056637a0d46df998d88e5222ab2c2846512153524c0895e8108000f10"
            "1112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f30"
            "313233340001",
     .tag = "2f0bc5af409e06d609ea8b7d0fa5ea50"},
    {/* annex-c.5.1 */
     .key = "071b113b0ca743fecccf3d051f737382",
     .iv = "f0761e8dcd3d000176d457ed",
     .aad = "e20106d7cd0df0761e8dcd3d88e54c2a76d457ed",
     .plain = "08000f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c"
              "2d2e2f30313233340004",
     .cipher = "13b4c72b389dc5018e72a171dd85a5d3752274d3a019fbcaed09a425cd9b2e1c"
               "9b72eee7c9de7d52b3f3",
     .tag = "d6a5284f4a6d3fe22a5d6c2b960494c3"},
    {/* annex-c.6.2 */
     .key = "e3c08a8f06c6e3ad95a70557b23f75483ce33021a9c72b7025666204c69c0b72",
     .iv = "12153524c0895e81b2c28465",
     .aad = "d609b1f056637a0d46df998d88e52e00b2c2846512153524c0895e81",
     .plain = "08000f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c"
              "2d2e2f303132333435363738393a0002",
     .cipher = "e2006eb42f5277022d9b19925bc419d7a592666c925fe2ef718eb4e308efeaa7"
               "c5273b394118860a5be2a97f56ab7836",
     .tag = "5ca597cdbb3edb8d1a1151ea0af7b436"},
    {/* annex-c.7.1 */
     .key = "013fe00b5f11be7f866d0cbbc55a7a90",
     .iv = "7cfde9f9e33724c68932d612",
     .aad = "84c5d513d2aaf6e5bbd2727788e52f008932d6127cfde9f9e33724c6",
     .plain = "08000f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c"
              "2d2e2f303132333435363738393a3b0006",
     .cipher = "3a4de6fa32191014dbb303d92ee3a9e8a1b599c14d22fb080096e13811816a3c"
               "9c9bcf7c1b9b96da809204e29d0e2a7642",
     .tag = "bfd310a4837c816ccfa5ac23ab003988"},
};

/* Octet i of a field is (7 i + s) mod 251, with s = 1 for the key, 2 for the IV, 3 for the AAD and
   4 for the plaintext. 251 is prime, so no two blocks are equal, and swapped blocks are found. */
typedef struct {
    uint16_t key;
    uint16_t aad;
    uint16_t data;
    const char *tag;
} long_row;

static const long_row longer[] = {
    {16, 28, 1486, "f9c9be7274e449dc995a30f1bbbd19e4"},
    {32, 20, 331, "7d42ff6600b613e7a48d2fc5d4de8758"},
    {16, 20, 240, "13e6f4b17cf98ada82b4b93373bf6e8f"},
    {16, 300, 0, "4f173868fadee62e511d35581ead72d8"},
    {32, 1100, 0, "7510fc2f0e920275495027b50684a8b5"},
    {32, 28, 143, "62c198d57ce53dfde0a396ebc10bb70b"},
    {16, 12, 9, "309eb51074d39ab2fd4db8a99ada6f62"},
};

enum {
    PUBLISHED = sizeof published / sizeof published[0],
    ROWS = PUBLISHED + sizeof longer / sizeof longer[0],
    SEAL = 0,
    OPEN,
    FORGED,
    CHECKS /* per row */
};

/* A row as octets. Only published rows have a known `cipher`. */
typedef struct {
    uint8_t key[32];
    uint8_t iv[12];
    uint8_t aad[AAD_MAX];
    uint8_t plain[DATA_MAX];
    uint8_t cipher[DATA_MAX];
    uint8_t tag[16];
    size_t key_length;
    size_t aad_length;
    size_t length;
    int cipher_known;
} answer;

static uint8_t digit(char c) {
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static size_t from_hex(uint8_t *octets, const char *text) {
    size_t length = text == NULL ? 0 : strlen(text) / 2;
    for (size_t i = 0; i < length; i++) {
        octets[i] = (uint8_t)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
    }
    return length;
}

static size_t pattern(uint8_t *octets, size_t length, size_t start) {
    for (size_t i = 0; i < length; i++) {
        octets[i] = (uint8_t)((7 * i + start) % 251);
    }
    return length;
}

static void load(answer *a, size_t row) {
    memset(a, 0, sizeof *a);
    if (row < PUBLISHED) {
        const published_row *p = &published[row];
        a->key_length = from_hex(a->key, p->key);
        a->aad_length = from_hex(a->aad, p->aad);
        a->length = from_hex(a->plain, p->plain);
        (void)from_hex(a->iv, p->iv);
        (void)from_hex(a->cipher, p->cipher);
        (void)from_hex(a->tag, p->tag);
        a->cipher_known = 1;
    } else {
        const long_row *p = &longer[row - PUBLISHED];
        a->key_length = pattern(a->key, p->key, 1);
        a->aad_length = pattern(a->aad, p->aad, 3);
        a->length = pattern(a->plain, p->data, 4);
        (void)pattern(a->iv, sizeof a->iv, 2);
        (void)from_hex(a->tag, p->tag);
    }
}

/* Return the octet that a forger changes, or that `corrupt` spoils in the expected answer: the last
   one of the data or, without data, of the tag. */
static uint8_t *last_octet(uint8_t *data, size_t length, uint8_t *tag) {
    return length > 0 ? &data[length - 1] : &tag[15];
}

static int check_seal(const macsec_gcm_kernel *kernel, const macsec_gcm_key *key, const answer *a,
                      int corrupt) {
    uint8_t out[DATA_MAX];
    uint8_t tag[16];
    answer expected = *a;
    if (corrupt) {
        *last_octet(expected.cipher, a->cipher_known ? a->length : 0, expected.tag) ^= 0x01;
    }
    const macsec_gcm_head head = macsec_gcm_head_of(a->iv, a->aad, a->aad_length);
    kernel->seal(key, &head, a->plain, out, a->length, tag);
    return memcmp(tag, expected.tag, sizeof tag) == 0 &&
           (!a->cipher_known || memcmp(out, expected.cipher, a->length) == 0);
}

/* Open in place what this kernel sealed; `check_seal` compared that already. */
static int check_open(const macsec_gcm_kernel *kernel, const macsec_gcm_key *key, const answer *a,
                      int corrupt) {
    uint8_t data[DATA_MAX];
    uint8_t tag[16];
    answer expected = *a;
    if (corrupt) {
        *last_octet(expected.plain, a->length, expected.tag) ^= 0x80;
    }
    const macsec_gcm_head head = macsec_gcm_head_of(a->iv, a->aad, a->aad_length);
    kernel->seal(key, &head, a->plain, data, a->length, tag);
    kernel->open(key, &head, data, data, a->length, tag);
    return memcmp(tag, expected.tag, sizeof tag) == 0 &&
           memcmp(data, expected.plain, a->length) == 0;
}

/* Pass if the changed frame gives another tag; `corrupt` leaves the frame unchanged, so it fails.
 */
static int check_forged(const macsec_gcm_kernel *kernel, const macsec_gcm_key *key, const answer *a,
                        int corrupt) {
    uint8_t data[DATA_MAX];
    uint8_t tag[16];
    uint8_t received[16];
    const macsec_gcm_head head = macsec_gcm_head_of(a->iv, a->aad, a->aad_length);
    kernel->seal(key, &head, a->plain, data, a->length, received);
    if (!corrupt) {
        *last_octet(data, a->length, received) ^= 0x10;
    }
    kernel->open(key, &head, data, data, a->length, tag);
    return memcmp(tag, received, sizeof tag) != 0;
}

int macsec_gcm_selftest_count(void) {
    return ROWS * CHECKS;
}

int macsec_gcm_selftest(const macsec_gcm_kernel *kernel, int corrupt) {
    static int (*const checks[CHECKS])(const macsec_gcm_kernel *, const macsec_gcm_key *,
                                       const answer *, int) = {
        [SEAL] = check_seal,
        [OPEN] = check_open,
        [FORGED] = check_forged,
    };
    answer a;
    macsec_gcm_key key;
    for (int number = 1; number <= ROWS * CHECKS; number++) {
        int check = (number - 1) % CHECKS;
        if (check == 0) {
            load(&a, (size_t)((number - 1) / CHECKS));
            kernel->expand(&key, a.key, a.key_length);
        }
        if (!checks[check](kernel, &key, &a, corrupt == number)) {
            return number;
        }
    }
    return 0;
}
