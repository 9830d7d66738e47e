/*
 * shared_sync: when keys are asked for and published, and what is logged of it.
 */
#include "shared_sync.h"

#include "clock.h"
#include "log.h"
#include "minmax.h"
#include "prng.h"
#include "xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLL_PERIOD_S 60

/* After a key was published: another host may have done so at this moment. */
#define POLL_SOON_US 500000

/* One question or one announcement on its way. */
struct message {
	struct shared_sync *sync;
	unsigned secret;
	int64_t epoch;
	unsigned char value[SHARED_RING_VALUE_LEN]; /* announced */
};

/* Also after a rotation: another host may have rotated at this moment. */
static void
poll_cb(void *arg)
{
	shared_sync_poll(arg);
}

static void
format_time(int64_t when, char text[16])
{
	time_t time = (time_t)when;
	struct tm tm;

	if (localtime_r(&time, &tm) == NULL ||
	    strftime(text, 16, "%H:%M:%S", &tm) == 0)
		snprintf(text, 16, "?");
}

/* Once for each epoch. */
static void
unshared_cb(void *arg, const struct shared_ring_key *key)
{
	struct shared_sync *sync = arg;
	char from[16], to[16];

	if (key->key.epoch == sync->unshared_epoch)
		return;
	sync->unshared_epoch = key->key.epoch;
	format_time(key->key.epoch * sync->ring->epoch_s, from);
	format_time((key->key.epoch + 1) * sync->ring->epoch_s, to);
	log_warning("shared: no ticket key of the group for %s to %s; tickets "
		    "are this host's own",
	    from, to);
}

/*
 * An answer has come. With the last of the first poll it is known, and logged,
 * until when there are keys.
 */
static void
end_message(struct message *message)
{
	struct shared_sync *sync = message->sync;
	int64_t until = shared_ring_until(sync->ring, clock_wall_s());
	char text[48] = "", time_text[16];

	explicit_bzero(message, sizeof(*message));
	free(message);
	if (--sync->outstanding > 0 || sync->is_done ||
	    !shared_is_up_or_connecting(sync->shared))
		return;
	sync->is_done = true;
	format_time(until, time_text);
	if (until > 0)
		snprintf(
		    text, sizeof(text), ", ticket keys until %s", time_text);
	shared_log_connected(sync->shared, text);
}

static void
published_cb(void *arg, enum error error, const void *value, size_t len)
{
	struct message *message = arg;

	(void)value;
	(void)len;
	if (error == ERROR_NONE)
		shared_ring_published(message->sync->ring, message->secret,
		    message->epoch, message->value);
	end_message(message);
}

static void
publish(struct shared_sync *sync, unsigned secret, int64_t epoch)
{
	const struct shared_ring_key *key =
	    shared_ring_get(sync->ring, secret, epoch);
	struct message *message;
	int64_t ttl_ms;

	ttl_ms = shared_ring_ttl_ms(sync->ring, clock_wall_s(), epoch);
	if (key == NULL || ttl_ms <= 0)
		return;
	message = xcalloc(1, sizeof(*message));
	message->sync = sync;
	message->secret = secret;
	message->epoch = epoch;
	shared_ring_value(key, message->value);
	sync->outstanding++;
	if (shared_put_key(sync->shared, secret, epoch, message->value,
		sizeof(message->value), ttl_ms, published_cb,
		message) != ERROR_NONE)
		published_cb(message, ERROR_CLOSED, NULL, 0);
}

void
shared_sync_init(struct shared_sync *sync, struct shared *shared,
    struct shared_ring *ring, struct loop *loop)
{
	*sync = (struct shared_sync){
		.shared = shared, .ring = ring, .unshared_epoch = -1
	};
	loop_timer_init(&sync->timer, loop, poll_cb, sync);
	ring->unshared = unshared_cb;
	ring->unshared_arg = sync;
	ring->rotated = poll_cb;
	ring->rotated_arg = sync;
}

void
shared_sync_fini(struct shared_sync *sync)
{
	loop_timer_fini(&sync->timer);
	sync->ring->unshared = NULL;
	sync->ring->rotated = NULL;
}

/* Three quarters to five quarters of the period. */
static uint64_t
draw_delay_us(uint64_t period_us)
{
	uint16_t random = 0;

	(void)prng_generate(&random, sizeof(random));
	return period_us * 3 / 4 + period_us / 2 * random / UINT16_MAX;
}

/* One poll out of turn, and then none before the next regular one. */
static void
poll_soon(struct shared_sync *sync)
{
	if (!sync->may_poll_soon)
		return;
	sync->may_poll_soon = false;
	sync->is_poll_soon = true;
	loop_timer_set(&sync->timer, draw_delay_us(POLL_SOON_US));
}

static void
answer_cb(void *arg, enum error error, const void *value, size_t len)
{
	struct message *message = arg;
	struct shared_sync *sync = message->sync;

	(void)len;
	if ((error == ERROR_NONE || error == ERROR_NOT_FOUND) &&
	    shared_ring_merge(sync->ring, clock_wall_s(), message->secret,
		message->epoch, value) == SHARED_MERGE_OURS) {
		publish(sync, message->secret, message->epoch);
		poll_soon(sync);
	}
	end_message(message);
}

static void
ask(struct shared_sync *sync, unsigned secret, int64_t epoch)
{
	struct message *message = xcalloc(1, sizeof(*message));

	message->sync = sync;
	message->secret = secret;
	message->epoch = epoch;
	if (shared_get_key(sync->shared, secret, epoch, answer_cb, message) ==
	    ERROR_NONE)
		sync->outstanding++;
	else
		free(message);
}

void
shared_sync_poll(struct shared_sync *sync)
{
	int64_t epoch = shared_ring_epoch(sync->ring, clock_wall_s());
	uint64_t period_s =
	    (uint64_t)min_i64(POLL_PERIOD_S, sync->ring->epoch_s / 4);

	loop_timer_set(&sync->timer, draw_delay_us(period_s * 1000000));
	sync->may_poll_soon = !sync->is_poll_soon;
	sync->is_poll_soon = false;
	for (unsigned secret = 0; secret < sync->ring->secrets; secret++)
		for (int64_t i = epoch - 1; i <= epoch + 1; i++)
			ask(sync, secret, i);
}
