/* A FrameBatch for C: pointers to its octets and columns, and what keeps these alive. They are the
   arrays of the batch; or pieces, for a result that C made: its arrays are made when Python asks
   for them, most of them never. */
#ifndef MACSEC_FRAMES_TYPE_H
#define MACSEC_FRAMES_TYPE_H

#include "python/python.h"

#include "base/pieces.h"
#include "frames/frames.h"

/* time_ns and source, which C seldom reads: arrays, or two columns of a piece. */
typedef struct macsec_times {
    PyObject *arrays[2];
    macsec_piece *piece;
} macsec_times;

typedef struct frames_object {
    PyObject head;
    macsec_frames frames;
    macsec_times times;
    PyObject *arrays[4]; /* arena, start, length, wire_length of a batch that was given; or NULL */
    /* of a result: */
    macsec_piece *arena;   /* NULL: the frames are in `into` */
    macsec_piece *columns; /* as macsec_outcome_columns() places them */
    Py_buffer *into;       /* the caller's arena */
    int64_t octets, rows;  /* used of the arena; frames that were given */
} frames_object;

/* Columns of a result of `rows` rows in one piece: five of 64 bits, then two of octets. */
enum { MACSEC_ROW_OCTETS = 5 * 8 + 2 };

/* Return a new object without frames, or NULL with an error set. */
frames_object *macsec_frames_new(void);

/* Return the object of a FrameBatch, which keeps it from the first call on; or NULL with an error
   set. */
frames_object *macsec_frames_of(PyObject *batch);

/* One use more of the times of `from`, as those of `to`. */
void macsec_times_share(macsec_times *to, const macsec_times *from);

/* Give `to`, a result, the times of the rows of `from` that go on. 0, or -1 with an error set. */
int macsec_times_gather(frames_object *to, const frames_object *from, macsec_pieces *pool);

#endif
