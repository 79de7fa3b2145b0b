/* Management of a SecY in C: SCs, SAs, keys, counters. macsec/secy/lmi.py checks arguments; the
   checks here keep memory safe. */
#include <stdlib.h>
#include <string.h>

#include "base/octets.h"
#include "base/secret.h"
#include "secy/fork.h"
#include "secy/secy.h"

enum { SLOTS_MINIMUM = 16 };

static const char *const LABELS[MACSEC_VERDICTS] = {
    "ok",        "invalid",     "not-valid",     "delayed",   "unchecked",
    "late",      "unused-sa",   "not-using-sa",  "untagged",  "no-tag",
    "bad-tag",   "unknown-sci", "no-sci",        "overrun",   "uncontrolled",
    "bypass",    "runt",        "truncated",     "dropped",   "encrypted",
    "protected", "unprotected", "too-long",      "exhausted", "not-operational",
    "excepted",  "sent-clear",  "refused-clear",
};

const char *macsec_verdict_label(int verdict) {
    return verdict >= 0 && verdict < MACSEC_VERDICTS ? LABELS[verdict] : NULL;
}

static int an_valid(int an) {
    return an >= 0 && an < AN_COUNT;
}

static macsec_secy *secy_alloc(const macsec_gcm_kernel *kernel) {
    macsec_secy *secy = macsec_secret_alloc(sizeof *secy);
    if (secy == NULL) {
        return NULL;
    }
    secy->slots = calloc(SLOTS_MINIMUM, sizeof *secy->slots);
    if (secy->slots == NULL || macsec_fork_watch(secy) != MACSEC_STATUS_DONE) {
        free(secy->slots);
        macsec_secret_free(secy, sizeof *secy);
        return NULL;
    }
    secy->slot_mask = SLOTS_MINIMUM - 1;
    secy->kernel = kernel;
    secy->tx.sci = UINT64_MAX;
    secy->asked = MACSEC_PRIORITY_OF_TAG;
    memset(secy->clear_vlans, 0xFF, sizeof secy->clear_vlans);
    return secy;
}

macsec_secy *macsec_secy_new(const char *kernel, macsec_status *status) {
    const macsec_gcm_kernel *chosen = kernel ? macsec_gcm_find(kernel) : macsec_gcm_best();
    const int usable = chosen != NULL && macsec_gcm_usable(chosen);
    macsec_secy *secy = usable ? secy_alloc(chosen) : NULL;
    if (status != NULL) {
        *status = !usable        ? MACSEC_STATUS_NO_KERNEL
                  : secy == NULL ? MACSEC_STATUS_NO_MEMORY
                                 : MACSEC_STATUS_DONE;
    }
    return secy;
}

static void tx_class_free(macsec_secy *secy, int tc) {
    if (secy->classes[tc] != NULL) {
        macsec_secret_free(secy->classes[tc], sizeof *secy->classes[tc]);
        secy->classes[tc] = NULL;
        secy->class_count--;
    }
}

static void rx_sc_free(macsec_secy *secy, rx_sc *sc) {
    for (int an = 0; an < AN_COUNT; an++) {
        replay_forget_seen(&sc->sa[an].window);
    }
    macsec_slab_give(&secy->rx_memory, sc, sizeof *sc);
}

void macsec_secy_free(macsec_secy *secy) {
    if (secy == NULL) {
        return;
    }
    macsec_fork_forget(secy);
    for (uint64_t at = 0; at <= secy->slot_mask; at++) {
        if (secy->slots[at].sc != NULL) {
            rx_sc_free(secy, secy->slots[at].sc);
        }
    }
    for (int tc = 1; tc < CLASSES; tc++) {
        tx_class_free(secy, tc);
    }
    free(secy->slots);
    macsec_secret_free(secy, sizeof *secy);
}

const char *macsec_secy_kernel(const macsec_secy *secy) {
    return secy->kernel->name;
}

