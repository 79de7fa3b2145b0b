/* What a fork does to SecYs. Parent and child would go on with the same PNs under the same SAK, so
   in the child every transmit SA that was there is dead: its key is wiped, and it can never be
   enabled. Receive SAs stay: they use no nonce of their own. Costs a frame nothing. */
#ifndef MACSEC_FORK_H
#define MACSEC_FORK_H

#include "secy/secy.h"

/* From when a SecY is made until it is freed. -1: a fork would not be seen, so it is not to be. */
int macsec_fork_watch(macsec_secy *secy);
void macsec_fork_forget(macsec_secy *secy);

#endif
