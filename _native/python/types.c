/* cffi writes the module and has no place for other types: they are added afterwards. */
#include "python/python.h"

#include "python/types.h"

static int add(PyObject *module, const char *name, PyType_Spec *spec) {
    PyObject *type = PyType_FromSpec(spec);
    const int bad = type == NULL || PyModule_AddObjectRef(module, name, type) < 0;
    Py_DecRef(type);
    return bad;
}

int macsec_add_types(void) {
    const PyGILState_STATE gil = PyGILState_Ensure();
    PyObject *module = PyImport_ImportModule("macsec._native");
    const int bad = module == NULL || add(module, "FrameCalls", &macsec_frame_calls_spec) ||
                    add(module, "Lock", &macsec_lock_spec) ||
                    add(module, "SecretMemory", &macsec_secret_memory_spec);
    Py_DecRef(module);
    if (bad) {
        PyErr_Print();
    }
    PyGILState_Release(gil);
    return bad ? -1 : 0;
}
