/* A batch as a Python call: it reads the buffers of a FrameBatch, and makes an Outcome whose arrays
   are made when Python asks for them. Through cffi and numpy a call took 7 to 18 us beside its
   frames.

   The GIL is released for all but the smallest batches: for those, that takes longer than the
   frames. The lock is acquired and released in C, where no signal handler can run in between
   (D-10). */
#include "python/python.h"

#include <string.h>

#include "python/frames_type.h"
#include "python/gil.h"
#include "python/lock.h"
#include "python/piece_memory.h"
#include "secy/macsec.h"

/* Octets of frames from which a call releases the GIL. */
enum { LONG = 4096 };

typedef struct batch_calls {
    PyObject head;
    macsec_secy *secy; /* NULL once it is closed */
    PyObject *owner;   /* frees the SecY */
    PyObject *lock;
    pthread_mutex_t *mutex; /* of `lock` */
    PyObject *batch_type;   /* FrameBatch */
    PyObject *outcome_type; /* Outcome */
    PyObject *refuse;       /* raises the error of an arena that cannot take a result */
    PyObject *closed;       /* raises the error of a closed SecY */
    PyObject *name_of_batch, *name_of_held;
} batch_calls;

typedef macsec_status batch_call(macsec_secy *secy, const macsec_frames *in, macsec_outcome *out);

/* An Outcome that is being made. Everything is allocated before a PN is used. */
typedef struct result {
    PyObject *outcome;
    frames_object *made; /* borrowed from the outcome */
    macsec_outcome out;
    const uint8_t *priorities; /* of the requests; NULL: their VLAN tags give them */
} result;

static PyObject *instance(PyObject *type) {
    return PyType_GenericAlloc((PyTypeObject *)type, 0);
}

/* Return an Outcome with its FrameBatch, both empty, or NULL with an error set. */
static PyObject *new_outcome(const batch_calls *self, frames_object *made) {
    PyObject *sent = instance(self->batch_type), *outcome = instance(self->outcome_type);
    PyObject *held = (PyObject *)made;
    if (sent == NULL || outcome == NULL ||
        PyObject_GenericSetAttr(sent, self->name_of_held, held) < 0 ||
        PyObject_GenericSetAttr(outcome, self->name_of_held, held) < 0 ||
        PyObject_GenericSetAttr(outcome, self->name_of_batch, sent) < 0) {
        Py_DecRef(outcome);
        outcome = NULL;
    }
    Py_DecRef(sent);
    return outcome;
}

/* ---------------------------------------------------------------- memory of a result */

static int overlap(const uint8_t *one, size_t octets, const Py_buffer *other) {
    const uintptr_t a = (uintptr_t)one, b = (uintptr_t)other->buf;
    return a < b + (size_t)other->len && b < a + octets;
}

/* Return 1 if a frame lies where the results are to be written. */
static int overlaps_frames(const macsec_frames *frames, const Py_buffer *view) {
    for (int64_t row = 0; row < frames->count; row++) {
        if (overlap(frames->arena + frames->start[row], (size_t)frames->length[row], view)) {
            return 1;
        }
    }
    return 0;
}

/* Hold the arena of the caller as a memoryview: not each object that gives a buffer gives the same
   one a second time. */
