/*
 * config_compare: how ${{left} < {right}} sees its two texts: as numbers, as
 * strings, or as compatibility levels. As observed with `postconf -x` 3.7.
 * Pure.
 */
#include "config_compare.h"

#include <stdlib.h>
#include <string.h>

/* The parts of a level behind the first go no higher. */
#define LEVEL_PART_MAX 1023

static bool
is_number(const char *text)
{
	return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

int
config_compare_texts(const char *left, const char *right)
{
	if (!is_number(left) || !is_number(right))
		return strcmp(left, right);
	left += strspn(left, "0");
	right += strspn(right, "0");
	if (strlen(left) != strlen(right))
		return strlen(left) < strlen(right) ? -1 : 1;
	return strcmp(left, right);
}

/* One to three numbers with dots between; those not there are 0. */
static bool
parse_level(const char *text, long level[3])
{
	char *end;

	memset(level, 0, 3 * sizeof(*level));
	for (int i = 0; i < 3; i++) {
		level[i] = strtol(text, &end, 10);
		if (end == text || level[i] < 0 ||
		    (i > 0 && level[i] > LEVEL_PART_MAX))
			return false;
		if (*end == '\0')
			return true;
		if (*end != '.')
			return false;
		text = end + 1;
	}
	return false;
}

bool
config_compare_levels(
    const char *left, const char *right, int *order, const char **bad)
{
	long l[3], r[3];

	if (!parse_level(left, l)) {
		*bad = left;
		return false;
	}
	if (!parse_level(right, r)) {
		*bad = right;
		return false;
	}
	*order = 0;
	for (int i = 0; i < 3 && *order == 0; i++)
		*order = (l[i] > r[i]) - (l[i] < r[i]);
	return true;
}