static macsec_status each_bitmap(macsec_secy *secy) {
    for (uint64_t at = 0; at <= secy->slot_mask; at++) {
        rx_sc *sc = secy->slots[at].sc;
        for (int an = 0; sc != NULL && an < AN_COUNT; an++) {
            replay_window *window = &sc->sa[an].window;
            if (!secy->rule.reject_duplicates) {
                replay_forget_seen(window);
            } else if (sc->sa[an].present &&
                       replay_keep_seen(window, secy->rule.window) != MACSEC_STATUS_DONE) {
                return MACSEC_STATUS_NO_MEMORY;
            }
        }
    }
    return MACSEC_STATUS_DONE;
}

static int class_valid(int tc) {
    return tc >= 0 && tc < CLASSES;
}

/* Return the SC of a traffic class, or NULL. */
static tx_sc *tx_sc_find(const macsec_secy *secy, int tc) {
    if (tc == 0) {
        return (tx_sc *)&secy->tx;
    }
    return class_valid(tc) && secy->classes[tc] != NULL ? &secy->classes[tc]->sc : NULL;
}

static void tx_sa_bound(const macsec_secy *secy, tx_sa *sa) {
    sa->limit = sa->reserved < secy->pn_last ? sa->reserved : secy->pn_last;
}

void macsec_secy_let_pass(macsec_secy *secy, const macsec_clear_rule *rules, int count) {
    const size_t used = count > 0 && count <= MACSEC_CLEAR_RULES_MOST ? (size_t)count : 0;
    if (secy->clear_rule_count == (int)used &&
        (used == 0 || memcmp(secy->clear_rules, rules, used * sizeof *rules) == 0)) {
        return;
    }
    memset(secy->clear_rules, 0, sizeof secy->clear_rules);
    memset(secy->clear_counts, 0, sizeof secy->clear_counts);
    if (used > 0) {
        memcpy(secy->clear_rules, rules, used * sizeof *rules);
    }
    secy->clear_rule_count = (int)used;
}

void macsec_secy_clear_counts(const macsec_secy *secy, macsec_clear_count *counts) {
    memcpy(counts, secy->clear_counts, (size_t)secy->clear_rule_count * sizeof *counts);
}

void macsec_secy_set_clear_vlans(macsec_secy *secy, const uint64_t *vlans) {
    memcpy(secy->clear_vlans, vlans, sizeof secy->clear_vlans);
}

macsec_status macsec_secy_configure(macsec_secy *secy, const macsec_controls *controls) {
    const uint32_t xpn_limit = ((uint32_t)1 << 30) - 1; /* 10.7.8 */
    const replay_rule before = secy->rule;
    secy->rule.xpn = controls->xpn;
    secy->rule.from_next_pn = controls->window_from_next_pn;
    secy->rule.reject_duplicates = controls->duplicates_reject;
    secy->rule.window = controls->window;
    if (controls->xpn && controls->window > xpn_limit) {
        secy->rule.window = xpn_limit;
    }
    if (each_bitmap(secy) != MACSEC_STATUS_DONE) {
        secy->rule = before; /* a bitmap that grew already does no harm */
        return MACSEC_STATUS_NO_MEMORY;
    }
    secy->controls = *controls;
    secy->pn_last = controls->xpn ? UINT64_MAX : UINT32_MAX;
    for (int tc = 0; tc < CLASSES; tc++) {
        tx_sc *sc = tx_sc_find(secy, tc);
        for (int an = 0; sc != NULL && an < AN_COUNT; an++) {
            tx_sa_bound(secy, &sc->sa[an]);
        }
    }
    return MACSEC_STATUS_DONE;
}

/* Prepare the IV for a PN of zero (14.5 to 14.8): SCI and zeros, or SSCI and zeros XOR Salt. */
static void iv_prepare(uint8_t iv[12], int xpn, uint64_t sci, const macsec_sa_parameters *sa) {
    memset(iv, 0, 12);
    if (!xpn) {
        store_be64(iv, sci);
        return;
    }
    store_be32(iv, sa->ssci);
    for (int i = 0; i < 12; i++) {
        iv[i] ^= sa->salt[i];
    }
}

static int key_valid(const macsec_sa_parameters *sa) {
    return sa->key_length == 16 || sa->key_length == 32;
}

