/* intel-ipsec-mb: its direct GCM API with an expanded key, the fastest that it has for GCM. */
#include "peer.h"

#include <intel-ipsec-mb.h>
#include <stdlib.h>
#include <string.h>

typedef struct peer {
    struct gcm_key_data key;
    struct gcm_context_data context;
    IMB_MGR *manager;
    aes_gcm_enc_dec_t seal;
    aes_gcm_enc_dec_t open;
    char name[32];
} peer;

typedef struct implementation {
    const char *name;
    uint64_t off; /* features that it must not use */
    uint64_t needs;
    void (*init)(IMB_MGR *manager);
} implementation;

static void init_auto(IMB_MGR *manager) {
    init_mb_mgr_auto(manager, NULL);
}

/* Implementations by name: of CPUs with AVX2 and no GFNI, or with AES-NI only. */
static const implementation implementations[] = {
    {"", 0, 0, init_auto},
    {"avx2", IMB_FLAG_SHANI_OFF | IMB_FLAG_GFNI_OFF, IMB_CPUFLAGS_AVX2, init_mb_mgr_avx2},
    {"sse", IMB_FLAG_SHANI_OFF | IMB_FLAG_GFNI_OFF, IMB_CPUFLAGS_SSE, init_mb_mgr_sse},
};

static const char *const architectures[] = {"none", "no-aesni", "sse", "avx", "avx2", "avx512"};

PEER void peer_free(void *given) {
    peer *p = given;
    free_mb_mgr(p->manager);
    free(p);
}

static const implementation *find(const char *name) {
    for (size_t i = 0; i < sizeof implementations / sizeof implementations[0]; i++) {
        if (strcmp(implementations[i].name, name) == 0) {
            return &implementations[i];
        }
    }
    return NULL;
}

PEER void *peer_new(const char *name, const uint8_t *key, int64_t key_length) {
    const implementation *chosen = find(name);
    IMB_MGR *manager = chosen == NULL ? NULL : alloc_mb_mgr(chosen->off);
    if (manager == NULL) {
        return NULL;
    }
    if ((manager->features & chosen->needs) != chosen->needs) {
        free_mb_mgr(manager);
        return NULL;
    }
    chosen->init(manager);
    peer *p = aligned_alloc(64, (sizeof *p + 63) / 64 * 64);
    if (p == NULL || imb_get_errno(manager) != 0) {
        free_mb_mgr(manager);
        free(p);
        return NULL;
    }
    p->manager = manager;
    if (key_length == 16) {
        IMB_AES128_GCM_PRE(manager, key, &p->key);
        p->seal = manager->gcm128_enc;
        p->open = manager->gcm128_dec;
    } else {
        IMB_AES256_GCM_PRE(manager, key, &p->key);
        p->seal = manager->gcm256_enc;
        p->open = manager->gcm256_dec;
    }
    const char *used = manager->used_arch < IMB_ARCH_NUM ? architectures[manager->used_arch] : "?";
    strcpy(p->name, chosen->name[0] != 0 ? chosen->name : used);
    return p;
}

PEER const char *peer_version(void) {
    return imb_get_version_str();
}

PEER const char *peer_implementation(const void *given) {
    return ((const peer *)given)->name;
}

PEER int64_t peer_seal(void *given, const peer_job *job, const void *nothing) {
    peer *p = given;
    (void)nothing;
    for (int64_t i = 0; i < job->count; i++) {
        uint8_t *out = job->out + job->out_start[i];
        uint64_t length = (uint64_t)job->length[i];
        p->seal(&p->key, &p->context, out, job->in + job->in_start[i], length, job->iv + 12 * i,
                job->aad + job->aad_start[i], (uint64_t)job->aad_length[i], out + length, 16);
    }
    return job->count;
}

PEER int64_t peer_open(void *given, const peer_job *job, const void *nothing) {
    peer *p = given;
    int64_t good = 0;
    (void)nothing;
    for (int64_t i = 0; i < job->count; i++) {
        const uint8_t *in = job->in + job->in_start[i];
        uint64_t length = (uint64_t)job->length[i];
        uint8_t tag[16];
        p->open(&p->key, &p->context, job->out + job->out_start[i], in, length, job->iv + 12 * i,
                job->aad + job->aad_start[i], (uint64_t)job->aad_length[i], tag, 16);
        good += memcmp(tag, in + length, 16) == 0;
    }
    return good;
}
