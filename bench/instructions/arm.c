/* AES-GCM-128 on 64-bit ARM, to count its instructions: `instructions_arm KERNEL OCTETS FRAMES`
   seals frames with 28 octets of AAD, by a kernel or, where it is built in, by `openssl`. The
   difference of two runs is the cost of the frames alone. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gcm/gcm.h"

#ifdef WITH_OPENSSL
#include <openssl/evp.h>
#endif

enum { LONGEST = 9014, AAD = 28 };

static const uint8_t key[16] = {1};
static uint8_t aad[AAD];
static uint8_t iv[12];
static uint8_t in[LONGEST];
static uint8_t out[LONGEST];
static uint8_t tag[16];

#ifdef WITH_OPENSSL
static int by_openssl(size_t octets, int frames) {
    int written = 0;
    int good = 1;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    good &= EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), NULL, key, iv);
    for (int i = 0; i < frames; i++) {
        iv[11] = (uint8_t)i;
        good &= EVP_EncryptInit_ex(context, NULL, NULL, NULL, iv);
        good &= EVP_EncryptUpdate(context, NULL, &written, aad, AAD);
        good &= EVP_EncryptUpdate(context, out, &written, in, (int)octets);
        good &= EVP_EncryptFinal_ex(context, out + written, &written);
        good &= EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, sizeof tag, tag);
    }
    EVP_CIPHER_CTX_free(context);
    return good;
}
#endif

static int by_kernel(const char *name, size_t octets, int frames) {
    static macsec_gcm_key expanded;
    const macsec_gcm_kernel *kernel = macsec_gcm_find(name);
    if (kernel == NULL || !macsec_gcm_usable(kernel)) {
        return 0;
    }
    kernel->expand(&expanded, key, sizeof key);
    for (int i = 0; i < frames; i++) {
        iv[11] = (uint8_t)i;
        const macsec_gcm_head head = macsec_gcm_head_of(iv, aad, AAD);
        kernel->seal(&expanded, &head, in, out, octets, tag);
    }
    return 1;
}

int main(int count, char **words) {
    size_t octets = count == 4 ? strtoul(words[2], NULL, 10) : LONGEST + 1;
    int good = 0;
    if (octets > LONGEST) {
        fprintf(stderr, "KERNEL OCTETS FRAMES\n");
        return 2;
    }
#ifdef WITH_OPENSSL
    if (strcmp(words[1], "openssl") == 0) {
        good = by_openssl(octets, atoi(words[3]));
    } else
#endif
    {
        good = by_kernel(words[1], octets, atoi(words[3]));
    }
    printf("%02x%02x\n", tag[0], tag[15]);
    return good ? 0 : 5;
}
