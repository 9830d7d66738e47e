/*
 * A model of five hosts that agree on ticket keys through two engines, which
 * lose everything, are cut off from some hosts, lag behind each other, and
 * refuse what they are told. Hosts start anew, rotate, flush, and have clocks
 * that are apart. Each run follows from its seed, which a failure names.
 */
#include "shared_ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "prng.h"

#define HOSTS     5
#define ENGINES   2
#define EPOCHS    64 /* that an engine keeps, by the last digits */
#define TICKETS   400
#define RUNS      12
#define STEPS     600
#define TIMEOUT_S 600
#define EPOCH_S   (TIMEOUT_S / 2)
#define SKEW_S    60
#define START     1000000200
#define STEP_S    30

/* What an engine has for an epoch, under one secret. */
struct record {
	bool is_there;
	int64_t epoch;
	unsigned char value[SHARED_RING_VALUE_LEN];
};

struct engine {
	bool refuses; /* it is read-only, or full */
	struct record records[SHARED_SECRETS_MAX][EPOCHS];
};

struct host {
	struct shared_ring ring;
	int64_t offset_s; /* of its clock */
	int engine;       /* -1: it is cut off */
	int64_t epoch; /* of the key that encrypted last, and its generation */
	uint32_t generation;
	time_t full_at; /* it held as many keys as it may */
};

struct ticket {
	struct shared_ticket_key key;
	time_t made_at;
	int64_t offset_s;    /* of its host's clock then */
	unsigned read_by;    /* hosts that were shown the bytes of its key */
	unsigned flushed_by; /* hosts that had its key, and wiped it */
};

struct model {
	uint64_t random;
	unsigned secrets;
	time_t now;
	struct host hosts[HOSTS];
	struct engine engines[ENGINES];
	struct ticket tickets[TICKETS];
	unsigned ticket_count, opened, agreed;
};

/* splitmix64 */
static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static unsigned
draw(struct model *model, unsigned bound)
{
	return (unsigned)(next_random(&model->random) % bound);
}

/* Bytes of keys: never the same twice in a run. */
static uint64_t key_random;

enum error
prng_generate_unbuffered(void *out, size_t len)
{
	unsigned char *bytes = out;

	for (size_t i = 0; i < len; i++)
		bytes[i] = (unsigned char)next_random(&key_random);
	return ERROR_NONE;
}

static time_t
clock_of(const struct model *model, const struct host *host)
{
	return model->now + host->offset_s;
}

static void
start_host(struct model *model, struct host *host)
{
	static const unsigned char digest[SHARED_DIGEST_LEN] = { 1 };
	struct shared_secrets secrets = { .count = model->secrets,
		.keys = { { 1 }, { 2 } } };
	struct shared_context context;

	shared_context_make(&context, "postfix", "smtpd", TIMEOUT_S, digest);
	assert_int_equal(
	    shared_ring_init(&host->ring, &secrets, &context, TIMEOUT_S),
	    ERROR_NONE);
}

/* With the keys of the previous process, from a file, or without. */
static void
restart_host(struct model *model, struct host *host, bool has_file)
{
	struct shared_ring previous = host->ring;
	unsigned char value[SHARED_RING_VALUE_LEN];

	start_host(model, host);
	for (unsigned i = 0; has_file && i < previous.count; i++) {
		shared_ring_value(&previous.keys[i], value);
		shared_ring_adopt(&host->ring, clock_of(model, host),
		    previous.keys[i].secret, previous.keys[i].key.epoch, value,
		    previous.keys[i].is_common);
	}
}

/* Its tickets are known to whoever was shown these bytes, and keeps them. */
static void
note_reader(struct model *model, const struct host *host, unsigned secret,
    int64_t epoch, const unsigned char *value)
{
	struct host shown = { .offset_s = host->offset_s };
	const struct shared_ring_key *key;

	start_host(model, &shown);
	shared_ring_adopt(
	    &shown.ring, clock_of(model, host), secret, epoch, value, true);
	key = shared_ring_get(&shown.ring, secret, epoch);
	for (unsigned i = 0; key != NULL && i < model->ticket_count; i++)
		if (memcmp(model->tickets[i].key.bytes, key->key.bytes,
			SHARED_TICKET_KEY_LEN) == 0)
			model->tickets[i].read_by |= 1u
			                             << (host - model->hosts);
	shared_ring_wipe(&shown.ring);
}

static void
publish(struct model *model, struct host *host, unsigned secret, int64_t epoch)
{
	struct engine *engine = &model->engines[host->engine];
	struct record *record = &engine->records[secret][epoch % EPOCHS];
	const struct shared_ring_key *key =
	    shared_ring_get(&host->ring, secret, epoch);

	if (key == NULL || engine->refuses)
		return;
	*record = (struct record){ .is_there = true, .epoch = epoch };
	shared_ring_value(key, record->value);
	shared_ring_published(&host->ring, secret, epoch, record->value);
}

