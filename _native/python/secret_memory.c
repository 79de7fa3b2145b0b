/* Secret memory as a Python object: a buffer that is locked in RAM, left out of core dumps, and
   wiped when it is freed. Keys up to a line lie side by side in a slab: pages that may be locked
   are few. */
#include "python/python.h"

#include <pthread.h>
#include <string.h>

#include "base/secret.h"
#include "base/slab.h"

enum { SMALL = 64 };

typedef struct secret_memory {
    PyObject head;
    void *octets;
    Py_ssize_t length;
} secret_memory;

static macsec_slab small;
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER; /* of the slab: a Python without GIL */

static void *take(size_t length) {
    if (length > SMALL) {
        return macsec_secret_alloc(length);
    }
    pthread_mutex_lock(&guard);
    void *octets = macsec_slab_take(&small, SMALL);
    pthread_mutex_unlock(&guard);
    return octets;
}

static void give(void *octets, size_t length) {
    if (length > SMALL) {
        macsec_secret_free(octets, length);
        return;
    }
    pthread_mutex_lock(&guard);
    macsec_slab_give(&small, octets, SMALL);
    pthread_mutex_unlock(&guard);
}

/* SecretMemory(octets, overwrite): a copy; with `overwrite` the source is wiped, although a bytes
   object cannot be changed from Python: its caller has the only reference. */
static PyObject *new_memory(PyTypeObject *type, PyObject *arguments, PyObject *named) {
    static char *names[] = {"octets", "overwrite", NULL};
    PyObject *source;
    int overwrite = 0;
    if (!PyArg_ParseTupleAndKeywords(arguments, named, "O|p", names, &source, &overwrite)) {
        return NULL;
    }
    Py_buffer given;
    if (PyObject_GetBuffer(source, &given, PyBUF_SIMPLE) < 0) {
        return NULL;
    }
    secret_memory *self = (secret_memory *)PyType_GenericAlloc(type, 0);
    if (self != NULL) {
        self->length = given.len;
        self->octets = take((size_t)given.len);
        if (self->octets == NULL) {
            Py_DecRef((PyObject *)self);
            self = (secret_memory *)PyErr_NoMemory();
        } else {
            memcpy(self->octets, given.buf, (size_t)given.len);
        }
    }
    if (overwrite && given.len > 1) { /* Python has one object for each single octet */
        macsec_wipe(given.buf, (size_t)given.len);
    }
    PyBuffer_Release(&given);
    return (PyObject *)self;
}

static int get_buffer(PyObject *object, Py_buffer *view, int flags) {
    secret_memory *self = (secret_memory *)object;
    return PyBuffer_FillInfo(view, object, self->octets, self->length, 0, flags);
}

static void free_memory(PyObject *object) {
    secret_memory *self = (secret_memory *)object;
    PyTypeObject *type = Py_TYPE(object);
    if (self->octets != NULL) {
        give(self->octets, (size_t)self->length);
    }
    PyObject_Free(object);
    Py_DecRef((PyObject *)type);
}

static PyType_Slot slots[] = {
    {Py_tp_doc, "SecretMemory(octets, overwrite=False)"},
    {Py_tp_new, new_memory},
    {Py_tp_dealloc, free_memory},
    {Py_bf_getbuffer, get_buffer},
    {0, NULL},
};

PyType_Spec macsec_secret_memory_spec = {
    .name = "macsec._native.SecretMemory",
    .basicsize = sizeof(secret_memory),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = slots,
};
