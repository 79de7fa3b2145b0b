/* The GIL around a batch. Python lets a thread that finds the GIL taken sleep, and waking takes
   longer than a batch of short frames; between two batches the GIL is taken for less than 1 us. So
   a thread that comes back from its frames waits for that long without sleeping. */
#ifndef MACSEC_GIL_H
#define MACSEC_GIL_H

#include "python/python.h"

PyThreadState *macsec_gil_release(void);
void macsec_gil_acquire(PyThreadState *state);

#endif
