/*
 * shared_lookup: lookups in the engine, from the command to the callback. Owns
 * each until all of its answers have come.
 *
 * While one secret replaces another there are two names for everything. Both
 * are asked for at once, and answers come in that order: what is known under
 * the first secret comes first.
 */
#include "shared_private.h"

#include "clock.h"
#include "xalloc.h"

#include <stdio.h>
#include <stdlib.h>

struct shared_lookup {
	TAILQ_ENTRY(shared_lookup) entry; /* in `waiting`, if not answered */
	struct shared *shared;
	enum shared_side side;
	shared_get_fn *found;
	void *arg;
	uint64_t sent_us;
	bool is_answered;    /* called back once */
	bool is_over;        /* called back for the last time */
	unsigned unanswered; /* of the questions below */
	struct question {
		struct shared_lookup *lookup;
		unsigned secret;
		struct shared_name name;
	} questions[SHARED_SECRETS_MAX];
};

static void
call_back(struct shared_lookup *lookup, enum error error,
    const struct shared_plain *plain, bool is_last)
{
	if (!lookup->is_answered)
		TAILQ_REMOVE(&lookup->shared->waiting, lookup, entry);
	lookup->is_answered = true;
	lookup->is_over = is_last;
	if (error == ERROR_NONE)
		lookup->found(lookup->arg, ERROR_NONE, plain->value, plain->len,
		    (time_t)plain->put_at, is_last);
	else
		lookup->found(lookup->arg, error, NULL, 0, 0, is_last);
}

/* The deadline has passed. The answer may still be stored for later lookups. */
static void
answer_late(struct shared_lookup *lookup)
{
	if (lookup->is_answered)
		return;
	lookup->shared->counters.timeouts++;
	call_back(lookup, ERROR_NOT_FOUND, NULL, false);
}

/* The session is there, in time or not. */
static void
answer_hit(struct shared_lookup *lookup, const struct shared_plain *plain)
{
	struct shared *shared = lookup->shared;

	if (lookup->is_answered)
		shared->counters.late++;
	else
		shared->counters.hits++;
	call_back(lookup, ERROR_NONE, plain, true);
}

static void
answer_miss(struct shared_lookup *lookup)
{
	if (!lookup->is_answered)
		lookup->shared->counters.misses++;
	call_back(lookup, ERROR_NOT_FOUND, NULL, true);
}

static void
answer_cb(void *arg, enum error error, const unsigned char *value, size_t len)
{
	const struct question *question = arg;
	struct shared_lookup *lookup = question->lookup;
	struct shared *shared = lookup->shared;
	struct shared_plain plain;

	if (error == ERROR_TIMED_OUT) {
		answer_late(lookup);
		return;
	}
	if (!lookup->is_answered)
		histogram_add(&shared->round_trip,
		    clock_monotonic_us() - lookup->sent_us, 1);
	if (error == ERROR_NONE && !lookup->is_over &&
	    shared_record_open(shared, lookup->side, question->secret,
		SHARED_KIND_SESSION, &question->name, value, len,
		&plain) == ERROR_NONE) {
		answer_hit(lookup, &plain);
		shared_seal_wipe(shared->seals[lookup->side][question->secret]);
	}
	/* Not before: what was opened may have ended the connection. */
	if (--lookup->unanswered > 0)
		return;
	if (!lookup->is_over)
		answer_miss(lookup);
	free(lookup);
}

/* False: the first question could not be asked, and none was. */
static bool
ask(struct shared_lookup *lookup)
{
	struct shared *shared = lookup->shared;
	unsigned count = shared->config.group->secrets.count;

	for (unsigned i = 0; i < count; i++) {
		struct question *question = &lookup->questions[i];
		const struct shared_command command = { .verb = SHARED_GET,
			.name = question->name.text };

		if (shared_link_send(&shared->link, &command, answer_cb,
			question) != ERROR_NONE)
			break;
		lookup->unanswered++;
	}
	return lookup->unanswered > 0;
}

/* False: it has no name, or one under which it is being removed. */
static bool
make_questions(struct shared_lookup *lookup, const char *id, size_t id_len)
{
	struct shared *shared = lookup->shared;

	for (unsigned i = 0; i < shared->config.group->secrets.count; i++) {
		struct question *question = &lookup->questions[i];

		question->lookup = lookup;
		question->secret = i;
		if (shared_seal_name(shared->seals[lookup->side][i],
			SHARED_KIND_SESSION, id, id_len,
			&question->name) != ERROR_NONE ||
		    shared_queue_is_deleted(&shared->queue, &question->name))
			return false;
	}
	return true;
}

