/* One frame as a Python call: `FrameCalls`, a type beside cffi's `ffi` and `lib`. */
#ifndef MACSEC_FRAME_CALLS_H
#define MACSEC_FRAME_CALLS_H

/* cdef: begin */

/* Puts the type FrameCalls into the module macsec._native. 0, or -1 with a Python error printed. */
int macsec_add_frame_calls(void);

/* cdef: end */
#endif
