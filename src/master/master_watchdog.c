/*
 * master_watchdog: ends a process whose event loop hangs. Owns SIGALRM and the
 * interval timer.
 *
 * The timer ticks WATCHDOG_TICKS times per timeout, and as many ticks without
 * a pat in between are the end. So a pat is only a store to memory, and a
 * process that was stopped for hours (SIGSTOP, a suspended machine) is not
 * killed when it goes on: it sees one tick for all that it missed.
 */
#include "master.h"

#include "log.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#define WATCHDOG_TICKS 3

static volatile sig_atomic_t was_patted;
static volatile sig_atomic_t ticks_missed;
static volatile sig_atomic_t ticks_allowed = WATCHDOG_TICKS;
static unsigned watchdog_timeout_s;

/* A signal that somebody sent is no tick. */
static void
on_tick(int signal_number, siginfo_t *info, void *context)
{
	(void)signal_number;
	(void)context;
	if (info->si_code != SI_KERNEL && info->si_code != SI_TIMER)
		return;
	if (was_patted) {
		was_patted = 0;
		ticks_missed = 0;
		return;
	}
	if (++ticks_missed < ticks_allowed)
		return;
	log_emergency(LOG_LEVEL_FATAL, "watchdog timeout");
	abort();
}

void
master_watchdog_start(unsigned timeout_s)
{
	struct sigaction action = {
		.sa_sigaction = on_tick,
		.sa_flags = SA_RESTART | SA_SIGINFO,
	};
	uint64_t tick_us = (uint64_t)timeout_s * 1000000 / WATCHDOG_TICKS;
	struct itimerval timer;

	timer.it_interval.tv_sec = (time_t)(tick_us / 1000000);
	timer.it_interval.tv_usec = (suseconds_t)(tick_us % 1000000);
	timer.it_value = timer.it_interval;
	was_patted = 1;
	ticks_missed = 0;
	ticks_allowed = WATCHDOG_TICKS;
	watchdog_timeout_s = timeout_s;
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGALRM, &action, NULL) < 0 ||
	    setitimer(ITIMER_REAL, &timer, NULL) < 0)
		log_fatal("cannot start the watchdog: %s", strerror(errno));
}

void
master_watchdog_pat(void)
{
	was_patted = 1;
}

void
master_watchdog_allow(unsigned seconds)
{
	master_watchdog_pat();
	if (seconds > watchdog_timeout_s)
		ticks_allowed =
		    (sig_atomic_t)((uint64_t)seconds * WATCHDOG_TICKS /
				       watchdog_timeout_s +
				   1);
}
