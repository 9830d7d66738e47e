/*
 * ctl_put: writes strings so that they are safe where they are printed.
 */
#include "ctl_text.h"

#include "utf8.h"
#include "xalloc.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* What no shell takes for anything else. */
#define PLAIN                                                  \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" \
	"0123456789/._-+,:@%"

size_t
ctl_text_byte(char shown[5], char byte)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char code = (unsigned char)byte;
	size_t len = 0;

	if (code < ' ' || code > '~') {
		shown[len++] = '\\';
		shown[len++] = 'x';
		shown[len++] = digits[code >> 4];
		shown[len++] = digits[code & 15];
	} else {
		if (byte == '\\')
			shown[len++] = '\\';
		shown[len++] = byte;
	}
	shown[len] = '\0';
	return len;
}

void
ctl_put_text(FILE *out, const char *text)
{
	char shown[5];

	for (; *text != '\0'; text++) {
		ctl_text_byte(shown, *text);
		fputs(shown, out);
	}
}

char *
ctl_text_word(const char *text)
{
	static const char quote[] = "'\"'\"'"; /* with the ones around it */
	char *word, *end;

	if (*text != '\0' && text[strspn(text, PLAIN)] == '\0')
		return xstrdup(text);
	word = end = xmalloc(strlen(text) * strlen(quote) + sizeof("''"));
	*end++ = '\'';
	for (; *text != '\0'; text++) {
		*end = *text;
		if (*text == '\'')
			memcpy(end, quote, strlen(quote));
		end += *text == '\'' ? strlen(quote) : 1;
	}
	memcpy(end, "'", sizeof("'"));
	return word;
}

/* In quotes; `escape` writes what is not printable. */
static void
put_quoted(
    FILE *out, const char *text, void (*escape)(FILE *out, uint32_t code))
{
	uint32_t code;
	size_t len;

	putc('"', out);
	for (; *text != '\0'; text += len > 0 ? len : 1) {
		len = utf8_decode(text, &code);
		if (len == 0)
			fputs(REPLACEMENT, out);
		else if (code == '"' || code == '\\')
			fprintf(out, "\\%c", *text);
		else if (!utf8_is_printable(code))
			escape(out, code);
		else
			fwrite(text, 1, len, out);
	}
	putc('"', out);
}

/* The code points that JSON escapes in one piece: RFC 8259 section 7. */
static void
put_json_escape(FILE *out, uint32_t code)
{
	if (code > 0xffff) {
		code -= 0x10000;
		fprintf(out, "\\u%04" PRIx32, 0xd800 + (code >> 10));
		code = 0xdc00 + (code & 0x3ff);
	}
	fprintf(out, "\\u%04" PRIx32, code);
}

void
ctl_put_json(FILE *out, const char *text)
{
	put_quoted(out, text, put_json_escape);
}

static void
put_label_escape(FILE *out, uint32_t code)
{
	if (code == '\n')
		fputs("\\n", out);
	else
		fprintf(out, "\\\\u{%" PRIx32 "}", code);
}

void
ctl_put_label(FILE *out, const char *text)
{
	put_quoted(out, text, put_label_escape);
}
