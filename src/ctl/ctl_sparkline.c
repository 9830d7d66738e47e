/*
 * ctl_sparkline: see its header. Pure, but for the environment.
 */
#include "ctl_sparkline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LEVELS 8

static const char *const utf8_levels[LEVELS] = { "\u2581", "\u2582", "\u2583",
	"\u2584", "\u2585", "\u2586", "\u2587", "\u2588" };
static const char *const ascii_levels[LEVELS] = { "_", ".", ":", "-", "=", "+",
	"*", "#" };

bool
ctl_sparkline_is_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		value = getenv(names[i]);
		if (value != NULL && *value != '\0')
			return strcasestr(value, "utf-8") != NULL ||
			       strcasestr(value, "utf8") != NULL;
	}
	return false;
}

static bool
is_there(double value)
{
	return isfinite(value) && value >= 0;
}

static double
find_largest(const double *values, size_t count)
{
	double largest = 0;

	for (size_t i = 0; i < count; i++)
		if (is_there(values[i]) && values[i] > largest)
			largest = values[i];
	return largest;
}

/* The lowest is for 0 alone where others are higher than that. */
static size_t
level_of(double value, double largest)
{
	size_t level;

	if (value <= 0)
		return 0;
	level = (size_t)(value / largest * (LEVELS - 1) + 0.5);
	if (level >= LEVELS)
		return LEVELS - 1;
	return level > 0 ? level : 1;
}

size_t
ctl_sparkline(
    char *text, size_t size, const double *values, size_t count, bool is_utf8)
{
	const char *const *levels = is_utf8 ? utf8_levels : ascii_levels;
	double largest = find_largest(values, count);
	size_t len = 0;

	for (size_t i = 0; i < count; i++) {
		const char *one = is_there(values[i])
		                      ? levels[level_of(values[i], largest)]
		                      : " ";

		if (strlen(one) >= size - len)
			break;
		memcpy(text + len, one, strlen(one));
		len += strlen(one);
	}
	text[len] = '\0';
	return len;
}