void macsec_secy_set_classes(macsec_secy *secy, const uint8_t *class_of) {
    for (int priority = 0; priority < CLASSES; priority++) {
        secy->class_of[priority] = class_of[priority] % CLASSES;
    }
}

static void tx_alone(macsec_secy *secy) {
    secy->tx_alone = secy->tx.enabled && secy->class_count == 0;
}

macsec_status macsec_secy_set_tx_sc(macsec_secy *secy, int tc, uint64_t sci, int enabled) {
    if (!class_valid(tc)) {
        return MACSEC_STATUS_NO_SUCH_SC;
    }
    if (tc != 0 && secy->classes[tc] == NULL) {
        secy->classes[tc] = macsec_secret_alloc(sizeof *secy->classes[tc]);
        if (secy->classes[tc] == NULL) {
            return MACSEC_STATUS_NO_MEMORY;
        }
        secy->class_count++;
    }
    tx_sc *sc = tx_sc_find(secy, tc);
    sc->sci = sci;
    sc->enabled = enabled;
    tx_alone(secy);
    return MACSEC_STATUS_DONE;
}

static void tally_add(macsec_tx_tally *to, const macsec_tx_tally *more) {
    to->frames_encrypted += more->frames_encrypted;
    to->frames_protected += more->frames_protected;
    to->encrypted += more->encrypted;
    to->protected_ += more->protected_;
}

macsec_status macsec_secy_remove_tx_sc(macsec_secy *secy, int tc) {
    if (tc == 0 || tx_sc_find(secy, tc) == NULL) {
        return MACSEC_STATUS_NO_SUCH_SC;
    }
    tally_add(&secy->classes_gone, &secy->classes[tc]->tally);
    tx_class_free(secy, tc);
    tx_alone(secy);
    return MACSEC_STATUS_DONE;
}

macsec_status macsec_secy_add_tx_sa(macsec_secy *secy, int tc, int an,
                                    const macsec_sa_parameters *sa) {
    tx_sc *sc = tx_sc_find(secy, tc);
    if (sc == NULL) {
        return MACSEC_STATUS_NO_SUCH_SC;
    }
    if (!an_valid(an)) {
        return MACSEC_STATUS_NO_SUCH_AN;
    }
    if (!key_valid(sa)) {
        return MACSEC_STATUS_KEY_LENGTH;
    }
    tx_sa *new = &sc->sa[an];
    macsec_wipe(new, sizeof *new);
    secy->kernel->expand(&new->key, sa->key, sa->key_length);
    iv_prepare(new->iv, secy->controls.xpn, sc->sci, sa);
    new->last = sa->last_pn;
    new->reserved = UINT64_MAX;
    tx_sa_bound(secy, new);
    new->enabled = sa->enabled != 0;
    new->present = 1;
    return MACSEC_STATUS_DONE;
}

/* DONE with the SA in `found`, or the reason why there is none. */
static macsec_status tx_sa_find(const macsec_secy *secy, int tc, int an, tx_sa **found) {
    tx_sc *sc = tx_sc_find(secy, tc);
    if (sc == NULL) {
        return MACSEC_STATUS_NO_SUCH_SC;
    }
    if (!an_valid(an)) {
        return MACSEC_STATUS_NO_SUCH_AN;
    }
    *found = &sc->sa[an];
    return (*found)->present ? MACSEC_STATUS_DONE : MACSEC_STATUS_NO_SUCH_SA;
}

macsec_status macsec_secy_remove_tx_sa(macsec_secy *secy, int tc, int an) {
    tx_sa *sa;
    const macsec_status status = tx_sa_find(secy, tc, an, &sa);
    if (status != MACSEC_STATUS_DONE) {
        return status;
    }
    macsec_wipe(sa, sizeof *sa);
    return MACSEC_STATUS_DONE;
}

macsec_status macsec_secy_enable_tx_sa(macsec_secy *secy, int tc, int an, int enabled) {
    tx_sa *sa;
    const macsec_status status = tx_sa_find(secy, tc, an, &sa);
    if (status != MACSEC_STATUS_DONE) {
        return status;
    }
    if (sa->dead) {
        return MACSEC_STATUS_SA_DEAD;
    }
    sa->enabled = enabled != 0;
    return MACSEC_STATUS_DONE;
}

