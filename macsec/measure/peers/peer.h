/* What a C peer offers: batches of AES-GCM, a call a batch, so that it is timed as we are. The
   declarations between the markers are also what cffi reads. */
#ifndef MACSEC_PEER_H
#define MACSEC_PEER_H

#include <stddef.h>
#include <stdint.h>

#define PEER __attribute__((visibility("default")))

/* cdef: begin */

/* `count` messages. The tag has 16 octets and follows the text: in `out` when sealing, in `in` when
   opening. Every IV has 12 octets. */
typedef struct peer_job {
    const uint8_t *aad;
    const int64_t *aad_start;
    const int64_t *aad_length;
    const uint8_t *in;
    const int64_t *in_start;
    uint8_t *out;
    const int64_t *out_start;
    const int64_t *length;
    const uint8_t *iv;
    int64_t count;
} peer_job;

/* An expanded key on one implementation (an empty name: its own choice); NULL: not on this CPU. */
void *peer_new(const char *implementation, const uint8_t *key, int64_t key_length);
void peer_free(void *peer);
const char *peer_version(void);
const char *peer_implementation(const void *peer);

/* Answer how many messages came out right. The last argument is of no use: it makes the calls as
   long as ours. */
int64_t peer_seal(void *peer, const peer_job *job, const void *nothing);
int64_t peer_open(void *peer, const peer_job *job, const void *nothing);

/* cdef: end */

#endif
