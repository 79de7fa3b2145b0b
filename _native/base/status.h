/* How a call ended. The declarations between the markers are cffi's too. */
#ifndef MACSEC_STATUS_H
#define MACSEC_STATUS_H

/* cdef: begin */

/* What a call answers that can fail; the texts for people are in macsec/secy/native.py. */
typedef enum macsec_status {
    MACSEC_STATUS_DONE = 0,
    MACSEC_STATUS_NO_MEMORY = 1,
    MACSEC_STATUS_NO_KERNEL = 2,     /* no AES-GCM kernel of that name, or none that is usable */
    MACSEC_STATUS_KEY_LENGTH = 3,    /* a key has 16 or 32 octets */
    MACSEC_STATUS_NO_SUCH_AN = 4,    /* an AN is 0 to 3 */
    MACSEC_STATUS_NO_SUCH_SC = 5,    /* no receive SC with that SCI */
    MACSEC_STATUS_NO_SUCH_SA = 6,    /* no SA with that AN */
    MACSEC_STATUS_SC_EXISTS = 7,     /* there is a receive SC with that SCI */
    MACSEC_STATUS_SA_DEAD = 8,       /* a transmit SA of before a fork: see secy/fork.h */
    MACSEC_STATUS_NO_ROOM = 9,       /* the output arena is too small: nothing was done */
    MACSEC_STATUS_NOT_AUTHENTIC = 10 /* the ICV is wrong */
} macsec_status;

/* Which of the two ends of a pump or a line failed. */
typedef enum macsec_which_end {
    MACSEC_NO_END = 0,
    MACSEC_FIRST_END = 1, /* the clear end of a pump, end a of a line */
    MACSEC_SECOND_END = 2 /* the wire end of a pump, end b of a line */
} macsec_which_end;

/* cdef: end */
#endif
