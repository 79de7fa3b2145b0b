/* AES-GCM for ARMv8 with the cryptographic extension and EOR3.

   CPUs: 64-bit ARM with the SHA-3 instructions: Apple M1, Neoverse V1, Cortex-X2, and later ones of
   these families.
   Instructions: those of armv8.c, and EOR3, the sum of three vectors.

   Where two products are added to a sum, and where key stream, last round key and text meet, one
   instruction replaces two. Layout of the key and order of the work: see template.h. */
#include "gcm/gcm.h"

#if MACSEC_GCM_ARM_EOR3

#include "base/clear.h"
#include "base/cpu.h"

#define TARGET "arch=armv8.2-a+crypto+sha3"
#define XOR3(a, b, c) veor3q_u8(a, b, c)

#include "gcm/arm/template.h"

static int armv8_eor3_supported(void) {
    return macsec_cpu_has(MACSEC_CPU_ARM_AES | MACSEC_CPU_ARM_PMULL | MACSEC_CPU_ARM_SHA3);
}

const macsec_gcm_kernel macsec_gcm_armv8_eor3 = {
    .name = "armv8-eor3",
    .description = "64-bit ARM: AESE, PMULL, EOR3; eight blocks a turn",
    .supported = armv8_eor3_supported,
    .expand = expand,
    .seal = seal,
    .open = open_frame,
    .forget = forget,
};

#endif
