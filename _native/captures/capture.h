/* Index pcap and pcapng records, and write them. The declarations between the markers are cffi's
   too. */
#ifndef MACSEC_CAPTURE_H
#define MACSEC_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

/* cdef: begin */
/* An interface of a section. Time in ns is floor(ticks * multiply / divide / 2^shift) + offset_s
   seconds; divide is 1 unless multiply is 1 and shift 0; divide 0: frames have no time. */
typedef struct {
    uint32_t link_type;
    uint32_t snap_length; /* 0: no limit */
    uint32_t fcs;         /* octets at the end of each frame, not delivered */
    uint32_t shift;
    uint64_t multiply;
    uint64_t divide;
    int64_t offset_s;
} macsec_capture_interface;

/* Why an index run ended. */
typedef enum macsec_capture_stop {
    MACSEC_CAPTURE_MORE = 0,  /* `needed` octets from this point on are needed */
    MACSEC_CAPTURE_FULL = 1,  /* rows or budget are used up */
    MACSEC_CAPTURE_BLOCK = 2, /* a block without a frame is next: whole, unless of a section or an
                                 interface */
    MACSEC_CAPTURE_FAULT = 3  /* the next record is damaged: see `fault` */
} macsec_capture_stop;

/* What is damaged, with the two numbers of its message. */
typedef enum macsec_capture_fault {
    MACSEC_CAPTURE_NO_FAULT = 0,
    MACSEC_CAPTURE_CAPTURED = 1,    /* value: captured octets; limit */
    MACSEC_CAPTURE_LENGTH = 2,      /* value: block length; limit: the least */
    MACSEC_CAPTURE_BLOCK_LIMIT = 3, /* value: block length; limit */
    MACSEC_CAPTURE_TRAILER = 4,     /* value: length after the block; limit: before it */
    MACSEC_CAPTURE_INTERFACE = 5,   /* value: interface; limit: the number of interfaces */
    MACSEC_CAPTURE_ROOM = 6         /* value: captured octets; limit: block length */
} macsec_capture_fault;

typedef struct {
    /* Given. */
    const macsec_capture_interface *interfaces; /* pcap: one */
    uint64_t interface_count;
    int64_t source_base;    /* number of the section's first interface */
    uint64_t budget;        /* stop at this number of frame octets */
    uint32_t pcapng;        /* 0: pcap */
    uint32_t big;           /* fields are big-endian */
    uint32_t record_header; /* pcap: octets before each frame, 16 or more */
    uint32_t fcs_fixed;     /* epb_flags say nothing about FCS */
    uint32_t swapped;       /* pcap: the original length is first. 2: where it is the greater one */
    /* Found. */
    uint64_t consumed; /* octets of whole records and of blocks skipped */
    uint64_t needed;
    uint64_t fault_offset; /* from the front of the chunk */
    uint64_t value;
    uint64_t limit;
    uint32_t stop;
    uint32_t fault;
} macsec_capture_state;

/* In `flags`, beside epb_flags: the options end early, at one that leaves its block. */
#define MACSEC_CAPTURE_ODD 4294967296

/* A row for each frame. `options` is the offset of its options, without the end, if there are any
   beside `flags`, the epb_flags. Offsets count from the front of the chunk. */
typedef struct {
    int64_t *start;
    int64_t *length;
    int64_t *wire_length;
    int64_t *time_ns;
    int64_t *source;
    int64_t *flags;
    int64_t *options;
    int64_t *options_length; /* 0: no options but flags */
} macsec_capture_columns;

/* Index whole records from the front of `chunk`; return the number of rows filled. Call again from
   `consumed` on: with more octets, with empty columns, or after the caller took the block. After
   the faults INTERFACE, ROOM and, in pcapng, CAPTURED the block is whole and can be passed over. */
uint64_t macsec_capture_index(macsec_capture_state *state, const uint8_t *chunk, uint64_t size,
                              const macsec_capture_columns *columns, uint64_t capacity);

/* Frames to write. NULL for `flags` or `options`: no such options. `options` are encoded already,
   padded, without an end. */
typedef struct {
    const uint8_t *arena;
    uint64_t arena_size;
    uint64_t count;
    const int64_t *start;
    const int64_t *length;
    const int64_t *wire_length;
    const int64_t *time_ns; /* not negative; pcap: below 2^32 seconds */
    const int64_t *source;
    const int64_t *flags;
    const uint8_t *options;
    uint64_t options_size;
    const int64_t *options_start;
    const int64_t *options_length; /* a multiple of 4, at most 2^24 */
    uint32_t pcapng;
} macsec_capture_job;

/* Write pcap records or enhanced packet blocks, little-endian. Return the octets written, or -1
   when a frame or option lies outside its arena or `out` is too small. */
int64_t macsec_capture_emit(const macsec_capture_job *job, uint8_t *out, uint64_t size);
/* cdef: end */

#endif
