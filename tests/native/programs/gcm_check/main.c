/* Checks every AES-GCM kernel that this CPU runs, without Python.

     gcm_check [volume]    checks; volume (1 when not given) is the number of combinations of AAD,
                           key size and placement tried at each data length; 0 tries all of them
     gcm_check --time      prints nanoseconds a frame
     gcm_check --secret    under valgrind, or built with clang's memory sanitizer: with keys and
                           plaintext marked as undefined, so that each branch and each address that
                           depends on them is reported

   The kernels are compared with known answers, with a slow reference written from the standards
   (FIPS 197 and SP 800-38D) in the plainest way, and with each other in every ordered pair. The
   octets given to a kernel lie flush against pages without access, so that one octet read or
   written too far ends the program. The last line counts the checks; the exit status is 0 if all
   held. */
#include "check.h"

#include <stdlib.h>

static void find_kernels(void) {
    for (size_t i = 0; i < macsec_gcm_kernel_count() && kernel_count < KERNELS_MAX; i++) {
        const macsec_gcm_kernel *kernel = macsec_gcm_kernel_at(i);
        if (kernel->supported()) {
            kernels[kernel_count++] = kernel;
        }
        printf("%-14s %s (%s)\n", kernel->name,
               kernel->supported() ? "runs" : "NOT RUN: unsupported", kernel->description);
    }
}

static void prepare(void) {
    memory.key = make_guarded();
    memory.iv = make_guarded();
    memory.aad = make_guarded();
    memory.in = make_guarded();
    memory.out = make_guarded();
    memory.tag = make_guarded();
    compute_sbox();
    fill_random(source, sizeof source);
    fill_random(source_aad, sizeof source_aad);
}

static void check_everything(unsigned volume) {
    uint8_t octets[32];
    check_dispatch();
    check_secret();
    check_known_answers();
    check_nothing();
    check_edge_hash_keys(volume);
    check_copies();
    check_reference_lengths(volume);
    fill_random(octets, sizeof octets);
    expand_all(octets);
    check_all_lengths(volume);
}

static int report(void) {
    printf("gcm: %lu checks, kernels:", checks);
    for (size_t i = 0; i < kernel_count; i++) {
        printf(" %s", kernels[i]->name);
    }
    if (failures > 0) {
        printf(", %lu FAILED", failures);
    }
    printf("\n");
    return failures > 0;
}

int main(int argc, char **argv) {
    unsigned volume = 1;
    find_kernels();
    prepare();
    if (argc > 1 && strcmp(argv[1], "--time") == 0) {
        print_times();
        return 0;
    }
    if (argc > 1 && strcmp(argv[1], "--secret") == 0) {
        int impossible = check_secrets();
        return impossible ? impossible : report();
    }
    if (argc > 1) {
        volume = (unsigned)strtoul(argv[1], NULL, 10);
    }
    check_everything(volume);
    return report();
}
