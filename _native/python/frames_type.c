/* Frames: a FrameBatch as C reads it; the design is in frames_type.h. */
#include "python/frames_type.h"

#include <string.h>

#include "python/piece_memory.h"

enum { COLUMN = 8 }; /* octets of a value of a column */

/* ---------------------------------------------------------------- times */

void macsec_times_share(macsec_times *to, const macsec_times *from) {
    for (int at = 0; at < 2; at++) {
        Py_IncRef(from->arrays[at]);
        to->arrays[at] = from->arrays[at];
    }
    to->piece = macsec_piece_hold(from->piece);
}

static void drop_times(macsec_times *times) {
    Py_DecRef(times->arrays[0]);
    Py_DecRef(times->arrays[1]);
    macsec_piece_drop(times->piece);
}

static int64_t *column_of(macsec_piece *piece, int at, int64_t rows) {
    return (int64_t *)(void *)macsec_piece_octets(piece) + at * rows;
}

static void gather(int64_t *to, const int64_t *from, const int64_t *which, int64_t rows) {
    for (int64_t row = 0; row < rows; row++) {
        to[row] = from[which[row]];
    }
}

/* Return the address of a contiguous array with `rows` values, or NULL with an error set. The array
   keeps it: arrays of a batch do not move. */
static const void *address_of(PyObject *array, Py_ssize_t width, int64_t *rows) {
    Py_buffer view;
    if (PyObject_GetBuffer(array, &view, PyBUF_ND) < 0) {
        return NULL;
    }
    const int good = view.ndim == 1 && view.itemsize == width &&
                     (*rows < 0 || view.len / width == (Py_ssize_t)*rows);
    *rows = view.len / width;
    const void *address = view.buf;
    PyBuffer_Release(&view);
    if (!good) {
        PyErr_SetString(PyExc_ValueError, "a column of a FrameBatch has another type or length");
        return NULL;
    }
    return address;
}

