/* The ends of a pump or a line: read and write frames in batches.

   An end is a socket that keeps messages apart (AF_PACKET, or a pair of AF_UNIX), or a TAP device:
   one frame a call, or with offloads one large segment a call, which is cut and joined here. It
   does not block. Counts are those of frames. */
#ifndef MACSEC_ENDS_H
#define MACSEC_ENDS_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/socket.h>

#include "live/coalesce.h"
#include "live/cut.h"
#include "secy/macsec.h"

enum {
    MACSEC_ENDS_BATCH = 64,
    MACSEC_ENDS_FRAME_MAX = 65536 + 64,
    /* An odd number of cache lines, so that the first lines of rows fall into different sets of a
       cache; with room for a VLAN tag before the frame. */
    MACSEC_ENDS_ROW = (4 + MACSEC_ENDS_FRAME_MAX + 127) / 128 * 128 + 64,
    MACSEC_ENDS_AUX = 64,
};

typedef enum macsec_end_kind {
    MACSEC_END_SOCKET,
    MACSEC_END_DEVICE,
    MACSEC_END_OFFLOADS, /* a TAP device opened with IFF_VNET_HDR */
} macsec_end_kind;

typedef struct macsec_end {
    int fd;
    macsec_end_kind kind;
    int datagrams; /* 1: UDP may be joined too */
} macsec_end;

/* The frames read last: `in`, up to a batch. */
typedef struct macsec_intake {
    macsec_end from;
    uint8_t *rows;
    uint8_t *large; /* of an end with offloads: what was read last; `cut` has the rest of it */
    macsec_cut cut;
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
    macsec_group group;
    struct mmsghdr messages[MACSEC_ENDS_BATCH];
    struct iovec octets[1 + MACSEC_ENDS_BATCH];
} macsec_outlet;

/* Make an intake. Return DONE or NO_MEMORY. */
macsec_status macsec_intake_make(macsec_intake *intake, int fd);
void macsec_intake_free(macsec_intake *intake);
void macsec_outlet_make(macsec_outlet *outlet, int fd);

/* Read the frames that are there, up to a batch. Return 0, or the errno of an end that broke. */
int macsec_intake_read(macsec_intake *intake);

/* Return 1 if frames are left that no descriptor shows. */
static inline int macsec_intake_ready(const macsec_intake *intake) {
    return intake->large != NULL && macsec_cut_next_length(&intake->cut) != 0;
}

/* Return 1 if the interface of a packet socket was deleted. */
int macsec_intake_gone(const macsec_intake *intake);

/* Write until all is written or the end takes no more. Return 0, or the errno of an end that broke.
 */
int macsec_outlet_write(macsec_outlet *outlet);

static inline int macsec_outlet_waits(const macsec_outlet *outlet) {
    return outlet->written < outlet->frames;
}

#endif
