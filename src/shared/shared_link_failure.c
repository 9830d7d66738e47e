/*
 * shared_link_failure: the end of a connection, what is logged then, and when
 * the next one is tried.
 */
#include "shared_link_private.h"

#include "clock.h"
#include "minmax.h"
#include "prng.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WARN_PERIOD_S 60

const char *
shared_link_server(const struct shared_link *link)
{
	const struct shared_servers *servers = link->config.servers;

	return servers->count > 0 ? servers->list[link->server].text : "";
}

const char *
shared_link_state_name(const struct shared_link *link)
{
	static const char *const names[] = { [SHARED_LINK_OFF] = "off",
		[SHARED_LINK_CONNECTING] = "connecting",
		[SHARED_LINK_UP] = "up",
		[SHARED_LINK_DOWN] = "down" };

	return names[link->state];
}

void
shared_link_close(struct shared_link *link)
{
	if (link->fd < 0)
		return;
	loop_watch_fini(&link->watch);
	close(link->fd);
	link->fd = -1;
	link->connection++;
}

void
shared_link_set_due(struct shared_link *link, uint64_t delay_us)
{
	link->due_us = clock_monotonic_us() + delay_us;
	loop_timer_set(&link->timer, delay_us);
}

/*
 * One warning for each kind of trouble while it lasts, and per minute; it comes
 * at the end of that minute where the trouble lasts longer.
 */
static void
warn(struct shared_link *link, enum shared_failure failure, const char *detail)
{
	if (link->warned & 1u << failure ||
	    shared_verdict_text(failure) == NULL ||
	    !log_limit_allows(&link->limits[failure], WARN_PERIOD_S))
		return;
	link->warned |= 1u << failure;
	log_warning("shared: %s %s%s", shared_link_server(link),
	    shared_verdict_text(failure), detail);
}

static uint16_t
draw_random(void)
{
	uint16_t random;

	/* Zero where that fails, which does here as well. */
	(void)prng_generate(&random, sizeof(random));
	return random;
}

void
shared_link_give_up(
    struct shared_link *link, enum shared_failure failure, const char *detail)
{
	uint64_t now_us = clock_monotonic_us(), delay_us;
	bool was_up = link->state == SHARED_LINK_UP;

	if (!was_up && link->state != SHARED_LINK_CONNECTING)
		return;
	warn(link, failure, detail);
	link->statistics.failures++;
	link->state = SHARED_LINK_DOWN;
	if (was_up)
		link->down_at_us = now_us;
	delay_us = shared_breaker_failed(&link->breaker, now_us, draw_random());
	shared_link_close(link);
	link->server = (link->server + 1) % link->config.servers->count;
	shared_link_set_due(
	    link, max_u64(delay_us, shared_verdict_pause_us(failure)));
	shared_pipeline_close(&link->pipeline);
	if (was_up)
		link->config.changed(link->config.arg);
}

void
shared_link_give_up_slow(struct shared_link *link)
{
	char detail[SHARED_LINK_DETAIL_SIZE];

	snprintf(detail, sizeof(detail), " %u ms; going on without it",
	    (unsigned)(link->config.deadline_us / 1000));
	shared_link_give_up(link, SHARED_FAILURE_SLOW, detail);
}

void
shared_link_give_up_connect(struct shared_link *link, int error_number)
{
	char detail[SHARED_LINK_DETAIL_SIZE];

	snprintf(detail, sizeof(detail), ": %s; going on without it",
	    strerror(error_number));
	shared_link_give_up(link, SHARED_FAILURE_CONNECT, detail);
}

void
shared_link_give_up_closed(struct shared_link *link)
{
	shared_link_give_up(
	    link, SHARED_FAILURE_CLOSED, "; going on without it");
}

void
shared_link_give_up_protocol(struct shared_link *link)
{
	shared_link_give_up(
	    link, SHARED_FAILURE_PROTOCOL, "; going on without it");
}
