/*
 * prng: the pool of random numbers, "Random numbers" in tlsmgr(8). The pool is
 * OpenSSL's (RAND_bytes(3), RAND_add(3)); prng_pool.c is the only file that
 * calls RAND_*.
 *
 * Output is drawn from OpenSSL in blocks and handed out from there, wiped as
 * it goes. What was gathered since (time of day, cache material) is stirred
 * into OpenSSL's pool before the next block is drawn. A block is used for a
 * second at most, and not across a step of the clock: a virtual machine that is
 * copied or set back has the same block, and must not hand it out again.
 *
 * One thread, one process: a child of fork(2) would hand out the rest of the
 * same block, so it calls prng_fini() first if it needs random numbers.
 */
#ifndef PRNG_H
#define PRNG_H

#include "error.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Fill `out` with `len` random bytes. ERROR_RANDOM: the generator failed
 * (logged, rate-limited), and `out` is all zero.
 */
enum error prng_generate(void *out, size_t len);

/*
 * The same, but drawn from OpenSSL at this moment, after all that was gathered
 * and the time of day were mixed in: for keys, which a copy of this machine
 * must not make again. Takes some microseconds and a system call.
 */
enum error prng_generate_unbuffered(void *out, size_t len);

/* Mix `len` bytes into OpenSSL's pool now, and drop the block drawn. */
void prng_stir(const void *data, size_t len);

/*
 * Gather `len` bytes, to be mixed in before the next block is drawn. About a
 * nanosecond a byte; no system call.
 */
void prng_gather(const void *data, size_t len);

/* Gather the time of day. Cheap: called for every request. */
void prng_gather_time(void);

/*
 * A random part of a period: period_s * byte / 255 with a byte from the
 * generator, in microseconds. At least one millisecond; all of the period
 * when the generator fails.
 */
uint64_t prng_random_delay_us(int64_t period_s);

/* Wipe the block and what was gathered. */
void prng_fini(void);

struct prng_statistics {
	uint64_t bytes_generated; /* handed out */
	uint64_t stirs;           /* additions to OpenSSL's pool */
	uint64_t failures;        /* blocks that could not be drawn */
};
/* Since the start of the process; borrowed, always valid. */
const struct prng_statistics *prng_statistics(void);

#endif
