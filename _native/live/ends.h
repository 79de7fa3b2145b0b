/* The ends of a pump or a line: read and write frames in batches.

   An end is a socket that keeps messages apart (AF_PACKET, or a pair of AF_UNIX), or a device with
   one frame a call (a TAP). It does not block. */
#ifndef MACSEC_ENDS_H
#define MACSEC_ENDS_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/socket.h>

#include "secy/macsec.h"

enum {
    MACSEC_ENDS_BATCH = 64,
    MACSEC_ENDS_FRAME_MAX = 65536 + 64,
    /* An odd number of cache lines, so that the first lines of rows fall into different sets of a
       cache; with room for a VLAN tag before the frame. */
    MACSEC_ENDS_ROW = (4 + MACSEC_ENDS_FRAME_MAX + 127) / 128 * 128 + 64,
    MACSEC_ENDS_AUX = 64,
};

typedef struct macsec_end {
    int fd;
    int is_socket;
} macsec_end;

/* The frames read last: `in`, up to a batch. */
typedef struct macsec_intake {
    macsec_end from;
    uint8_t *rows;
    macsec_frames in;
    int is_down; /* 1: the interface was down at the last read */
    int64_t start[MACSEC_ENDS_BATCH], length[MACSEC_ENDS_BATCH], wire_length[MACSEC_ENDS_BATCH];
    struct mmsghdr messages[MACSEC_ENDS_BATCH];
    struct iovec octets[MACSEC_ENDS_BATCH];
    _Alignas(struct cmsghdr) uint8_t aux[MACSEC_ENDS_BATCH][CMSG_SPACE(MACSEC_ENDS_AUX)];
} macsec_intake;

/* Frames to write, up to a batch, and the number written so far. */
typedef struct macsec_outlet {
    macsec_end to;
    uint8_t *arena;
    const int64_t *start, *length;
    int64_t frames;
    int64_t written;
    atomic_uint_least64_t frames_out, octets_out, too_long, dropped;
    struct mmsghdr messages[MACSEC_ENDS_BATCH];
    struct iovec octets[MACSEC_ENDS_BATCH];
} macsec_outlet;

/* Make an intake. Return DONE or NO_MEMORY. */
macsec_status macsec_intake_make(macsec_intake *intake, int fd);
void macsec_intake_free(macsec_intake *intake);
void macsec_outlet_make(macsec_outlet *outlet, int fd);

/* Read the frames that are there, up to a batch. Return 0, or the errno of an end that broke. */
int macsec_intake_read(macsec_intake *intake);

/* Return 1 if the interface of a packet socket was deleted. */
int macsec_intake_gone(const macsec_intake *intake);

/* Write until all is written or the end takes no more. Return 0, or the errno of an end that broke.
 */
int macsec_outlet_write(macsec_outlet *outlet);

static inline int macsec_outlet_waits(const macsec_outlet *outlet) {
    return outlet->written < outlet->frames;
}

#endif
