/* The SecY in C: the public interface, once. What stands between the two markers is also the
   declaration that cffi reads, so it is plain C without preprocessor lines.

   One call handles a batch. Nothing here locks, allocates on the frame path, or reads a clock:
   one thread at a time per SecY. Numbers and names are those of macsec/secy/. */
#ifndef MACSEC_MACSEC_H
#define MACSEC_MACSEC_H

#include <stddef.h>
#include <stdint.h>

#include "gcm/gcm.h"

/* cdef: begin */

/* How a frame ended; the rows of macsec/secy/verdict.py. Below 3: counted on SC and SA. Below 8:
   counted on the receive SC. */
typedef enum macsec_verdict {
    MACSEC_OK = 0,
    MACSEC_INVALID = 1,
    MACSEC_NOT_VALID = 2,
    MACSEC_DELAYED = 3,
    MACSEC_UNCHECKED = 4,
    MACSEC_LATE = 5,
    MACSEC_UNUSED_SA = 6,
    MACSEC_NOT_USING_SA = 7,
    MACSEC_UNTAGGED = 8,
    MACSEC_NO_TAG = 9,
    MACSEC_BAD_TAG = 10,
    MACSEC_UNKNOWN_SCI = 11,
    MACSEC_NO_SCI = 12,
    MACSEC_OVERRUN = 13,
    MACSEC_UNCONTROLLED = 14,
    MACSEC_BYPASS = 15,
    MACSEC_RUNT = 16,
    MACSEC_TRUNCATED = 17,
    MACSEC_DROPPED = 18,
    MACSEC_ENCRYPTED = 19,
    MACSEC_PROTECTED = 20,
    MACSEC_UNPROTECTED = 21,
    MACSEC_TOO_LONG = 22,
    MACSEC_EXHAUSTED = 23,
    MACSEC_NOT_OPERATIONAL = 24,
    MACSEC_VERDICTS = 25
} macsec_verdict;

/* validateFrames */
typedef enum macsec_validate_frames {
    MACSEC_VALIDATE_NULL = 0,
    MACSEC_VALIDATE_DISABLED = 1,
    MACSEC_VALIDATE_CHECK = 2,
    MACSEC_VALIDATE_STRICT = 3
} macsec_validate_frames;

/* The controls of macsec/secy/controls.py, checked there, and the switches of a profile. */
typedef struct macsec_controls {
    uint8_t protect;
    uint8_t encrypt;
    uint8_t offset;
    uint8_t validate;
    uint8_t replay;
    uint8_t duplicates_reject;
    uint8_t send_sci;
    uint8_t end_station;
    uint8_t scb;
    uint8_t encodingsa;
    uint8_t clear_tags;
    uint8_t clear_tags_authenticated;
    uint8_t icv_length;
    uint8_t xpn;
    uint8_t exact_length;
    uint8_t refuse_sl_48;
    uint8_t lookup_before_tag;
    uint8_t short_header_silent;
    uint8_t scb_port_zero;
    uint8_t no_peer_silent;
    uint8_t window_from_next_pn;
    uint8_t disabled_decrypts;
    uint8_t sc_off_receives;
    uint8_t too_long_counts_octets;
    uint32_t window;
    int64_t longest; /* octets of the longest protected frame; negative: no limit */
} macsec_controls;

/* PNs are held as "last used" and "highest refused", one below nextPN and lowestPN, so that 2^64
   needs no 65th bit. */
typedef struct macsec_sa_parameters {
    const uint8_t *key;
    size_t key_length;
    uint64_t last_pn;
    uint64_t floor_pn;
    uint32_t ssci;
    const uint8_t *salt;
    int enabled;
} macsec_sa_parameters;

typedef struct macsec_sa_state {
    int enabled;
    uint64_t last_pn;
    uint64_t floor_pn;
    uint64_t frames[3];
} macsec_sa_state;

typedef struct macsec_tally {
    uint64_t frames[25];
    uint64_t validated;
    uint64_t decrypted;
    uint64_t protected_;
    uint64_t encrypted;
    uint64_t octets_in;
    uint64_t octets_out;
} macsec_tally;

/* A batch: `count` frames in one arena. */
typedef struct macsec_frames {
    const uint8_t *arena;
    const int64_t *start;
    const int64_t *length;
    const int64_t *wire_length;
    int64_t count;
} macsec_frames;

