/* What the CPU can do, and what the operating system lets it do. */
#ifndef MACSEC_CPU_H
#define MACSEC_CPU_H

#include <stdint.h>

/* One bit per feature. Those with wide registers are set only when the operating system saves
   these registers (XGETBV), without which the instructions fault. */
enum {
    MACSEC_CPU_SSE41 = 1 << 0, /* with SSSE3 */
    MACSEC_CPU_AES = 1 << 1,
    MACSEC_CPU_PCLMUL = 1 << 2,
    MACSEC_CPU_AVX2 = 1 << 3,    /* YMM state saved */
    MACSEC_CPU_VAES = 1 << 4,    /* on YMM; on ZMM together with AVX512 */
    MACSEC_CPU_VPCLMUL = 1 << 5, /* likewise */
    MACSEC_CPU_AVX512 = 1 << 6,  /* F, BW and VL, ZMM and mask state saved */
    MACSEC_CPU_KNOWN = 1 << 30   /* set always: tells a cached answer from none */
};

/* Asks the CPU at the first call. No feature at all on CPUs that are not x86. */
uint32_t macsec_cpu_features(void);

/* Are all features of the mask there? */
int macsec_cpu_has(uint32_t mask);

#endif
