/*
 * ctl_list: the sessions of a cache, slice by slice as the daemon gives them,
 * or in another order when all are there. Ids and times, never contents.
 */
#include "clock.h"
#include "ctl.h"
#include "ctl_screen.h"
#include "ctl_sessions.h"
#include "ctl_statistics.h"
#include "ctl_text.h"
#include "destination.h"
#include "minmax.h"
#include "xalloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Both where a listing begins and that it is over. */
#define END_CURSOR "0"

/* Each slice passes by a session, or some; meanwhile there may be new ones. */
#define MORE_SLICES 20000
#define ENTRIES_MAX INT64_C(1000000000)
/* After an answer without entries: the daemon may be waiting for the disk. */
#define PAUSE_MS 1

#define COLUMNS "%-12s %-12s %8s  "

/* What is listed, and how far it has come. */
struct listing {
	const char *cache;
	bool is_enabled;
	bool is_json;
	bool is_coloured;
	bool is_raw;                  /* ids as they are */
	const char *order;            /* borrowed; NULL: as they come */
	uint64_t limit;               /* of rows */
	struct ctl_sessions sessions; /* where there is an order */
	int64_t now_s;
	int64_t timeout_s;    /* never too large to be added to a time */
	uint64_t count;       /* of all, also those beyond the limit */
	int64_t bytes;        /* the same */
	uint64_t slices_left; /* that can still make sense */
	bool is_incomplete;   /* some could not be read */
};

static void
print_head(const struct listing *listing)
{
	if (listing->is_json)
		putchar('[');
	else
		printf("%s" COLUMNS "%s%s\n",
		    listing->is_coloured ? CTL_SCREEN_BOLD : "", "Age", "Left",
		    "Size", listing->is_raw ? "Id" : "Destination",
		    listing->is_coloured ? CTL_SCREEN_NORMAL : "");
}

static void
report_refusal(const struct listing *listing)
{
	if (listing->is_enabled)
		ctl_error("the daemon would not list the %s cache; its log "
			  "says why",
		    listing->cache);
	else
		ctl_error("there is no %s cache: it is off, as configured; "
			  "tickets need none",
		    listing->cache);
}

static void
put_destination(const struct listing *listing, const char *id)
{
	char *destination = listing->is_raw ? NULL : destination_text(id);

	ctl_put_text(stdout, destination != NULL ? destination : id);
	free(destination);
}

/* "expired" is one that the daemon has not removed yet. */
static void
print_row(const struct listing *listing, const struct ctl_session *session)
{
	int64_t age_s = listing->now_s - session->put_at;
	int64_t left_s = listing->timeout_s - age_s;

	if (age_s < 0)
		age_s = 0;
	printf(COLUMNS, ctl_text_duration(age_s).text,
	    left_s < 0 ? "expired" : ctl_text_duration(left_s).text,
	    ctl_text_bytes(session->size).text);
	put_destination(listing, session->id);
	putchar('\n');
}

static void
print_json(const struct listing *listing, const struct ctl_session *session)
{
	printf("%s\n  {\"id\": ", listing->count > 0 ? "," : "");
	ctl_put_json(stdout, session->id);
	printf(", \"size\": %" PRId64 ", \"time\": %" PRId64
	       ", \"expires\": %" PRId64 "}",
	    session->size, session->put_at,
	    session->put_at + listing->timeout_s);
}

/* False: that is no entry. Times past the year 9999 are no times. */
static bool
take_session(struct ctl_reply *reply, struct ctl_session *session)
{
	session->id = ctl_reply_take(reply, "cache_id");
	return session->id != NULL &&
	       ctl_reply_take_count(reply, "size", &session->size) &&
	       ctl_reply_take_count(reply, "time", &session->put_at) &&
	       session->put_at < 253402300800;
}

static void
print_session(struct listing *listing, const struct ctl_session *session)
{
	if (listing->count < listing->limit) {
		if (listing->is_json)
			print_json(listing, session);
		else
			print_row(listing, session);
	}
	listing->count++;
	if (__builtin_add_overflow(
		listing->bytes, session->size, &listing->bytes))
		listing->bytes = INT64_MAX;
}

/* What waited for its order; then how many there are. */
static void
print_end(struct listing *listing)
{
	if (listing->order != NULL)
		ctl_sessions_sort(&listing->sessions, listing->order);
	for (size_t i = 0; i < listing->sessions.count; i++)
		print_session(listing, &listing->sessions.list[i]);
	if (listing->is_json) {
		printf("\n]\n");
		return;
	}
	printf("%" PRIu64 " session%s, %s", listing->count,
	    listing->count == 1 ? "" : "s",
	    ctl_text_bytes(listing->bytes).text);
	if (listing->count > listing->limit)
		printf("; the first %" PRIu64 " are shown", listing->limit);
	putchar('\n');
}

