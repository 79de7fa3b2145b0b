/* Learning bridges: the twin of macsec/lab/virtual/bridge.py. */
#include "lab/lab_state.h"

#include "base/octets.h"
#include "frames/sectag.h"

enum { ADDRESS = 6, GROUP = 0x01, MAC_CONTROL = 0x8808, NO_PORT = -1 };

int64_t macsec_lab_add_bridge(macsec_lab *lab) {
    return LAB_ADD(lab->bridges, lab->bridge_count);
}

int64_t macsec_lab_attach(macsec_lab *lab, int64_t at, macsec_lab_port port) {
    bridge *b = &lab->bridges[at];
    const int64_t number = LAB_ADD(b->ports, b->port_count);
    if (number >= 0) {
        b->ports[number] = (bridge_port){.port = port, .leader = (uint32_t)number, .members = 1};
    }
    return number;
}

void macsec_lab_aggregate(macsec_lab *lab, int64_t at, uint32_t port, uint32_t leader) {
    bridge_port *ports = lab->bridges[at].ports;
    ports[port].leader = leader;
    ports[leader].members++;
}

void macsec_lab_hairpin(macsec_lab *lab, int64_t at, int on) {
    lab->bridges[at].hairpin = on != 0;
}

void macsec_lab_reserve(macsec_lab *lab, int64_t at, uint32_t reserved) {
    lab->bridges[at].reserved = reserved;
}

void macsec_lab_bridge(const macsec_lab *lab, int64_t at, macsec_lab_bridge_counts *counts) {
    *counts = lab->bridges[at].counts;
}

/* 802.1Q 8.6.3: frames that a bridge with these reserved addresses does not relay. */
static int is_link_local(const lab_frame *f, uint32_t reserved) {
    const uint64_t destination = load_be48(f->octets);
    return (destination >> 4 == 0x0180C200000 && (reserved >> (destination & 15) & 1)) ||
           (f->length >= ADDRESSES_LENGTH + 2 &&
            load_be16(f->octets + ADDRESSES_LENGTH) == MAC_CONTROL);
}

static uint32_t mixed(uint32_t hash, const uint8_t *octets, size_t length) {
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ octets[i]) * 0x01000193;
    }
    return hash;
}

static int has_ports(uint8_t protocol) {
    return protocol == 6 || protocol == 17;
}

/* FNV-1a of the addresses, and of the flow of TCP and UDP: frames of a flow keep their order. */
static uint32_t flow_hash(const lab_frame *f) {
    const uint8_t *o = f->octets;
    uint32_t hash = mixed(0x811c9dc5, o, ADDRESSES_LENGTH);
    const uint32_t type = f->length >= 14 ? load_be16(o + ADDRESSES_LENGTH) : 0;
    if (type == 0x0800 && f->length >= 38 && o[14] == 0x45 && has_ports(o[23]) &&
        (load_be16(o + 20) & 0x3fff) == 0) {
        hash = mixed(hash, o + 26, 12);
    } else if (type == 0x86dd && f->length >= 58 && has_ports(o[20])) {
        hash = mixed(hash, o + 22, 36);
    }
    hash = (hash ^ hash >> 16) * 0x85ebca6b; /* the low bits choose: let all count */
    return hash ^ hash >> 13;
}

static int is_usable(const macsec_lab *lab, macsec_lab_port port) {
    return !port.is_station || lab->stations[port.part].open;
}

/* Return a member of an aggregation: that of the flow, or the next whose Controlled Port is open.
 */
static macsec_lab_port member_for(const macsec_lab *lab, const bridge *b, uint32_t leader,
                                  const lab_frame *f) {
    const uint32_t count = b->ports[leader].members;
    const uint32_t wanted = flow_hash(f) % count;
    macsec_lab_port first = b->ports[leader].port, chosen = first;
    uint32_t number = 0, nearest = count;
    for (uint32_t port = leader; port < b->port_count; port++) {
        if (b->ports[port].leader != leader) {
            continue;
        }
        const uint32_t away = (number++ + count - wanted) % count;
        if (away == 0) {
            first = b->ports[port].port;
        }
        if (away < nearest && is_usable(lab, b->ports[port].port)) {
            nearest = away;
            chosen = b->ports[port].port;
        }
    }
    return nearest == count ? first : chosen;
}

static void send_to(macsec_lab *lab, uint32_t at, uint32_t leader, lab_frame *f) {
    const bridge *b = &lab->bridges[at];
    macsec_lab_port_send(
        lab, b->ports[leader].members == 1 ? b->ports[leader].port : member_for(lab, b, leader, f),
        f);
}

static void flood(macsec_lab *lab, uint32_t at, uint32_t from, lab_frame *f) {
    for (uint32_t port = 0; port < lab->bridges[at].port_count && !lab->ended; port++) {
        if (port != from && lab->bridges[at].ports[port].leader == port) {
            send_to(lab, at, port, f);
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
        send_to(lab, at, (uint32_t)port, f);
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
    from = b->ports[from].leader;
    if (!(f->octets[ADDRESS] & GROUP)) {
        learn(lab, b, load_be48(f->octets + ADDRESS), from);
    }
    if (is_link_local(f, b->reserved)) {
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
