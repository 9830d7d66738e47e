/*
 * shared_ring_fixture: a ring of keys at a known time, with a generator whose
 * output is known. Included once, before any header of OpenSSL.
 */
#ifndef SHARED_RING_FIXTURE_H
#define SHARED_RING_FIXTURE_H

#include "../lib/fake_rand.h"

#include "shared_ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "prng.h"
#include "unit.h"

#define TIMEOUT_S 3600
#define EPOCH_S   1800
#define SKEW_S    60
#define EPOCH     555555
/* In the middle of it. */
#define NOW (EPOCH * EPOCH_S + 900)

static struct shared_ring ring;
static unsigned changes, unshared;

static inline void
changed_cb(void *arg)
{
	changes++;
}

static inline void
unshared_cb(void *arg, const struct shared_ring_key *key)
{
	unshared++;
}

static inline void
init_ring(struct shared_ring *to, unsigned secrets)
{
	static const unsigned char digest[SHARED_DIGEST_LEN] = { 1 };
	struct shared_secrets both = { .count = secrets,
		.keys = { { 1, 2, 3 }, { 4, 5, 6 } } };
	struct shared_context context;

	shared_context_make(&context, "postfix", "smtpd", TIMEOUT_S, digest);
	assert_int_equal(
	    shared_ring_init(to, &both, &context, TIMEOUT_S), ERROR_NONE);
	to->changed = changed_cb;
	to->unshared = unshared_cb;
}

/* What somebody else has: all random bytes alike. */
static inline const unsigned char *
theirs(uint32_t generation, unsigned char byte)
{
	static unsigned char value[SHARED_RING_VALUE_LEN];

	memset(value, byte, sizeof(value));
	value[0] = value[1] = value[2] = 0;
	value[3] = (unsigned char)generation;
	return value;
}

static inline enum shared_merge
merge(int64_t epoch, const unsigned char *value)
{
	return shared_ring_merge(&ring, NOW, 0, epoch, value);
}

static inline struct shared_ticket_key
current_at(time_t now)
{
	const struct shared_ticket_key *key;

	assert_int_equal(shared_ring_current(&ring, now, &key), ERROR_NONE);
	return *key;
}

static inline bool
opens_at(const struct shared_ticket_key *key, time_t now)
{
	const struct shared_ticket_key *found;

	if (shared_ring_find(&ring, now, key->bytes, &found) != ERROR_NONE)
		return false;
	assert_memory_equal(found->bytes, key->bytes, sizeof(key->bytes));
	return true;
}

static inline int
setup(void **state)
{
	int result = unit_setup(state);

	prng_fini();
	fake_rand_reset();
	init_ring(&ring, 1);
	changes = unshared = 0;
	return result;
}

static inline int
teardown(void **state)
{
	shared_ring_wipe(&ring);
	prng_fini();
	fake_rand_remove();
	return unit_teardown(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
