/*
 * base64_x86: 24 bytes to 32 characters and back in one step, after Mula and
 * Lemire, "Faster Base64 Encoding and Decoding Using AVX2 Instructions"
 * (2018). Owns nothing; never writes more than it says.
 *
 * Both ways work on the two 128-bit lanes of a register alike, 12 bytes or 16
 * characters each.
 */
#include "base64_x86.h"

#ifdef __x86_64__

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

static bool is_enabled = true;

void
base64_x86_enable(bool enable)
{
	is_enabled = enable;
}

/* The same 16 bytes in both lanes; the first argument is byte 0. */
#define LANES(...) _mm256_broadcastsi128_si256(_mm_setr_epi8(__VA_ARGS__))

/* 12 bytes per lane to 16 numbers of 6 bits, each in a byte of its own. */
AVX2 static inline __m256i
split_bits(__m256i in)
{
	/* Each 32 bits get the bytes 1 0 2 1 of their group of three. */
	const __m256i spread =
	    LANES(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
	__m256i odd, even;

	in = _mm256_shuffle_epi8(in, spread);
	/* Shifts by a count per 16 bits, which AVX2 has as products only. */
	even = _mm256_mulhi_epu16(
	    _mm256_and_si256(in, _mm256_set1_epi32(0x0fc0fc00)),
	    _mm256_set1_epi32(0x04000040));
	odd = _mm256_mullo_epi16(
	    _mm256_and_si256(in, _mm256_set1_epi32(0x003f03f0)),
	    _mm256_set1_epi32(0x01000010));
	return _mm256_or_si256(even, odd);
}

/* Numbers of 6 bits to characters: add what is proper to their range. */
AVX2 static inline __m256i
to_characters(__m256i numbers)
{
	/* By range: a-z, each of 0-9, +, /, and A-Z. */
	const __m256i distance = LANES('a' - 26, '0' - 52, '0' - 52, '0' - 52,
	    '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
	    '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0);
	/* 0 for both ranges of letters, 1 to 12 for the rest. */
	__m256i range = _mm256_subs_epu8(numbers, _mm256_set1_epi8(51));
	__m256i is_upper = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), numbers);

	range = _mm256_or_si256(
	    range, _mm256_and_si256(is_upper, _mm256_set1_epi8(13)));
	return _mm256_add_epi8(numbers, _mm256_shuffle_epi8(distance, range));
}

AVX2 static size_t
encode_avx2(const unsigned char *data, size_t len, char *out)
{
	size_t taken = 0;

	/* The second load reads up to byte 28 of the 24 that it is for. */
	for (; len - taken >= 28; taken += 24, out += 32) {
		const unsigned char *in = data + taken;
		__m256i block = _mm256_inserti128_si256(
		    _mm256_castsi128_si256(
			_mm_loadu_si128((const __m128i *)in)),
		    _mm_loadu_si128((const __m128i *)(in + 12)), 1);

		_mm256_storeu_si256(
		    (__m256i *)out, to_characters(split_bits(block)));
	}
	return taken;
}

/*
 * Characters to numbers of 6 bits. False if any is not in the alphabet. Each
 * row of the ASCII table (the high half of a character) and each column (the
 * low half) has a set of bits: where they share one, the character is bad.
 */
AVX2 static inline bool
to_numbers(__m256i in, __m256i *numbers)
{
	const __m256i bad_column = LANES(0x15, 0x11, 0x11, 0x11, 0x11, 0x11,
	    0x11, 0x11, 0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a);
	const __m256i bad_row = LANES(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04,
	    0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10);
	/* By row; '/' shares the row of '+' and has that of row 1. */
	const __m256i distance = LANES(0, 63 - '/', 62 - '+', 52 - '0', 0 - 'A',
	    0 - 'A', 26 - 'a', 26 - 'a', 0, 0, 0, 0, 0, 0, 0, 0);
	const __m256i half = _mm256_set1_epi8(0x0f);
	__m256i column = _mm256_and_si256(in, half);
	__m256i row = _mm256_and_si256(_mm256_srli_epi32(in, 4), half);
	__m256i is_slash = _mm256_cmpeq_epi8(in, _mm256_set1_epi8('/'));

	*numbers = _mm256_add_epi8(
	    in, _mm256_shuffle_epi8(distance, _mm256_add_epi8(row, is_slash)));
	return _mm256_testz_si256(_mm256_shuffle_epi8(bad_column, column),
	    _mm256_shuffle_epi8(bad_row, row));
}

/* 16 numbers of 6 bits per lane to 12 bytes at its front. */
AVX2 static inline __m256i
join_bits(__m256i numbers)
{
	const __m256i pack =
	    LANES(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
	/* Two numbers to 12 bits, then two of those to 24. */
	__m256i pairs =
	    _mm256_maddubs_epi16(numbers, _mm256_set1_epi32(0x01400140));
	__m256i groups =
	    _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000));

	return _mm256_shuffle_epi8(groups, pack);
}

AVX2 static size_t
decode_avx2(const char *text, size_t len, unsigned char *out)
{
	size_t taken = 0;

	for (; len - taken >= 32; taken += 32, out += 24) {
		__m256i in =
		    _mm256_loadu_si256((const __m256i *)(text + taken));
		__m256i numbers, bytes;

		if (!to_numbers(in, &numbers))
			break;
		/* Close the gap between the lanes: 24 bytes in a row. */
		bytes = _mm256_permutevar8x32_epi32(join_bits(numbers),
		    _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
		_mm_storeu_si128((__m128i *)out, _mm256_castsi256_si128(bytes));
		_mm_storel_epi64(
		    (__m128i *)(out + 16), _mm256_extracti128_si256(bytes, 1));
	}
	return taken;
}

static inline bool
have_avx2(void)
{
	return is_enabled && __builtin_cpu_supports("avx2");
}

size_t
base64_x86_encode(const unsigned char *data, size_t len, char *out)
{
	return have_avx2() ? encode_avx2(data, len, out) : 0;
}

size_t
base64_x86_decode(const char *text, size_t len, unsigned char *out)
{
	return have_avx2() ? decode_avx2(text, len, out) : 0;
}

#endif
