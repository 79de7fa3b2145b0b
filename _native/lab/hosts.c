/* Hosts: the twin of macsec/lab/virtual/host.py. */
#include "lab/lab_state.h"

#include "base/octets.h"
#include "frames/sectag.h"

enum { ADDRESS = 6 };

/* Return the octets of an address as one number, with their count: a frame may end in it. */
static uint64_t own_address(const lab_frame *f, int64_t from) {
    int64_t count = f->length - from;
    count = count < 0 ? 0 : count > ADDRESS ? ADDRESS : count;
    uint64_t address = (uint64_t)count;
    for (int64_t at = 0; at < count; at++) {
        address = address << 8 | f->octets[from + at];
    }
    return address;
}

int64_t macsec_lab_add_host(macsec_lab *lab, uint64_t address, int64_t mtu, int64_t lane_sent) {
    const int64_t at = LAB_ADD(lab->hosts, lab->host_count);
    if (at < 0) {
        return -1;
    }
    host *h = &lab->hosts[at];
    h->mtu = mtu;
    h->lane = lane_sent;
    return macsec_numbers_set(&h->own, (uint64_t)ADDRESS << 48 | address, 1) ? at : -1;
}

void macsec_lab_watch_host(macsec_lab *lab, int64_t at, macsec_lab_watch watch) {
    lab->hosts[at].watch = watch;
}

void macsec_lab_host(const macsec_lab *lab, int64_t at, macsec_lab_host_counts *counts) {
    *counts = lab->hosts[at].counts;
}

void macsec_lab_host_put(macsec_lab *lab, uint32_t at, lab_frame *f) {
    host *h = &lab->hosts[at];
    const uint64_t source = own_address(f, ADDRESS);
    if (numbers_get(&h->own, source) < 0 && !macsec_numbers_set(&h->own, source, 1)) {
        lab_no_memory(lab);
        return;
    }
    h->counts.sent++;
    macsec_lab_lane_send(lab, (uint32_t)h->lane, f);
}

static void tally_arrival(macsec_lab_tally *tally, int64_t latency) {
    if (tally->delivered == 0 || latency < tally->latency_least) {
        tally->latency_least = latency;
    }
    if (latency > tally->latency_most) {
        tally->latency_most = latency;
    }
    tally->latency_low += (uint64_t)latency;
    tally->latency_high += tally->latency_low < (uint64_t)latency;
    tally->delivered++;
}

void macsec_lab_host_take(macsec_lab *lab, uint32_t at, lab_frame *f) {
    host *h = &lab->hosts[at];
    uint32_t by;
    int64_t sent_ps;
    h->counts.received++;
    if (macsec_expected_take(&h->expects, &lab->frames, f, &by, &sent_ps)) {
        tally_arrival(&lab->flows[by].tally, lab_now(lab) - sent_ps);
        h->counts.expected++;
    } else if (numbers_get(&h->own, own_address(f, 0)) >= 0) {
        h->counts.strange++;
    } else {
        h->counts.foreign++;
    }
    const macsec_lab_watch watch = h->watch;
    if (watch.tape != 0) {
        macsec_lab_tape_add(lab, &watch, f);
    }
    if (watch.hooked) {
        lab_hook(lab, MACSEC_LAB_HOST_RECEIVES, at, 0, f);
    }
}

macsec_lab_end macsec_lab_host_send(macsec_lab *lab, int64_t at, const uint8_t *octets,
                                    int64_t length) {
    lab_frame *f = macsec_frame_copy(&lab->frames, octets, length);
    if (f == NULL) {
        return MACSEC_LAB_NO_MEMORY;
    }
    macsec_lab_host_put(lab, (uint32_t)at, f);
    frame_drop(&lab->frames, f);
    return lab_ended(lab);
}

macsec_lab_end macsec_lab_host_receive(macsec_lab *lab, int64_t at, const uint8_t *octets,
                                       int64_t length) {
    lab_frame *f = macsec_frame_copy(&lab->frames, octets, length);
    if (f == NULL) {
        return MACSEC_LAB_NO_MEMORY;
    }
    macsec_lab_host_take(lab, (uint32_t)at, f);
    frame_drop(&lab->frames, f);
    return lab_ended(lab);
}
