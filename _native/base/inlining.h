/* What the compiler is to put in line, where it would judge otherwise. */
#ifndef MACSEC_INLINING_H
#define MACSEC_INLINING_H

#if defined(__GNUC__)
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define NEVER_INLINE __attribute__((noinline))
/* Keeps a pointer as it is at this point: GCC would rather work it out again at each use. */
#define KEEP_POINTER(p) __asm__("" : "+r"(p))
#else
#define ALWAYS_INLINE inline
#define NEVER_INLINE
#define KEEP_POINTER(p) (void)0
#endif

#endif
