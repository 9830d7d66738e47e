/*
 * ctl_sessions: an array of sessions, and its orders.
 */
#include "ctl_sessions.h"

#include "destination.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

typedef int compare_fn(const void *, const void *);

/* In equal cases, by the time when they were stored, which is how they came. */
static int
compare_age(const void *left, const void *right)
{
	const struct ctl_session *a = left, *b = right;

	return (a->put_at > b->put_at) - (a->put_at < b->put_at);
}

static int
compare_size(const void *left, const void *right)
{
	const struct ctl_session *a = left, *b = right;
	int order = (a->size < b->size) - (a->size > b->size);

	return order != 0 ? order : compare_age(left, right);
}

static int
compare_destination(const void *left, const void *right)
{
	const struct ctl_session *a = left, *b = right;
	char *first = destination_text(a->id),
	     *second = destination_text(b->id);
	int order = strcmp(
	    first != NULL ? first : a->id, second != NULL ? second : b->id);

	free(first);
	free(second);
	return order != 0 ? order : compare_age(left, right);
}

static const struct {
	const char *name;
	compare_fn *compare;
} orders[] = {
	{ "age", compare_age },
	{ "left", compare_age }, /* all are kept for the same time */
	{ "size", compare_size },
	{ "destination", compare_destination },
};

#define ORDERS (sizeof(orders) / sizeof(orders[0]))

bool
ctl_sessions_is_order(const char *name)
{
	for (size_t i = 0; i < ORDERS; i++)
		if (strcmp(orders[i].name, name) == 0)
			return true;
	return false;
}

void
ctl_sessions_add(
    struct ctl_sessions *sessions, const struct ctl_session *session)
{
	if (sessions->count == sessions->room) {
		sessions->room = sessions->room > 0 ? 2 * sessions->room : 64;
		sessions->list = xrealloc(
		    sessions->list, sessions->room * sizeof(*sessions->list));
	}
	sessions->list[sessions->count] = *session;
	sessions->list[sessions->count].id = xstrdup(session->id);
	sessions->count++;
}

void
ctl_sessions_sort(struct ctl_sessions *sessions, const char *order)
{
	for (size_t i = 0; i < ORDERS && sessions->count > 0; i++)
		if (strcmp(orders[i].name, order) == 0)
			qsort(sessions->list, sessions->count,
			    sizeof(*sessions->list), orders[i].compare);
}

void
ctl_sessions_fini(struct ctl_sessions *sessions)
{
	for (size_t i = 0; i < sessions->count; i++)
		free((void *)sessions->list[i].id);
	free(sessions->list);
	*sessions = (struct ctl_sessions){ 0 };
}
