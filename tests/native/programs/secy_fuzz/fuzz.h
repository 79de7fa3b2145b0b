/* Declarations that the parts of secy_fuzz share; main.c describes the program. */
#ifndef MACSEC_SECY_FUZZ_H
#define MACSEC_SECY_FUZZ_H

#include "gcm/gcm.h"
#include "secy/macsec.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BATCH = 16,
    CLEAR_LONGEST = 9100,
    ROW_LONGEST = CLEAR_LONGEST + 200,
    OVERHEAD = 32, /* SecTAG with SCI, and ICV */
    HEADER = 28,   /* addresses and SecTAG with SCI */
    REMEMBERED = 32,
    PEERS = 600,
    SOME_PEERS = 40,
    ANS = 4,
    UNUSED = 0xA5,
    V = 0x80,
    ES = 0x40,
    SC = 0x20,
    SCB = 0x10,
    E = 0x08,
    C = 0x04
};

typedef struct region {
    uint8_t *low;
    size_t size;
} region;

typedef struct sent_frame {
    uint8_t octets[ROW_LONGEST];
    uint8_t clear[ROW_LONGEST];
    size_t length;
    size_t front; /* addresses and clear tags */
    uint64_t pn;
    uint8_t an;
    int expected; /* it is delivered unless it is a replay */
    int accepted;
} sent_frame;

/* Expected state of an SA. */
typedef struct model {
    int present;
    int enabled;
    uint64_t last;
    uint64_t floor;
} model;

typedef struct world {
    macsec_secy *sender;
    macsec_secy *receiver;
    macsec_controls s;
    macsec_controls r;
    size_t key_length;
    uint64_t sci;
    uint64_t peers[PEERS];
    size_t peer_count;
    model tx[ANS];
    model rx[ANS];
    int rx_enabled;
    uint64_t sent_codes[MACSEC_VERDICTS];
    uint64_t codes[MACSEC_VERDICTS];
    uint64_t delivered_octets;
    sent_frame sent[REMEMBERED];
    size_t sent_count;
} world;

typedef struct batch {
    uint8_t scratch[BATCH * (ROW_LONGEST + 4)]; /* the octets of the arena */
    size_t used;
    size_t count;
    size_t at[BATCH];
    size_t length[BATCH];
    int cut[BATCH];           /* the capture cut the frame */
    sent_frame *whole[BATCH]; /* an unchanged frame, as sent */
    /* the outcome */
    uint8_t codes[BATCH];
    int detailed; /* the outcome has SCI, AN and PN */
    uint64_t sci[BATCH];
    uint64_t pn[BATCH];
    uint8_t an[BATCH];
    const uint8_t *out[BATCH]; /* NULL: no frame was sent or delivered */
    size_t out_length[BATCH];
} batch;

/* A received frame taken apart. */
typedef struct view {
    int tagged;
    size_t front;
    unsigned tci;
    size_t secure_at;
    size_t user;
} view;

/* fuzz.c */

extern uint64_t frames_given;
extern uint64_t faults;
extern uint64_t world_number;
extern char scene[160]; /* the world in words, for the message */
extern uint64_t random_state;
extern region in_arena, out_arena, columns[9];
extern int at_end; /* the batch is flush with the end of its memory */
__attribute__((format(printf, 2, 3))) int check(int holds, const char *what, ...);
uint64_t draw(void);
size_t below(size_t limit);
int one_in(size_t n);
uint8_t coin(void);
void fill(uint8_t *octets, size_t length);
uint64_t get(const uint8_t *octets, size_t length);
void put(uint8_t *octets, size_t length, uint64_t value);
size_t vlan_tags(const uint8_t *frame, size_t length, size_t most);
region region_new(size_t size);
void *place(region r, size_t length, int flush);

/* world.c */

extern world w;
extern uint8_t key[32], salt[12];
uint64_t draw_pn(uint64_t last);
uint32_t window_used(void);
macsec_sa_parameters parameters(uint64_t last, uint64_t floor);
void world_new(uint64_t number, uint64_t seed, const char *kernel);
void world_end(void);
void manage(void);

/* batch.c */

extern batch clear_batch, wire_batch;
uint8_t *row_new(batch *b);
void row_done(batch *b, size_t length);
void run(batch *b, macsec_secy *secy, int protecting);

/* protect.c */

void add_clear(batch *b);
void check_details(const batch *b, size_t i, const sent_frame *s);
void check_protected(const batch *b, size_t i);
sent_frame *draw_sent(void);

/* change.c */

void add_changed(batch *b);

/* validate.c */

view take_apart(const uint8_t *frame, size_t length);
int is_frame(const sent_frame *s, const uint8_t *frame, size_t length, const view *v);
void turn(void);

/* every.c */

void every(const char *kernel);

#endif
