/*
 * shared_link_probe: from a socket that is connected to a link that is up. It
 * is only up when the engine has stored something and given it back, each in
 * the time that a lookup has.
 */
#include "shared_link_private.h"

#include "clock.h"
#include "prng.h"

#include <stdio.h>
#include <string.h>

#define PROBE_TTL_MS 10000

static void
link_is_up(struct shared_link *link)
{
	link->state = SHARED_LINK_UP;
	link->warned = 0;
	shared_breaker_up(&link->breaker, clock_monotonic_us());
	link->config.changed(link->config.arg);
	link->down_at_us = 0;
}

/* A step was answered; one that failed has ended the connection already. */
static void
step_cb(void *arg, enum error error, const unsigned char *value, size_t len)
{
	struct shared_link *link = arg;
	size_t probe_len = strlen(link->probe_value);

	if (link->state != SHARED_LINK_CONNECTING || error == ERROR_TIMED_OUT ||
	    error == ERROR_CLOSED)
		return;
	if (link->step != SHARED_STEP_GET)
		shared_link_take_step(link, link->step + 1);
	else if (error == ERROR_NONE &&
		 (len != probe_len ||
		     memcmp(value, link->probe_value, probe_len) != 0))
		shared_link_give_up_protocol(link);
	else
		link_is_up(link);
}

static void
make_probe(struct shared_link *link)
{
	unsigned char random[8] = { 0 };

	(void)prng_generate(random, sizeof(random));
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(link->probe_value + 2 * i, 3, "%02x", random[i]);
	snprintf(link->probe, sizeof(link->probe), "%s%s",
	    link->config.probe_prefix, link->probe_value);
}

/* Each has the deadline to itself: a slow engine need not be a slow network. */
void
shared_link_take_step(struct shared_link *link, enum shared_link_step step)
{
	const struct shared_link_config *config = &link->config;
	struct shared_command command = { .verb = SHARED_GET };

	if (step == SHARED_STEP_AUTH && config->password == NULL)
		step = SHARED_STEP_SET;
	link->step = step;
	if (step == SHARED_STEP_AUTH) {
		command = (struct shared_command){ .verb = SHARED_AUTH,
			.name = config->user,
			.value = config->password,
			.len = strlen(config->password) };
	} else {
		if (step == SHARED_STEP_SET) {
			make_probe(link);
			command = (struct shared_command){ .verb = SHARED_SET,
				.value = link->probe_value,
				.len = strlen(link->probe_value),
				.ttl_ms = PROBE_TTL_MS };
		}
		command.name = link->probe;
	}
	shared_pipeline_send(
	    &link->pipeline, &command, clock_monotonic_us(), step_cb, link);
	shared_link_set_due(link, config->deadline_us);
}
