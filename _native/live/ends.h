/* The ends of a pump or a line: where frames come from by the batch, and where they go.

   Either is a socket that keeps messages apart (AF_PACKET, or a pair of AF_UNIX) or a device that
   gives and takes a frame a call (a TAP); none blocks. */
#ifndef MACSEC_ENDS_H
#define MACSEC_ENDS_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/socket.h>

#include "secy/macsec.h"

enum {
    MACSEC_ENDS_BATCH = 64,
    MACSEC_ENDS_FRAME_MAX = 65536 + 64,
    /* An odd number of cache lines, so that the fronts of rows do not share the sets of a cache;
       and room for a VLAN tag before the frame. */
    MACSEC_ENDS_ROW = (4 + MACSEC_ENDS_FRAME_MAX + 127) / 128 * 128 + 64,
    MACSEC_ENDS_TOLD = 64,
};

typedef struct macsec_end {
    int fd;
    int is_socket;
} macsec_end;

/* What was read last: `in`, up to a batch of frames. */
typedef struct macsec_intake {
    macsec_end from;
    uint8_t *rows;
    macsec_frames in;
    int is_down; /* the interface, when last heard of */
    int64_t start[MACSEC_ENDS_BATCH], length[MACSEC_ENDS_BATCH], wire_length[MACSEC_ENDS_BATCH];
    struct mmsghdr messages[MACSEC_ENDS_BATCH];
    struct iovec octets[MACSEC_ENDS_BATCH];
    _Alignas(struct cmsghdr) uint8_t told[MACSEC_ENDS_BATCH][CMSG_SPACE(MACSEC_ENDS_TOLD)];
} macsec_intake;

/* What is to be written, `frames` of up to a batch, and how many of them were. */
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

/* Not 0 where there is no memory. */
int macsec_intake_make(macsec_intake *intake, int fd);
void macsec_intake_free(macsec_intake *intake);
void macsec_outlet_make(macsec_outlet *outlet, int fd);

/* Reads what is there, up to a batch; 0, or the errno of an end that broke. */
int macsec_intake_read(macsec_intake *intake);

/* Whether the interface of a packet socket is gone for good. */
int macsec_intake_gone(const macsec_intake *intake);

/* Writes until all is written or the end takes no more; 0, or the errno of an end that broke. */
int macsec_outlet_write(macsec_outlet *outlet);

static inline int macsec_outlet_waits(const macsec_outlet *outlet) {
    return outlet->written < outlet->frames;
}

#endif
