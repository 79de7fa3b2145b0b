/* Inlining, where the compiler would decide otherwise. Use ALWAYS_INLINE for a function whose
   arguments are constants at each call, so that the compiler removes the branches not taken;
   NEVER_INLINE for a rare path, so that the common path keeps its registers. */
#ifndef MACSEC_INLINING_H
#define MACSEC_INLINING_H

#if defined(__GNUC__)
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define NEVER_INLINE __attribute__((noinline))
/* Keep this pointer in a register: without it GCC computes the address again at each use. */
#define KEEP_POINTER(p) __asm__("" : "+r"(p))
#else
#define ALWAYS_INLINE inline
#define NEVER_INLINE
#define KEEP_POINTER(p) (void)0
#endif

#endif
