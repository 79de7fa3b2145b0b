/* One frame as a Python call. A call through cffi takes five times as long as its frame: a tuple of
   arguments, their conversion, releasing and acquiring the GIL; lock and copy in Python double
   that. Here a call takes a bytes object and returns one. The lock is acquired and released in C,
   where no signal handler can run in between (D-10).

   Keep the GIL: a frame takes less time than releasing it. */
#include "python/python.h"

#include "secy/macsec.h"

enum { GROWS_BY = 32, VERDICT = 0xFF, OCTETS_AT = 8 };

typedef struct frame_calls {
    PyObject head;
    macsec_secy *secy; /* NULL once it is closed */
    PyObject *owner;   /* frees the SecY */
    PyObject
        *acquire; /* of the lock of the data plane, which protects batches and management too */
    PyObject *release;  /* of the same */
    PyObject *verdicts; /* a tuple, by number */
    PyObject *closed;   /* raises the error of a closed SecY */
} frame_calls;

typedef int64_t one_frame(macsec_secy *secy, const uint8_t *frame, size_t length, uint8_t *out);

/* Count references by the functions Py_IncRef and Py_DecRef, not by the macros. A macro is code of
   the Python that built this file: that of 3.11 knows no immortal objects, and under a later Python
   it would decrease the count of None at each frame. */
static PyObject *held(PyObject *object) {
    Py_IncRef(object);
    return object;
}

/* Return 1 if a call whose result is not needed succeeded. */
static int went_well(PyObject *answer) {
    Py_DecRef(answer);
    return answer != NULL;
}

/* Return (verdict, frame or None). */
static PyObject *as_pair(const frame_calls *self, int64_t ended, const uint8_t *out) {
    /* Every frame that is sent or delivered has octets: at least addresses. */
    const Py_ssize_t octets = (Py_ssize_t)(ended >> OCTETS_AT);
    PyObject *verdict = PyTuple_GetItem(self->verdicts, (Py_ssize_t)(ended & VERDICT));
    PyObject *frame =
        octets == 0 ? held(Py_None) : PyBytes_FromStringAndSize((const char *)out, octets);
    PyObject *pair = verdict == NULL || frame == NULL ? NULL : PyTuple_Pack(2, verdict, frame);
    Py_DecRef(frame);
    return pair;
}

/* Process the frame under the lock; make its result after that. */
static PyObject *run_into(frame_calls *self, one_frame *call, const uint8_t *frame, size_t length,
                          uint8_t *out) {
    if (!went_well(PyObject_CallNoArgs(self->acquire))) {
        return NULL;
    }
    const int closed = self->secy == NULL;
    const int64_t ended = closed ? 0 : call(self->secy, frame, length, out);
    if (!went_well(PyObject_CallNoArgs(self->release))) {
        return NULL;
    }
    return closed ? PyObject_CallNoArgs(self->closed) : as_pair(self, ended, out);
}

static PyObject *run(frame_calls *self, one_frame *call, PyObject *frame) {
    char *octets;
    Py_ssize_t length;
    if (PyBytes_AsStringAndSize(frame, &octets, &length) < 0) {
        return NULL;
    }
    uint8_t *out = PyMem_Malloc((size_t)length + GROWS_BY);
    if (out == NULL) {
        return PyErr_NoMemory();
    }
    PyObject *answer = run_into(self, call, (const uint8_t *)octets, (size_t)length, out);
    PyMem_Free(out);
    return answer;
}

static PyObject *protect(PyObject *self, PyObject *frame) {
    return run((frame_calls *)self, macsec_protect_frame, frame);
}

static PyObject *validate(PyObject *self, PyObject *frame) {
    return run((frame_calls *)self, macsec_validate_frame, frame);
}

static PyObject *close_calls(PyObject *self, PyObject *nothing) {
    (void)nothing;
    ((frame_calls *)self)->secy = NULL;
    return held(Py_None);
}

static PyObject *new_calls(PyTypeObject *type, PyObject *arguments, PyObject *named) {
    static char *names[] = {"owner", "address", "lock", "verdicts", "closed", NULL};
    PyObject *owner, *address, *lock, *verdicts, *closed;
    if (!PyArg_ParseTupleAndKeywords(arguments, named, "OO!OO!O", names, &owner, &PyLong_Type,
                                     &address, &lock, &PyTuple_Type, &verdicts, &closed)) {
        return NULL;
    }
    void *secy = PyLong_AsVoidPtr(address);
    if (secy == NULL && PyErr_Occurred() != NULL) {
        return NULL;
    }
    frame_calls *self = (frame_calls *)PyType_GenericAlloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->secy = secy;
    self->owner = held(owner);
    self->verdicts = held(verdicts);
    self->closed = held(closed);
    self->acquire = PyObject_GetAttrString(lock, "acquire");
    self->release = self->acquire == NULL ? NULL : PyObject_GetAttrString(lock, "release");
    if (self->release == NULL) {
        Py_DecRef((PyObject *)self);
        return NULL;
    }
    return (PyObject *)self;
}

static void free_calls(PyObject *object) {
    frame_calls *self = (frame_calls *)object;
    PyTypeObject *type = Py_TYPE(object);
    Py_DecRef(self->owner);
    Py_DecRef(self->acquire);
    Py_DecRef(self->release);
    Py_DecRef(self->verdicts);
    Py_DecRef(self->closed);
    PyObject_Free(object);
    Py_DecRef((PyObject *)type);
}

static PyMethodDef methods[] = {
    {"protect", protect, METH_O,
     "Protect a frame (10.5): the verdict, and the frame if it is sent."},
    {"validate", validate, METH_O,
     "Validate a frame (10.6): the verdict, and the frame if it is delivered."},
    {"close", close_calls, METH_NOARGS,
     "Make no more calls into the SecY, which is about to be freed."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "FrameCalls(owner, address, lock, verdicts, closed)"},
    {Py_tp_new, new_calls},
    {Py_tp_dealloc, free_calls},
    {Py_tp_methods, methods},
    {0, NULL},
};

PyType_Spec macsec_frame_calls_spec = {
    .name = "macsec._native.FrameCalls",
    .basicsize = sizeof(frame_calls),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = slots,
};
