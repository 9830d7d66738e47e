/*
 * siphash: SipHash-2-4, as its paper has it. Owns nothing.
 */
#include "siphash.h"

#include <endian.h>
#include <string.h>

#define WORD_LEN sizeof(uint64_t)

/* v0 to v3 of the paper. */
struct state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t
load_word(const unsigned char *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return le64toh(word);
}

static inline uint64_t
rotate(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static inline void
mix(struct state *s)
{
	s->v0 += s->v1;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v2 = rotate(s->v2, 32);
}

static inline void
absorb(struct state *s, uint64_t word)
{
	s->v3 ^= word;
	mix(s);
	mix(s);
	s->v0 ^= word;
}

uint64_t
siphash(const unsigned char key[SIPHASH_KEY_LEN], const void *data, size_t len)
{
	const unsigned char *bytes = data;
	uint64_t low = load_word(key), high = load_word(key + WORD_LEN);
	struct state s = {
		.v0 = low ^ UINT64_C(0x736f6d6570736575),
		.v1 = high ^ UINT64_C(0x646f72616e646f6d),
		.v2 = low ^ UINT64_C(0x6c7967656e657261),
		.v3 = high ^ UINT64_C(0x7465646279746573),
	};
	unsigned char last[WORD_LEN] = { 0 };

	last[WORD_LEN - 1] = (unsigned char)len;
	for (; len >= WORD_LEN; len -= WORD_LEN, bytes += WORD_LEN)
		absorb(&s, load_word(bytes));
	if (len > 0)
		memcpy(last, bytes, len);
	absorb(&s, load_word(last));
	s.v2 ^= 0xff;
	for (int i = 0; i < 4; i++)
		mix(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
