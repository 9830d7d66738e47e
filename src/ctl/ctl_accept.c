/*
 * ctl_accept: the weights of two media types in a header Accept, of which any
 * bytes may come. Pure.
 */
#include "ctl_accept.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define OPENMETRICS "application/openmetrics-text"
#define TEXT        "text/plain"
#define BLANKS      " \t"

/* Of a range and its parameters, "type;version=1;q=0.5", up to `len`. */
static double
find_weight(const char *range, size_t len)
{
	const char *end = range + len, *parameter = range;

	while ((parameter = memchr(
		    parameter, ';', (size_t)(end - parameter))) != NULL) {
		parameter++;
		parameter += strspn(parameter, BLANKS);
		if (end - parameter >= 2 &&
		    strncasecmp(parameter, "q=", 2) == 0)
			return strtod(parameter + 2, NULL);
	}
	return 1;
}

/* The highest of a type's; -1: it is not named. */
static double
find_type(const char *accept, const char *type)
{
	size_t type_len = strlen(type);
	double highest = -1;

	for (;; accept++) {
		size_t len;

		accept += strspn(accept, BLANKS);
		len = strcspn(accept, ",");
		if (len >= type_len &&
		    strncasecmp(accept, type, type_len) == 0 &&
		    strchr(",;" BLANKS, accept[type_len]) != NULL) {
			double weight = find_weight(accept, len);

			if (weight > highest)
				highest = weight;
		}
		accept += len;
		if (*accept == '\0')
			return highest;
	}
}

bool
ctl_accept_openmetrics(const char *accept)
{
	double weight;

	if (accept == NULL)
		return false;
	weight = find_type(accept, OPENMETRICS);
	return weight > 0 && weight >= find_type(accept, TEXT);
}
