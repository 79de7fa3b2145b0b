/* Frames changed at random. */
#include "fuzz.h"

static size_t change_sectag(uint8_t *tag, size_t room) {
    if (room < 8) {
        return 0;
    }
    switch (below(8)) {
    case 0:
        tag[2] = (uint8_t)draw();
        break;
    case 1:
        tag[2] ^= (uint8_t)(1u << below(8));
        break;
    case 2:
        tag[2] = (uint8_t)((tag[2] & ~3u) | below(ANS));
        break;
    case 3:
        tag[3] = (uint8_t)(one_in(2) ? draw() : tag[3] + below(5) - 2);
        break;
    case 4:
        put(tag + 4, 4, get(tag + 4, 4) + below(5) - 2);
        break;
    case 5:
        put(tag + 4, 4, draw_pn(UINT64_MAX));
        break;
    case 6:
        put(tag, 2, draw());
        break;
    default:
        if (room >= 16) {
            put(tag + 8, 8, one_in(3) ? UINT64_MAX : one_in(2) ? w.peers[0] : draw());
        }
    }
    return 0;
}

/* Change a frame in place; return its new length. */
static size_t change(uint8_t *frame, size_t length, size_t front) {
    const sent_frame *other = draw_sent();
    switch (below(11)) {
    case 0: /* cut */
        return below(length + 1);
    case 1: /* longer */
    {
        const size_t more = 1 + below(64);
        memset(frame + length, 0, more);
        if (one_in(2)) {
            fill(frame + length, more);
        }
        return length + more;
    }
    case 2: /* the front of one and the end of another */
        if (other->length > 0) {
            const size_t at = below(length < other->length ? length : other->length);
            memcpy(frame + at, other->octets + at, other->length - at);
            return other->length;
        }
        return length;
    case 3: /* another's ICV */
        if (other->length >= 16 && length >= 16) {
            memcpy(frame + length - 16, other->octets + other->length - 16, 16);
        }
        return length;
    case 4: /* a VLAN tag more, or some octets less */
    {
        const size_t at = 12 + 4 * below(3), few = 1 + below(8);
        if (length < at + few) {
            return length;
        }
        if (one_in(2)) {
            memmove(frame + at, frame + at + few, length - at - few);
            return length - few;
        }
        memmove(frame + at + 4, frame + at, length - at);
        put(frame + at, 4, 0x81000000u | (uint16_t)draw());
        return length + 4;
    }
    case 5: /* random octets */
        fill(frame, length);
        if (one_in(2) && length >= 14) {
            put(frame + 12, 2, 0x88E5);
        }
        return length;
    case 6:
    case 7:
        change_sectag(frame + front, length - front);
        return length;
    default:
        for (size_t flips = one_in(4) ? 1 + below(4) : 1; flips > 0 && length > 0; flips--) {
            frame[below(length)] ^= (uint8_t)(1u << below(8));
        }
        return length;
    }
}

void add_changed(batch *b) {
    sent_frame *s = draw_sent();
    uint8_t *frame = row_new(b);
    if (s->length == 0) {
        const size_t length = below(80);
        fill(frame, length);
        row_done(b, length);
        return;
    }
    memcpy(frame, s->octets, s->length);
    size_t length = s->length;
    if (one_in(10)) {
        b->whole[b->count] = s; /* a replay */
    } else {
        length = change(frame, length, s->front);
        if (one_in(4) && length >= s->front && length <= CLEAR_LONGEST) {
            length = change(frame, length, s->front);
        }
    }
    b->cut[b->count] = one_in(200);
    row_done(b, length);
}
