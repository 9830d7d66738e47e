/*
 * xalloc: the C library's allocator, which may not fail here. A daemon without
 * memory for a few hundred bytes cannot serve; master(8) starts a new one. Owns
 * nothing, never returns NULL.
 */
#include "xalloc.h"

#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Zero bytes are a valid request, for which malloc(3) may return NULL. */
static size_t
at_least_one(size_t size)
{
	return size > 0 ? size : 1;
}

void *
xmalloc(size_t size)
{
	void *memory;

	memory = malloc(at_least_one(size));
	if (memory == NULL)
		log_fatal("out of memory: %zu bytes", size);
	return memory;
}

void *
xcalloc(size_t count, size_t size)
{
	void *memory;

	memory = calloc(at_least_one(count), at_least_one(size));
	if (memory == NULL)
		log_fatal("out of memory: %zu times %zu bytes", count, size);
	return memory;
}

void *
xrealloc(void *old, size_t size)
{
	void *memory;

	memory = realloc(old, at_least_one(size));
	if (memory == NULL)
		log_fatal("out of memory: %zu bytes", size);
	return memory;
}

char *
xstrdup(const char *string)
{
	return xstrndup(string, strlen(string));
}

char *
xstrndup(const char *string, size_t len)
{
	size_t copied = strnlen(string, len);
	char *copy = xmalloc(copied + 1);

	memcpy(copy, string, copied);
	copy[copied] = '\0';
	return copy;
}

char *
xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *string;

	va_start(ap, fmt);
	string = xvasprintf(fmt, ap);
	va_end(ap);
	return string;
}

char *
xvasprintf(const char *fmt, va_list ap)
{
	char *string;

	if (vasprintf(&string, fmt, ap) < 0)
		log_fatal("out of memory: formatting a string");
	return string;
}
