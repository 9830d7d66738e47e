/*
 * A model of five hosts that have a secret in common and nothing else. Their
 * clocks step, they start anew, and the secret is replaced host by host, while
 * tickets made by one are offered to another. Each run of events follows from
 * its seed, which a failure names.
 */
#include "shared_kdf.h"
#include "shared_ticket_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOSTS       5
#define TICKETS     200
#define EVENTS      4000
#define RUNS        40
#define TIMEOUT_S   600
#define EPOCH_S     (TIMEOUT_S / 2)
#define SKEW_S      60
#define START       1000000000
#define GENERATIONS 3

/* Files of secrets, in the order in which one replaces another. */
#define FILES (3 * (GENERATIONS - 1) + 1)

struct host {
	struct shared_ticket_keys keys;
	int64_t offset_s; /* of its clock */
	unsigned file;    /* the one that it has read */
};

struct ticket {
	unsigned char name[SHARED_TICKET_KEY_NAME_LEN];
	int64_t made_at;  /* in truth */
	int64_t offset_s; /* of the clock of its host then */
};

struct model {
	unsigned seed;
	uint64_t state;
	int64_t now;      /* in truth */
	int64_t filed_at; /* when the last host read the newest file */
	unsigned file;    /* the newest that there is */
	struct shared_context context;
	unsigned char secrets[GENERATIONS][SHARED_KEY_LEN];
	struct host hosts[HOSTS];
	unsigned ticket_count;
	struct ticket tickets[TICKETS];
	unsigned opened, refused;
};

/* A number below `bound` (splitmix64). */
static unsigned
draw(struct model *model, unsigned bound)
{
	uint64_t z = model->state += 0x9e3779b97f4a7c15U;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return (unsigned)((z ^ (z >> 31)) % bound);
}

/* "A", "A B", "B A", "B", "B C", ... */
static void
read_file(struct model *model, struct host *host, unsigned file)
{
	struct shared_secrets secrets = { .count = file % 3 == 0 ? 1 : 2 };
	unsigned older = file / 3, newer = older + 1;
	unsigned first = file % 3 == 2 ? newer : older;

	memcpy(secrets.keys[0], model->secrets[first], SHARED_KEY_LEN);
	if (secrets.count == 2)
		memcpy(secrets.keys[1],
		    model->secrets[first == older ? newer : older],
		    SHARED_KEY_LEN);
	shared_ticket_keys_wipe(&host->keys);
	assert_int_equal(shared_ticket_keys_init(
			     &host->keys, &secrets, &model->context, TIMEOUT_S),
	    ERROR_NONE);
	host->file = file;
}

static void
begin(struct model *model, unsigned seed)
{
	unsigned char digest[SHARED_DIGEST_LEN] = { 0 };

	*model = (struct model){ .seed = seed, .state = seed, .now = START };
	shared_context_make(
	    &model->context, "model", "smtpd", TIMEOUT_S, digest);
	for (unsigned i = 0; i < GENERATIONS; i++)
		memset(model->secrets[i], (int)i + 1, SHARED_KEY_LEN);
	for (unsigned i = 0; i < HOSTS; i++)
		read_file(model, &model->hosts[i], 0);
}

static time_t
time_of(const struct model *model, const struct host *host)
{
	return (time_t)(model->now + host->offset_s);
}

static void
make_ticket(struct model *model)
{
	struct host *host = &model->hosts[draw(model, HOSTS)];
	struct ticket *ticket = &model->tickets[model->ticket_count % TICKETS];
	const struct shared_ticket_key *key = NULL;

	assert_int_equal(
	    shared_ticket_keys_current(&host->keys, time_of(model, host), &key),
	    ERROR_NONE);
	assert_true(key->encrypt_until > time_of(model, host));
	memcpy(ticket->name, key->bytes, sizeof(ticket->name));
	ticket->made_at = model->now;
	ticket->offset_s = host->offset_s;
	model->ticket_count++;
}

