/* Learning bridges: the twin of macsec/lab/virtual/bridge.py. */
#include "lab/lab_state.h"

#include "base/octets.h"
#include "base/sectag.h"

enum { ADDRESS = 6, GROUP = 0x01, MAC_CONTROL = 0x8808, NO_PORT = -1 };

int64_t macsec_lab_add_bridge(macsec_lab *lab) {
    return LAB_ADD(lab->bridges, lab->bridge_count);
}

int64_t macsec_lab_attach(macsec_lab *lab, int64_t at, macsec_lab_port port) {
    bridge *b = &lab->bridges[at];
    const int64_t number = LAB_ADD(b->ports, b->port_count);
    if (number >= 0) {
        b->ports[number] = port;
    }
    return number;
}

void macsec_lab_hairpin(macsec_lab *lab, int64_t at, int on) {
    lab->bridges[at].hairpin = on != 0;
}

void macsec_lab_bridge(const macsec_lab *lab, int64_t at, macsec_lab_bridge_counts *counts) {
    *counts = lab->bridges[at].counts;
}

/* 802.1Q 8.6.3: frames that no bridge relays. */
static int is_link_local(const lab_frame *f) {
    const uint64_t destination = load_be48(f->octets);
    return destination >> 4 == 0x0180C200000 ||
           (f->length >= ADDRESSES_LENGTH + 2 &&
            load_be16(f->octets + ADDRESSES_LENGTH) == MAC_CONTROL);
}

static void flood(macsec_lab *lab, uint32_t at, uint32_t from, lab_frame *f) {
    for (uint32_t port = 0; port < lab->bridges[at].port_count && !lab->ended; port++) {
        if (port != from) {
            macsec_lab_port_send(lab, lab->bridges[at].ports[port], f);
        }
    }
}

/* Return the port that Python knows of, asked once for each address. */
static int64_t known_port(macsec_lab *lab, uint32_t at, uint64_t address) {
    const int64_t asked = numbers_get(&lab->bridges[at].known, address);
    if (asked >= 0) {
        return asked - 1;
    }
    const macsec_lab_call call = {
        .what = MACSEC_LAB_WHICH_PORT, .part = at, .number = (int64_t)address};
    const int64_t port = macsec_lab_call_hook(lab, &call);
    if (!lab->ended &&
        !macsec_numbers_set(&lab->bridges[at].known, address, (uint32_t)(port + 1))) {
        lab_no_memory(lab);
    }
    return port;
}

static void pass_on(macsec_lab *lab, uint32_t at, uint32_t from, lab_frame *f) {
    const uint64_t address = load_be48(f->octets);
    int64_t port = numbers_get(&lab->bridges[at].learnt, address);
    if (port < 0) {
        port = known_port(lab, at, address);
    }
    bridge *b = &lab->bridges[at];
    if (lab->ended) {
        return;
    }
    if (port == NO_PORT) {
        b->counts.flooded++;
        flood(lab, at, from, f);
    } else if (port != from) {
        macsec_lab_port_send(lab, b->ports[port], f);
    } else {
        b->counts.filtered++;
        if (b->hairpin) {
            flood(lab, at, from, f);
        }
    }
}

static void learn(macsec_lab *lab, bridge *b, uint64_t address, uint32_t from) {
    if (numbers_get(&b->learnt, address) != from &&
        !macsec_numbers_set(&b->learnt, address, from)) {
        lab_no_memory(lab);
    }
}

void macsec_lab_bridge_relay(macsec_lab *lab, uint32_t at, uint32_t from, lab_frame *f) {
    bridge *b = &lab->bridges[at];
    if (f->length < ADDRESSES_LENGTH) {
        b->counts.runts++;
        return;
    }
    if (!(f->octets[ADDRESS] & GROUP)) {
        learn(lab, b, load_be48(f->octets + ADDRESS), from);
    }
    if (is_link_local(f)) {
        b->counts.link_local++;
    } else if (f->octets[0] & GROUP) {
        flood(lab, at, from, f);
    } else {
        pass_on(lab, at, from, f);
    }
}

macsec_lab_end macsec_lab_relay(macsec_lab *lab, int64_t at, uint32_t port, const uint8_t *octets,
                                int64_t length) {
    lab_frame *f = macsec_frame_copy(&lab->frames, octets, length);
    if (f == NULL) {
        return MACSEC_LAB_NO_MEMORY;
    }
    macsec_lab_bridge_relay(lab, (uint32_t)at, port, f);
    frame_drop(&lab->frames, f);
    return lab_ended(lab);
}
