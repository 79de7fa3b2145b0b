/* Features of the CPU that the operating system supports. */
#ifndef MACSEC_CPU_H
#define MACSEC_CPU_H

#include <stdint.h>

/* One bit per feature. A feature with wide registers is set only when the operating system saves
   these registers (XGETBV); without that, its instructions fault. */
enum {
    MACSEC_CPU_SSE41 = 1 << 0, /* with SSSE3 */
    MACSEC_CPU_AES = 1 << 1,
    MACSEC_CPU_PCLMUL = 1 << 2,
    MACSEC_CPU_AVX2 = 1 << 3,    /* YMM state saved */
    MACSEC_CPU_VAES = 1 << 4,    /* on YMM; on ZMM together with AVX512 */
    MACSEC_CPU_VPCLMUL = 1 << 5, /* likewise */
    MACSEC_CPU_AVX512 = 1 << 6,  /* F, BW and VL, ZMM and mask state saved */
    MACSEC_CPU_ARM_AES = 1 << 7,
    MACSEC_CPU_ARM_PMULL = 1 << 8,
    MACSEC_CPU_ARM_SHA3 = 1 << 9, /* EOR3 */
    MACSEC_CPU_KNOWN = 1 << 30    /* set always: a cached answer is not 0 */
};

/* Return the features; the first call asks the CPU. CPUs other than x86-64 and
   64-bit ARM have none. */
uint32_t macsec_cpu_features(void);

/* Return 1 if the CPU has all features of the mask. */
int macsec_cpu_has(uint32_t mask);

#endif
