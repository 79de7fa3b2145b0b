/* Run the kernels with keys and plaintext marked as undefined. */
#include "check.h"

#include "base/secret.h"

#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#define MEMORY_SANITIZER 1
#endif
#endif
#if !defined(MEMORY_SANITIZER) && defined(__has_include)
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#endif
#endif

/* Two tools track undefined octets. valgrind: on any build, but without the instructions of the
   wider kernels. clang's memory sanitizer: built with -fsanitize=memory -fsanitize-recover=memory
   -fno-sanitize-memory-param-retval, so that values may be passed but no branch may depend on them.
   After a report, it ends the program with a status of its own. */
#if defined(MEMORY_SANITIZER)
#define HIDE(p, length) __msan_allocated_memory(p, length)
#elif defined(VALGRIND_MAKE_MEM_UNDEFINED)
#define HIDE(p, length) VALGRIND_MAKE_MEM_UNDEFINED(p, length)
#define REVEAL(p, length) VALGRIND_MAKE_MEM_DEFINED(p, length)
#endif

#if defined(HIDE)

/* Use one key in all functions of a kernel. No output is read. */
static void use_secrets(const macsec_gcm_kernel *kernel, size_t key_length) {
    static const size_t lengths[] = {0,   1,   3,   7,   15,  16,  17,  32,  48,  60,  64,   96,
                                     128, 130, 143, 144, 176, 200, 224, 256, 300, 540, 1056, 1486};
    static macsec_gcm_key key;
    static sealed data;
    uint8_t octets[32];
    memcpy(octets, source, sizeof octets);
    HIDE(octets, sizeof octets);
    kernel->expand(&key, octets, key_length);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        size_t length = lengths[i];
        HIDE(data.data, length);
        run_kernel(kernel, 0, &key, source_aad, source_aad, 28, data.data, data.data, length,
                   data.tag);
        run_kernel(kernel, 1, &key, source_aad, source_aad, 5 * i, data.data, data.data, length,
                   data.tag);
        HIDE(data.data, length);
        run_kernel(kernel, 0, &key, source_aad, data.data, length, NULL, NULL, 0, data.tag);
        checks++;
    }
#if !defined(MEMORY_SANITIZER) /* it would report the value that an asm statement in               \
                                  macsec_equal() hides */
    int same = macsec_equal(data.tag, octets, 16);
    REVEAL(&same, sizeof same); /* the verdict is public */
    check(!same, "a tag is equal to the key");
#endif
}

/* Check that the tool reports a branch on the output of a kernel, which depends on the key: so no
   instruction on the way made it public. */
#define BRANCH_ON(octet)                                                                           \
    if (octet) {                                                                                   \
        __asm__ volatile("" : : : "memory"); /* no compiler removes the branch */                  \
    }

static void branch_on_output(const macsec_gcm_kernel *kernel, int opening) {
    static macsec_gcm_key key;
    uint8_t octets[32] = {0};
    uint8_t data[80] = {0};
    uint8_t tag[16];
    HIDE(octets, sizeof octets);
    kernel->expand(&key, octets, 32);
    run_kernel(kernel, opening, &key, source_aad, source_aad, 28, data, data, sizeof data, tag);
    uint8_t tag_octet = tag[5];
    uint8_t data_octet = data[77];
#if defined(MEMORY_SANITIZER)
    __msan_set_expect_umr(1); /* ends the program unless what follows is reported */
    BRANCH_ON(tag_octet)
    __msan_set_expect_umr(0);
    __msan_set_expect_umr(1);
    BRANCH_ON(data_octet)
    __msan_set_expect_umr(0);
    checks += 2;
#else
    unsigned long found = (unsigned long)VALGRIND_COUNT_ERRORS;
    BRANCH_ON(tag_octet)
    check((unsigned long)VALGRIND_COUNT_ERRORS > found, "%s: a branch on a tag is not seen",
          kernel->name);
    found = (unsigned long)VALGRIND_COUNT_ERRORS;
    BRANCH_ON(data_octet)
    check((unsigned long)VALGRIND_COUNT_ERRORS > found, "%s: a branch on data is not seen",
          kernel->name);
#endif
}

int check_secrets(void) {
#if !defined(MEMORY_SANITIZER)
    if (!RUNNING_ON_VALGRIND) {
        printf("--secret means nothing without valgrind or the memory sanitizer\n");
        return 2;
    }
#endif
    for (size_t i = 0; i < kernel_count; i++) {
        use_secrets(kernels[i], 16);
        use_secrets(kernels[i], 32);
    }
#if !defined(MEMORY_SANITIZER)
    unsigned long found = (unsigned long)VALGRIND_COUNT_ERRORS;
    check(found == 0, "%lu branches or addresses depend on secrets", found);
#endif
    for (size_t i = 0; i < kernel_count; i++) {
        branch_on_output(kernels[i], 0);
        branch_on_output(kernels[i], 1);
    }
    return 0;
}

#else

int check_secrets(void) {
    printf("--secret needs the header valgrind/memcheck.h, or clang's memory sanitizer\n");
    return 2;
}

#endif