/* Is it from before a flush of which this host has the key? */
static bool
was_flushed(const struct host *host, unsigned secret, int64_t epoch,
    const unsigned char *value)
{
	const struct shared_ring_key *ours =
	    shared_ring_get(&host->ring, secret, epoch);

	return ours != NULL &&
	       ours->generation >> 16 > (unsigned)(value[0] << 8 | value[1]);
}

static void
poll_epoch(
    struct model *model, struct host *host, unsigned secret, int64_t epoch)
{
	struct record *record =
	    &model->engines[host->engine].records[secret][epoch % EPOCHS];
	bool is_there = record->is_there && record->epoch == epoch;

	if (is_there && !was_flushed(host, secret, epoch, record->value))
		note_reader(model, host, secret, epoch, record->value);
	if (shared_ring_merge(&host->ring, clock_of(model, host), secret, epoch,
		is_there ? record->value : NULL) == SHARED_MERGE_OURS)
		publish(model, host, secret, epoch);
}

static void
poll_host(struct model *model, struct host *host)
{
	int64_t epoch = shared_ring_epoch(&host->ring, clock_of(model, host));

	if (host->engine < 0)
		return;
	for (unsigned secret = 0; secret < model->secrets; secret++)
		for (int64_t i = epoch - 1; i <= epoch + 1; i++)
			poll_epoch(model, host, secret, i);
}

static void
poll_all(struct model *model)
{
	unsigned first = draw(model, HOSTS);

	for (unsigned i = 0; i < HOSTS; i++)
		poll_host(model, &model->hosts[(first + i) % HOSTS]);
}

/* Whatever an engine gives, the keys of an epoch follow each other. */
static void
expect_no_way_back(struct host *host, int64_t epoch)
{
	const struct shared_ring_key *key =
	    shared_ring_get(&host->ring, 0, epoch);

	if (epoch == host->epoch)
		assert_true(key->generation >= host->generation);
	host->epoch = epoch;
	host->generation = key->generation;
}

/* The key that a host encrypts with; it may, at that time. */
static struct shared_ticket_key
current_key(struct model *model, struct host *host)
{
	time_t now = clock_of(model, host);
	const struct shared_ticket_key *key;

	assert_int_equal(
	    shared_ring_current(&host->ring, now, &key), ERROR_NONE);
	assert_true(key->encrypt_until > now);
	assert_true(key->encrypt_until <= now + EPOCH_S);
	assert_true(host->ring.count <= SHARED_RING_MAX);
	expect_no_way_back(host, key->epoch);
	return *key;
}

static void
make_ticket(struct model *model, struct host *host)
{
	struct shared_ticket_key key = current_key(model, host);
	struct ticket *ticket;

	if (!shared_ring_is_common(&host->ring, clock_of(model, host)))
		return;
	ticket = &model->tickets[model->ticket_count < TICKETS
				     ? model->ticket_count++
				     : draw(model, TICKETS)];
	*ticket = (struct ticket){ .key = key,
		.made_at = model->now,
		.offset_s = host->offset_s,
		.read_by = 1u << (host - model->hosts) };
}

static bool
opens(struct model *model, struct host *host, const struct ticket *ticket)
{
	const struct shared_ticket_key *found;

	return shared_ring_find(&host->ring, clock_of(model, host),
		   ticket->key.bytes, &found) == ERROR_NONE;
}

static void
offer_tickets(struct model *model, struct host *host)
{
	if (host->ring.count == SHARED_RING_MAX)
		host->full_at = model->now;
	/* After so many rotations in a row some had to go. */
	if (model->now - host->full_at < 3 * EPOCH_S)
		return;
	for (unsigned i = 0; i < model->ticket_count; i++) {
		const struct ticket *ticket = &model->tickets[i];

		if ((ticket->flushed_by & 1u << (host - model->hosts)) != 0)
			assert_false(opens(model, host, ticket));
		if (model->now - ticket->made_at >= EPOCH_S ||
		    labs(ticket->offset_s - host->offset_s) > SKEW_S ||
		    (ticket->read_by & 1u << (host - model->hosts)) == 0)
			continue;
		assert_true(opens(model, host, ticket));
		model->opened++;
	}
}

/* A host that was started anew has been shown nothing but what it kept. */
static void
forget_reader(struct model *model, const struct host *host)
{
	for (unsigned i = 0; i < model->ticket_count; i++) {
		model->tickets[i].read_by &= ~(1u << (host - model->hosts));
		model->tickets[i].flushed_by &= ~(1u << (host - model->hosts));
	}
}

