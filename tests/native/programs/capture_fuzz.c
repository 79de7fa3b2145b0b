/* Passes mutated captures through the index and the emitter of _native/captures/capture.c.

   capture_fuzz INPUTS SEED [FIRST]: input number i of a seed is always the same, so FIRST = i and
   INPUTS = 1 repeat a fault. Every buffer ends (or begins) at a page without access, so a read or
   write past it ends the program even without a sanitizer.

   Build: cc -std=c11 -I_native tests/native/programs/capture_fuzz.c _native/captures/capture.c */
#define _DEFAULT_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "captures/capture.h"

enum {
    INPUT_MOST = 6000, /* octets of an input */
    ROWS_MOST = 512,   /* more frames than an input can hold */
    ROWS_FEW = 24,
    INTERFACES_MOST = 4,
    COLUMN_COUNT = 8,
    TEXT_MOST = 300
};

/* --- random numbers, guarded buffers, failure --- */

static uint64_t random_state;
static uint64_t seed_now;
static uint64_t input_now;

static uint64_t mixed(uint64_t value) {
    value = (value ^ value >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ value >> 27) * UINT64_C(0x94D049BB133111EB);
    return value ^ value >> 31;
}

static uint64_t draw(void) {
    random_state += UINT64_C(0x9E3779B97F4A7C15);
    return mixed(random_state);
}

static uint64_t below(uint64_t bound) {
    return draw() % bound;
}

static int one_in(uint64_t chances) {
    return below(chances) == 0;
}

_Noreturn static void fail(const char *what) {
    printf("capture: input %" PRIu64 " of seed %" PRIu64 ": %s\n", input_now, seed_now, what);
    fflush(stdout);
    exit(1);
}

static void check(int good, const char *what) {
    if (!good) {
        fail(what);
    }
}

typedef struct {
    uint8_t *base; /* the first octet with access */
    size_t size;   /* whole pages */
} guarded;

static guarded guard(size_t least) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t size = (least + page - 1) / page * page;
    uint8_t *all = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED || mprotect(all + page, size, PROT_READ | PROT_WRITE) != 0) {
        fail("no memory");
    }
    return (guarded){all + page, size};
}

/* Return `size` octets that end at the guard page behind (flush_any: or begin at the one before).
 */
static void *flush_end(guarded where, size_t size) {
    return where.base + (where.size - size);
}

static uint8_t *flush_any(guarded where, size_t size) {
    return one_in(4) ? where.base : flush_end(where, size);
}

/* --- inputs --- */

typedef struct {
    uint8_t octets[INPUT_MOST];
    size_t size;
    uint32_t big;
    uint32_t pcapng;
    uint32_t record_header;
} input;

static void put32(input *to, uint64_t value) {
    if (to->size + 4 > INPUT_MOST) {
        return;
    }
    for (unsigned i = 0; i < 4; i++) {
        to->octets[to->size + i] = (uint8_t)(value >> 8 * (to->big ? 3 - i : i));
    }
    to->size += 4;
}

static void put16x2(input *to, uint64_t first, uint64_t second) {
    put32(to, to->big ? (first & 0xFFFF) << 16 | (second & 0xFFFF)
                      : (second & 0xFFFF) << 16 | (first & 0xFFFF));
}

static void put_noise(input *to, uint64_t count) {
    while (count-- > 0 && to->size < INPUT_MOST) {
        to->octets[to->size++] = (uint8_t)draw();
    }
}

/* Return a length that is wrong now and then. */
static uint64_t forged(uint64_t honest) {
    static const uint32_t edges[] = {
        0, 1, 3, 4, 12, 262143, 262144, 262145, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFC, UINT32_MAX};
    if (!one_in(40)) {
        return honest;
    }
    switch (below(4)) {
    case 0:
        return edges[below(sizeof edges / sizeof *edges)];
    case 1:
        return honest + below(9) - 4;
    case 2:
        return honest ^ UINT64_C(1) << below(32);
    default:
        return draw();
    }
}

static uint64_t frame_length(void) {
    return one_in(8) ? below(400) : below(70);
}

static void put_record(input *to) {
    const uint64_t length = frame_length();
    put32(to, draw());
    put32(to, draw());
    put32(to, forged(length));
    put32(to, one_in(4) ? draw() : forged(length));
    put_noise(to, to->record_header - 16 + length);
}

