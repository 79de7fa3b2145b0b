/* OpenSSL: one EVP context for each direction, keyed once; each message sets only its IV. */
#include "peer.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

typedef struct peer {
    EVP_CIPHER_CTX *seal;
    EVP_CIPHER_CTX *open;
} peer;

PEER void peer_free(void *given) {
    peer *p = given;
    EVP_CIPHER_CTX_free(p->seal);
    EVP_CIPHER_CTX_free(p->open);
    free(p);
}

PEER void *peer_new(const char *implementation, const uint8_t *key, int64_t key_length) {
    const EVP_CIPHER *cipher = key_length == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
    if (implementation[0] != 0) {
        return NULL;
    }
    peer *p = malloc(sizeof *p);
    if (p == NULL) {
        return NULL;
    }
    p->seal = EVP_CIPHER_CTX_new();
    p->open = EVP_CIPHER_CTX_new();
    if (p->seal != NULL && p->open != NULL &&
        EVP_EncryptInit_ex(p->seal, cipher, NULL, key, NULL) == 1 &&
        EVP_DecryptInit_ex(p->open, cipher, NULL, key, NULL) == 1) {
        return p;
    }
    peer_free(p);
    return NULL;
}

PEER const char *peer_version(void) {
    return OpenSSL_version(OPENSSL_VERSION_STRING);
}

PEER const char *peer_implementation(const void *given) {
    (void)given;
    return "EVP";
}

PEER int64_t peer_seal(void *given, const peer_job *job, const void *nothing) {
    EVP_CIPHER_CTX *context = ((peer *)given)->seal;
    int64_t good = 0;
    (void)nothing;
    for (int64_t i = 0; i < job->count; i++) {
        uint8_t *out = job->out + job->out_start[i];
        int length = (int)job->length[i];
        int done;
        int fine = EVP_EncryptInit_ex(context, NULL, NULL, NULL, job->iv + 12 * i);
        fine &= EVP_EncryptUpdate(context, NULL, &done, job->aad + job->aad_start[i],
                                  (int)job->aad_length[i]);
        if (length != 0) {
            fine &= EVP_EncryptUpdate(context, out, &done, job->in + job->in_start[i], length);
        }
        fine &= EVP_EncryptFinal_ex(context, out + length, &done);
        fine &= EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, out + length);
        good += fine;
    }
    return good;
}

PEER int64_t peer_open(void *given, const peer_job *job, const void *nothing) {
    EVP_CIPHER_CTX *context = ((peer *)given)->open;
    int64_t good = 0;
    (void)nothing;
    for (int64_t i = 0; i < job->count; i++) {
        const uint8_t *in = job->in + job->in_start[i];
        uint8_t *out = job->out + job->out_start[i];
        int length = (int)job->length[i];
        int done;
        int fine = EVP_DecryptInit_ex(context, NULL, NULL, NULL, job->iv + 12 * i);
        fine &= EVP_DecryptUpdate(context, NULL, &done, job->aad + job->aad_start[i],
                                  (int)job->aad_length[i]);
        if (length != 0) {
            fine &= EVP_DecryptUpdate(context, out, &done, in, length);
        }
        fine &= EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, (void *)(in + length));
        fine &= EVP_DecryptFinal_ex(context, out + length, &done) == 1;
        good += fine;
    }
    return good;
}
