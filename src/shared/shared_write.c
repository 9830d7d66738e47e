/*
 * shared_write: sessions and deletions for the engine, and what is written at
 * the end of a turn of the loop: lookups first, then deletions, then sessions.
 */
#include "shared_private.h"

#include "clock.h"
#include "minmax.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

/* How long a session waits for others, to be sent together with them. */
#define GATHER_US 5000

/* What is gathered is not more than this. */
#define GATHER_MAX 65536

#define PAUSE_PERIOD_S 60

/* When deletions are tried again after one was refused. */
#define DELETE_AGAIN_US 1000000

/*
 * A session of TLS 1.3 that a server has made: while there are tickets nobody
 * ever asks for it. ASN.1, as OpenSSL writes it: a sequence, whose length takes
 * one to three bytes, of version 1 and then of the version of the protocol.
 */
static bool
is_tls13_session(const unsigned char *value, size_t len)
{
	static const unsigned char head[] = { 2, 1, 1, 2, 2, 3, 4 };
	size_t at;

	if (len < 2 || value[0] != 0x30)
		return false;
	at = value[1] < 0x80 ? 2 : 2 + (size_t)(value[1] & 0x7f);
	return at <= 4 && len >= at + sizeof(head) &&
	       memcmp(value + at, head, sizeof(head)) == 0;
}

/*
 * Where the name stands in the table of those that were sent recently. Another
 * name may take its place: then it is sent once more than necessary.
 */
static uint32_t
recent_index(const struct shared_name *name, uint32_t *tag)
{
	uint32_t words[2];

	memcpy(
	    words, name->text + SHARED_NAME_LEN - sizeof(words), sizeof(words));
	*tag = words[0] ^ words[1] * 0x9e3779b1u;
	return (*tag ^ *tag >> 16) % SHARED_RECENT;
}

/* Was it sent less than the refresh time ago? If not, it is now. */
static bool
is_recent(struct shared *shared, const struct shared_name *name)
{
	uint32_t now_s = (uint32_t)(clock_monotonic_us() / 1000000), tag;
	uint32_t i = recent_index(name, &tag);

	if (shared->recent_names[i] == tag && shared->recent_s[i] != 0 &&
	    now_s - shared->recent_s[i] < (uint64_t)shared->config.refresh_s)
		return true;
	shared->recent_names[i] = tag;
	shared->recent_s[i] = now_s;
	return false;
}

static void
forget_recent(struct shared *shared, const struct shared_name *name)
{
	uint32_t tag, i = recent_index(name, &tag);

	if (shared->recent_names[i] == tag)
		shared->recent_s[i] = 0;
}

/*
 * A single session is sent at once, as its client may connect to another host
 * next. Many are gathered.
 */
static void
gather(struct shared *shared)
{
	if (shared->is_due || shared->loop == NULL ||
	    loop_timer_is_set(&shared->gather))
		return;
	if (clock_monotonic_us() - shared->sets_sent_us >= GATHER_US)
		shared->is_due = true;
	else
		loop_timer_set(&shared->gather, GATHER_US);
}

void
shared_put(struct shared *shared, enum shared_side side, const char *id,
    size_t id_len, const void *value, size_t len, time_t put_at)
{
	struct shared_seal *seal = shared->seals[side][0];
	size_t record_len = shared_seal_record_len(len);
	struct shared_name name;
	unsigned char *record;

	if (!shared->config.sides[side] || len > shared->config.value_max ||
	    shared_is_paused(shared, side) ||
	    (side == SHARED_SMTPD && shared->config.has_ticket_keys &&
		is_tls13_session(value, len)) ||
	    shared_seal_name(seal, SHARED_KIND_SESSION, id, id_len, &name) !=
		ERROR_NONE)
		return;
	if (is_recent(shared, &name)) {
		shared->counters.unsent_refresh++;
		return;
	}
	record = xmalloc(record_len);
	if (shared_seal_encrypt(seal, &name, put_at, value, len, record) !=
	    ERROR_NONE) {
		free(record);
		return;
	}
	shared_queue_put(
	    &shared->queue, &name, side, put_at, record, record_len);
	gather(shared);
}

/*
 * Too many deletions wait. What they delete is gone after one timeout in any
 * case; until then nothing that is in the engine is used.
 */
static void
pause_side(struct shared *shared, enum shared_side side)
{
	int64_t timeout_s = shared->config.group->config.sides[side].timeout_s;

	shared->paused_until_us[side] =
	    clock_monotonic_us() + (uint64_t)timeout_s * 1000000;
	shared_queue_clear(&shared->queue, side);
	if (log_limit_allows(&shared->pause_limit, PAUSE_PERIOD_S))
		log_warning("shared: more than %d deletions wait for %s; the "
			    "sessions of %s are not shared for %lld s",
		    SHARED_QUEUE_DELETES_MAX, shared_link_server(&shared->link),
		    shared_side_names[side], (long long)timeout_s);
}