/* What became of it. Per input row: codes, sci (all ones: unknown), an (255: unknown), pn (0:
   unknown). Per frame that goes on, packed: start, length, delivered (the input row). */
typedef struct macsec_outcome {
    uint8_t *arena;
    int64_t capacity;
    int64_t *start;
    int64_t *length;
    int64_t *delivered;
    uint8_t *codes;
    uint64_t *sci;
    uint8_t *an;
    uint64_t *pn;
    int64_t frames;
    int64_t octets;
} macsec_outcome;

typedef struct macsec_secy macsec_secy;

const char *macsec_verdict_label(int verdict);

/* A SecY on a kernel by name; NULL: out of memory, or no such usable kernel. */
macsec_secy *macsec_secy_new(const char *kernel);
void macsec_secy_free(macsec_secy *secy);
const char *macsec_secy_kernel(const macsec_secy *secy);

/* These answer 0, or -1: no such SC or SA, a wrong key length, or out of memory; or, for a transmit
   SA that died in a fork (fork.h), MACSEC_DEAD. */
typedef enum macsec_refusal { MACSEC_DEAD = -2 } macsec_refusal;

int macsec_secy_configure(macsec_secy *secy, const macsec_controls *controls);
int macsec_secy_set_tx_sc(macsec_secy *secy, uint64_t sci, int enabled);
int macsec_secy_add_tx_sa(macsec_secy *secy, int an, const macsec_sa_parameters *sa);
int macsec_secy_remove_tx_sa(macsec_secy *secy, int an);
int macsec_secy_enable_tx_sa(macsec_secy *secy, int an, int enabled);
int macsec_secy_set_tx_pn(macsec_secy *secy, int an, uint64_t last_pn);

/* The last PN that may be used until this is called again; frames after it are not sent, with the
   verdict MACSEC_NOT_OPERATIONAL. */
int macsec_secy_limit_tx_pn(macsec_secy *secy, int an, uint64_t last_pn);
int macsec_secy_add_rx_sc(macsec_secy *secy, uint64_t sci, int enabled);
int macsec_secy_remove_rx_sc(macsec_secy *secy, uint64_t sci);
int macsec_secy_enable_rx_sc(macsec_secy *secy, uint64_t sci, int enabled);
int macsec_secy_add_rx_sa(macsec_secy *secy, uint64_t sci, int an, const macsec_sa_parameters *sa);
int macsec_secy_remove_rx_sa(macsec_secy *secy, uint64_t sci, int an);
int macsec_secy_enable_rx_sa(macsec_secy *secy, uint64_t sci, int an, int enabled);
int macsec_secy_set_rx_pn(macsec_secy *secy, uint64_t sci, int an, uint64_t last_pn,
                          uint64_t floor_pn);
int macsec_secy_tx_sa(const macsec_secy *secy, int an, macsec_sa_state *state);
int macsec_secy_rx_sa(const macsec_secy *secy, uint64_t sci, int an, macsec_sa_state *state);
int macsec_secy_rx_sc_tally(const macsec_secy *secy, uint64_t sci, macsec_tally *tally);
void macsec_secy_tally(const macsec_secy *secy, macsec_tally *tally);
void macsec_secy_clear(macsec_secy *secy);

/* Octets of output arena that a batch may need. */
int64_t macsec_capacity(const macsec_frames *in);

/* Lays the columns of an outcome of `rows` rows into two blocks: start, length, delivered, sci and
   pn; codes and an. */
void macsec_outcome_columns(macsec_outcome *out, int64_t *wide, uint8_t *narrow, int64_t rows);

/* 0, or -1 where the output arena is too small: then nothing was done. */
int macsec_protect(macsec_secy *secy, const macsec_frames *in, macsec_outcome *out);
int macsec_validate(macsec_secy *secy, const macsec_frames *in, macsec_outcome *out);

/* One frame, for callers who have just one: the verdict in the low eight bits, above them the
   octets written to `out`, which has room for the frame and 32 octets more. */
int64_t macsec_protect_frame(macsec_secy *secy, const uint8_t *frame, size_t length, uint8_t *out);
int64_t macsec_validate_frame(macsec_secy *secy, const uint8_t *frame, size_t length, uint8_t *out);

/* cdef: end */
#endif
