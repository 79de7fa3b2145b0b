/* Python.h with the limited API where there is one, as in cffi's part of the module. */
#ifndef MACSEC_PYTHON_H
#define MACSEC_PYTHON_H

#include <pyconfig.h>
#ifndef Py_GIL_DISABLED
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>

extern PyType_Spec macsec_batch_calls_spec;
extern PyType_Spec macsec_frame_calls_spec;
extern PyType_Spec macsec_frames_spec;
extern PyType_Spec macsec_lock_spec;
extern PyType_Spec macsec_piece_memory_spec;
extern PyType_Spec macsec_secret_memory_spec;

/* The types of the module, once they are added to it. */
enum {
    MACSEC_TYPE_BATCH_CALLS,
    MACSEC_TYPE_FRAME_CALLS,
    MACSEC_TYPE_FRAMES,
    MACSEC_TYPE_LOCK,
    MACSEC_TYPE_PIECE_MEMORY,
    MACSEC_TYPE_SECRET_MEMORY,
    MACSEC_TYPE_COUNT
};

extern PyTypeObject *macsec_types[MACSEC_TYPE_COUNT];

#endif
