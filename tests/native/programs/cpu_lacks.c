/* A CPU of 64-bit ARM without AES and PMULL, for programs linked with --wrap=getauxval: qemu has no
   such CPU. */
unsigned long __wrap_getauxval(unsigned long type);

unsigned long __wrap_getauxval(unsigned long type) {
    (void)type;
    return 0;
}
