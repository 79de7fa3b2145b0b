/* The SecY in C: the public interface. cffi reads the declarations between the two markers, so they
   are plain C without preprocessor lines.

   One call handles a batch. Nothing here locks or reads a clock, and no frame allocates: use a SecY
   from one thread at a time. Numbers and names are those of macsec/secy/. */
#ifndef MACSEC_MACSEC_H
#define MACSEC_MACSEC_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "frames/frames.h"

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
    MACSEC_REFUSED_CLEAR = 27,
    MACSEC_VERDICTS = 28
} macsec_verdict;

/* validateFrames */
typedef enum macsec_validate_frames {
    MACSEC_VALIDATE_NULL = 0,
    MACSEC_VALIDATE_DISABLED = 1,
    MACSEC_VALIDATE_CHECK = 2,
    MACSEC_VALIDATE_STRICT = 3
} macsec_validate_frames;

/* How a rule of `clear` treats frames: sent in clear, or protected; and those without a SecTAG
   accepted, or refused. */
typedef enum macsec_clear_mode {
    MACSEC_CLEAR_BYPASS = 0,
    MACSEC_CLEAR_ENCRYPT = 1,
    MACSEC_CLEAR_STRICT = 2
} macsec_clear_mode;

enum { MACSEC_CLEAR_RULES_MOST = 20, MACSEC_VLAN_WORDS = 64 };

/* A rule of `clear`, as in macsec/clear_rules.py; -1: any, and for first_vlan that it is no rule of
   VLANs. */
typedef struct macsec_clear_rule {
    int64_t destination;
    int32_t ethertype;
    int32_t opcode;
    int32_t first_vlan;
    int32_t last_vlan;
    int32_t mode;
} macsec_clear_rule;

/* Frames without a SecTAG that a rule knew. */
typedef struct macsec_clear_count {
    uint64_t received;
    uint64_t sent;
    uint64_t refused;
} macsec_clear_count;

/* Traffic classes and user priorities; the priority of a request that its first VLAN tag gives. */
enum { MACSEC_TRAFFIC_CLASSES = 8, MACSEC_PRIORITY_OF_TAG = 255 };

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
    uint8_t refuse_e0_c1;
    uint8_t lookup_before_tag;
    uint8_t short_header_silent;
    uint8_t scb_port_zero;
    uint8_t no_peer_silent;
    uint8_t window_from_next_pn;
    uint8_t disabled_decrypts;
    uint8_t sc_off_receives;
    uint8_t too_long_counts_octets;
    uint8_t unused[3];  /* no padding: controls are compared as octets */
    uint32_t ethertype; /* of SecTAGs */
    uint32_t clear;     /* 1: there are rules, of macsec_secy_let_pass */
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

/* Counts of a transmit SC: frames, and octets of User Data. */
typedef struct macsec_tx_tally {
    uint64_t frames_encrypted;
    uint64_t frames_protected;
    uint64_t encrypted;
    uint64_t protected_;
} macsec_tx_tally;

typedef struct macsec_sa_state {
    int enabled;
    uint64_t last_pn;
    uint64_t floor_pn;
    uint64_t frames[3];
} macsec_sa_state;

/* Which way a frame went: received and delivered, received and refused, to be sent, or received at
   the Uncontrolled Port alone. */
typedef enum macsec_course {
    MACSEC_COURSE_DELIVERED,
    MACSEC_COURSE_REFUSED,
    MACSEC_COURSE_SENT,
    MACSEC_COURSE_ALONE
} macsec_course;

