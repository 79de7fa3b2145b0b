/* AES-GCM for ARMv8 with the cryptographic extension.

   CPUs: 64-bit ARM with AES and PMULL: most Cortex-A and Neoverse, all of Apple's; not the
   Raspberry Pi 3 and 4. CPUs with EOR3 run it too: there the other kernel is compared with it.
   Instructions: AESE, AESMC, PMULL, and the vector instructions that all 64-bit ARM has.

   Layout of the key and order of the work: see template.h. */
#include "gcm/gcm.h"

#if MACSEC_GCM_ARM

#include "base/clear.h"
#include "base/cpu.h"

#define TARGET "+crypto"
#define XOR3(a, b, c) veorq_u8(veorq_u8(a, b), c)

#include "gcm/arm/template.h"

static int armv8_supported(void) {
    return macsec_cpu_has(MACSEC_CPU_ARM_AES | MACSEC_CPU_ARM_PMULL);
}

const macsec_gcm_kernel macsec_gcm_armv8 = {
    .name = "armv8",
    .description = "64-bit ARM: AESE, PMULL; eight blocks a turn",
    .supported = armv8_supported,
    .expand = expand,
    .seal = seal,
    .open = open_frame,
    .forget = forget,
};

#endif
