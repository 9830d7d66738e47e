/*
 * ctl_top_feed: one connection and the answers that are to come on it. Owns
 * the connection.
 */
#include "ctl_top_feed.h"

#include "attr.h"
#include "clock.h"
#include "minmax.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

#define PERIOD_US 1000000 /* from one question to the next */
#define SILENT_US 700000  /* no answer in that time is worth saying */
/* After that another process may be there that does answer. */
#define RECONNECT_US 5000000

void
ctl_top_feed_init(struct ctl_top_feed *feed, const char *queue_directory,
    const char *service, unsigned timeout_ms)
{
	*feed = (struct ctl_top_feed){
		.queue_directory = queue_directory,
		.service = service,
		.timeout_ms = timeout_ms,
	};
}

static void
drop_round(struct ctl_top_feed *feed)
{
	feed->awaited_count = feed->awaited_next = 0;
	ctl_top_destinations_fini(&feed->destinations);
}

static void
disconnect(struct ctl_top_feed *feed)
{
	drop_round(feed);
	if (feed->is_connected)
		ctl_client_close(&feed->client);
	feed->is_connected = false;
}

void
ctl_top_feed_fini(struct ctl_top_feed *feed)
{
	disconnect(feed);
}

int
ctl_top_feed_fd(const struct ctl_top_feed *feed)
{
	return feed->is_connected ? feed->client.fd : -1;
}

/* "PATH: what": the path is known to who looks at this. Takes the cause. */
static char *
without_path(char *cause)
{
	const char *text = *cause == '/' ? strstr(cause, ": ") : NULL;
	char *rest = xstrdup(text != NULL ? text + 2 : cause);

	free(cause);
	return rest;
}

/* Connections end with a reload; the next process is there at once then. */
static void
fail(struct ctl_top_feed *feed, struct ctl_top *top, char *cause)
{
	bool may_be_reload = feed->has_answered;

	disconnect(feed);
	feed->has_answered = false;
	if (may_be_reload) {
		feed->next_at_us = clock_monotonic_us();
		free(cause);
		return;
	}
	feed->next_at_us = clock_monotonic_us() + PERIOD_US;
	ctl_top_set_silence(top, without_path(cause));
}

static void
connect_again(struct ctl_top_feed *feed, struct ctl_top *top)
{
	char *cause = NULL;

	if (ctl_client_open(&feed->client, feed->queue_directory, feed->service,
		feed->timeout_ms, &cause) != ERROR_NONE) {
		ctl_client_close(&feed->client);
		fail(feed, top, cause);
		return;
	}
	feed->is_connected = true;
}

static bool
ask_for(struct ctl_top_feed *feed, struct ctl_top *top, const char *type)
{
	struct buffer request;
	char *cause = NULL;
	enum error error;

	buffer_init(&request);
	if (type == NULL) {
		attr_put_string(&request, "request", "stats");
	} else {
		attr_put_string(&request, "request", "destinations");
		attr_put_string(&request, "cache_type", type);
		attr_put_string(&request, "count", CTL_TOP_DESTINATIONS_COUNT);
	}
	attr_put_end(&request);
	error = ctl_client_send(&feed->client, &request, &cause);
	buffer_fini(&request);
	if (error != ERROR_NONE) {
		fail(feed, top, cause);
		return false;
	}
	feed->awaited[feed->awaited_count++] = type;
	return true;
}

/*
 * Statistics first: they tell of which caches there are destinations. Those of
 * another process tell nothing, so the first of a connection are alone.
 */
static void
ask(struct ctl_top_feed *feed, struct ctl_top *top)
{
	drop_round(feed);
	feed->asked_at_us = clock_monotonic_us();
	feed->next_at_us = feed->asked_at_us + PERIOD_US;
	if (!ask_for(feed, top, NULL))
		return;
	for (size_t i = 0; i < CTL_TOP_DESTINATION_CACHES; i++)
		if (feed->has_answered &&
		    ctl_top_has_destinations(
			top, ctl_top_destination_caches[i]) &&
		    !ask_for(feed, top, ctl_top_destination_caches[i]))
			return;
}

static bool
take_reply(
    struct ctl_top_feed *feed, struct ctl_top *top, struct ctl_reply *reply)
{
	const char *type = feed->awaited[feed->awaited_next++];
	int status;

	if (ctl_reply_status(reply, &status) != ERROR_NONE)
		return false;
	if (type == NULL)
		return ctl_top_take_statistics(
			   top, reply, clock_monotonic_us()) == ERROR_NONE;
	return status != 0 || ctl_top_destinations_add(&feed->destinations,
				  reply, type) == ERROR_NONE;
}

static void
end_round(struct ctl_top_feed *feed, struct ctl_top *top)
{
	ctl_top_take_destinations(top, &feed->destinations);
	feed->destinations = (struct ctl_top_destinations){ 0 };
	drop_round(feed);
	feed->has_answered = true;
	ctl_top_set_silence(top, NULL);
}

static void
receive(struct ctl_top_feed *feed, struct ctl_top *top)
{
	struct ctl_reply reply;
	char *cause = NULL;
	enum error error;

	while (feed->awaited_next < feed->awaited_count) {
		error = ctl_client_receive(&feed->client, &reply, &cause);
		if (error == ERROR_AGAIN)
			return;
		if (error == ERROR_NONE && !take_reply(feed, top, &reply)) {
			feed->has_answered = false;
			cause = xstrdup("the answer makes no sense: that is "
					"another daemon");
			error = ERROR_PROTOCOL;
		}
		if (error != ERROR_NONE) {
			fail(feed, top, cause);
			return;
		}
	}
	end_round(feed, top);
}

static void
complain_of_silence(struct ctl_top_feed *feed, struct ctl_top *top)
{
	uint64_t silent_us = clock_monotonic_us() - feed->asked_at_us;

	if (silent_us < SILENT_US)
		return;
	ctl_top_set_silence(
	    top, xstrdup("it is there, but silent: stopped, or Postfix's own"));
	if (silent_us < RECONNECT_US)
		return;
	disconnect(feed);
	feed->has_answered = false;
	feed->next_at_us = clock_monotonic_us();
}

static bool
is_awaiting(const struct ctl_top_feed *feed)
{
	return feed->awaited_next < feed->awaited_count;
}

uint64_t
ctl_top_feed_run(struct ctl_top_feed *feed, struct ctl_top *top)
{
	if (is_awaiting(feed))
		receive(feed, top);
	if (is_awaiting(feed))
		complain_of_silence(feed, top);
	if (!feed->is_connected && clock_monotonic_us() >= feed->next_at_us)
		connect_again(feed, top);
	if (feed->is_connected && !is_awaiting(feed) &&
	    clock_monotonic_us() >= feed->next_at_us)
		ask(feed, top);
	if (is_awaiting(feed))
		return max_u64(feed->asked_at_us + SILENT_US,
		    clock_monotonic_us() + PERIOD_US / 4);
	return feed->next_at_us;
}
