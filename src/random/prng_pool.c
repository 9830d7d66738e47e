/*
 * prng_pool: OpenSSL's generator, drawn from in blocks. Owns the block and
 * what was gathered, both wiped as they are used. Never hands out a byte that
 * OpenSSL did not produce, nor any byte twice.
 */
#include "prng.h"

#include "clock.h"
#include "log.h"
#include "minmax.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <string.h>

/*
 * A block costs a reseed of OpenSSL's generators (some microseconds, with a
 * getrandom(2) in it) besides the bytes themselves; 4 kB share that cost among
 * 128 seeds of the usual size.
 */
#define BLOCK_LEN    4096
#define GATHERED_LEN 256
#define DELAY_MIN_US 1000
#define US_PER_S     1000000
#define NS_PER_S     1000000000
#define LOG_PERIOD_S 60

static struct {
	unsigned char block[BLOCK_LEN];
	size_t left;       /* bytes at the end of block not handed out yet */
	uint64_t drawn_us; /* monotonic; when the block was drawn */
	int64_t drawn_ns;  /* the same by the wall clock */
	unsigned char gathered[GATHERED_LEN];
	size_t gathered_count; /* all since the last stir, folded or not */
	struct log_limit log_limit;
	struct prng_statistics statistics;
} pool;

/*
 * Past the end the buffer is folded onto itself; the rotation keeps material
 * that comes twice from cancelling itself out.
 */
void
prng_gather(const void *data, size_t len)
{
	const unsigned char *bytes = data;
	unsigned char *slot;
	size_t i;

	for (i = 0; i < len; ++i) {
		slot = &pool.gathered[pool.gathered_count++ % GATHERED_LEN];
		*slot = (unsigned char)((*slot << 1 | *slot >> 7) ^ bytes[i]);
	}
}

static int64_t
wall_ns(void)
{
	struct timespec now = clock_wall();

	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

void
prng_gather_time(void)
{
	int64_t now_ns = wall_ns();

	prng_gather(&now_ns, sizeof(now_ns));
}

/*
 * The material is credited with no entropy: its quality is unknown, and
 * OpenSSL 1.1.1 would take material with full credit instead of, not besides, a
 * fresh seed from the operating system. OpenSSL 3 ignores the estimate where it
 * has the system as a source. Either way the reseed that RAND_add() brings
 * about reaches RAND_bytes() at its next call.
 */
static void
add_to_pool(const void *data, size_t len)
{
	RAND_add(data, (int)len, 0.0);
	++pool.statistics.stirs;
}

static void
stir_gathered(void)
{
	size_t len = pool.gathered_count;

	if (len == 0)
		return;
	add_to_pool(pool.gathered, min_size(len, GATHERED_LEN));
	explicit_bzero(pool.gathered, sizeof(pool.gathered));
	pool.gathered_count = 0;
}

static void
drop_block(void)
{
	explicit_bzero(pool.block, sizeof(pool.block));
	pool.left = 0;
}

static void
log_failure(void)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	if (log_limit_allows(&pool.log_limit, LOG_PERIOD_S))
		log_error("the random number generator failed: %s",
		    reason != NULL ? reason : "no reason given");
	ERR_clear_error();
}

/* `out` is all zero if the generator fails. */
static enum error
draw(void *out, size_t len)
{
	/* So that every draw brings about a reseed. */
	prng_gather_time();
	stir_gathered();
	/* 0 and -1 are failures alike. */
	if (RAND_bytes(out, (int)len) == 1)
		return ERROR_NONE;
	explicit_bzero(out, len);
	++pool.statistics.failures;
	log_failure();
	return ERROR_RANDOM;
}

static enum error
draw_block(void)
{
	enum error error;

	/* Before, lest it look younger than it is. */
	pool.drawn_us = clock_monotonic_us();
	pool.drawn_ns = wall_ns();
	error = draw(pool.block, sizeof(pool.block));
	pool.left = error == ERROR_NONE ? sizeof(pool.block) : 0;
	return error;
}

/*
 * Is there output, and is it of the last second by both clocks? A copy of this
 * machine, or the machine after it was set back, has the same block.
 */
static bool
is_block_usable(void)
{
	int64_t age_ns = wall_ns() - pool.drawn_ns;

	return pool.left > 0 && age_ns >= 0 && age_ns <= NS_PER_S &&
	       clock_monotonic_us() - pool.drawn_us <= US_PER_S;
}

enum error
prng_generate(void *out, size_t len)
{
	unsigned char *next = out;
	unsigned char *head;
	size_t wanted = len;
	size_t part;

	while (wanted > 0) {
		if (!is_block_usable() && draw_block() != ERROR_NONE) {
			explicit_bzero(out, len);
			return ERROR_RANDOM;
		}
		part = min_size(wanted, pool.left);
		head = pool.block + sizeof(pool.block) - pool.left;
		memcpy(next, head, part);
		explicit_bzero(head, part);
		pool.left -= part;
		next += part;
		wanted -= part;
	}
	pool.statistics.bytes_generated += len;
	return ERROR_NONE;
}

enum error
prng_generate_unbuffered(void *out, size_t len)
{
	enum error error = draw(out, len);

	if (error == ERROR_NONE)
		pool.statistics.bytes_generated += len;
	return error;
}

void
prng_stir(const void *data, size_t len)
{
	stir_gathered();
	add_to_pool(data, len);
	drop_block();
}

uint64_t
prng_random_delay_us(int64_t period_s)
{
	uint64_t delay_us = period_s > 0 ? (uint64_t)period_s * US_PER_S : 0;
	unsigned char byte;

	if (prng_generate(&byte, sizeof(byte)) != ERROR_NONE)
		byte = UINT8_MAX;
	delay_us = delay_us * byte / UINT8_MAX;
	return max_u64(delay_us, DELAY_MIN_US);
}

void
prng_fini(void)
{
	drop_block();
	explicit_bzero(pool.gathered, sizeof(pool.gathered));
	pool.gathered_count = 0;
}

const struct prng_statistics *
prng_statistics(void)
{
	return &pool.statistics;
}