static void put_options(input *to) {
    static const uint16_t codes[] = {0, 1, 1, 2, 2, 2, 9, 2989};
    for (uint64_t left = below(4); left > 0; left--) {
        const uint64_t code = codes[below(sizeof codes / sizeof *codes)];
        const uint64_t length = code == 2 ? 4 : below(20);
        put16x2(to, code, forged(length));
        put_noise(to, (length + 3) / 4 * 4);
    }
}

static void put_block(input *to) {
    static const uint32_t types[] = {6, 6, 6, 6, 2, 2, 3, 3, 5, 0xBAD, 1, 0x0A0D0D0A};
    const uint32_t type = one_in(60) ? (uint32_t)draw() : types[below(12)];
    const uint64_t length = frame_length();
    const size_t begin = to->size;
    put32(to, type);
    put32(to, 0);
    if (type == 6 || type == 2) {
        const uint64_t interface = below(INTERFACES_MOST);
        if (type == 6) {
            put32(to, forged(interface));
        } else {
            put16x2(to, forged(interface), draw());
        }
        put32(to, draw() >> below(64));
        put32(to, draw());
        put32(to, forged(length));
    }
    if (type == 6 || type == 2 || type == 3) {
        put32(to, one_in(4) ? draw() : forged(length));
    }
    put_noise(to, (length + 3) / 4 * 4);
    if (type == 6 || type == 2) {
        put_options(to);
    }
    const uint64_t total = to->size + 4 - begin;
    put32(to, forged(total));
    const size_t end = to->size;
    if (end - begin == total) {
        to->size = begin + 4;
        put32(to, forged(total));
        to->size = end;
    }
}

static void mutate(input *to) {
    for (uint64_t left = one_in(2) ? below(5) : 0; left > 0 && to->size > 0; left--) {
        const size_t at = below(to->size);
        switch (below(4)) {
        case 0:
            to->octets[at] = (uint8_t)draw();
            break;
        case 1:
            to->octets[at] ^= (uint8_t)(1u << below(8));
            break;
        case 2:
            memset(to->octets + at, one_in(2) ? 0xFF : 0, to->size - at < 4 ? to->size - at : 4);
            break;
        default:
            to->size = one_in(4) ? at : to->size;
        }
    }
}

static void make_input(input *to) {
    to->size = 0;
    to->big = (uint32_t)below(2);
    to->pcapng = (uint32_t)below(2);
    to->record_header = one_in(3) ? 24 : 16;
    if (one_in(50)) {
        put_noise(to, below(200));
        return;
    }
    for (uint64_t left = below(14); left > 0; left--) {
        if (to->pcapng) {
            put_block(to);
        } else {
            put_record(to);
        }
    }
    mutate(to);
}

/* --- index --- */

typedef struct {
    int64_t values[COLUMN_COUNT][ROWS_MOST];
    uint64_t rows;
    uint64_t reached;
    uint32_t stop;
    uint32_t fault;
    uint64_t fault_at;
} result;

static guarded chunk_memory, interface_memory, out_memory, text_memory;
static guarded column_memory[COLUMN_COUNT];

static macsec_capture_columns make_columns(uint64_t capacity) {
    int64_t *place[COLUMN_COUNT];
    for (int i = 0; i < COLUMN_COUNT; i++) {
        place[i] = flush_end(column_memory[i], capacity * sizeof(int64_t));
    }
    return (macsec_capture_columns){place[0], place[1], place[2], place[3],
                                    place[4], place[5], place[6], place[7]};
}

static macsec_capture_state make_state(const input *from) {
    static const uint64_t powers[] = {1, 10, 1000, 1000000000};
    macsec_capture_state state;
    memset(&state, 0xA5, sizeof state);
    const uint64_t count = from->pcapng ? below(INTERFACES_MOST + 1) : 1;
    macsec_capture_interface *table = flush_end(interface_memory, count * sizeof *table);
    for (uint64_t i = 0; i < count; i++) {
        macsec_capture_interface *to = table + i;
        *to = (macsec_capture_interface){.link_type = one_in(12) ? 113 : 1,
                                         .snap_length = one_in(2) ? 0 : (uint32_t)below(90),
                                         .fcs = one_in(3) ? (uint32_t)below(16) : 0,
                                         .multiply = 1,
                                         .divide = 1,
                                         .offset_s = one_in(3) ? (int64_t)draw() : 0};
        if (!from->pcapng) {
            to->multiply = one_in(2) ? 1000 : 1;
        } else if (one_in(2)) {
            to->multiply = powers[below(4)];
            to->shift = one_in(2) ? (uint32_t)below(128) : 0;
        } else {
            to->divide = one_in(5) ? 0 : powers[below(4)];
        }
    }
    state.interfaces = table;
    state.interface_count = count;
    state.source_base = (int64_t)below(5);
    state.budget = UINT64_MAX;
    state.pcapng = from->pcapng;
    state.big = from->big;
    state.record_header = from->record_header;
    state.fcs_fixed = (uint32_t)below(2);
    state.swapped = (uint32_t)below(3);
    return state;
}

