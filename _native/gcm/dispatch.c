/* The table of AES-GCM kernels and the choice among them. */
#include "gcm/gcm.h"

#include <stdatomic.h>
#include <string.h>

/* Fastest first: macsec_gcm_best() takes the first usable one. A new kernel is a row here, a
   declaration in gcm.h and a file.

   Order the table by measured times; the order is the same on all CPUs. On AMD Zen 5, vaes-avx512
   takes 0.5 to 0.9 of the time of vaes-avx2, and less at every length: the CPU starts as many wide
   instructions a cycle as narrow ones, and a wide one does twice the work. Other CPUs that run both
   were not measured. Where the units are narrower than the registers, one wide instruction should
   cost as much as two narrow ones; and the CPUs that lower their clock most for 512-bit work are
   older than VAES. On a CPU that is an exception, the user can name a kernel. */
static const macsec_gcm_kernel *const kernels[] = {
#if MACSEC_GCM_VAES
    &macsec_gcm_vaes_avx512, &macsec_gcm_vaes_avx2,
#endif
#if MACSEC_GCM_X86
    &macsec_gcm_aesni,
#endif
#if MACSEC_GCM_ARM_EOR3
    &macsec_gcm_armv8_eor3,
#endif
#if MACSEC_GCM_ARM
    &macsec_gcm_armv8,
#endif
    &macsec_gcm_portable,
};

enum { KERNELS = sizeof kernels / sizeof kernels[0] };

/* Result of the self-test of each kernel, in the order of the table. */
enum { UNTRIED, USABLE, UNUSABLE };
static _Atomic int states[KERNELS];

size_t macsec_gcm_kernel_count(void) {
    return KERNELS;
}

const macsec_gcm_kernel *macsec_gcm_kernel_at(size_t index) {
    return index < KERNELS ? kernels[index] : NULL;
}

const macsec_gcm_kernel *macsec_gcm_find(const char *name) {
    for (size_t i = 0; name != NULL && i < KERNELS; i++) {
        if (strcmp(kernels[i]->name, name) == 0) {
            return kernels[i];
        }
    }
    return NULL;
}

/* Several threads may run the test at once. It takes microseconds, writes only to its own stack,
   and gives every thread the same result. */
static int try_kernel(size_t index) {
    int state = atomic_load_explicit(&states[index], memory_order_acquire);
    if (state == UNTRIED) {
        const macsec_gcm_kernel *kernel = kernels[index];
        int passed = kernel->supported() && macsec_gcm_selftest(kernel, 0) == 0;
        state = passed ? USABLE : UNUSABLE;
        atomic_store_explicit(&states[index], state, memory_order_release);
    }
    return state == USABLE;
}

int macsec_gcm_usable(const macsec_gcm_kernel *kernel) {
    for (size_t i = 0; i < KERNELS; i++) {
        if (kernels[i] == kernel) {
            return try_kernel(i);
        }
    }
    return 0;
}

const macsec_gcm_kernel *macsec_gcm_best(void) {
    for (size_t i = 0; i < KERNELS; i++) {
        if (try_kernel(i)) {
            return kernels[i];
        }
    }
    return NULL;
}
