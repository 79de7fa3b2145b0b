/* Interface of a peer in C: AES-GCM in batches, one call each, timed in the same way as this
   project's kernels. cffi reads the declarations between the markers. */
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

/* Expand a key on one implementation (an empty name: the peer chooses). NULL: not on this CPU. */
void *peer_new(const char *implementation, const uint8_t *key, int64_t key_length);
void peer_free(void *peer);
const char *peer_version(void);
const char *peer_implementation(const void *peer);

/* Return the number of messages with the right result. The last argument is not used: it makes
   these calls as long as those of this project. */
int64_t peer_seal(void *peer, const peer_job *job, const void *nothing);
int64_t peer_open(void *peer, const peer_job *job, const void *nothing);

/* cdef: end */

#endif