macsec_status macsec_secy_limit_tx_pn(macsec_secy *secy, int tc, int an, uint64_t last_pn) {
    tx_sa *sa;
    const macsec_status status = tx_sa_find(secy, tc, an, &sa);
    if (status != MACSEC_STATUS_DONE) {
        return status;
    }
    if (sa->dead) {
        return MACSEC_STATUS_SA_DEAD;
    }
    sa->reserved = last_pn;
    tx_sa_bound(secy, sa);
    return MACSEC_STATUS_DONE;
}

macsec_status macsec_secy_set_tx_pn(macsec_secy *secy, int tc, int an, uint64_t last_pn) {
    tx_sa *sa;
    const macsec_status status = tx_sa_find(secy, tc, an, &sa);
    if (status != MACSEC_STATUS_DONE) {
        return status;
    }
    sa->last = last_pn;
    return MACSEC_STATUS_DONE;
}

static macsec_status slots_double(macsec_secy *secy) {
    rx_slot *const before = secy->slots;
    const uint64_t size = secy->slot_mask + 1;
    rx_slot *slots = calloc(size * 2, sizeof *slots);
    if (slots == NULL) {
        return MACSEC_STATUS_NO_MEMORY;
    }
    secy->slots = slots;
    secy->slot_mask = size * 2 - 1;
    for (uint64_t at = 0; at < size; at++) {
        if (before[at].sc != NULL) {
            *rx_slot_of(secy, before[at].sci) = before[at];
        }
    }
    free(before);
    return MACSEC_STATUS_DONE;
}

/* Free a slot. The search for an SCI starts at its hash and ends at a free slot. So each slot
   behind the hole, up to the next free one, moves into the hole if its search passes it. */
static void slot_free(macsec_secy *secy, const rx_slot *slot) {
    const uint64_t mask = secy->slot_mask;
    uint64_t hole = (uint64_t)(slot - secy->slots);
    for (uint64_t at = (hole + 1) & mask; secy->slots[at].sc != NULL; at = (at + 1) & mask) {
        const uint64_t start = sci_hash(secy->slots[at].sci);
        if (((at - start) & mask) >= ((at - hole) & mask)) {
            secy->slots[hole] = secy->slots[at];
            hole = at;
        }
    }
    secy->slots[hole] = (rx_slot){0};
}

/* Return the first receive SC; there is at least one. */
static rx_sc *rx_sc_first(const macsec_secy *secy) {
    uint64_t at = 0;
    while (secy->slots[at].sc == NULL) {
        at++;
    }
    return secy->slots[at].sc;
}

macsec_status macsec_secy_add_rx_sc(macsec_secy *secy, uint64_t sci, int enabled) {
    if (rx_sc_find(secy, sci) != NULL) {
        return MACSEC_STATUS_SC_EXISTS;
    }
    if ((secy->rx_count + 1) * 2 > secy->slot_mask && slots_double(secy) != MACSEC_STATUS_DONE) {
        return MACSEC_STATUS_NO_MEMORY;
    }
    rx_sc *sc = macsec_slab_take(&secy->rx_memory, sizeof *sc);
    if (sc == NULL) {
        return MACSEC_STATUS_NO_MEMORY;
    }
    sc->sci = sci;
    sc->enabled = enabled != 0;
    *rx_slot_of(secy, sci) = (rx_slot){sci, sc};
    secy->rx_any = sc;
    secy->rx_count++;
    secy->rx_enabled += sc->enabled;
    return MACSEC_STATUS_DONE;
}

macsec_status macsec_secy_remove_rx_sc(macsec_secy *secy, uint64_t sci) {
    const rx_slot *slot = rx_slot_of(secy, sci);
    rx_sc *sc = slot->sc;
    if (sc == NULL) {
        return MACSEC_STATUS_NO_SUCH_SC;
    }
    slot_free(secy, slot);
    secy->rx_count--;
    secy->rx_enabled -= sc->enabled;
    rx_sc_free(secy, sc);
    secy->rx_any = secy->rx_count == 1 ? rx_sc_first(secy) : NULL;
    return MACSEC_STATUS_DONE;
}