static void check_rows(const macsec_capture_columns *columns, uint64_t rows, uint64_t consumed) {
    for (uint64_t i = 0; i < rows; i++) {
        const int64_t start = columns->start[i], length = columns->length[i];
        check(length >= 0 && start >= 0 && (uint64_t)length <= consumed &&
                  (uint64_t)start <= consumed - (uint64_t)length,
              "a frame outside of its chunk");
        check(columns->wire_length[i] >= length, "a frame longer than on the wire");
        check(columns->wire_length[i] <= UINT32_MAX, "a wire length of more than 32 bits");
        const int64_t options = columns->options[i], size = columns->options_length[i];
        check(size >= 0 && options >= 0 && (uint64_t)size <= consumed &&
                  (uint64_t)options <= consumed - (uint64_t)size,
              "options outside of their chunk");
        check(columns->flags[i] >= 0 && columns->flags[i] < 2 * MACSEC_CAPTURE_ODD,
              "flags of over 33 bits");
    }
}

static void keep_rows(result *into, const macsec_capture_columns *columns, uint64_t rows) {
    const int64_t *const from[COLUMN_COUNT] = {
        columns->start,  columns->length, columns->wire_length, columns->time_ns,
        columns->source, columns->flags,  columns->options,     columns->options_length};
    check(into->rows + rows <= ROWS_MOST, "more rows than octets");
    for (int column = 0; column < COLUMN_COUNT; column++) {
        for (uint64_t i = 0; i < rows; i++) {
            int64_t value = from[column][i];
            const int place = column == 0 || (column == 6 && columns->options_length[i] != 0);
            if (place) {
                value += (int64_t)into->reached;
            }
            into->values[column][into->rows + i] = column == 6 && !place ? 0 : value;
        }
    }
    into->rows += rows;
}

/* Return the octets of the rare block at `at`, which Python would parse; 0 if they are not all
   there. */
static uint64_t rare_block(const input *from, uint64_t at) {
    uint64_t total = 0;
    if (from->size - at >= 8) {
        for (unsigned i = 0; i < 4; i++) {
            total |= (uint64_t)from->octets[at + 4 + i] << 8 * (from->big ? 3 - i : i);
        }
    }
    return total >= 12 && total % 4 == 0 && total <= from->size - at ? total : 0;
}

/* Index all of an input, in chunks of `step` octets and more, `capacity` rows at a time. */
static void run_index(const input *from, macsec_capture_state state, uint64_t step,
                      uint64_t capacity, result *into) {
    into->rows = into->reached = 0;
    uint64_t size = step < from->size ? step : from->size;
    for (;;) {
        uint8_t *chunk = flush_any(chunk_memory, size);
        memcpy(chunk, from->octets + into->reached, size);
        const macsec_capture_columns columns = make_columns(capacity);
        const uint64_t rows = macsec_capture_index(&state, chunk, size, &columns, capacity);
        check(rows <= capacity, "more rows than room");
        check(state.consumed <= size, "more consumed than given");
        check_rows(&columns, rows, state.consumed);
        keep_rows(into, &columns, rows);
        uint64_t octets = 0;
        for (uint64_t i = 0; i < rows; i++) {
            check(octets < state.budget, "a frame over the budget");
            octets += (uint64_t)columns.length[i];
        }
        into->reached += state.consumed;
        const uint64_t left = from->size - into->reached;
        const uint64_t had = size - state.consumed;
        into->stop = state.stop;
        into->fault = state.fault;
        into->fault_at = into->reached - state.consumed + state.fault_offset;
        if (state.stop == MACSEC_CAPTURE_FAULT) {
            check(state.fault >= 1 && state.fault <= 6, "no such fault");
            check(into->fault_at < from->size, "a fault outside of the input");
            return;
        }
        check(state.fault == 0, "a fault that is none");
        if (state.stop == MACSEC_CAPTURE_MORE) {
            check(state.needed > had, "more wanted than needed");
            if (had == left) {
                return;
            }
            size = state.needed > had + step ? state.needed : had + step;
        } else if (state.stop == MACSEC_CAPTURE_BLOCK) {
            const uint64_t total = rare_block(from, into->reached);
            if (total == 0) {
                return;
            }
            into->reached += total;
            size = step;
        } else {
            check(state.stop == MACSEC_CAPTURE_FULL, "no such stop");
            check(rows == capacity || octets >= state.budget, "not full");
        }
        if (size > from->size - into->reached) {
            size = from->size - into->reached;
        }
    }
}

