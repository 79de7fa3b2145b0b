/* cffi writes the module and has no place for other types: they are added afterwards. */
#include "python/python.h"

#include "python/types.h"

PyTypeObject *macsec_types[MACSEC_TYPE_COUNT];

static PyType_Spec *const specs[MACSEC_TYPE_COUNT] = {
    [MACSEC_TYPE_BATCH_CALLS] = &macsec_batch_calls_spec,
    [MACSEC_TYPE_FRAME_CALLS] = &macsec_frame_calls_spec,
    [MACSEC_TYPE_FRAMES] = &macsec_frames_spec,
    [MACSEC_TYPE_LOCK] = &macsec_lock_spec,
    [MACSEC_TYPE_PIECE_MEMORY] = &macsec_piece_memory_spec,
    [MACSEC_TYPE_SECRET_MEMORY] = &macsec_secret_memory_spec,
};

/* Keep a reference to the type: a module that is deleted leaves objects behind. */
static int add(PyObject *module, int at) {
    PyObject *type = PyType_FromSpec(specs[at]);
    macsec_types[at] = (PyTypeObject *)type;
    const char *name = specs[at]->name + sizeof "macsec._native." - 1;
    return type == NULL || PyModule_AddObjectRef(module, name, type) < 0;
}

int macsec_add_types(void) {
    const PyGILState_STATE gil = PyGILState_Ensure();
    PyObject *module = PyImport_ImportModule("macsec._native");
    int bad = module == NULL;
    for (int at = 0; !bad && at < MACSEC_TYPE_COUNT; at++) {
        bad = add(module, at);
    }
    Py_DecRef(module);
    if (bad) {
        PyErr_Print();
    }
    PyGILState_Release(gil);
    return bad ? -1 : 0;
}
