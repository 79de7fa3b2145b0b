/* A piece of memory as a Python object: a buffer that cannot be written. The piece is given back
   when the last array on it is gone. Here is the pool of each thread, too. */
#include "python/piece_memory.h"

typedef struct piece_memory {
    PyObject head;
    macsec_piece *piece;
    Py_ssize_t octets;
} piece_memory;

PyObject *macsec_piece_memory(macsec_piece *piece, size_t octets) {
    piece_memory *self =
        (piece_memory *)PyType_GenericAlloc(macsec_types[MACSEC_TYPE_PIECE_MEMORY], 0);
    if (self != NULL) {
        self->piece = macsec_piece_hold(piece);
        self->octets = (Py_ssize_t)octets;
    }
    return (PyObject *)self;
}

static int get_buffer(PyObject *object, Py_buffer *view, int flags) {
    piece_memory *self = (piece_memory *)object;
    void *octets = self->piece == NULL ? (void *)self : macsec_piece_octets(self->piece);
    return PyBuffer_FillInfo(view, object, octets, self->octets, 1, flags);
}

static void free_memory(PyObject *object) {
    PyTypeObject *type = Py_TYPE(object);
    macsec_piece_drop(((piece_memory *)object)->piece);
    PyObject_Free(object);
    Py_DecRef((PyObject *)type);
}

static PyType_Slot slots[] = {
    {Py_tp_doc, "Memory of a result, as a buffer that cannot be written"},
    {Py_tp_dealloc, free_memory},
    {Py_bf_getbuffer, get_buffer},
    {0, NULL},
};

PyType_Spec macsec_piece_memory_spec = {
    .name = "macsec._native.PieceMemory",
    .basicsize = sizeof(piece_memory),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};

/* ---------------------------------------------------------------- the pool of a thread */

/* The GIL is what lets one thread at a time into a pool. A sanitizer sees a use after the end, or
   past the end, only of an allocation of its own. */
#if defined(Py_GIL_DISABLED) || defined(__SANITIZE_ADDRESS__)
#define HAS_POOLS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define HAS_POOLS 0
#endif
#endif
#ifndef HAS_POOLS
#define HAS_POOLS 1
#endif

static const char NAME[] = "macsec._native pool";

static void leave(PyObject *capsule) {
    macsec_pieces_leave(PyCapsule_GetPointer(capsule, NAME));
}

/* Put a new pool into the dictionary of the thread, which Python clears at the end of the thread,
   with the GIL held. */
static macsec_pieces *new_pool(PyObject *of_thread, PyObject *key) {
    macsec_pieces *pool = macsec_pieces_new();
    PyObject *capsule = pool == NULL ? NULL : PyCapsule_New(pool, NAME, leave);
    if (capsule == NULL) {
        if (pool != NULL) {
            macsec_pieces_leave(pool);
        }
        PyErr_Clear();
        return NULL;
    }
    const int failed = PyDict_SetItem(of_thread, key, capsule);
    Py_DecRef(capsule);
    if (failed) {
        PyErr_Clear();
        return NULL;
    }
    return pool;
}

macsec_pieces *macsec_pool(void) {
    static PyObject *key;
    PyObject *of_thread = HAS_POOLS ? PyThreadState_GetDict() : NULL;
    if (of_thread != NULL && key == NULL) {
        key = PyUnicode_InternFromString(NAME);
    }
    if (of_thread == NULL || key == NULL) {
        PyErr_Clear();
        return NULL;
    }
    PyObject *capsule = PyDict_GetItemWithError(of_thread, key);
    return capsule != NULL ? PyCapsule_GetPointer(capsule, NAME) : new_pool(of_thread, key);
}