static void check_same(const result *one, const result *other) {
    check(one->rows == other->rows, "a split changes the number of rows");
    check(one->reached == other->reached, "a split changes how far the index comes");
    check(one->stop == other->stop && one->fault == other->fault, "a split changes the end");
    check(one->fault == 0 || one->fault_at == other->fault_at, "a split moves the fault");
    for (int column = 0; column < COLUMN_COUNT; column++) {
        check(memcmp(one->values[column], other->values[column], one->rows * sizeof(int64_t)) == 0,
              "a split changes a column");
    }
}

/* --- emission --- */

static uint64_t padded(uint64_t length) {
    return (length + 3) / 4 * 4;
}

static uint64_t emitted_size(const macsec_capture_job *job) {
    uint64_t size = 0;
    for (uint64_t i = 0; i < job->count; i++) {
        const uint64_t length = (uint64_t)job->length[i];
        if (!job->pcapng) {
            size += 16 + length;
            continue;
        }
        const uint64_t others = job->options != NULL ? (uint64_t)job->options_length[i] : 0;
        const int flags = job->flags != NULL && job->flags[i] != 0;
        size += 32 + padded(length) + others + (flags ? 8 : 0) + (others != 0 || flags ? 4 : 0);
    }
    return size;
}

static void check_emitted(const macsec_capture_job *job, const uint8_t *out, uint64_t size) {
    static input again;
    static result found;
    if (size > INPUT_MOST) {
        return;
    }
    again.size = size;
    again.big = 0;
    again.pcapng = job->pcapng;
    again.record_header = 16;
    memcpy(again.octets, out, size);
    macsec_capture_interface one = {.link_type = 1, .multiply = 1, .divide = 1};
    macsec_capture_interface *table = flush_end(interface_memory, sizeof one * 1);
    *table = one;
    macsec_capture_state state = {.interfaces = table,
                                  .interface_count = 1,
                                  .budget = UINT64_MAX,
                                  .pcapng = job->pcapng,
                                  .record_header = 16};
    run_index(&again, state, size, ROWS_MOST, &found);
    check(found.rows == job->count && found.reached == size, "what was written is not read");
    for (uint64_t i = 0; i < job->count; i++) {
        check(found.values[1][i] == job->length[i], "another length is read");
        check(found.values[2][i] == job->wire_length[i], "another wire length is read");
        check(found.values[3][i] == job->time_ns[i], "another time is read");
        check(memcmp(again.octets + found.values[0][i], job->arena + job->start[i],
                     (size_t)job->length[i]) == 0,
              "other octets are read");
        if (job->pcapng && job->flags != NULL) {
            check((found.values[5][i] & 3) == job->flags[i], "other flags are read");
        }
        if (job->pcapng && job->options != NULL) {
            const int64_t others = job->options_length[i];
            const int flags = job->flags != NULL && job->flags[i] != 0;
            check(found.values[7][i] == (others != 0 && flags ? others + 8 : others),
                  "other options are read");
        }
    }
}

