/* The list of SecYs, whose transmit SAs die in the child of a fork; the reason is in fork.h. */
#include "secy/fork.h"

#include <stddef.h>
#include <string.h>

#include "base/secret.h"

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t registered = PTHREAD_ONCE_INIT;
static macsec_secy *first;
static int not_registered;

static void take_list(void) {
    pthread_mutex_lock(&list_lock);
}

static void give_list(void) {
    pthread_mutex_unlock(&list_lock);
}

static void tx_sa_die(tx_sa *sa) {
    if (!sa->present) {
        return;
    }
    macsec_wipe(&sa->key, sizeof sa->key);
    macsec_wipe(sa->iv, sizeof sa->iv);
    sa->enabled = 0;
    sa->dead = 1;
    sa->limit = 0;
}

static void tx_sc_die(tx_sc *sc) {
    for (int an = 0; an < AN_COUNT; an++) {
        tx_sa_die(&sc->sa[an]);
    }
}

static void in_child(void) {
    for (macsec_secy *secy = first; secy != NULL; secy = secy->next) {
        tx_sc_die(&secy->tx);
        for (int tc = 1; tc < CLASSES; tc++) {
            if (secy->classes[tc] != NULL) {
                tx_sc_die(&secy->classes[tc]->sc);
            }
        }
    }
    give_list();
}

static void register_once(void) {
    not_registered = pthread_atfork(take_list, give_list, in_child);
}

macsec_status macsec_fork_watch(macsec_secy *secy) {
    if (pthread_once(&registered, register_once) != 0 || not_registered) {
        return MACSEC_STATUS_NO_MEMORY;
    }
    take_list();
    secy->next = first;
    if (first != NULL) {
        first->previous = secy;
    }
    first = secy;
    give_list();
    return MACSEC_STATUS_DONE;
}

void macsec_fork_forget(macsec_secy *secy) {
    take_list();
    if (secy->next != NULL) {
        secy->next->previous = secy->previous;
    }
    if (secy->previous != NULL) {
        secy->previous->next = secy->next;
    } else {
        first = secy->next;
    }
    give_list();
}

#else

macsec_status macsec_fork_watch(macsec_secy *secy) {
    (void)secy;
    return MACSEC_STATUS_DONE;
}

void macsec_fork_forget(macsec_secy *secy) {
    (void)secy;
}

#endif
