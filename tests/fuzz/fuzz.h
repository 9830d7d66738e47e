/*
 * fuzz: what the fuzz targets share. A target is one function that takes any
 * bytes; what must hold for all of them it states with fuzz_expect(). Included
 * once, by the target's only file.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define fuzz_expect(condition) \
	((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))

_Noreturn static inline void
fuzz_fail(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
	abort();
}

/* Lines are formatted, and go nowhere. */
static inline void
fuzz_sink(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	(void)level;
	fuzz_expect(strlen(text) <= LOG_LINE_MAX);
}

/* The input, taken from the front. Behind its end there are zeros. */
struct fuzz_input {
	const uint8_t *data;
	size_t len;
};

static inline struct fuzz_input
fuzz_begin(const uint8_t *data, size_t len)
{
	log_set_sink(fuzz_sink, NULL);
	return (struct fuzz_input){ data, len };
}

static inline size_t
fuzz_take(struct fuzz_input *input, void *to, size_t len)
{
	size_t taken = len < input->len ? len : input->len;

	memset(to, 0, len);
	if (taken > 0) {
		memcpy(to, input->data, taken);
		input->data += taken;
		input->len -= taken;
	}
	return taken;
}

static inline unsigned
fuzz_take_byte(struct fuzz_input *input)
{
	uint8_t byte;

	fuzz_take(input, &byte, sizeof(byte));
	return byte;
}

static inline unsigned
fuzz_take_u16(struct fuzz_input *input)
{
	uint16_t word;

	fuzz_take(input, &word, sizeof(word));
	return word;
}

/* What is left, as a string of its own: the sanitizer sees where it ends. */
static inline char *
fuzz_take_string(struct fuzz_input *input)
{
	char *text = malloc(input->len + 1);

	text[fuzz_take(input, text, input->len)] = '\0';
	return text;
}

/* A file in memory with these bytes. */
static inline int
fuzz_file(const void *data, size_t len)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	fuzz_expect(fd >= 0);
	fuzz_expect(pwrite(fd, data, len, 0) == (ssize_t)len);
	return fd;
}

#endif
