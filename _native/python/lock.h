/* The lock of a data plane, for other types of the module. */
#ifndef MACSEC_LOCK_H
#define MACSEC_LOCK_H

#include "python/python.h"

#include <pthread.h>

/* Return the mutex of a Lock, or NULL with a TypeError if the object is none. It lives as long as
   the object. */
pthread_mutex_t *macsec_lock_mutex(PyObject *object);

/* Acquire it with the GIL held. The GIL is released only where another thread holds the lock. */
void macsec_lock_acquire(pthread_mutex_t *mutex);

#endif
