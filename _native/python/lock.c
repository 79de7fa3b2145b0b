/* A lock for Python and for threads in C: `threading.Lock` cannot be acquired without the GIL,
   which a pump does not hold (D-09). The thread that acquires it releases it, after a batch at
   most. */
#include "python/lock.h"

typedef struct lock {
    PyObject head;
    pthread_mutex_t *mutex; /* allocated apart: its address does not depend on the Python object */
} lock;

static PyObject *nothing(void) {
    Py_IncRef(Py_None);
    return Py_None;
}

pthread_mutex_t *macsec_lock_mutex(PyObject *object) {
    if (Py_TYPE(object) != macsec_types[MACSEC_TYPE_LOCK]) {
        PyErr_SetString(PyExc_TypeError, "a Lock of this module is wanted");
        return NULL;
    }
    return ((lock *)object)->mutex;
}

void macsec_lock_acquire(pthread_mutex_t *mutex) {
    if (pthread_mutex_trylock(mutex) != 0) {
        PyThreadState *state = PyEval_SaveThread();
        pthread_mutex_lock(mutex);
        PyEval_RestoreThread(state);
    }
}

static PyObject *acquire(PyObject *self, PyObject *unused) {
    (void)unused;
    macsec_lock_acquire(((lock *)self)->mutex);
    return nothing();
}

static PyObject *release(PyObject *self, PyObject *unused) {
    (void)unused;
    pthread_mutex_unlock(((lock *)self)->mutex);
    return nothing();
}

/* Free the lock in the child of a fork, where the thread that held it may be gone. */
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
    {"acquire", acquire, METH_NOARGS, "Acquire it; wait while another thread holds it."},
    {"release", release, METH_NOARGS, "Release it."},
    {"renew", renew, METH_NOARGS, "Free it, in the child of a fork."},
    {"address", address, METH_NOARGS, "Return the address of the pthread_mutex_t."},
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
