/* Fuzzes the SecY in C, without Python.

     secy_fuzz [frames [seed [kernel]]]   random SecYs, random frames, frames changed at random
     secy_fuzz --every [kernel]           each octet of a frame set to each of its wrong values,
   each length cut or added, each SL, each TCI; exact verdicts

   A world is a pair of SecYs, one sending to the other, with controls, keys, PNs and peers drawn at
   random. Frames that the sender protects are validated, first changed and then unchanged. Each
   verdict, octet, counter and PN is compared with the rules, written here a second time in the
   plainest way.

   Arenas and columns lie flush against pages without access, in turn at their end and at their
   start: one octet read or written too far ends the program. Octets that a call does not use keep
   their 0xA5. The same seed gives the same run. The last line counts frames and faults; the exit
   status is 0 if there were none. */
#include "fuzz.h"

enum { KERNELS = 16 };

static size_t usable_kernels(const char *named, const char *names[KERNELS]) {
    size_t count = 0;
    for (size_t i = 0; i < macsec_gcm_kernel_count() && count < KERNELS; i++) {
        const macsec_gcm_kernel *kernel = macsec_gcm_kernel_at(i);
        if ((named == NULL || strcmp(named, kernel->name) == 0) && macsec_gcm_usable(kernel)) {
            printf("%s%s", count ? " " : "kernels: ", kernel->name);
            names[count++] = kernel->name;
        }
    }
    printf("\n");
    return count;
}

static void fuzz(uint64_t wanted, uint64_t seed, const char *const names[], size_t kernels) {
    for (uint64_t number = 0; frames_given < wanted; number++) {
        /* The last kernel is the slowest: it runs an eighth of all worlds. */
        const size_t chosen = kernels > 1 && number % 8 ? number % (kernels - 1) : kernels - 1;
        world_new(number, seed, names[chosen]);
        for (size_t turns = 20 + below(400); turns > 0; turns--) {
            turn();
            if (one_in(6)) {
                manage();
            }
        }
        world_end();
    }
}

int main(int argc, char **argv) {
    const int all = argc > 1 && strcmp(argv[1], "--every") == 0;
    const char *names[KERNELS];
    const size_t kernels = usable_kernels(argc > 2 + !all ? argv[2 + !all] : NULL, names);
    if (kernels == 0) {
        fprintf(stderr, "secy_fuzz: no such kernel runs here\n");
        return 2;
    }
    in_arena = region_new(sizeof clear_batch.scratch);
    out_arena = region_new(sizeof clear_batch.scratch + (size_t)BATCH * OVERHEAD + 64);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        columns[i] = region_new(sizeof(uint64_t) * BATCH);
    }
    if (all) {
        for (size_t i = 0; i < kernels; i++) {
            every(names[i]);
        }
    } else {
        const uint64_t wanted = argc > 1 ? strtoull(argv[1], NULL, 0) : 1000000;
        fuzz(wanted, argc > 2 ? strtoull(argv[2], NULL, 0) : 1, names, kernels);
    }
    printf("secy: %" PRIu64 " frames, %" PRIu64 " faults\n", frames_given, faults);
    return faults != 0;
}