int macsec_times_gather(frames_object *to, const frames_object *from, macsec_pieces *pool) {
    const int64_t rows = to->frames.count;
    int64_t *which = column_of(to->columns, 2, to->rows);
    macsec_piece *piece = macsec_piece_take(pool, 2 * COLUMN * (size_t)rows);
    if (piece == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    to->times.piece = piece;
    for (int at = 0; at < 2; at++) {
        int64_t count = from->frames.count;
        PyObject *array = from->times.arrays[at];
        const int64_t *values = array != NULL ? address_of(array, COLUMN, &count)
                                              : column_of(from->times.piece, at, count);
        if (values == NULL) {
            return -1;
        }
        gather(column_of(piece, at, rows), values, which, rows);
    }
    return 0;
}

/* ---------------------------------------------------------------- of a batch */

frames_object *macsec_frames_new(void) {
    return (frames_object *)PyType_GenericAlloc(macsec_types[MACSEC_TYPE_FRAMES], 0);
}

static const void *take_array(frames_object *self, PyObject *batch, int at, int64_t *rows) {
    static const char *const names[] = {"arena", "start", "length", "wire_length"};
    self->arrays[at] = PyObject_GetAttrString(batch, names[at]);
    return self->arrays[at] == NULL ? NULL
                                    : address_of(self->arrays[at], at == 0 ? 1 : COLUMN, rows);
}

static int take_arrays(frames_object *self, PyObject *batch) {
    int64_t octets = -1, rows = -1;
    macsec_frames *frames = &self->frames;
    const void *arena = take_array(self, batch, 0, &octets);
    const int64_t *columns[3] = {NULL};
    int whole = arena != NULL;
    for (int at = 0; at < 3 && whole; at++) {
        columns[at] = take_array(self, batch, at + 1, &rows);
        whole = columns[at] != NULL;
    }
    if (!whole) {
        return -1;
    }
    frames->arena = arena;
    frames->start = columns[0];
    frames->length = columns[1];
    frames->wire_length = columns[2];
    frames->count = rows;
    self->times.arrays[0] = PyObject_GetAttrString(batch, "time_ns");
    self->times.arrays[1] = PyObject_GetAttrString(batch, "source");
    return self->times.arrays[0] == NULL || self->times.arrays[1] == NULL ? -1 : 0;
}

frames_object *macsec_frames_of(PyObject *batch) {
    static PyObject *name;
    if (name == NULL) {
        name = PyUnicode_InternFromString("_held");
    }
    if (name == NULL) {
        return NULL;
    }
    PyObject *held = PyObject_GetAttr(batch, name);
    if (held == NULL) {
        return NULL;
    }
    if (Py_TYPE(held) != macsec_types[MACSEC_TYPE_FRAMES]) {
        Py_DecRef(held);
        held = (PyObject *)macsec_frames_new();
        if (held == NULL || take_arrays((frames_object *)held, batch) < 0 ||
            PyObject_GenericSetAttr(batch, name, held) < 0) {
            Py_DecRef(held);
            return NULL;
        }
    }
    return (frames_object *)held;
}

/* ---------------------------------------------------------------- parts for Python */

typedef enum place { ARENA, WIDE, NARROW, TIMES } place;

/* Where a part of a result is: which column, and whether it has a row for each frame that was given
   or for each that goes on. */
typedef struct part {
    const char *name;
    const char *type; /* as numpy spells it */
    place place;
    int column;
    int of_given;
} part;

static const part parts[] = {
    {"arena", "u1", ARENA, 0, 0},    {"start", "i8", WIDE, 0, 0},
    {"length", "i8", WIDE, 1, 0},    {"wire_length", "i8", WIDE, 1, 0},
    {"time_ns", "i8", TIMES, 0, 0},  {"source", "i8", TIMES, 1, 0},
    {"delivered", "i8", WIDE, 2, 0}, {"sci", "u8", WIDE, 3, 1},
    {"pn", "u8", WIDE, 4, 1},        {"codes", "u1", NARROW, 0, 1},
    {"an", "u1", NARROW, 1, 1},
};

static const part *part_named(PyObject *name) {
    for (size_t at = 0; at < sizeof parts / sizeof *parts; at++) {
        if (PyUnicode_CompareWithASCIIString(name, parts[at].name) == 0) {
            return &parts[at];
        }
    }
    PyErr_SetObject(PyExc_KeyError, name);
    return NULL;
}

/* (buffer, type, offset, rows) */
static PyObject *placed(PyObject *buffer, const part *p, int64_t offset, int64_t rows) {
    return buffer == NULL
               ? NULL
               : Py_BuildValue("NsLL", buffer, p->type, (long long)offset, (long long)rows);
}

static PyObject *in_arena(frames_object *self, const part *p) {
    if (self->into != NULL) { /* numpy keeps an object, but no buffer of it: a memoryview does */
        return placed(PyMemoryView_FromObject(self->into->obj), p, 0, self->octets);
    }
    return placed(macsec_piece_memory(self->arena, (size_t)self->octets), p, 0, self->octets);
}

static PyObject *in_columns(frames_object *self, const part *p) {
    const int64_t given = self->rows, rows = p->of_given ? given : self->frames.count;
    const int64_t offset =
        p->place == WIDE ? COLUMN * given * p->column : 5 * COLUMN * given + given * p->column;
    return placed(macsec_piece_memory(self->columns, (size_t)(MACSEC_ROW_OCTETS * given)), p,
                  offset, rows);
}

static PyObject *in_times(frames_object *self, const part *p) {
    PyObject *array = self->times.arrays[p->column];
    if (array != NULL) {
        Py_IncRef(array);
        return array;
    }
    const int64_t rows = self->frames.count;
    return placed(macsec_piece_memory(self->times.piece, (size_t)(2 * COLUMN * rows)), p,
                  COLUMN * rows * p->column, rows);
}

static PyObject *part_of(PyObject *object, PyObject *name) {
    frames_object *self = (frames_object *)object;
    const part *p = PyUnicode_Check(name) ? part_named(name) : NULL;
    if (p == NULL || self->columns == NULL) {
        if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_TypeError, "a part of a result is named by a str");
        }
        return NULL;
    }
    if (p->place == TIMES) {
        return in_times(self, p);
    }
    return p->place == ARENA ? in_arena(self, p) : in_columns(self, p);
}

static void free_frames(PyObject *object) {
    frames_object *self = (frames_object *)object;
    PyTypeObject *type = Py_TYPE(object);
    drop_times(&self->times);
    for (int at = 0; at < 4; at++) {
        Py_DecRef(self->arrays[at]);
    }
    macsec_piece_drop(self->columns);
    macsec_piece_drop(self->arena);
    if (self->into != NULL) {
        PyBuffer_Release(self->into);
        PyMem_Free(self->into);
    }
    PyObject_Free(object);
    Py_DecRef((PyObject *)type);
}

static PyMethodDef methods[] = {
    {"part", part_of, METH_O,
     "Return an array, or (buffer, type, offset, rows) of one, by its name in a result."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "A FrameBatch as C reads it, or a result"},
    {Py_tp_dealloc, free_frames},
    {Py_tp_methods, methods},
    {0, NULL},
};

PyType_Spec macsec_frames_spec = {
    .name = "macsec._native.Frames",
    .basicsize = sizeof(frames_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};