/* Until which age must a ticket open, where clocks differ by so much? */
static int64_t
promised_age(int64_t maker_offset_s, int64_t offset_s)
{
	int64_t ahead_s = offset_s - maker_offset_s;

	if (llabs(ahead_s) <= SKEW_S)
		return EPOCH_S;
	if (llabs(ahead_s) >= EPOCH_S)
		return 0;
	return ahead_s > 0 ? EPOCH_S + SKEW_S - ahead_s : EPOCH_S;
}

static void
offer_ticket(struct model *model)
{
	struct host *host = &model->hosts[draw(model, HOSTS)];
	const struct shared_ticket_key *key = NULL;
	const struct ticket *ticket;
	unsigned count =
	    model->ticket_count < TICKETS ? model->ticket_count : TICKETS;
	int64_t age_s;
	bool is_open;

	if (count == 0)
		return;
	ticket = &model->tickets[draw(model, count)];
	age_s = model->now - ticket->made_at;
	is_open = shared_ticket_keys_find(&host->keys, time_of(model, host),
		      ticket->name, &key) == ERROR_NONE;
	if (is_open)
		model->opened++;
	else
		model->refused++;
	if (!is_open && age_s < promised_age(ticket->offset_s, host->offset_s))
		fail_msg("seed %u: a ticket of age %lld s, clock %lld s, is "
			 "not opened by a host whose clock is at %lld s",
		    model->seed, (long long)age_s, (long long)ticket->offset_s,
		    (long long)host->offset_s);
	/* Nor longer than the lifetime that both clocks may see. */
	if (is_open &&
	    age_s + host->offset_s - ticket->offset_s > 2 * EPOCH_S + SKEW_S)
		fail_msg("seed %u: a ticket of age %lld s is opened",
		    model->seed, (long long)age_s);
}

/* Mostly within the skew, at times an hour. */
static void
step_clock(struct model *model)
{
	struct host *host = &model->hosts[draw(model, HOSTS)];
	int span = draw(model, 4) > 0 ? SKEW_S / 2 : 3600;

	host->offset_s = (int64_t)draw(model, 2U * (unsigned)span + 1) - span;
}

/* A process that ended knows nothing: what it can do is in the file. */
static void
start_anew(struct model *model)
{
	struct host *host = &model->hosts[draw(model, HOSTS)];

	read_file(model, host, host->file);
}

/*
 * Each host reads the newest file some time. There is a new one when all have
 * it; one that takes a secret away, not before a timeout has passed.
 */
static void
replace_secret(struct model *model)
{
	struct host *host = &model->hosts[draw(model, HOSTS)];

	if (host->file < model->file) {
		read_file(model, host, model->file);
		model->filed_at = model->now;
	}
	for (unsigned i = 0; i < HOSTS; i++)
		if (model->hosts[i].file < model->file)
			return;
	if (model->file + 1 == FILES ||
	    ((model->file + 1) % 3 == 0 &&
		model->now - model->filed_at < TIMEOUT_S))
		return;
	model->file++;
}

static void
run(struct model *model)
{
	for (unsigned i = 0; i < EVENTS; i++) {
		model->now += draw(model, 4) == 0 ? draw(model, 40) : 0;
		switch (draw(model, 20)) {
		case 0:
			step_clock(model);
			break;
		case 1:
			start_anew(model);
			break;
		case 2:
			replace_secret(model);
			break;
		case 3:
		case 4:
		case 5:
		case 6:
			make_ticket(model);
			break;
		default:
			offer_ticket(model);
		}
	}
}

static void
young_tickets_open_on_every_host_whatever_happens(void **state)
{
	unsigned opened = 0, refused = 0, replaced = 0;

	for (unsigned seed = 1; seed <= RUNS; seed++) {
		struct model model;

		begin(&model, seed);
		run(&model);
		opened += model.opened;
		refused += model.refused;
		replaced += model.file == FILES - 1;
	}
	/* The model has met both, and whole replacements. */
	assert_true(opened > RUNS * EVENTS / 20);
	assert_true(refused > RUNS * EVENTS / 100);
	assert_true(replaced > RUNS / 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    young_tickets_open_on_every_host_whatever_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
