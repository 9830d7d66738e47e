/*
 * checksum: multiply, rotate, in four lanes that do not wait for each other,
 * so that the speed is that of the multiplier and not its latency. Owns
 * nothing.
 *
 * Each step is a bijection of its lane for any given input word, and of the
 * input word for any given lane, so no step loses a difference that has come
 * in. Multiplication carries differences upwards only; the rotation brings
 * them down again.
 */
#include "checksum.h"

#include <string.h>

#define LANES      4
#define WORD_LEN   sizeof(uint64_t)
#define STRIPE_LEN (LANES * WORD_LEN)

/* Odd, about half of the bits set in no pattern (from square roots). */
static const uint64_t multipliers[LANES] = {
	UINT64_C(0x6a09e667f3bcc909),
	UINT64_C(0xbb67ae8584caa73b),
	UINT64_C(0x3c6ef372fe94f82b),
	UINT64_C(0xa54ff53a5f1d36f1),
};

static inline uint64_t
load_word(const unsigned char *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

static inline uint64_t
absorb(uint64_t lane, uint64_t word, uint64_t multiplier)
{
	lane = (lane ^ word) * multiplier;
	return lane << 29 | lane >> 35;
}

/* Let each bit of the input reach every bit of the result. */
static inline uint64_t
avalanche(uint64_t word)
{
	word ^= word >> 32;
	word *= multipliers[1];
	word ^= word >> 29;
	word *= multipliers[3];
	word ^= word >> 32;
	return word;
}

/* As many whole stripes as there are. Written out, for gcc 12 at -O2. */
static const unsigned char *
absorb_stripes(uint64_t lanes[LANES], const unsigned char *bytes, size_t count)
{
	uint64_t a = lanes[0], b = lanes[1], c = lanes[2], d = lanes[3];

	for (; count > 0; --count) {
		a = absorb(a, load_word(bytes), multipliers[0]);
		b = absorb(b, load_word(bytes + WORD_LEN), multipliers[1]);
		c = absorb(c, load_word(bytes + 2 * WORD_LEN), multipliers[2]);
		d = absorb(d, load_word(bytes + 3 * WORD_LEN), multipliers[3]);
		bytes += STRIPE_LEN;
	}
	lanes[0] = a;
	lanes[1] = b;
	lanes[2] = c;
	lanes[3] = d;
	return bytes;
}

/* What does not fill a stripe: whole words, then one filled up with zeros. */
static void
absorb_rest(uint64_t lanes[LANES], const unsigned char *bytes, size_t len)
{
	unsigned char last[WORD_LEN] = { 0 };
	unsigned i;

	for (i = 0; len >= WORD_LEN; ++i) {
		lanes[i] = absorb(lanes[i], load_word(bytes), multipliers[i]);
		bytes += WORD_LEN;
		len -= WORD_LEN;
	}
	memcpy(last, bytes, len);
	lanes[i] = absorb(lanes[i], load_word(last), multipliers[i]);
}

/* All bytes, into four lanes that have not met yet. */
static void
absorb_all(uint64_t lanes[LANES], uint64_t seed, const void *data, size_t len)
{
	const unsigned char *bytes = data;
	unsigned i;

	for (i = 0; i < LANES; ++i)
		lanes[i] = avalanche(seed ^ multipliers[i]);
	bytes = absorb_stripes(lanes, bytes, len / STRIPE_LEN);
	if (len % STRIPE_LEN > 0)
		absorb_rest(lanes, bytes, len % STRIPE_LEN);
}

uint64_t
checksum64(uint64_t seed, const void *data, size_t len)
{
	uint64_t lanes[LANES], sum = len;
	unsigned i;

	absorb_all(lanes, seed, data, len);
	for (i = 0; i < LANES; ++i)
		sum = avalanche(sum ^ lanes[i]) + multipliers[i];
	return sum;
}
