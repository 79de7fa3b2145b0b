/* AES of the portable kernel: eight blocks at a time, bitsliced in vectors of 128 bits. A part of
   portable.c, which includes it.

   Planes. Eight blocks are 128 octets; plane b holds bit b of each of them. Octet 4 c + r of a
   plane belongs to row r, column c of the AES state, as in a block; its bit k is that of block k.
   So a column is a number of 32 bits, four of which are a vector: to go to the next column permutes
   the numbers, to go to the next row rotates them by 8.

   Vectors are those of GCC and clang: one instruction an operation where the CPU has vectors of 128
   bits without being asked for more (SSE2, NEON), and several where it has not.

   ShiftRows is left out (Adomnicai and Peyrin, "Fixslicing AES-like Ciphers", 2020). After j
   rounds, row r is j r columns ahead of its place. MixColumns, which works on columns, finds the
   next row j columns further on, so there are four of it. Round keys are stored in the same
   displacement. 10 and 14 rounds both leave rows 1 and 3 two columns ahead, and the others in
   place.

   The S-box is the circuit of Boyar and Peralta ("A depth-16 circuit for the AES S-box", 2011) with
   113 gates but for the complements of four outputs: these are in the round keys that follow, since
   MixColumns leaves equal octets as they are. */

enum { LANES = 8, PLANES = 8, ROUND_KEYS_MAX = 15, COLUMNS = 4 };

typedef uint32_t plane __attribute__((vector_size(BLOCK)));

static inline plane plane_of(uint32_t number) {
    return (plane){number, number, number, number};
}

static inline plane plane_at(const uint8_t *octets) {
    plane p;
    memcpy(&p, octets, sizeof p);
    return p;
}

/* ---- The S-box -------------------------------------------------------------------------- */

static inline void substitute(plane q[PLANES]) {
    /* Into the tower of fields. */
    plane y14 = q[4] ^ q[2];
    plane y13 = q[7] ^ q[1];
    plane y9 = q[7] ^ q[4];
    plane y8 = q[7] ^ q[2];
    plane t0 = q[6] ^ q[5];
    plane y1 = t0 ^ q[0];
    plane y4 = y1 ^ q[4];
    plane y12 = y13 ^ y14;
    plane y2 = y1 ^ q[7];
    plane y5 = y1 ^ q[1];
    plane y3 = y5 ^ y8;
    plane t1 = q[3] ^ y12;
    plane y15 = t1 ^ q[2];
    plane y20 = t1 ^ q[6];
    plane y6 = y15 ^ q[0];
    plane y10 = y15 ^ t0;
    plane y11 = y20 ^ y9;
    plane y7 = q[0] ^ y11;
    plane y17 = y10 ^ y11;
    plane y19 = y10 ^ y8;
    plane y16 = t0 ^ y11;
    plane y21 = y13 ^ y16;
    plane y18 = q[7] ^ y16;
    /* The inversion. */
    plane t2 = y12 & y15;
    plane t4 = (y3 & y6) ^ t2;
    plane t6 = (y4 & q[0]) ^ t2;
    plane t7 = y13 & y16;
    plane t9 = (y5 & y1) ^ t7;
    plane t11 = (y2 & y7) ^ t7;
    plane t12 = y9 & y11;
    plane t14 = (y14 & y17) ^ t12;
    plane t16 = (y8 & y10) ^ t12;
    plane t21 = t4 ^ t14 ^ y20;
    plane t22 = t6 ^ t16 ^ y19;
    plane t23 = t9 ^ t14 ^ y21;
    plane t24 = t11 ^ t16 ^ y18;
    plane t25 = t21 ^ t22;
    plane t26 = t21 & t23;
    plane t27 = t24 ^ t26;
    plane t29 = (t25 & t27) ^ t22;
    plane t30 = t23 ^ t24;
    plane t31 = t22 ^ t26;
    plane t33 = (t31 & t30) ^ t24;
    plane t34 = t23 ^ t33;
    plane t35 = t27 ^ t33;
    plane t36 = t24 & t35;
    plane t37 = t36 ^ t34;
    plane t38 = t27 ^ t36;
    plane t40 = t25 ^ (t29 & t38);
    plane t41 = t40 ^ t37;
    plane t42 = t29 ^ t33;
    plane t43 = t29 ^ t40;
    plane t44 = t33 ^ t37;
    plane t45 = t42 ^ t41;
    plane z0 = t44 & y15;
    plane z1 = t37 & y6;
    plane z2 = t33 & q[0];
    plane z3 = t43 & y16;
    plane z4 = t40 & y1;
    plane z5 = t29 & y7;
    plane z6 = t42 & y11;
    plane z7 = t45 & y17;
    plane z8 = t41 & y10;
    plane z9 = t44 & y12;
    plane z10 = t37 & y3;
    plane z11 = t33 & y4;
    plane z12 = t43 & y13;
    plane z13 = t40 & y5;
    plane z14 = t29 & y2;
    plane z15 = t42 & y9;
    plane z16 = t45 & y14;
    plane z17 = t41 & y8;
    /* Out of the tower, with the affine map. */
    plane t46 = z15 ^ z16;
    plane t47 = z10 ^ z11;
    plane t48 = z5 ^ z13;
    plane t49 = z9 ^ z10;
    plane t50 = z2 ^ z12;
    plane t51 = z2 ^ z5;
    plane t52 = z7 ^ z8;
    plane t53 = z0 ^ z3;
    plane t54 = z6 ^ z7;
    plane t55 = z16 ^ z17;
    plane t56 = z12 ^ t48;
    plane t57 = t50 ^ t53;
    plane t58 = z4 ^ t46;
    plane t59 = z3 ^ t54;
    plane t60 = t46 ^ t57;
    plane t61 = z14 ^ t57;
    plane t62 = t52 ^ t58;
    plane t63 = t49 ^ t58;
    plane t64 = z4 ^ t59;
    plane t65 = t61 ^ t62;
    plane t66 = z1 ^ t63;
    plane t67 = t64 ^ t65;
    q[7] = t59 ^ t63;
    q[1] = t56 ^ t62;
    q[0] = t48 ^ t60;
    q[4] = t53 ^ t66;
    q[3] = t51 ^ t66;
    q[2] = t47 ^ t65;
    q[6] = t64 ^ q[4];
    q[5] = t55 ^ t67;
}

