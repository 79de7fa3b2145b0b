/* Work of two threads without the rest of a call: see ../second_core.py. */
#include <Python.h>

#include <stdint.h>
#include <time.h>

typedef int batch_call(void *secy, const void *in, void *out);

/* The same C call again and again; the GIL is free. */
void bare(batch_call *call, void *secy, const void *in, void *out, long times) {
    for (long at = 0; at < times; at++) {
        call(secy, in, out);
    }
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void spin(uint64_t ns) {
    const uint64_t end = now() + ns;
    while (now() < end) {
    }
}

/* A call that holds the GIL and releases it for these times, and does nothing else. */
void hold(long held_ns, long free_ns) {
    spin((uint64_t)held_ns);
    PyThreadState *state = PyEval_SaveThread();
    spin((uint64_t)free_ns);
    PyEval_RestoreThread(state);
}
