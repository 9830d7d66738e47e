/*
 * ctl_top_state: what `top` knows, and numbers of it as text. Owns the last
 * answers.
 */
#include "clock.h"
#include "ctl_statistics.h"
#include "ctl_top.h"
#include "xalloc.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void
ctl_top_init(struct ctl_top *top)
{
	*top = (struct ctl_top){ 0 };
	buffer_init(&top->statistics);
}

void
ctl_top_fini(struct ctl_top *top)
{
	buffer_fini(&top->statistics);
	ctl_top_destinations_fini(&top->destinations);
	free(top->silence);
	top->silence = NULL;
}

enum error
ctl_top_take_statistics(
    struct ctl_top *top, const struct ctl_reply *reply, uint64_t at_us)
{
	if (ctl_reply_find(reply, "version") == NULL)
		return ERROR_PROTOCOL;
	buffer_clear(&top->statistics, reply->len);
	buffer_append(&top->statistics, reply->data, reply->len);
	ctl_top_series_add(&top->series, reply, at_us);
	return ERROR_NONE;
}

void
ctl_top_take_destinations(
    struct ctl_top *top, const struct ctl_top_destinations *destinations)
{
	ctl_top_destinations_fini(&top->destinations);
	top->destinations = *destinations;
	ctl_top_destinations_sort(&top->destinations, top->order);
}

void
ctl_top_set_order(struct ctl_top *top, enum ctl_top_order order)
{
	top->order = order;
	ctl_top_destinations_sort(&top->destinations, order);
}

void
ctl_top_set_silence(struct ctl_top *top, char *reason)
{
	if (reason != NULL && top->silence == NULL)
		top->silent_since_s = clock_wall_s();
	free(top->silence);
	top->silence = reason;
}

static struct ctl_reply
reply_of(const struct ctl_top *top)
{
	struct ctl_reply reply;

	ctl_reply_init(
	    &reply, buffer_head(&top->statistics), top->statistics.len);
	return reply;
}

int64_t
ctl_top_get(const struct ctl_top *top, const char *scope, const char *name)
{
	struct ctl_reply reply = reply_of(top);

	return ctl_statistics_get(&reply, scope, name);
}

const char *
ctl_top_get_text(const struct ctl_top *top, const char *scope, const char *name)
{
	struct ctl_reply reply = reply_of(top);
	const char *text = ctl_statistics_text(&reply, scope, name);

	return text != NULL ? text : "";
}

bool
ctl_top_counts_destinations(const struct ctl_top *top)
{
	struct ctl_reply reply = reply_of(top);

	return ctl_statistics_has_request(&reply, "destinations");
}

bool
ctl_top_has_destinations(const struct ctl_top *top, const char *cache)
{
	return ctl_top_counts_destinations(top) &&
	       ctl_top_get(top, cache, "enabled") != 0;
}

struct ctl_text
ctl_top_text_rate(double rate)
{
	struct ctl_text text;

	if (rate < 0)
		snprintf(text.text, sizeof(text.text), "-");
	else if (rate > 0 && rate < 9.95)
		snprintf(text.text, sizeof(text.text), "%.1f", rate);
	else if (rate < 99999.5)
		snprintf(text.text, sizeof(text.text), "%.0f", rate);
	else
		snprintf(text.text, sizeof(text.text), "%.0fk", rate / 1000);
	return text;
}

struct ctl_text
ctl_top_text_count(int64_t count)
{
	static const char *const units[] = { "", "k", "M", "G", "T" };
	struct ctl_text text;
	size_t unit = 0;

	while (count > 999999 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		count /= 1000;
		unit++;
	}
	snprintf(
	    text.text, sizeof(text.text), "%" PRId64 "%s", count, units[unit]);
	return text;
}

struct ctl_text
ctl_top_text_clock(int64_t when_s)
{
	struct ctl_text text = ctl_text_time((time_t)when_s);
	size_t date_len = strlen("2026-11-21 ");

	if (strlen(text.text) > date_len)
		memmove(text.text, text.text + date_len,
		    strlen(text.text + date_len) + 1);
	return text;
}
