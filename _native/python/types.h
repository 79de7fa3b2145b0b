/* Types of the module beside cffi's `ffi` and `lib`: BatchCalls (batch_calls.c), FrameCalls
   (frame_calls.c), Frames (frames_type.c), Lock (lock.c), PieceMemory (piece_memory.c),
   SecretMemory (secret_memory.c). */
#ifndef MACSEC_TYPES_H
#define MACSEC_TYPES_H

/* cdef: begin */

/* Add the types to the module macsec._native. Return 0, or -1 with a Python error printed. */
int macsec_add_types(void);

/* cdef: end */
#endif
