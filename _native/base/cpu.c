/* CPU features: on x86-64 by CPUID and XGETBV, on 64-bit ARM from the operating system. */
#include "base/cpu.h"

#include <stdatomic.h>

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#include <cpuid.h>

/* Bits of CPUID leaves 1 and 7, named by register (Intel SDM volume 2A, CPUID). */
#define LEAF1_ECX_PCLMUL (1u << 1)
#define LEAF1_ECX_SSSE3 (1u << 9)
#define LEAF1_ECX_SSE41 (1u << 19)
#define LEAF1_ECX_AES (1u << 25)
#define LEAF1_ECX_OSXSAVE (1u << 27)
#define LEAF1_ECX_AVX (1u << 28)
#define LEAF7_EBX_AVX2 (1u << 5)
#define LEAF7_EBX_AVX512F (1u << 16)
#define LEAF7_EBX_AVX512BW (1u << 30)
#define LEAF7_EBX_AVX512VL (1u << 31)
#define LEAF7_ECX_VAES (1u << 9)
#define LEAF7_ECX_VPCLMUL (1u << 10)

/* Register states in XCR0. */
#define STATE_YMM 0x06u /* XMM and the upper halves of YMM */
#define STATE_ZMM 0xe6u /* these, the mask registers and both parts of ZMM */

static int all(uint32_t value, uint32_t mask) {
    return (value & mask) == mask;
}

/* XGETBV, written as its octets: the intrinsic would need a target attribute on the function. */
static uint32_t saved_states(void) {
    uint32_t low;
    uint32_t high;
    __asm__ volatile(".byte 0x0f, 0x01, 0xd0" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static uint32_t wide_features(uint32_t leaf1_ecx) {
    uint32_t a;
    uint32_t b;
    uint32_t c;
    uint32_t d;
    uint32_t found = 0;
    if (!all(leaf1_ecx, LEAF1_ECX_OSXSAVE | LEAF1_ECX_AVX) || !all(saved_states(), STATE_YMM) ||
        !__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        return 0;
    }
    found |= all(b, LEAF7_EBX_AVX2) ? MACSEC_CPU_AVX2 : 0u;
    found |= all(c, LEAF7_ECX_VAES) ? MACSEC_CPU_VAES : 0u;
    found |= all(c, LEAF7_ECX_VPCLMUL) ? MACSEC_CPU_VPCLMUL : 0u;
    if (all(saved_states(), STATE_ZMM) &&
        all(b, LEAF7_EBX_AVX512F | LEAF7_EBX_AVX512BW | LEAF7_EBX_AVX512VL)) {
        found |= MACSEC_CPU_AVX512;
    }
    return found;
}

static uint32_t ask(void) {
    uint32_t a;
    uint32_t b;
    uint32_t c;
    uint32_t d;
    uint32_t found = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d)) {
        return 0;
    }
    found |= all(c, LEAF1_ECX_SSSE3 | LEAF1_ECX_SSE41) ? MACSEC_CPU_SSE41 : 0u;
    found |= all(c, LEAF1_ECX_AES) ? MACSEC_CPU_AES : 0u;
    found |= all(c, LEAF1_ECX_PCLMUL) ? MACSEC_CPU_PCLMUL : 0u;
    return found | wide_features(c);
}

#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>

/* Bits of AT_HWCAP (Linux, arch/arm64/include/uapi/asm/hwcap.h). */
#define HWCAP_BIT_AES (1ul << 3)
#define HWCAP_BIT_PMULL (1ul << 4)
#define HWCAP_BIT_SHA3 (1ul << 17)

static uint32_t ask(void) {
    const unsigned long flags = getauxval(AT_HWCAP);
    uint32_t found = 0;
    found |= flags & HWCAP_BIT_AES ? MACSEC_CPU_ARM_AES : 0u;
    found |= flags & HWCAP_BIT_PMULL ? MACSEC_CPU_ARM_PMULL : 0u;
    found |= flags & HWCAP_BIT_SHA3 ? MACSEC_CPU_ARM_SHA3 : 0u;
    return found;
}

#elif defined(__aarch64__) && defined(__APPLE__)
#include <sys/sysctl.h>

static uint32_t flag(const char *name, uint32_t bit) {
    int value = 0;
    size_t size = sizeof value;
    return sysctlbyname(name, &value, &size, NULL, 0) == 0 && value ? bit : 0;
}

static uint32_t ask(void) {
    return flag("hw.optional.arm.FEAT_AES", MACSEC_CPU_ARM_AES) |
           flag("hw.optional.arm.FEAT_PMULL", MACSEC_CPU_ARM_PMULL) |
           flag("hw.optional.arm.FEAT_SHA3", MACSEC_CPU_ARM_SHA3);
}

#else

static uint32_t ask(void) {
    return 0;
}

#endif

uint32_t macsec_cpu_features(void) {
    /* Two threads may both ask: they get the same answer. */
    static _Atomic uint32_t cached;
    uint32_t features = atomic_load_explicit(&cached, memory_order_relaxed);
    if (features == 0) {
        features = ask() | MACSEC_CPU_KNOWN;
        atomic_store_explicit(&cached, features, memory_order_relaxed);
    }
    return features;
}

int macsec_cpu_has(uint32_t mask) {
    return (macsec_cpu_features() & mask) == mask;
}
