/* A lock for Python and for threads in C alike: `threading.Lock` cannot be taken without the GIL,
   and a pump holds none. Taken and given back by the same thread, for a batch at most. */
#include "python/python.h"

#include <pthread.h>

typedef struct lock {
    PyObject head;
    pthread_mutex_t *mutex; /* of its own: an object's place is Python's affair */
} lock;

static PyObject *nothing(void) {
    Py_IncRef(Py_None);
    return Py_None;
}

/* The GIL is given away only where there is someone to wait for. */
static PyObject *acquire(PyObject *self, PyObject *unused) {
    (void)unused;
    pthread_mutex_t *mutex = ((lock *)self)->mutex;
    if (pthread_mutex_trylock(mutex) != 0) {
        PyThreadState *state = PyEval_SaveThread();
        pthread_mutex_lock(mutex);
        PyEval_RestoreThread(state);
    }
    return nothing();
}

static PyObject *release(PyObject *self, PyObject *unused) {
    (void)unused;
    pthread_mutex_unlock(((lock *)self)->mutex);
    return nothing();
}

/* In the child of a fork the thread that held it may not be there: it is free. */
static PyObject *renew(PyObject *self, PyObject *unused) {
    (void)unused;
    pthread_mutex_init(((lock *)self)->mutex, NULL);
    return nothing();
}

static PyObject *address(PyObject *self, PyObject *unused) {
    (void)unused;
    return PyLong_FromVoidPtr(((lock *)self)->mutex);
}

static PyObject *new_lock(PyTypeObject *type, PyObject *arguments, PyObject *named) {
    (void)arguments;
    (void)named;
    lock *self = (lock *)PyType_GenericAlloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->mutex = PyMem_Malloc(sizeof(pthread_mutex_t));
    if (self->mutex == NULL) {
        Py_DecRef((PyObject *)self);
        return PyErr_NoMemory();
    }
    pthread_mutex_init(self->mutex, NULL);
    return (PyObject *)self;
}

static void free_lock(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    pthread_mutex_t *mutex = ((lock *)self)->mutex;
    if (mutex != NULL) {
        pthread_mutex_destroy(mutex);
    }
    PyMem_Free(mutex);
    PyObject_Free(self);
    Py_DecRef((PyObject *)type);
}

static PyMethodDef methods[] = {
    {"acquire", acquire, METH_NOARGS, "Take it; wait where another thread has it."},
    {"release", release, METH_NOARGS, "Give it back."},
    {"renew", renew, METH_NOARGS, "After a fork, in the child: nobody holds it."},
    {"address", address, METH_NOARGS, "Where the pthread_mutex_t lies."},
    {"__enter__", acquire, METH_NOARGS, NULL},
    {"__exit__", release, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "Lock()"},
    {Py_tp_new, new_lock},
    {Py_tp_dealloc, free_lock},
    {Py_tp_methods, methods},
    {0, NULL},
};

PyType_Spec macsec_lock_spec = {
    .name = "macsec._native.Lock",
    .basicsize = sizeof(lock),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = slots,
};
