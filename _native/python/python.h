/* Python.h with the limited API where there is one, as in cffi's part of the module. */
#ifndef MACSEC_PYTHON_H
#define MACSEC_PYTHON_H

#include <pyconfig.h>
#ifndef Py_GIL_DISABLED
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>

extern PyType_Spec macsec_frame_calls_spec;
extern PyType_Spec macsec_lock_spec;
extern PyType_Spec macsec_secret_memory_spec;

#endif
