/* The key schedule of AES. A part of the templates of x86/ and arm/, which define FUNCTION and
   substitute_word() before they include it. */

/* Expand a key (FIPS 197, 5.2), on little-endian words. */
FUNCTION void expand_aes(macsec_gcm_key *key, const uint8_t *octets, size_t length) {
    uint32_t words = (uint32_t)length / 4;
    uint32_t round_constant = 1;
    key->rounds = words + 6;
    memcpy(key->round_keys, octets, length);
    for (uint32_t i = words; i < 4 * (key->rounds + 1); i++) {
        uint32_t next = load_host32(key->round_keys + 4 * (i - 1));
        if (i % words == 0) {
            next = substitute_word(next >> 8 | next << 24) ^ round_constant;
            round_constant = round_constant << 1 ^ ((round_constant >> 7) * 0x11b);
        } else if (words > 6 && i % words == 4) {
            next = substitute_word(next);
        }
        store_host32(key->round_keys + 4 * i,
                     next ^ load_host32(key->round_keys + 4 * (i - words)));
    }
}