typedef struct macsec_tally {
    uint64_t frames[28];
    uint64_t validated;
    uint64_t decrypted;
    uint64_t protected_;
    uint64_t encrypted;
    uint64_t octets_in;
    uint64_t octets_out;
    uint64_t octets_common; /* received on the Common Port */
    uint64_t alone;         /* frames of the Uncontrolled Port alone */
    uint64_t multicast[4];  /* by macsec_course; broadcast is not among them */
    uint64_t broadcast[4];
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
/* The rules of `clear`, at most MACSEC_CLEAR_RULES_MOST; other rules than before set their counts
   to zero. */
void macsec_secy_let_pass(macsec_secy *secy, const macsec_clear_rule *rules, int count);
/* Fill a row for each rule. */
void macsec_secy_clear_counts(const macsec_secy *secy, macsec_clear_count *counts);
/* The VLANs of which `clear_tags` leaves the tags in clear, by the first tag: a bit for each, in
   MACSEC_VLAN_WORDS words. */
void macsec_secy_set_clear_vlans(macsec_secy *secy, const uint64_t *vlans);
/* The Traffic Class Table: a class for each of MACSEC_TRAFFIC_CLASSES user priorities. A frame
   whose class has no SC goes to the SC of class 0. */
void macsec_secy_set_classes(macsec_secy *secy, const uint8_t *class_of);
/* `tc` is the traffic class of a transmit SC. That of class 0 is always there. */
macsec_status macsec_secy_set_tx_sc(macsec_secy *secy, int tc, uint64_t sci, int enabled);
macsec_status macsec_secy_remove_tx_sc(macsec_secy *secy, int tc);
macsec_status macsec_secy_add_tx_sa(macsec_secy *secy, int tc, int an,
                                    const macsec_sa_parameters *sa);
macsec_status macsec_secy_remove_tx_sa(macsec_secy *secy, int tc, int an);
macsec_status macsec_secy_enable_tx_sa(macsec_secy *secy, int tc, int an, int enabled);
macsec_status macsec_secy_set_tx_pn(macsec_secy *secy, int tc, int an, uint64_t last_pn);

/* Set the last PN that may be used until the next call. Later frames are not sent; their verdict is
   MACSEC_NOT_OPERATIONAL. */
macsec_status macsec_secy_limit_tx_pn(macsec_secy *secy, int tc, int an, uint64_t last_pn);
macsec_status macsec_secy_add_rx_sc(macsec_secy *secy, uint64_t sci, int enabled);
macsec_status macsec_secy_remove_rx_sc(macsec_secy *secy, uint64_t sci);
macsec_status macsec_secy_enable_rx_sc(macsec_secy *secy, uint64_t sci, int enabled);
macsec_status macsec_secy_add_rx_sa(macsec_secy *secy, uint64_t sci, int an,
                                    const macsec_sa_parameters *sa);
macsec_status macsec_secy_remove_rx_sa(macsec_secy *secy, uint64_t sci, int an);
macsec_status macsec_secy_enable_rx_sa(macsec_secy *secy, uint64_t sci, int an, int enabled);
macsec_status macsec_secy_set_rx_pn(macsec_secy *secy, uint64_t sci, int an, uint64_t last_pn,
                                    uint64_t floor_pn);
macsec_status macsec_secy_tx_sa(const macsec_secy *secy, int tc, int an, macsec_sa_state *state);
macsec_status macsec_secy_tx_sc_tally(const macsec_secy *secy, int tc, macsec_tx_tally *tally);
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

/* The same with the user priority of each request, or MACSEC_PRIORITY_OF_TAG. */
macsec_status macsec_protect_asked(macsec_secy *secy, const macsec_frames *in,
                                   const uint8_t *priorities, macsec_outcome *out);

/* Process a batch while the Controlled Port is closed: only frames of the protocols that pass in
   clear go on, and only they are counted. Fills start, length, frames and octets of `out`. */
void macsec_clear_only(macsec_secy *secy, const macsec_frames *in, macsec_outcome *out,
                       int sending);

/* Return 1 if a frame that is sent, or received, passes in clear, even past a closed port. */
int macsec_lets_pass(macsec_secy *secy, const uint8_t *frame, size_t length, int sending);

/* Process one frame. Return the verdict in the low eight bits, and above them the number of octets
   written to `out`, which has room for the frame and 32 octets more. */
int64_t macsec_protect_frame(macsec_secy *secy, const uint8_t *frame, size_t length, uint8_t *out);
int64_t macsec_validate_frame(macsec_secy *secy, const uint8_t *frame, size_t length, uint8_t *out);

/* Count a received frame that the Uncontrolled Port alone has: EAPOL, or one at a closed port. */
void macsec_see(macsec_secy *secy, const uint8_t *frame, size_t length);

/* cdef: end */
#endif
