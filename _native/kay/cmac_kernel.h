/* A kernel of AES-CMAC: AES in CBC mode, of which only the last block is of interest. */
#ifndef MACSEC_CMAC_KERNEL_H
#define MACSEC_CMAC_KERNEL_H

#include "gcm/gcm.h"

/* The key schedule, in the layout of the kernel: `powers` stay zero. Keep it on the stack, and wipe
   it. */
typedef macsec_gcm_key cmac_schedule;

typedef struct cmac_kernel {
    int (*supported)(void);
    void (*expand)(cmac_schedule *schedule, const uint8_t *key, size_t length);
    /* XOR each block into `state` and encrypt it there. */
    void (*chain)(const cmac_schedule *schedule, const uint8_t *blocks, size_t count,
                  uint8_t state[16]);
    void (*forget)(void); /* zero the registers that held secrets */
} cmac_kernel;

#if MACSEC_GCM_X86
extern const cmac_kernel macsec_cmac_aesni;
#endif
extern const cmac_kernel macsec_cmac_portable;

#endif