enum { COMPLEMENTS = 0x63 }; /* of the outputs */

/* ---- The other steps -------------------------------------------------------------------- */

/* Exchange the bits of `a` at mask << shift with the bits of `b` at mask. */
static inline void exchange(plane *a, plane *b, uint32_t mask, int shift) {
    plane difference = ((*a >> shift) ^ *b) & plane_of(mask);
    *a ^= difference << shift;
    *b ^= difference;
}

/* Bit b of an octet of vector j becomes bit j of that octet of vector b; its own inverse. */
static inline void transpose(plane q[PLANES]) {
    for (int i = 0; i < PLANES; i += 2) {
        exchange(&q[i], &q[i + 1], 0x55555555u, 1);
    }
    for (int i = 0; i < PLANES; i += 4) {
        exchange(&q[i], &q[i + 2], 0x33333333u, 2);
        exchange(&q[i + 1], &q[i + 3], 0x33333333u, 2);
    }
    for (int i = 0; i < 4; i++) {
        exchange(&q[i], &q[i + 4], 0x0f0f0f0fu, 4);
    }
}

/* Each octet becomes the one `count` columns further on. */
static inline plane columns_on(plane x, int count) {
    return (plane){x[count & 3], x[(count + 1) & 3], x[(count + 2) & 3], x[(count + 3) & 3]};
}

/* Each octet becomes the one in the next row, and in the one after that. */
static inline plane next_row(plane x) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return x << 8 | x >> 24;
#else
    return x >> 8 | x << 24;
#endif
}

static inline plane second_row(plane x) {
    return x >> 16 | x << 16;
}

/* MixColumns, with each row `ahead` columns further on than the one above. Each octet a, with b, c,
   d below it: 2 (a + b) + b + c + d. Doubling adds bit 7 to bits 0, 1, 3 and 4. */
static inline void mix_columns(plane q[PLANES], int ahead) {
    plane sum[PLANES];
    plane rest[PLANES];
    for (int i = 0; i < PLANES; i++) {
        plane below = next_row(columns_on(q[i], ahead));
        sum[i] = q[i] ^ below;
        rest[i] = below ^ second_row(columns_on(sum[i], 2 * ahead));
    }
    q[0] = rest[0] ^ sum[7];
    for (int i = 1; i < PLANES; i++) {
        q[i] = rest[i] ^ sum[i - 1];
        if (0x1b >> i & 1) {
            q[i] ^= sum[7];
        }
    }
}