/* All entries of one answer, and where to go on: NULL if that makes no sense.
 */
static char *
print_slice(struct listing *listing, struct ctl_reply *reply)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
	const char *cursor = ctl_reply_take(reply, "cursor");
	struct ctl_reply ahead = *reply;
	struct ctl_session session;

	if (cursor == NULL)
		return NULL;
	if (ctl_reply_take(&ahead, "incomplete") != NULL) {
		listing->is_incomplete = true;
		*reply = ahead;
	}
	if (ctl_reply_is_at_end(reply))
		nanosleep(&pause, NULL);
	while (!ctl_reply_is_at_end(reply)) {
		if (!take_session(reply, &session))
			return NULL;
		if (listing->order != NULL)
			ctl_sessions_add(&listing->sessions, &session);
		else
			print_session(listing, &session);
	}
	return xstrdup(cursor);
}

/* One question and its answer; moves the cursor. */
static int
list_slice(struct ctl_client *client, struct listing *listing,
    const char *filter, char **cursor)
{
	const struct ctl_argument arguments[] = {
		{ "cache_type", listing->cache },
		{ "cursor", *cursor },
		{ "filter", filter },
		{ NULL, NULL },
	};
	struct ctl_reply reply;
	int status = ctl_ask(client, "list", arguments, &reply);
	char *next;

	if (status == CTL_NO)
		report_refusal(listing);
	if (status != CTL_OK)
		return status;
	if (strcmp(*cursor, END_CURSOR) == 0)
		print_head(listing);
	next = print_slice(listing, &reply);
	/*
	 * A cursor that stands still, or rises for ever, would make the loop
	 * endless.
	 */
	if (next == NULL || listing->slices_left-- == 0 ||
	    (strcmp(next, END_CURSOR) != 0 && strcmp(next, *cursor) == 0)) {
		ctl_error("the answer to list makes no sense");
		free(next);
		return CTL_UNREACHABLE;
	}
	free(*cursor);
	*cursor = next;
	return CTL_OK;
}

static int
list_all(struct ctl_client *client, struct listing *listing, const char *filter)
{
	char *cursor = xstrdup(END_CURSOR);
	int status;

	do {
		status = list_slice(client, listing, filter, &cursor);
	} while (status == CTL_OK && strcmp(cursor, END_CURSOR) != 0);
	free(cursor);
	return status;
}

/* Or NULL, for none. If not, an error is printed. */
static bool
is_order(const char *key)
{
	if (key == NULL || ctl_sessions_is_order(key))
		return true;
	ctl_error("--sort %s: must be age, left, size or destination", key);
	return false;
}

int
ctl_list(struct ctl *ctl, char *const operands[])
{
	struct listing listing = {
		.cache = operands[0],
		.is_json = (ctl->options & CTL_OPTION_JSON) != 0,
		.is_coloured = ctl->is_coloured,
		.is_raw = (ctl->options & CTL_OPTION_RAW) != 0,
		.order = ctl->sort_key,
		.limit = ctl->list_limit,
		.now_s = clock_wall_s(),
	};
	const char *filter = operands[1] != NULL ? operands[1] : "";
	struct ctl_client client;
	struct ctl_reply statistics;
	int status;

	if (!ctl_is_cache_type(operands[0]) || !is_order(listing.order) ||
	    !ctl_fits_id(filter))
		return CTL_USAGE;
	status = ctl_connect_ours(ctl, &client);
	if (status != CTL_OK)
		return status;
	statistics = ctl_client_statistics(&client);
	listing.timeout_s = max_i64(
	    0, min_i64(INT32_MAX,
		   ctl_statistics_get(&statistics, operands[0], "timeout")));
	listing.slices_left =
	    MORE_SLICES +
	    (uint64_t)max_i64(0,
		min_i64(ENTRIES_MAX,
		    ctl_statistics_get(&statistics, operands[0], "entries")));
	listing.is_enabled =
	    ctl_statistics_get(&statistics, operands[0], "enabled") != 0;
	status = list_all(&client, &listing, filter);
	ctl_client_close(&client);
	/* A list that was cut short is left without its end. */
	if (status == CTL_OK)
		print_end(&listing);
	ctl_sessions_fini(&listing.sessions);
	if (status == CTL_OK && listing.is_incomplete) {
		ctl_error("some sessions could not be read at present: the "
			  "list is incomplete");
		return CTL_NO;
	}
	return status;
}
