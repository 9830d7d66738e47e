/*
 * utf8: decodes one character at a time. Pure, and fit for signal handlers.
 */
#include "utf8.h"

size_t
utf8_decode(const char *text, uint32_t *code)
{
	static const uint32_t smallest[5] = { 0, 1, 0x80, 0x800, 0x10000 };
	const unsigned char *bytes = (const unsigned char *)text;
	size_t len;

	if (bytes[0] < 0x80)
		len = 1;
	else if (bytes[0] >= 0xc2 && bytes[0] <= 0xf4)
		len = bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
	else
		return 0;
	*code = len == 1 ? bytes[0] : bytes[0] & (0x7fU >> len);
	/* The NUL at the end continues nothing, so this stops there. */
	for (size_t i = 1; i < len; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (bytes[i] & 0x3f);
	}
	if (*code < smallest[len] || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return len;
}

bool
utf8_is_printable(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} hidden[] = {
		{ 0x0000, 0x001f },   /* C0 */
		{ 0x007f, 0x009f },   /* DEL, C1 */
		{ 0x00ad, 0x00ad },   /* soft hyphen */
		{ 0x061c, 0x061c },   /* Arabic letter mark */
		{ 0x200b, 0x200f },   /* no width; marks of direction */
		{ 0x2028, 0x202e },   /* separators; embeddings, overrides */
		{ 0x2060, 0x206f },   /* invisible operators; isolates */
		{ 0xfeff, 0xfeff },   /* byte order mark */
		{ 0xfff9, 0xfffb },   /* annotations */
		{ 0xe0000, 0xe007f }, /* tags */
	};

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (code >= hidden[i].first && code <= hidden[i].last)
			return false;
	return true;
}