static Py_buffer *hold(PyObject *arena) {
    Py_buffer *view = PyMem_Malloc(sizeof *view);
    if (view == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    PyObject *memory = PyMemoryView_FromObject(arena);
    const int failed =
        memory == NULL || PyObject_GetBuffer(memory, view, PyBUF_CONTIG | PyBUF_FORMAT) < 0;
    Py_DecRef(memory);
    if (failed) {
        PyMem_Free(view);
        return NULL;
    }
    return view;
}

/* Return 1 if octets may be written there: over an object of Python they may not. */
static int takes_octets(const Py_buffer *view) {
    return view->format == NULL || strchr(view->format, 'O') == NULL;
}

/* Take the arena of the caller. */
static int take_given(frames_object *made, const frames_object *given, PyObject *arena,
                      int64_t capacity) {
    Py_buffer *view = hold(arena);
    if (view == NULL) {
        return -1;
    }
    made->into = view;
    const int good =
        view->len >= capacity && takes_octets(view) && !overlaps_frames(&given->frames, view);
    return good ? 0 : -1;
}

static int take_piece(frames_object *made, macsec_pieces *pool, int64_t capacity) {
    made->arena = macsec_piece_take(pool, (size_t)capacity);
    if (made->arena == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    return 0;
}

/* Give the result its memory: columns, and the arena of the caller or one of ours. */
static int take_memory(result *r, const frames_object *given, PyObject *arena,
                       macsec_pieces *pool) {
    frames_object *made = r->made;
    const int64_t rows = given->frames.count, capacity = macsec_capacity(&given->frames);
    made->rows = rows;
    made->columns = macsec_piece_take(pool, MACSEC_ROW_OCTETS * (size_t)rows);
    if (made->columns == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    if (arena == Py_None ? take_piece(made, pool, capacity) < 0
                         : take_given(made, given, arena, capacity) < 0) {
        return -1;
    }
    r->out.arena = made->into != NULL ? made->into->buf : macsec_piece_octets(made->arena);
    r->out.capacity = capacity;
    int64_t *wide = (int64_t *)(void *)macsec_piece_octets(made->columns);
    macsec_outcome_columns(&r->out, wide, (uint8_t *)(wide + 5 * rows), rows);
    return 0;
}

/* ---------------------------------------------------------------- the call */

/* Process the frames under the lock. Return 0, or -1 with an error set. */
static int process(batch_calls *self, batch_call *call, const macsec_frames *in, result *r) {
    macsec_outcome *out = &r->out;
    macsec_lock_acquire(self->mutex);
    macsec_secy *secy = self->secy;
    if (secy == NULL) {
        pthread_mutex_unlock(self->mutex);
        Py_DecRef(PyObject_CallNoArgs(self->closed));
        return -1;
    }
    PyThreadState *state = out->capacity < LONG ? NULL : macsec_gil_release();
    const macsec_status status = r->priorities == NULL
                                     ? call(secy, in, out)
                                     : macsec_protect_asked(secy, in, r->priorities, out);
    pthread_mutex_unlock(self->mutex);
    if (state != NULL) {
        macsec_gil_acquire(state);
    }
    if (status != MACSEC_STATUS_DONE) { /* there was room when the call began */
        PyErr_SetString(PyExc_BufferError, "the columns of the batch were changed in the call");
        return -1;
    }
    return 0;
}

/* Note what was written, and the times of the frames that go on. */
static int finish(result *r, const frames_object *given, macsec_pieces *pool) {
    frames_object *made = r->made;
    made->octets = r->out.octets;
    made->frames = (macsec_frames){
        .arena = r->out.arena,
        .start = r->out.start,
        .length = r->out.length,
        .wire_length = r->out.length,
        .count = r->out.frames,
    };
    if (made->arena != NULL) {
        macsec_piece_shrink(made->arena, (size_t)made->octets);
    }
    if (r->out.frames == given->frames.count) {
        macsec_times_share(&made->times, &given->times);
        return 0;
    }
    return macsec_times_gather(made, given, pool);
}

static PyObject *into_memory(batch_calls *self, batch_call *call, frames_object *given,
                             PyObject *arena, result *r) {
    macsec_pieces *pool = macsec_pool();
    if (take_memory(r, given, arena, pool) < 0) {
        return NULL;
    }
    if (process(self, call, &given->frames, r) < 0 || finish(r, given, pool) < 0) {
        return NULL;
    }
    Py_IncRef(r->outcome);
    return r->outcome;
}

/* Let Python say what is wrong with the arena of a caller. */
static void explain(const batch_calls *self, PyObject *batch, PyObject *arena) {
    if (PyErr_Occurred() != NULL && PyErr_ExceptionMatches(PyExc_MemoryError)) {
        return;
    }
    PyErr_Clear();
    PyObject *nothing = PyObject_CallFunctionObjArgs(self->refuse, batch, arena, NULL);
    if (nothing != NULL) {
        PyErr_SetString(PyExc_BufferError, "this arena cannot take the frames");
    }
    Py_DecRef(nothing);
}

/* Set the priorities of the requests, a bytes object of one octet for each frame. */
static int take_priorities(result *r, const frames_object *given, PyObject *priorities) {
    char *octets;
    Py_ssize_t length;
    if (PyBytes_AsStringAndSize(priorities, &octets, &length) < 0) {
        return -1;
    }
    if (length != given->frames.count) {
        PyErr_SetString(PyExc_ValueError, "a priority for each frame is wanted");
        return -1;
    }
    r->priorities = (const uint8_t *)octets;
    return 0;
}

/* `arguments`: a batch, an arena or None, and the priorities of requests if `count` is 3. */
static PyObject *run(PyObject *object, batch_call *call, PyObject *const *arguments,
                     Py_ssize_t count) {
    batch_calls *self = (batch_calls *)object;
    if (count != 2 && (count != 3 || call != macsec_protect)) {
        PyErr_SetString(PyExc_TypeError, "a batch and an arena or None are wanted");
        return NULL;
    }
    frames_object *given = macsec_frames_of(arguments[0]);
    if (given == NULL) {
        return NULL;
    }
    result r = {0};
    if (count == 3 && take_priorities(&r, given, arguments[2]) < 0) {
        Py_DecRef((PyObject *)given);
        return NULL;
    }
    r.made = macsec_frames_new();
    r.outcome = r.made == NULL ? NULL : new_outcome(self, r.made);
    Py_DecRef((PyObject *)r.made);
    PyObject *answer = r.outcome == NULL ? NULL : into_memory(self, call, given, arguments[1], &r);
    if (answer == NULL && arguments[1] != Py_None && r.out.arena == NULL) {
        explain(self, arguments[0], arguments[1]);
    }
    Py_DecRef(r.outcome);
    Py_DecRef((PyObject *)given);
    return answer;
}

static PyObject *protect(PyObject *self, PyObject *const *arguments, Py_ssize_t count) {
    return run(self, macsec_protect, arguments, count);
}

static PyObject *validate(PyObject *self, PyObject *const *arguments, Py_ssize_t count) {
    return run(self, macsec_validate, arguments, count);
}

static PyObject *close_calls(PyObject *self, PyObject *nothing) {
    (void)nothing;
    ((batch_calls *)self)->secy = NULL;
    Py_IncRef(Py_None);
    return Py_None;
}

/* ---------------------------------------------------------------- the type */

static PyObject *held(PyObject *object) {
    Py_IncRef(object);
    return object;
}

static PyObject *new_calls(PyTypeObject *type, PyObject *arguments, PyObject *named) {
    static char *names[] = {"owner",        "address", "lock",   "batch_type",
                            "outcome_type", "refuse",  "closed", NULL};
    PyObject *owner, *address, *lock, *batch_type, *outcome_type, *refuse, *closed;
    if (!PyArg_ParseTupleAndKeywords(arguments, named, "OO!OO!O!OO", names, &owner, &PyLong_Type,
                                     &address, &lock, &PyType_Type, &batch_type, &PyType_Type,
                                     &outcome_type, &refuse, &closed)) {
        return NULL;
    }
    void *secy = PyLong_AsVoidPtr(address);
    pthread_mutex_t *mutex = PyErr_Occurred() != NULL ? NULL : macsec_lock_mutex(lock);
    batch_calls *self = mutex == NULL ? NULL : (batch_calls *)PyType_GenericAlloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->secy = secy;
    self->mutex = mutex;
    self->owner = held(owner);
    self->lock = held(lock);
    self->batch_type = held(batch_type);
    self->outcome_type = held(outcome_type);
    self->refuse = held(refuse);
    self->closed = held(closed);
    self->name_of_batch = PyUnicode_InternFromString("batch");
    self->name_of_held = PyUnicode_InternFromString("_held");
    if (self->name_of_batch == NULL || self->name_of_held == NULL) {
        Py_DecRef((PyObject *)self);
        return NULL;
    }
    return (PyObject *)self;
}

static void free_calls(PyObject *object) {
    batch_calls *self = (batch_calls *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject *const parts[] = {self->owner,  self->lock,   self->batch_type,    self->outcome_type,
                               self->refuse, self->closed, self->name_of_batch, self->name_of_held};
    for (size_t at = 0; at < sizeof parts / sizeof *parts; at++) {
        Py_DecRef(parts[at]);
    }
    PyObject_Free(object);
    Py_DecRef((PyObject *)type);
}

static PyMethodDef methods[] = {
    {"protect", (PyCFunction)(void (*)(void))protect, METH_FASTCALL,
     "Protect a batch (10.5), into an arena or None."},
    {"validate", (PyCFunction)(void (*)(void))validate, METH_FASTCALL,
     "Validate a batch (10.6), into an arena or None."},
    {"close", close_calls, METH_NOARGS,
     "Make no more calls into the SecY, which is about to be freed."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "BatchCalls(owner, address, lock, batch_type, outcome_type, refuse, closed)"},
    {Py_tp_new, new_calls},
    {Py_tp_dealloc, free_calls},
    {Py_tp_methods, methods},
    {0, NULL},
};

PyType_Spec macsec_batch_calls_spec = {
    .name = "macsec._native.BatchCalls",
    .basicsize = sizeof(batch_calls),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = slots,
};
