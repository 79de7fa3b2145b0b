/* Declarations that the parts of gcm_check share; main.c describes the program. */
#ifndef MACSEC_GCM_CHECK_H
#define MACSEC_GCM_CHECK_H

#include "gcm/gcm.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { DATA_MAX = 9100, KERNELS_MAX = 16, GUARD_ROOM = 5 * 4096, CANARY = 64 };

typedef struct {
    uint8_t round_keys[15][16];
    int rounds;
    uint8_t h[16];
} reference_key;

typedef struct {
    uint8_t *start; /* first octet with access; GUARD_ROOM of them, a multiple of the page */
} guarded;

/* Where octets lie: flush with the page without access after them, or before them, or neither, at
   any alignment. */
typedef enum { AT_END, AT_START, INSIDE, PLACES } place;

/* One combination that is tried at a data length. */
typedef struct {
    size_t aad_length;
    size_t key_length;
    place where;
    int in_place;
    int joined; /* the AAD directly before the data, as in a frame */
} combination;

enum { AAD_LENGTHS = 15, COMBINATIONS = AAD_LENGTHS * 2 * PLACES * 2 * 2 };

typedef struct {
    uint8_t data[DATA_MAX];
    uint8_t tag[16];
} sealed;

typedef struct {
    guarded key;
    guarded iv;
    guarded aad;
    guarded in;
    guarded out;
    guarded tag;
} memories;

/* check.c */

extern unsigned long checks;
extern unsigned long failures;
extern const macsec_gcm_kernel *kernels[KERNELS_MAX]; /* kernels that this CPU runs */
extern size_t kernel_count;
__attribute__((format(printf, 2, 3))) void check(int holds, const char *what, ...);
uint32_t next_random(void);
void fill_random(uint8_t *octets, size_t length);
guarded make_guarded(void);
uint8_t *put(guarded g, place where, size_t length, size_t alignment);
int untouched(guarded g, const uint8_t *p, size_t length);

/* reference.c */

void compute_sbox(void);
void reference_expand(reference_key *key, const uint8_t *octets, size_t length);
void reference_seal(const reference_key *key, const uint8_t iv[12], const uint8_t *aad,
                    size_t aad_length, const uint8_t *in, uint8_t *out, size_t length,
                    uint8_t tag[16]);

/* pairs.c */

extern memories memory;
extern macsec_gcm_key *expanded[KERNELS_MAX][2];
extern uint8_t source[DATA_MAX + 512];
extern uint8_t source_aad[DATA_MAX + 512];
combination nth_combination(unsigned n, size_t length);
void run_kernel(const macsec_gcm_kernel *kernel, int opening, const macsec_gcm_key *key,
                const uint8_t iv[12], const uint8_t *aad, size_t aad_length, const uint8_t *in,
                uint8_t *out, size_t length, uint8_t tag[16]);
void expand_all(const uint8_t octets[32]);
void check_all_lengths(unsigned volume);

/* properties.c */

void check_reference_lengths(unsigned volume);
void check_edge_hash_keys(unsigned volume);
void check_copies(void);
void check_known_answers(void);
void check_dispatch(void);
void check_secret(void);
void check_nothing(void);

/* times.c */

void print_times(void);

/* secrets.c */

int check_secrets(void);

#endif