static inline void add_key(plane q[PLANES], const plane key[PLANES]) {
    for (int i = 0; i < PLANES; i++) {
        q[i] ^= key[i];
    }
}

static inline void round_of(plane q[PLANES], const plane key[PLANES], int ahead) {
    substitute(q);
    mix_columns(q, ahead);
    add_key(q, key);
}

/* ---- Eight blocks ------------------------------------------------------------------------ */

/* Round keys as planes, the same in all lanes. */
typedef struct {
    plane planes[ROUND_KEYS_MAX][PLANES];
    uint32_t rounds;
} schedule;

static void spread_schedule(schedule *s, const macsec_gcm_key *key) {
    typedef uint8_t octets __attribute__((vector_size(BLOCK)));
    s->rounds = key->rounds;
    for (uint32_t round = 0; round <= key->rounds; round++) {
        const octets k = (octets)plane_at(key->round_keys + BLOCK * round);
        for (int i = 0; i < PLANES; i++) {
            s->planes[round][i] = (plane)((k & (uint8_t)(1 << i)) != 0);
        }
    }
}

/* Encrypt eight blocks in place. */
static void encrypt8(const schedule *s, plane q[LANES]) {
    static const uint8_t odd_rows[BLOCK] = {0, 255, 0, 255, 0, 255, 0, 255,
                                            0, 255, 0, 255, 0, 255, 0, 255};
    const uint32_t rounds = s->rounds > 10 ? 14 : 10;
    transpose(q);
    add_key(q, s->planes[0]);
    for (uint32_t round = 1;; round += 4) {
        round_of(q, s->planes[round], 1);
        substitute(q);
        if (round + 1 == rounds) {
            break;
        }
        mix_columns(q, 2);
        add_key(q, s->planes[round + 1]);
        round_of(q, s->planes[round + 2], 3);
        round_of(q, s->planes[round + 3], 0);
    }
    add_key(q, s->planes[rounds]);
    transpose(q);
    for (int i = 0; i < LANES; i++) {
        q[i] ^= (q[i] ^ columns_on(q[i], 2)) & plane_at(odd_rows);
    }
}

/* ---- The key ----------------------------------------------------------------------------- */

static uint32_t substitute_word(uint32_t word) {
    plane q[PLANES] = {{word}};
    transpose(q);
    substitute(q);
    transpose(q);
    return q[0][0] ^ COMPLEMENTS * 0x01010101u;
}

/* Store a round key in the displacement that the rows have in its round. */
static void displace(uint8_t round_key[BLOCK], uint32_t round) {
    uint8_t plain[BLOCK];
    memcpy(plain, round_key, BLOCK);
    for (uint32_t i = 0; i < BLOCK; i++) {
        uint32_t row = i % 4;
        uint32_t column = (i / 4 + round * row) % COLUMNS;
        round_key[4 * column + row] = plain[i] ^ (round > 0 ? COMPLEMENTS : 0);
    }
    macsec_wipe(plain, sizeof plain);
}

/* Expand a key (FIPS 197, 5.2), on little-endian words. */
static void expand_aes(macsec_gcm_key *key, const uint8_t *octets, size_t length) {
    uint32_t words = (uint32_t)length / 4;
    uint32_t round_constant = 1;
    key->rounds = words + 6;
    memcpy(key->round_keys, octets, length);
    for (uint32_t i = words; i < 4 * (key->rounds + 1); i++) {
        uint32_t next = load_le32(key->round_keys + 4 * (i - 1));
        if (i % words == 0) {
            next = substitute_word(next >> 8 | next << 24) ^ round_constant;
            round_constant = round_constant << 1 ^ ((round_constant >> 7) * 0x11b);
        } else if (words > 6 && i % words == 4) {
            next = substitute_word(next);
        }
        store_le32(key->round_keys + 4 * i, next ^ load_le32(key->round_keys + 4 * (i - words)));
    }
    for (uint32_t round = 0; round <= key->rounds; round++) {
        displace(key->round_keys + BLOCK * round, round);
    }
}
