/* The hellos of a participant that has no news: MKPDUs that differ from the ones before in their
   MNs only, sent and heard without Python. The twin of macsec/kay/membership/hellos.py and of what
   Kay.poll_transmit() does at rest.

   All else is declined, without an effect: the KaY in Python then does all of it. */
#ifndef MACSEC_HELLOS_H
#define MACSEC_HELLOS_H

#include <stddef.h>
#include <stdint.h>

#include "base/slab.h"

/* cdef: begin */

enum { MACSEC_HELLO_TIMES = 32, MACSEC_HELLO_MOST = 1536 };

/* A live peer. `mkpdu`: its last MKPDU as it came; `head`: the 18 octets that take the place of the
   first 18 under the ICV, which is behind `end` octets. `places`: of the MNs in its lists; `us`:
   of our MN there; `in_ours`: of its MN in our MKPDU. */
typedef struct macsec_hello_peer {
    uint8_t mi[12];
    uint32_t mn;
    int64_t expires_ns;
    const uint8_t *mkpdu;
    uint32_t length, end;
    const uint8_t *head;
    const uint32_t *places;
    uint32_t place_count, us, in_ours;
} macsec_hello_peer;

/* A participant. `mkpdu`: its last MKPDU but for the ICV, as it is sent; `head` as above. `times`:
   when the MKPDUs up to `mn` were sent, within a Life Time. `until_ns`: from then on time alone
   changes something. */
typedef struct macsec_hello_terms {
    const uint8_t *ick;
    uint32_t ick_length;
    const uint8_t *mkpdu;
    uint32_t length;
    const uint8_t *head;
    uint32_t mn;
    const int64_t *times;
    uint32_t time_count;
    int64_t hello_ns, period_ns, life_ns, repeat_ns, until_ns;
    const macsec_hello_peer *peers;
    uint32_t peer_count;
} macsec_hello_terms;

/* What has happened since the last look. Times are -1 for never. `times`: of the MKPDUs that were
   sent, the last MACSEC_HELLO_TIMES of them; `kept`: how many are within a Life Time. */
typedef struct macsec_hello_report {
    int64_t now_ns, hello_ns, heard, sent, heard_ns, sent_ns;
    uint32_t mn, kept, unread; /* unread: one was heard, and nothing was looked for since */
    int64_t times[32];
} macsec_hello_report;

typedef struct macsec_hello_heard {
    uint32_t mn;
    int64_t expires_ns, heard_ns;
} macsec_hello_heard;

/* cdef: end */

typedef struct macsec_hellos macsec_hellos;

/* Return a participant, or NULL without memory. Its ICK lies in `keys`. */
macsec_hellos *macsec_hellos_new(const macsec_hello_terms *terms, macsec_slab *keys);
void macsec_hellos_free(macsec_hellos *hellos, macsec_slab *keys);

/* Hear a frame; return 0 if it needs the whole judgment. */
int macsec_hellos_hear(macsec_hellos *hellos, int64_t now_ns, const uint8_t *frame, size_t length);

typedef enum macsec_hello_due {
    MACSEC_HELLO_DECLINED, /* something else is due */
    MACSEC_HELLO_NOTHING,
    MACSEC_HELLO_SEND
} macsec_hello_due;

/* Return what is due now. */
macsec_hello_due macsec_hellos_due(macsec_hellos *hellos, int64_t now_ns);

/* Return the octets of the next MKPDU. */
size_t macsec_hellos_length(const macsec_hellos *hellos);

/* Write the MKPDU that is due now. */
void macsec_hellos_send(macsec_hellos *hellos, int64_t now_ns, uint8_t *frame);

/* Return the time at which something is due next. */
int64_t macsec_hellos_next(const macsec_hellos *hellos);

/* Fill in what has happened, with a row for each peer in the order of the terms; then begin anew.
 */
void macsec_hellos_look(macsec_hellos *hellos, macsec_hello_report *report,
                        macsec_hello_heard *peers);

#endif
