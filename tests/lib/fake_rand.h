/*
 * fake_rand: a generator in OpenSSL's place whose output is known, which can
 * be told to fail, and which shows what was added to its pool.
 *
 * RAND_set_rand_method() is deprecated since OpenSSL 3.0, without a substitute
 * that is as simple; OPENSSL_API_COMPAT asks for the interface of 1.1.1. So
 * this file is included before any other that includes OpenSSL's.
 */
#ifndef FAKE_RAND_H
#define FAKE_RAND_H

#define OPENSSL_API_COMPAT 0x10101000L

#include <openssl/rand.h>
#include <stdbool.h>
#include <string.h>

static struct {
	int result;         /* of RAND_bytes(); only 1 is success */
	bool is_constant;   /* each byte is `next`; else they count up */
	unsigned char next; /* the byte that comes next */
	unsigned draws;
	unsigned adds;
	double credit; /* entropy claimed by the adds, in all */
	size_t added_len;
	unsigned char added[16 * 1024]; /* all that was added, in order */
} fake_rand;

static inline int
fake_rand_bytes(unsigned char *out, int len)
{
	++fake_rand.draws;
	/* One that fails leaves what it has got so far. */
	for (int i = 0; i < len; ++i) {
		out[i] = fake_rand.next;
		if (!fake_rand.is_constant)
			++fake_rand.next;
	}
	return fake_rand.result;
}

static inline int
fake_rand_add(const void *data, int len, double credit)
{
	size_t room = sizeof(fake_rand.added) - fake_rand.added_len;
	size_t kept = (size_t)len < room ? (size_t)len : room;

	++fake_rand.adds;
	fake_rand.credit += credit;
	memcpy(fake_rand.added + fake_rand.added_len, data, kept);
	fake_rand.added_len += kept;
	return 1;
}

/* Was this added, in one piece? */
static inline bool
fake_rand_has(const void *data, size_t len)
{
	return memmem(fake_rand.added, fake_rand.added_len, data, len) != NULL;
}

/* Take OpenSSL's place, or forget what happened so far. */
static inline void
fake_rand_reset(void)
{
	static const RAND_METHOD method = {
		.bytes = fake_rand_bytes,
		.add = fake_rand_add,
	};

	/* OpenSSL 3.0 leaks at exit if its own generator was never used. */
	RAND_status();
	memset(&fake_rand, 0, sizeof(fake_rand));
	fake_rand.result = 1;
	RAND_set_rand_method(&method);
}

static inline void
fake_rand_remove(void)
{
	RAND_set_rand_method(NULL);
}

#endif
