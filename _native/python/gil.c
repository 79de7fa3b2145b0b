/* A gate in front of the GIL; the reason is in gil.h.

   The gate is closed by the thread that takes the GIL after a batch, and opened where that releases
   it for the next. A thread that goes on to other work leaves it closed: the next one loses its
   patience once, and then it is that one's to open. */
#include "python/gil.h"

#include <stdatomic.h>

enum { PATIENCE = 100 }; /* looks, some 2 us */

static atomic_int closed;

static void rest(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");
#endif
}

PyThreadState *macsec_gil_release(void) {
    PyThreadState *state = PyEval_SaveThread();
    atomic_store_explicit(&closed, 0, memory_order_release);
    return state;
}

void macsec_gil_acquire(PyThreadState *state) {
    int looks = 0;
    while (atomic_exchange_explicit(&closed, 1, memory_order_acquire) && looks < PATIENCE) {
        do {
            rest();
            looks++;
        } while (looks < PATIENCE && atomic_load_explicit(&closed, memory_order_relaxed));
    }
    PyEval_RestoreThread(state);
}