void
shared_remove(
    struct shared *shared, enum shared_side side, const char *id, size_t id_len)
{
	struct shared_name name;

	if (!shared->config.sides[side] || shared_is_paused(shared, side))
		return;
	for (unsigned i = 0; i < shared->config.group->secrets.count; i++) {
		if (shared_seal_name(shared->seals[side][i],
			SHARED_KIND_SESSION, id, id_len, &name) != ERROR_NONE)
			return;
		forget_recent(shared, &name);
		if (!shared_queue_delete(&shared->queue, &name, side)) {
			pause_side(shared, side);
			return;
		}
	}
}

bool
shared_is_removed(
    struct shared *shared, enum shared_side side, const char *id, size_t id_len)
{
	struct shared_name name;

	/* It may be one of those that were too many. */
	if (shared_is_paused(shared, side))
		return true;
	for (unsigned i = 0; i < shared->config.group->secrets.count; i++)
		if (shared_seal_name(shared->seals[side][i],
			SHARED_KIND_SESSION, id, id_len, &name) != ERROR_NONE ||
		    shared_queue_is_deleted(&shared->queue, &name))
			return true;
	return false;
}

static void
set_cb(void *arg, enum error error, const unsigned char *value, size_t len)
{
	struct shared *shared = arg;

	(void)value;
	(void)len;
	if (error == ERROR_NONE)
		shared->counters.stores++;
}

/* False: no more can be sent now. */
static bool
send_set(struct shared *shared, struct shared_entry *entry)
{
	int64_t timeout_s =
	    shared->config.group->config.sides[entry->side].timeout_s;
	int64_t age_s =
	    max_i64(0, (int64_t)clock_wall_s() - (int64_t)entry->put_at);
	const struct shared_command command = { .verb = SHARED_SET,
		.name = entry->name.text,
		.value = entry->record,
		.len = entry->len,
		.ttl_ms = (timeout_s - age_s) * 1000 };

	/* One that is about to expire is dropped. */
	if (command.ttl_ms >= 1000 && shared_link_send(&shared->link, &command,
					  set_cb, shared) != ERROR_NONE)
		return false;
	shared_queue_sent(entry);
	return true;
}

static struct shared *
owner_of(struct shared_queue *queue)
{
	return (
	    struct shared *)((char *)queue - offsetof(struct shared, queue));
}

static void
delete_cb(void *arg, enum error error, const unsigned char *value, size_t len)
{
	struct shared_entry *entry = arg;
	struct shared *shared = owner_of(entry->queue);

	(void)value;
	(void)len;
	shared_queue_deleted(entry, error == ERROR_NONE);
	if (error != ERROR_NONE && error != ERROR_CLOSED)
		loop_timer_set(&shared->again, DELETE_AGAIN_US);
}

static void
send_deletes(struct shared *shared)
{
	struct shared_entry *entry;

	if (loop_timer_is_set(&shared->again))
		return;
	while ((entry = shared_queue_first_delete(&shared->queue)) != NULL) {
		const struct shared_command command = { .verb = SHARED_DEL,
			.name = entry->name.text };

		if (shared_link_send(&shared->link, &command, delete_cb,
			entry) != ERROR_NONE)
			return;
		shared->counters.deletes++;
		shared_queue_sent(entry);
	}
}

static void
send_sets(struct shared *shared)
{
	struct shared_entry *entry;

	shared->sets_sent_us = clock_monotonic_us();
	while (shared_link_room(&shared->link) > 0 &&
	       (entry = shared_queue_first_set(&shared->queue)) != NULL)
		if (!send_set(shared, entry))
			return;
	if (shared->queue.sets == 0)
		shared->is_due = false;
}

/* Whatever else is written takes sessions with it. */
void
shared_turn(struct shared *shared)
{
	if (shared->link.state == SHARED_LINK_UP) {
		send_deletes(shared);
		if (shared->queue.sets == 0)
			shared->is_due = false;
		else if (shared->is_due || shared->queue.bytes >= GATHER_MAX ||
			 shared->link.pipeline.output.len > 0)
			send_sets(shared);
	}
	shared_link_flush(&shared->link);
}

void
shared_drain(struct shared *shared, uint64_t budget_us)
{
	uint64_t now_us = clock_monotonic_us(), end_us = now_us + budget_us;

	shared->is_due = true;
	shared_turn(shared);
	/* Whoever closes a socket with answers unread may lose what he sent. */
	while (shared->link.state == SHARED_LINK_UP && now_us < end_us &&
	       (shared->queue.sets > 0 || shared->queue.deletes > 0 ||
		   shared->link.pipeline.bytes > 0)) {
		shared_link_wait(&shared->link, end_us - now_us);
		shared_turn(shared);
		now_us = clock_monotonic_us();
	}
}
