/*
 * Unit tests of ticket_key_ring.c: keys that a group agreed on, in the file of
 * session ticket keys.
 */
#include "ticket_key_ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ticket_key_file_fixture.h"

#define EPOCH ((START + 1) / HALF_S)

/* A process of a host that is in a group. */
struct member {
	struct shared_ring ring;
	struct process process;
};

/* What the daemon does when keys come or go. */
static void
save_ring(void *arg)
{
	struct process *process = arg;

	ticket_key_file_save(&process->file, &process->keys);
}

static void
init_ring(struct shared_ring *ring, unsigned char secret, int64_t lifetime_s)
{
	static const unsigned char digest[SHARED_DIGEST_LEN] = { 1 };
	struct shared_secrets secrets = { .count = 1, .keys = { { secret } } };
	struct shared_context context;

	shared_context_make(&context, "postfix", "smtpd", lifetime_s, digest);
	assert_int_equal(
	    shared_ring_init(ring, &secrets, &context, lifetime_s), ERROR_NONE);
}

static void
start_with(struct member *member, unsigned char secret, int64_t lifetime_s)
{
	struct process *process = &member->process;

	init_ring(&member->ring, secret, lifetime_s);
	assert_int_equal(process_open(process), ERROR_NONE);
	process->keys.ring = &member->ring;
	member->ring.changed = save_ring;
	member->ring.changed_arg = process;
	assert_int_equal(
	    ticket_key_file_load(&process->file, &process->keys, START),
	    ERROR_NONE);
}

static void
start(struct member *member)
{
	start_with(member, 1, LIFETIME_S);
}

static void
end(struct member *member)
{
	process_end(&member->process);
	shared_ring_wipe(&member->ring);
}

static struct ticket_key
current(struct member *member)
{
	const struct ticket_key *key;

	assert_int_equal(
	    ticket_keys_current(&member->process.keys, START, &key),
	    ERROR_NONE);
	return *key;
}

static bool
knows(struct member *member, const struct ticket_key *key)
{
	struct process *process = &member->process;
	struct ticket_key copy;

	/* As the daemon does before it gives up a name. */
	ticket_key_file_refresh(&process->file, &process->keys, START);
	return ticket_keys_find(&process->keys, START, key->name, &copy) ==
	       ERROR_NONE;
}

static void
keys_are_as_they_were_in_the_next_process(void **state)
{
	unsigned char value[SHARED_RING_VALUE_LEN] = { 0, 0, 0, 9, 1, 2, 3 };
	struct ticket_key first, second;
	struct member old, new;

	start(&old);
	first = current(&old);
	shared_ring_merge(&old.ring, START, 0, EPOCH, value);
	second = current(&old);
	end(&old);
	start(&new);
	assert_int_equal(new.ring.count, 2);
	assert_memory_equal(
	    current(&new).name, second.name, sizeof(second.name));
	assert_int_equal(shared_ring_get(&new.ring, 0, EPOCH)->generation, 9);
	assert_true(shared_ring_is_common(&new.ring, START));
	assert_true(knows(&new, &first));
	assert_nothing_logged();
	end(&new);
}

static void
keys_of_another_secret_or_of_other_epochs_are_not_taken(void **state)
{
	struct ticket_key key;
	struct member member;

	start(&member);
	key = current(&member);
	end(&member);
	start_with(&member, 2, LIFETIME_S);
	assert_false(knows(&member, &key));
	current(&member);
	end(&member);
	start_with(&member, 2, 2 * LIFETIME_S);
	assert_int_equal(member.ring.count, 0);
	end(&member);
}

/* What the daemon does for flush-tickets. */
static void
flush(struct member *member)
{
	struct process *process = &member->process;

	assert_int_equal(
	    ticket_key_file_wipe(&process->file, &process->keys), ERROR_NONE);
	assert_int_equal(
	    shared_ring_flush(&member->ring, START + 1), ERROR_NONE);
}

/* Also if this process ends before it has others. */
static void
keys_that_are_wiped_in_the_file_are_not_there_for_the_next(void **state)
{
	struct ticket_key wiped;
	struct member old, new;

	start(&old);
	wiped = current(&old);
	assert_int_equal(
	    ticket_key_file_wipe(&old.process.file, &old.process.keys),
	    ERROR_NONE);
	assert_int_equal(old.ring.count, 1);
	end(&old);
	start(&new);
	assert_int_equal(new.ring.count, 0);
	assert_false(knows(&new, &wiped));
	end(&new);
}

/* One that was there before a reload, and still serves clients. */
static void
keys_that_were_flushed_are_brought_back_by_nobody(void **state)
{
	struct ticket_key flushed, fresh;
	struct member old, new;

	start(&old);
	flushed = current(&old);
	start(&new);
	assert_true(knows(&new, &flushed));
	flush(&new);
	fresh = current(&new);
	assert_false(knows(&new, &flushed));
	/* It has not heard of it, and makes a key; then it has. */
	shared_ring_rotate(&old.ring, START + 2);
	assert_int_equal(ticket_key_file_load(
			     &old.process.file, &old.process.keys, START + 2),
	    ERROR_NONE);
	assert_false(knows(&old, &flushed));
	assert_false(knows(&new, &flushed));
	assert_true(knows(&old, &fresh));
	end(&old);
	end(&new);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keys_are_as_they_were_in_the_next_process),
		TEST(keys_of_another_secret_or_of_other_epochs_are_not_taken),
		TEST(
		    keys_that_are_wiped_in_the_file_are_not_there_for_the_next),
		TEST(keys_that_were_flushed_are_brought_back_by_nobody),
	};

	return cmocka_run_group_tests_name(
	    "ticket_key_ring", tests, NULL, NULL);
}