void
shared_get(struct shared *shared, enum shared_side side, const char *id,
    size_t id_len, shared_get_fn *found, void *arg)
{
	struct shared_lookup *lookup;

	if (!shared_has(shared, side)) {
		if (shared->config.sides[side])
			shared->counters.skipped++;
		found(arg, ERROR_NOT_FOUND, NULL, 0, 0, true);
		return;
	}
	lookup = xcalloc(1, sizeof(*lookup));
	*lookup = (struct shared_lookup){ .shared = shared,
		.side = side,
		.found = found,
		.arg = arg,
		.sent_us = clock_monotonic_us() };
	if (make_questions(lookup, id, id_len) && ask(lookup)) {
		shared->counters.lookups++;
		TAILQ_INSERT_TAIL(&shared->waiting, lookup, entry);
		return;
	}
	free(lookup);
	found(arg, ERROR_NOT_FOUND, NULL, 0, 0, true);
}

/* Answers may still come: then they are late. */
void
shared_end(struct shared *shared)
{
	struct shared_lookup *lookup;

	shared->is_ending = true;
	while ((lookup = TAILQ_FIRST(&shared->waiting)) != NULL)
		answer_late(lookup);
}

/* What the group has in common for an epoch. */
struct key_request {
	struct shared *shared;
	unsigned secret;
	struct shared_name name;
	shared_key_fn *done;
	void *arg;
};

static void
key_cb(void *arg, enum error error, const unsigned char *value, size_t len)
{
	struct key_request *request = arg;
	struct shared *shared = request->shared;
	struct shared_plain plain = { .value = NULL };

	/* It counts whenever it comes. */
	if (error == ERROR_TIMED_OUT)
		return;
	if (error == ERROR_NONE && value != NULL)
		error = shared_record_open(shared, SHARED_SMTPD,
		    request->secret, SHARED_KIND_TICKET_KEY, &request->name,
		    value, len, &plain);
	request->done(request->arg, error, plain.value, plain.len);
	shared_seal_wipe(shared->seals[SHARED_SMTPD][request->secret]);
	free(request);
}

static struct key_request *
make_key_request(struct shared *shared, unsigned secret, int64_t epoch,
    shared_key_fn *done, void *arg)
{
	struct key_request *request = xcalloc(1, sizeof(*request));
	char id[24];
	int id_len = snprintf(id, sizeof(id), "%lld", (long long)epoch);

	*request = (struct key_request){
		.shared = shared, .secret = secret, .done = done, .arg = arg
	};
	if (shared_seal_name(shared->seals[SHARED_SMTPD][secret],
		SHARED_KIND_TICKET_KEY, id, (size_t)id_len,
		&request->name) == ERROR_NONE)
		return request;
	free(request);
	return NULL;
}

enum error
shared_get_key(struct shared *shared, unsigned secret, int64_t epoch,
    shared_key_fn *done, void *arg)
{
	struct key_request *request =
	    make_key_request(shared, secret, epoch, done, arg);
	enum error error = ERROR_UNSUPPORTED;

	if (request != NULL) {
		const struct shared_command command = { .verb = SHARED_GET,
			.name = request->name.text };

		error =
		    shared_link_send(&shared->link, &command, key_cb, request);
	}
	if (error != ERROR_NONE)
		free(request);
	return error;
}

enum error
shared_put_key(struct shared *shared, unsigned secret, int64_t epoch,
    const void *value, size_t len, int64_t ttl_ms, shared_key_fn *done,
    void *arg)
{
	struct key_request *request =
	    make_key_request(shared, secret, epoch, done, arg);
	size_t record_len = shared_seal_record_len(len);
	unsigned char *record = xmalloc(record_len);
	enum error error = ERROR_UNSUPPORTED;

	if (request != NULL)
		error = shared_seal_encrypt(shared->seals[SHARED_SMTPD][secret],
		    &request->name, clock_wall_s(), value, len, record);
	if (error == ERROR_NONE) {
		const struct shared_command command = { .verb = SHARED_SET,
			.name = request->name.text,
			.value = record,
			.len = record_len,
			.ttl_ms = ttl_ms };

		error =
		    shared_link_send(&shared->link, &command, key_cb, request);
	}
	if (error != ERROR_NONE)
		free(request);
	free(record);
	return error;
}
