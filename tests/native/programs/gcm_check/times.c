/* Measure nanoseconds a frame. */
#define _DEFAULT_SOURCE

#include "check.h"

#include <time.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Return the best of several runs of some milliseconds, frames back to back, from one buffer to
   another. */
static double time_frame(size_t kernel, int opening, size_t key_length, size_t aad_length,
                         size_t length) {
    static uint8_t out[DATA_MAX];
    const macsec_gcm_kernel *k = kernels[kernel];
    const macsec_gcm_key *key = expanded[kernel][key_length == 32];
    double best = 1e18;
    size_t frames =
        (strcmp(k->name, "portable") == 0 ? 2000000 : 40000000) / (aad_length + length + 500);
    uint8_t iv[12] = {0};
    uint8_t tag[16];
    for (int run = 0; run < 9; run++) {
        double start = now();
        for (size_t i = 0; i < frames; i++) {
            uint32_t number = (uint32_t)i;
            memcpy(iv + 8, &number, sizeof number);
            run_kernel(k, opening, key, iv, source_aad, aad_length, source, out, length, tag);
        }
        double each = (now() - start) / (double)frames;
        best = each < best ? each : best;
    }
    return best;
}

/* Print a row for each kernel, direction and key size, with the slope between 64 and 9014 octets,
   and the time of integrity alone: 1514 octets of AAD. */
void print_times(void) {
    static const size_t lengths[] = {64, 128, 256, 512, 1024, 1514, 9014};
    enum { LENGTHS = sizeof lengths / sizeof lengths[0] };
    uint8_t octets[32];
    fill_random(octets, sizeof octets);
    expand_all(octets);
    printf("ns a frame, AAD of 28 octets\n%-14s%-6s%-5s", "kernel", "does", "key");
    for (size_t i = 0; i < LENGTHS; i++) {
        printf("%8zu", lengths[i]);
    }
    printf("   ns/octet   1514 AAD only\n");
    for (size_t kernel = 0; kernel < kernel_count; kernel++) {
        for (unsigned row = 0; row < 4; row++) {
            double first = 0;
            double last = 0;
            size_t key_length = row / 2 ? 32 : 16;
            printf("%-14s%-6s%-5zu", kernels[kernel]->name, row % 2 ? "open" : "seal",
                   key_length * 8);
            for (size_t i = 0; i < LENGTHS; i++) {
                last = time_frame(kernel, row % 2, key_length, 28, lengths[i]);
                first = i == 0 ? last : first;
                printf("%8.1f", last);
            }
            printf("%11.4f%16.1f\n", (last - first) / (double)(lengths[LENGTHS - 1] - lengths[0]),
                   time_frame(kernel, row % 2, key_length, 28 + 1514, 0));
        }
    }
}