/* Keys of epochs that are asked for do not come back, whoever has them. */
static void
flush_host(struct model *model, struct host *host)
{
	int64_t epoch = shared_ring_epoch(&host->ring, clock_of(model, host));
	unsigned bit = 1u << (host - model->hosts);

	for (unsigned i = 0; i < model->ticket_count; i++) {
		struct ticket *ticket = &model->tickets[i];

		if (ticket->key.epoch >= epoch - 1 &&
		    opens(model, host, ticket))
			ticket->flushed_by |= bit;
		ticket->read_by &= ~bit;
	}
	assert_int_equal(
	    shared_ring_flush(&host->ring, clock_of(model, host)), ERROR_NONE);
	if (host->engine >= 0)
		poll_host(model, host);
}

static void
disturb(struct model *model)
{
	struct host *host = &model->hosts[draw(model, HOSTS)];
	struct engine *engine = &model->engines[draw(model, ENGINES)];

	switch (draw(model, 16)) {
	case 0: /* it was restarted empty */
		memset(engine->records, 0, sizeof(engine->records));
		break;
	case 1: /* a replica catches up, or one that lags takes over */
		*engine = model->engines[draw(model, ENGINES)];
		break;
	case 2:
		engine->refuses = draw(model, 2) != 0;
		break;
	case 3: /* cut off, or each part has its own engine */
	case 4:
		host->engine = (int)draw(model, ENGINES + 1) - 1;
		break;
	case 5: /* healed: all on one */
		for (int i = 0; i < HOSTS; i++)
			model->hosts[i].engine = 0;
		break;
	case 6:
		restart_host(model, host, true);
		break;
	case 7:
		restart_host(model, host, false);
		host->epoch = -1;
		forget_reader(model, host);
		break;
	case 8:
		if (shared_ring_rotate(&host->ring, clock_of(model, host)) ==
			ERROR_NONE &&
		    host->engine >= 0)
			poll_host(model, host);
		break;
	case 9: /* two at once */
		for (int i = 0; i < 2; i++)
			shared_ring_rotate(&model->hosts[i].ring,
			    clock_of(model, &model->hosts[i]));
		break;
	case 10: /* within the skew of each other */
		host->offset_s = (int64_t)draw(model, SKEW_S + 1) - SKEW_S / 2;
		break;
	case 11: /* an old record in place of the one that was there */
		*engine = model->engines[1 - (engine - model->engines)];
		break;
	case 12:
		flush_host(model, host);
		break;
	default: /* nothing */
		break;
	}
}

/* Left alone, those who reach one engine have the same keys. */
static void
expect_agreement(struct model *model)
{
	struct shared_ticket_key first, other;

	for (int i = 0; i < HOSTS; i++)
		model->hosts[i].engine = 0;
	model->engines[0].refuses = false;
	poll_all(model);
	poll_all(model);
	first = current_key(model, &model->hosts[0]);
	for (int i = 1; i < HOSTS; i++) {
		other = current_key(model, &model->hosts[i]);
		if (other.epoch != first.epoch)
			continue;
		assert_memory_equal(
		    other.bytes, first.bytes, SHARED_TICKET_KEY_LEN);
		assert_true(shared_ring_is_common(
		    &model->hosts[i].ring, clock_of(model, &model->hosts[i])));
		model->agreed++;
	}
}

static void
step(struct model *model)
{
	model->now += STEP_S;
	if (draw(model, 6) == 0)
		disturb(model);
	poll_all(model);
	for (int i = 0; i < HOSTS; i++)
		make_ticket(model, &model->hosts[i]);
	for (int i = 0; i < HOSTS; i++)
		offer_tickets(model, &model->hosts[i]);
}

static void
run(unsigned seed, unsigned secrets)
{
	struct model *model = calloc(1, sizeof(*model));

	print_message("seed %u, %u secrets\n", seed, secrets);
	model->random = key_random = seed;
	model->secrets = secrets;
	model->now = START;
	for (int i = 0; i < HOSTS; i++)
		start_host(model, &model->hosts[i]);
	for (int i = 0; i < STEPS; i++) {
		step(model);
		if (draw(model, 20) == 0)
			expect_agreement(model);
	}
	assert_true(model->opened > 10 * STEPS);
	assert_true(model->agreed > STEPS / 20);
	free(model);
}

static void
young_tickets_of_the_group_open_wherever_their_key_was_shown(void **state)
{
	for (unsigned seed = 1; seed <= RUNS; seed++)
		run(seed, 1 + seed % 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    young_tickets_of_the_group_open_wherever_their_key_was_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
