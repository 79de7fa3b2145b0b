/* The types of ours beside cffi's `ffi` and `lib`: FrameCalls (frame_calls.c) and Lock (lock.c). */
#ifndef MACSEC_TYPES_H
#define MACSEC_TYPES_H

/* cdef: begin */

/* Puts the types into the module macsec._native. 0, or -1 with a Python error printed. */
int macsec_add_types(void);

/* cdef: end */
#endif