macsec_status macsec_secy_enable_rx_sc(macsec_secy *secy, uint64_t sci, int enabled) {
    rx_sc *sc = rx_sc_find(secy, sci);
    if (sc == NULL) {
        return MACSEC_STATUS_NO_SUCH_SC;
    }
    secy->rx_enabled -= sc->enabled;
    sc->enabled = enabled != 0;
    secy->rx_enabled += sc->enabled;
    return MACSEC_STATUS_DONE;
}

/* DONE with the SA in `found`, or the reason why there is none. */
static macsec_status rx_sa_find(const macsec_secy *secy, uint64_t sci, int an, rx_sa **found) {
    rx_sc *sc = rx_sc_find(secy, sci);
    if (sc == NULL) {
        return MACSEC_STATUS_NO_SUCH_SC;
    }
    if (!an_valid(an)) {
        return MACSEC_STATUS_NO_SUCH_AN;
    }
    *found = &sc->sa[an];
    return (*found)->present ? MACSEC_STATUS_DONE : MACSEC_STATUS_NO_SUCH_SA;
}

static void rx_sa_wipe(rx_sa *sa) {
    replay_forget_seen(&sa->window);
    macsec_wipe(sa, sizeof *sa);
}

macsec_status macsec_secy_add_rx_sa(macsec_secy *secy, uint64_t sci, int an,
                                    const macsec_sa_parameters *sa) {
    rx_sc *sc = rx_sc_find(secy, sci);
    if (sc == NULL) {
        return MACSEC_STATUS_NO_SUCH_SC;
    }
    if (!an_valid(an)) {
        return MACSEC_STATUS_NO_SUCH_AN;
    }
    if (!key_valid(sa)) {
        return MACSEC_STATUS_KEY_LENGTH;
    }
    replay_window window = {.last = sa->last_pn, .floor = sa->floor_pn};
    if (secy->rule.reject_duplicates &&
        replay_keep_seen(&window, secy->rule.window) != MACSEC_STATUS_DONE) {
        return MACSEC_STATUS_NO_MEMORY;
    }
    rx_sa *new = &sc->sa[an];
    rx_sa_wipe(new);
    secy->kernel->expand(&new->key, sa->key, sa->key_length);
    iv_prepare(new->iv, secy->controls.xpn, sci, sa);
    new->window = window;
    new->enabled = sa->enabled != 0;
    new->present = 1;
    return MACSEC_STATUS_DONE;
}

macsec_status macsec_secy_remove_rx_sa(macsec_secy *secy, uint64_t sci, int an) {
    rx_sa *sa;
    const macsec_status status = rx_sa_find(secy, sci, an, &sa);
    if (status != MACSEC_STATUS_DONE) {
        return status;
    }
    rx_sa_wipe(sa);
    return MACSEC_STATUS_DONE;
}

macsec_status macsec_secy_enable_rx_sa(macsec_secy *secy, uint64_t sci, int an, int enabled) {
    rx_sa *sa;
    const macsec_status status = rx_sa_find(secy, sci, an, &sa);
    if (status != MACSEC_STATUS_DONE) {
        return status;
    }
    sa->enabled = enabled != 0;
    return MACSEC_STATUS_DONE;
}

macsec_status macsec_secy_set_rx_pn(macsec_secy *secy, uint64_t sci, int an, uint64_t last_pn,
                                    uint64_t floor_pn) {
    rx_sa *sa;
    const macsec_status status = rx_sa_find(secy, sci, an, &sa);
    if (status != MACSEC_STATUS_DONE) {
        return status;
    }
    if (secy->rule.from_next_pn) {
        sa->window.last = last_pn; /* nextPN may have wrapped to 0 */
    } else {
        replay_raise_last(&sa->window, last_pn);
    }
    sa->window.floor = floor_pn;
    return MACSEC_STATUS_DONE;
}

