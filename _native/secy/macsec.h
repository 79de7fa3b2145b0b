/* The SecY in C: the public interface. cffi reads the declarations between the two markers, so they
   are plain C without preprocessor lines.

   One call handles a batch. Nothing here locks or reads a clock, and no frame allocates: use a SecY
   from one thread at a time. Numbers and names are those of macsec/secy/. */
#ifndef MACSEC_MACSEC_H
#define MACSEC_MACSEC_H

#include <stddef.h>
#include <stdint.h>

#include "base/frames.h"
#include "base/status.h"

/* cdef: begin */

/* How a frame ended: the rows of macsec/secy/verdict.py. Verdicts below 3 are counted on SC and SA,
   those below 8 on the receive SC. */
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
    MACSEC_EXCEPTED = 25,
    MACSEC_SENT_CLEAR = 26,
    MACSEC_VERDICTS = 27
} macsec_verdict;

/* validateFrames */
typedef enum macsec_validate_frames {
    MACSEC_VALIDATE_NULL = 0,
    MACSEC_VALIDATE_DISABLED = 1,
    MACSEC_VALIDATE_CHECK = 2,
    MACSEC_VALIDATE_STRICT = 3
} macsec_validate_frames;

/* A bit of `clear`: macsec_secy_let_pass gave values too. */
enum { MACSEC_CLEAR_VALUES = 31, MACSEC_CLEAR_VALUES_MOST = 8 };

/* The controls of macsec/secy/controls.py, which checks them, and the switches of a profile. */
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
    uint32_t ethertype; /* of SecTAGs */
    uint32_t clear;     /* protocols that pass in clear: bits by the order of macsec/terms.py */
    uint32_t window;
    int64_t longest; /* octets of the longest protected frame; negative: no limit */
} macsec_controls;

/* PNs are stored as "last used" and "highest refused", one below nextPN and lowestPN, so that 2^64
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
    uint64_t frames[27];
    uint64_t validated;
    uint64_t decrypted;
    uint64_t protected_;
    uint64_t encrypted;
    uint64_t octets_in;
    uint64_t octets_out;
} macsec_tally;

/* The result of a batch. For each input row: codes, sci (all ones: unknown), an (255: unknown), pn
   (0: unknown). For each frame that is sent or delivered, packed: start, length, delivered (its
   input row). */
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

/* Make a SecY on a kernel by name; NULL means the fastest usable one. Returns NULL on failure, with
   the reason in `status` (which may be NULL): NO_KERNEL or NO_MEMORY. */
macsec_secy *macsec_secy_new(const char *kernel, macsec_status *status);
void macsec_secy_free(macsec_secy *secy);
const char *macsec_secy_kernel(const macsec_secy *secy);

/* Management. A call that fails changes nothing. */
macsec_status macsec_secy_configure(macsec_secy *secy, const macsec_controls *controls);
/* What else passes in clear: EtherTypes, and destinations (above ffff); MACSEC_CLEAR_VALUES_MOST of
   them, 0 for none. */
void macsec_secy_let_pass(macsec_secy *secy, const uint64_t *values);
macsec_status macsec_secy_set_tx_sc(macsec_secy *secy, uint64_t sci, int enabled);
macsec_status macsec_secy_add_tx_sa(macsec_secy *secy, int an, const macsec_sa_parameters *sa);
macsec_status macsec_secy_remove_tx_sa(macsec_secy *secy, int an);
macsec_status macsec_secy_enable_tx_sa(macsec_secy *secy, int an, int enabled);
macsec_status macsec_secy_set_tx_pn(macsec_secy *secy, int an, uint64_t last_pn);

/* Set the last PN that may be used until the next call. Later frames are not sent; their verdict is
   MACSEC_NOT_OPERATIONAL. */
macsec_status macsec_secy_limit_tx_pn(macsec_secy *secy, int an, uint64_t last_pn);
macsec_status macsec_secy_add_rx_sc(macsec_secy *secy, uint64_t sci, int enabled);
macsec_status macsec_secy_remove_rx_sc(macsec_secy *secy, uint64_t sci);
macsec_status macsec_secy_enable_rx_sc(macsec_secy *secy, uint64_t sci, int enabled);
macsec_status macsec_secy_add_rx_sa(macsec_secy *secy, uint64_t sci, int an,
                                    const macsec_sa_parameters *sa);
macsec_status macsec_secy_remove_rx_sa(macsec_secy *secy, uint64_t sci, int an);
macsec_status macsec_secy_enable_rx_sa(macsec_secy *secy, uint64_t sci, int an, int enabled);
macsec_status macsec_secy_set_rx_pn(macsec_secy *secy, uint64_t sci, int an, uint64_t last_pn,
                                    uint64_t floor_pn);
macsec_status macsec_secy_tx_sa(const macsec_secy *secy, int an, macsec_sa_state *state);
macsec_status macsec_secy_rx_sa(const macsec_secy *secy, uint64_t sci, int an,
                                macsec_sa_state *state);
macsec_status macsec_secy_rx_sc_tally(const macsec_secy *secy, uint64_t sci, macsec_tally *tally);
void macsec_secy_tally(const macsec_secy *secy, macsec_tally *tally);
void macsec_secy_clear(macsec_secy *secy);

/* Return the octets of output arena that a batch may need. */
int64_t macsec_capacity(const macsec_frames *in);

/* Place the columns of an outcome of `rows` rows in two blocks: start, length, delivered, sci and
   pn in `wide`; codes and an in `narrow`. */
void macsec_outcome_columns(macsec_outcome *out, int64_t *wide, uint8_t *narrow, int64_t rows);

/* Process a batch. Return DONE or NO_ROOM. */
macsec_status macsec_protect(macsec_secy *secy, const macsec_frames *in, macsec_outcome *out);
macsec_status macsec_validate(macsec_secy *secy, const macsec_frames *in, macsec_outcome *out);

/* Process a batch while the Controlled Port is closed: only frames of the protocols that pass in
   clear go on, and only they are counted. Fills start, length, frames and octets of `out`. */
void macsec_clear_only(macsec_secy *secy, const macsec_frames *in, macsec_outcome *out,
                       int sending);

/* Return 1 if a frame is of a protocol that passes in clear, even past a closed port. */
int macsec_lets_pass(const macsec_secy *secy, const uint8_t *frame, size_t length);

/* Process one frame. Return the verdict in the low eight bits, and above them the number of octets
   written to `out`, which has room for the frame and 32 octets more. */
int64_t macsec_protect_frame(macsec_secy *secy, const uint8_t *frame, size_t length, uint8_t *out);
int64_t macsec_validate_frame(macsec_secy *secy, const uint8_t *frame, size_t length, uint8_t *out);

/* cdef: end */
#endif
