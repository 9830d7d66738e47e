/*
 * master_signals: the signals that end this process in order. Owns nothing.
 */
#include "master.h"

const int master_end_signals[MASTER_END_SIGNALS] = { SIGTERM, SIGHUP, SIGINT };

void
master_block_end_signals(sigset_t *before)
{
	sigset_t blocked;

	sigemptyset(&blocked);
	for (int i = 0; i < MASTER_END_SIGNALS; i++)
		sigaddset(&blocked, master_end_signals[i]);
	sigprocmask(SIG_BLOCK, &blocked, before);
}
