/*
 * memory_engine: a pretend engine that does what it is told: GET, SET and DEL
 * of a few entries. Included once, after pretend_engine.h.
 */
#ifndef MEMORY_ENGINE_H
#define MEMORY_ENGINE_H

#include "pretend_engine.h"

#define MEMORY_ENGINE_ENTRIES 64

struct memory_engine {
	struct pretend_engine base;
	bool is_silent;      /* it reads, and answers nothing */
	const char *refusal; /* of deletions; NULL: it deletes */
	unsigned gets, sets, dels;
	struct {
		char name[80]; /* "": free */
		unsigned char value[32768];
		size_t len;
		long long ttl_ms;
	} entries[MEMORY_ENGINE_ENTRIES];
};

/* The words of the first command. 0: it is not there as a whole. */
static inline unsigned
memory_engine_words(struct pretend_engine *engine, const char *words[8],
    size_t lens[8], size_t *used)
{
	char *next = engine->received, *end = next + engine->len;
	unsigned long count;

	if (engine->len == 0)
		return 0;
	count = strtoul(next + 1, &next, 10);
	next += 2;
	for (unsigned long i = 0; i < count; i++) {
		if (next >= end)
			return 0;
		lens[i] = strtoul(next + 1, &next, 10);
		words[i] = next + 2;
		next += 2 + lens[i] + 2;
		if (next > end)
			return 0;
	}
	*used = (size_t)(next - engine->received);
	return (unsigned)count;
}

static inline int
memory_engine_find(struct memory_engine *engine, const char *name, size_t len)
{
	for (int i = 0; i < MEMORY_ENGINE_ENTRIES; i++)
		if (strlen(engine->entries[i].name) == len &&
		    memcmp(engine->entries[i].name, name, len) == 0)
			return i;
	return -1;
}

static inline void
memory_engine_set(
    struct memory_engine *engine, const char *words[8], const size_t lens[8])
{
	int i = memory_engine_find(engine, words[1], lens[1]);

	if (i < 0)
		i = memory_engine_find(engine, "", 0);
	if (i < 0) /* it is full */
		i = (int)(engine->sets % MEMORY_ENGINE_ENTRIES);
	assert_true(lens[2] <= sizeof(engine->entries[i].value));
	engine->sets++;
	snprintf(engine->entries[i].name, sizeof(engine->entries[i].name),
	    "%.*s", (int)lens[1], words[1]);
	memcpy(engine->entries[i].value, words[2], lens[2]);
	engine->entries[i].len = lens[2];
	engine->entries[i].ttl_ms = strtoll(words[4], NULL, 10);
	pretend_engine_say(&engine->base, "+OK\r\n", 5);
}

static inline void
memory_engine_get(struct memory_engine *engine, const char *name, size_t len)
{
	int i = memory_engine_find(engine, name, len);
	char head[32];

	engine->gets++;
	if (i < 0) {
		pretend_engine_say(&engine->base, "$-1\r\n", 5);
		return;
	}
	snprintf(head, sizeof(head), "$%zu\r\n", engine->entries[i].len);
	pretend_engine_say(&engine->base, head, strlen(head));
	pretend_engine_say(&engine->base,
	    (const char *)engine->entries[i].value, engine->entries[i].len);
	pretend_engine_say(&engine->base, "\r\n", 2);
}

static inline void
memory_engine_del(struct memory_engine *engine, const char *name, size_t len)
{
	int i = memory_engine_find(engine, name, len);

	engine->dels++;
	if (engine->refusal != NULL) {
		pretend_engine_say(
		    &engine->base, engine->refusal, strlen(engine->refusal));
		return;
	}
	if (i >= 0)
		engine->entries[i].name[0] = '\0';
	pretend_engine_say(&engine->base, i >= 0 ? ":1\r\n" : ":0\r\n", 4);
}

/* Take in what came, and answer it. */
static inline void
memory_engine_poll(struct memory_engine *engine)
{
	struct pretend_engine *base = &engine->base;
	const char *words[8];
	size_t lens[8], used;

	pretend_engine_poll(base);
	while (!engine->is_silent && base->fd >= 0 &&
	       memory_engine_words(base, words, lens, &used) > 0) {
		if (*words[0] == 'G')
			memory_engine_get(engine, words[1], lens[1]);
		else if (*words[0] == 'S')
			memory_engine_set(engine, words, lens);
		else
			memory_engine_del(engine, words[1], lens[1]);
		base->len -= used;
		memmove(base->received, base->received + used, base->len + 1);
	}
}

/* How many entries it has, but for probes. */
static inline unsigned
memory_engine_count(const struct memory_engine *engine)
{
	unsigned count = 0;

	for (int i = 0; i < MEMORY_ENGINE_ENTRIES; i++)
		count += engine->entries[i].name[0] != '\0' &&
		         strstr(engine->entries[i].name, ":probe:") == NULL;
	return count;
}

#endif
