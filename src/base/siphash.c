/*
 * siphash: SipHash-2-4, as its paper has it. Owns nothing.
 */
#include "siphash.h"

#include <endian.h>
#include <string.h>

#define WORD_LEN sizeof(uint64_t)

struct state {
	uint64_t a, b, c, d;
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
mix(struct state *v, unsigned rounds)
{
	while (rounds-- > 0) {
		v->a += v->b;
		v->b = rotate(v->b, 13) ^ v->a;
		v->a = rotate(v->a, 32);
		v->c += v->d;
		v->d = rotate(v->d, 16) ^ v->c;
		v->a += v->d;
		v->d = rotate(v->d, 21) ^ v->a;
		v->c += v->b;
		v->b = rotate(v->b, 17) ^ v->c;
		v->c = rotate(v->c, 32);
	}
}

static inline void
absorb(struct state *v, uint64_t word)
{
	v->d ^= word;
	mix(v, 2);
	v->a ^= word;
}

uint64_t
siphash(const unsigned char key[SIPHASH_KEY_LEN], const void *data, size_t len)
{
	const unsigned char *bytes = data;
	uint64_t low = load_word(key), high = load_word(key + WORD_LEN);
	struct state v = {
		.a = low ^ UINT64_C(0x736f6d6570736575),
		.b = high ^ UINT64_C(0x646f72616e646f6d),
		.c = low ^ UINT64_C(0x6c7967656e657261),
		.d = high ^ UINT64_C(0x7465646279746573),
	};
	unsigned char last[WORD_LEN] = { 0 };

	last[WORD_LEN - 1] = (unsigned char)len;
	for (; len >= WORD_LEN; len -= WORD_LEN, bytes += WORD_LEN)
		absorb(&v, load_word(bytes));
	if (len > 0)
		memcpy(last, bytes, len);
	absorb(&v, load_word(last));
	v.c ^= 0xff;
	mix(&v, 4);
	return v.a ^ v.b ^ v.c ^ v.d;
}
