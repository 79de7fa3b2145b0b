/* SecYs in the child of a fork. Parent and child would use the same PNs under the same SAK, so in
   the child every transmit SA of before is dead: its key is wiped, and it can never be enabled.
   Receive SAs stay: they use no nonce of their own. Frames cost no more for it (D-13). */
#ifndef MACSEC_FORK_H
#define MACSEC_FORK_H

#include "secy/secy.h"

/* Watch a SecY from when it is made until it is freed. NO_MEMORY: a fork would go unseen, so the
   SecY must not be used. */
macsec_status macsec_fork_watch(macsec_secy *secy);
void macsec_fork_forget(macsec_secy *secy);

#endif