static void run_emit(const input *from, const result *rows) {
    const uint64_t count = rows->rows < ROWS_FEW ? rows->rows : ROWS_FEW;
    const macsec_capture_columns columns = make_columns(count);
    const uint64_t text = below(TEXT_MOST);
    uint8_t *texts = flush_any(text_memory, text);
    for (uint64_t i = 0; i < text; i++) {
        texts[i] = i % 4 == 0; /* comments without text */
    }
    for (uint64_t i = 0; i < count; i++) {
        columns.start[i] = rows->values[0][i];
        columns.length[i] = rows->values[1][i];
        columns.wire_length[i] = rows->values[2][i];
        columns.time_ns[i] = (int64_t)below(UINT64_C(4000000000000000000));
        columns.source[i] = 0;
        columns.flags[i] = (int64_t)below(4);
        const uint64_t others = one_in(2) ? below(text / 4 + 1) : 0;
        columns.options_length[i] = (int64_t)(4 * others);
        columns.options[i] = (int64_t)(4 * below(text / 4 + 1 - others));
    }
    uint8_t *arena = flush_any(chunk_memory, from->size);
    memcpy(arena, from->octets, from->size);
    macsec_capture_job job = {.arena = arena,
                              .arena_size = from->size,
                              .count = count,
                              .start = columns.start,
                              .length = columns.length,
                              .wire_length = columns.wire_length,
                              .time_ns = columns.time_ns,
                              .source = columns.source,
                              .flags = one_in(3) ? NULL : columns.flags,
                              .options = one_in(3) ? NULL : texts,
                              .options_size = text,
                              .options_start = columns.options,
                              .options_length = columns.options_length,
                              .pcapng = (uint32_t)below(2)};
    const uint64_t size = emitted_size(&job);
    check(size <= out_memory.size, "the harness has too little room");
    uint8_t *out = flush_any(out_memory, size);
    check(macsec_capture_emit(&job, out, size) == (int64_t)size, "another size is written");
    static uint8_t kept[1 << 17];
    memcpy(kept, out, size);
    static input first_from;
    first_from = *from; /* check_emitted reuses the chunk's memory */
    job.arena = first_from.octets;
    static int64_t copies[COLUMN_COUNT][ROWS_FEW];
    const int64_t **held[] = {&job.start,  &job.length, &job.wire_length,   &job.time_ns,
                              &job.source, &job.flags,  &job.options_start, &job.options_length};
    for (int i = 0; i < COLUMN_COUNT; i++) {
        if (*held[i] != NULL) {
            memcpy(copies[i], *held[i], count * sizeof(int64_t));
            *held[i] = copies[i];
        }
    }
    check_emitted(&job, kept, size);
    if (size > 0) {
        const uint64_t less = below(size);
        check(macsec_capture_emit(&job, flush_end(out_memory, less), less) == -1,
              "too little room is not noticed");
    }
    if (count == 0) {
        return;
    }
    /* Give a row wrong values: it has to be refused, or written within the room. */
    int64_t *const liars[] = {copies[0], copies[1], copies[6], copies[7]};
    liars[below(4)][below(count)] = (int64_t)(one_in(2) ? draw() : forged(below(9000)));
    const int64_t written = macsec_capture_emit(&job, flush_end(out_memory, size), size);
    check(written >= -1 && written <= (int64_t)size, "more is written than there is room");
}

/* --- all of it --- */

static void run_input(void) {
    static input now;
    static result whole, parts;
    make_input(&now);
    macsec_capture_state state = make_state(&now);
    run_index(&now, state, now.size, ROWS_MOST, &whole);
    if (one_in(4)) {
        state.budget = 1 + below(200);
    }
    run_index(&now, state, 1 + below(300), 1 + below(ROWS_FEW), &parts);
    check_same(&whole, &parts);
    run_emit(&now, &whole);
}

int main(int count, char **words) {
    if (count < 3 || count > 4) {
        fprintf(stderr, "usage: %s INPUTS SEED [FIRST]\n", words[0]);
        return 2;
    }
    const uint64_t inputs = strtoull(words[1], NULL, 10);
    const uint64_t first = count > 3 ? strtoull(words[3], NULL, 10) : 0;
    seed_now = strtoull(words[2], NULL, 10);
    chunk_memory = guard(INPUT_MOST);
    interface_memory = guard(INTERFACES_MOST * sizeof(macsec_capture_interface));
    out_memory = guard(1 << 17);
    text_memory = guard(TEXT_MOST);
    for (int i = 0; i < COLUMN_COUNT; i++) {
        column_memory[i] = guard(ROWS_MOST * sizeof(int64_t));
    }
    for (input_now = first; input_now < first + inputs; input_now++) {
        random_state = mixed(seed_now * UINT64_C(0x9E3779B97F4A7C15) + input_now);
        run_input();
    }
    printf("capture: %" PRIu64 " inputs, 0 faults\n", inputs);
    return 0;
}