macsec_status macsec_secy_tx_sa(const macsec_secy *secy, int tc, int an, macsec_sa_state *state) {
    tx_sa *sa;
    const macsec_status status = tx_sa_find(secy, tc, an, &sa);
    if (status != MACSEC_STATUS_DONE) {
        return status;
    }
    *state = (macsec_sa_state){
        .enabled = sa->enabled, .last_pn = sa->last, .frames = {sa->encrypted, sa->protected_}};
    return MACSEC_STATUS_DONE;
}

macsec_status macsec_secy_rx_sa(const macsec_secy *secy, uint64_t sci, int an,
                                macsec_sa_state *state) {
    rx_sa *sa;
    const macsec_status status = rx_sa_find(secy, sci, an, &sa);
    if (status != MACSEC_STATUS_DONE) {
        return status;
    }
    *state = (macsec_sa_state){
        .enabled = sa->enabled, .last_pn = sa->window.last, .floor_pn = sa->window.floor};
    memcpy(state->frames, sa->frames, sizeof sa->frames);
    return MACSEC_STATUS_DONE;
}

macsec_status macsec_secy_rx_sc_tally(const macsec_secy *secy, uint64_t sci, macsec_tally *tally) {
    const rx_sc *sc = rx_sc_find(secy, sci);
    if (sc == NULL) {
        return MACSEC_STATUS_NO_SUCH_SC;
    }
    *tally = (macsec_tally){.validated = sc->validated, .decrypted = sc->decrypted};
    memcpy(tally->frames, sc->frames, sizeof sc->frames);
    return MACSEC_STATUS_DONE;
}

/* The SC of class 0 has what the SecY counted, without the shares of the others. */
static macsec_tx_tally tx_first_tally(const macsec_secy *secy) {
    macsec_tx_tally others = secy->classes_gone;
    for (int tc = 1; tc < CLASSES; tc++) {
        if (secy->classes[tc] != NULL) {
            tally_add(&others, &secy->classes[tc]->tally);
        }
    }
    return (macsec_tx_tally){
        .frames_encrypted = secy->tally.frames[MACSEC_ENCRYPTED] - others.frames_encrypted,
        .frames_protected = secy->tally.frames[MACSEC_PROTECTED] - others.frames_protected,
        .encrypted = secy->tally.encrypted - others.encrypted,
        .protected_ = secy->tally.protected_ - others.protected_,
    };
}

macsec_status macsec_secy_tx_sc_tally(const macsec_secy *secy, int tc, macsec_tx_tally *tally) {
    if (tx_sc_find(secy, tc) == NULL) {
        return MACSEC_STATUS_NO_SUCH_SC;
    }
    *tally = tc == 0 ? tx_first_tally(secy) : secy->classes[tc]->tally;
    return MACSEC_STATUS_DONE;
}

void macsec_secy_tally(const macsec_secy *secy, macsec_tally *tally) {
    *tally = secy->tally;
}

void macsec_secy_clear(macsec_secy *secy) {
    secy->tally = (macsec_tally){0};
    secy->classes_gone = (macsec_tx_tally){0};
    memset(secy->clear_counts, 0, sizeof secy->clear_counts);
    for (int tc = 0; tc < CLASSES; tc++) {
        tx_sc *sc = tx_sc_find(secy, tc);
        for (int an = 0; sc != NULL && an < AN_COUNT; an++) {
            sc->sa[an].encrypted = sc->sa[an].protected_ = 0;
        }
        if (tc != 0 && sc != NULL) {
            secy->classes[tc]->tally = (macsec_tx_tally){0};
        }
    }
    for (uint64_t at = 0; at <= secy->slot_mask; at++) {
        rx_sc *sc = secy->slots[at].sc;
        if (sc == NULL) {
            continue;
        }
        memset(sc->frames, 0, sizeof sc->frames);
        sc->validated = sc->decrypted = 0;
        for (int an = 0; an < AN_COUNT; an++) {
            memset(sc->sa[an].frames, 0, sizeof sc->sa[an].frames);
        }
    }
}
