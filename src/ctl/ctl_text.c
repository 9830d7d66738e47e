/*
 * ctl_text: numbers as people read them; strings that are safe where they are
 * printed. Pure.
 */
#include "ctl_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define MINUTE_S 60
#define HOUR_S   3600
#define DAY_S    86400

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static struct ctl_text __attribute__((format(printf, 1, 2)))
make_text(const char *fmt, ...)
{
	struct ctl_text result;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(result.text, sizeof(result.text), fmt, ap);
	va_end(ap);
	return result;
}

/* "3 h 20 min", and "3 h" where there is nothing over. */
static struct ctl_text
two_units(int64_t large, const char *large_unit, int64_t small,
    const char *small_unit)
{
	if (small == 0)
		return make_text("%" PRId64 " %s", large, large_unit);
	return make_text("%" PRId64 " %s %" PRId64 " %s", large, large_unit,
	    small, small_unit);
}

struct ctl_text
ctl_text_duration(int64_t seconds)
{
	if (seconds < 0)
		return make_text("-");
	if (seconds < 2 * MINUTE_S)
		return make_text("%" PRId64 " s", seconds);
	if (seconds < 2 * HOUR_S)
		return make_text("%" PRId64 " min", seconds / MINUTE_S);
	if (seconds < 2 * DAY_S)
		return two_units(
		    seconds / HOUR_S, "h", seconds % HOUR_S / MINUTE_S, "min");
	return two_units(seconds / DAY_S, "d", seconds % DAY_S / HOUR_S, "h");
}

struct ctl_text
ctl_text_bytes(int64_t bytes)
{
	static const char units[] = "kMGTPE";
	double rest = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024)
		return make_text("%" PRId64 " B", bytes);
	/* As it will be printed: 1023.9 kB is 1.0 MB. */
	while (rest >= 1023.5 && unit < sizeof(units) - 2) {
		rest /= 1024;
		unit++;
	}
	return make_text("%.*f %cB", rest < 9.95 ? 1 : 0, rest, units[unit]);
}

struct ctl_text
ctl_text_latency(int64_t microseconds)
{
	if (microseconds < 1000)
		return make_text("%.2f ms", (double)microseconds / 1000);
	if (microseconds < 9950)
		return make_text("%.1f ms", (double)microseconds / 1000);
	if (microseconds < 999500)
		return make_text("%.0f ms", (double)microseconds / 1000);
	return make_text("%.1f s", (double)microseconds / 1000000);
}

struct ctl_text
ctl_text_percent(int64_t part, int64_t whole)
{
	if (whole <= 0)
		return make_text("-");
	return make_text("%.1f%%", 100 * (double)part / (double)whole);
}

struct ctl_text
ctl_text_time(time_t when)
{
	struct ctl_text result = make_text("-");
	struct tm tm;

	if (localtime_r(&when, &tm) != NULL)
		strftime(
		    result.text, sizeof(result.text), "%Y-%m-%d %H:%M:%S", &tm);
	return result;
}

void
ctl_put_text(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '\\')
			fputs("\\\\", out);
		else if (c >= ' ' && c <= '~')
			putc(c, out);
		else
			fprintf(out, "\\x%02x", c);
	}
}

/*
 * The length of the UTF-8 character at `text`, or 0 if there is none: not an
 * overlong form, no surrogate, nothing past U+10FFFF.
 */
static size_t
utf8_len(const unsigned char *text)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t len;

	if (text[0] < 0x80)
		return 1;
	if (text[0] >= 0xc2 && text[0] <= 0xdf)
		len = 2;
	else if (text[0] >= 0xe0 && text[0] <= 0xef)
		len = 3;
	else if (text[0] >= 0xf0 && text[0] <= 0xf4)
		len = 4;
	else
		return 0;
	if (text[0] == 0xe0)
		low = 0xa0;
	else if (text[0] == 0xed)
		high = 0x9f;
	else if (text[0] == 0xf0)
		low = 0x90;
	else if (text[0] == 0xf4)
		high = 0x8f;
	/* The NUL at the end is in no range, so this stops there. */
	for (size_t i = 1; i < len; i++, low = 0x80, high = 0xbf)
		if (text[i] < low || text[i] > high)
			return 0;
	return len;
}

/* One character of a string; returns how many bytes of it were used. */
static size_t
put_utf8(FILE *out, const char *text)
{
	size_t len = utf8_len((const unsigned char *)text);

	if (len == 0) {
		fputs(REPLACEMENT, out);
		return 1;
	}
	fwrite(text, 1, len, out);
	return len;
}

void
ctl_put_json(FILE *out, const char *text)
{
	putc('"', out);
	while (*text != '\0') {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\') {
			fprintf(out, "\\%c", c);
			text++;
		} else if (c < ' ' || c == 0x7f) {
			fprintf(out, "\\u%04x", c);
			text++;
		} else {
			text += put_utf8(out, text);
		}
	}
	putc('"', out);
}

void
ctl_put_label(FILE *out, const char *text)
{
	putc('"', out);
	while (*text != '\0') {
		if (*text == '"' || *text == '\\') {
			fprintf(out, "\\%c", *text++);
		} else if (*text == '\n') {
			fputs("\\n", out);
			text++;
		} else {
			text += put_utf8(out, text);
		}
	}
	putc('"', out);
}
