/*
 * fuzz_service: a conversation with the service, over stores in memory. Where
 * the bytes are cut is drawn from the first one, and must make no difference;
 * every request has one whole reply, which begins with a status; and somebody
 * who traces it is told in whole lists.
 */
#include "fuzz.h"

#include "attr.h"
#include "clock.h"
#include "service.h"
#include "store_memory.h"
#include "xalloc.h"

static unsigned answers;

static void
call_done(struct service_call *call)
{
	(void)call;
	answers++;
}

/* What follows would be another client's. */
static void
call_more(struct service_call *call)
{
	answers++;
	service_stop(call);
}

static void
tracer_more(struct service_call *call)
{
	(void)call;
}

static void
wake(void *arg)
{
	(void)arg;
}

static void
put_statistics(void *arg, struct buffer *reply)
{
	service_put_request_counts(arg, reply);
}

static void
put_parameters(void *arg, struct buffer *reply)
{
	(void)arg;
	attr_put_string(reply, "parameter", "fuzz");
}

static enum error
wipe_ticket_keys(void *arg)
{
	ticket_keys_wipe(((struct service *)arg)->ticket_keys);
	return ERROR_NONE;
}

static enum error
save(void *arg)
{
	return cache_write_out(&((struct service *)arg)->caches[0]);
}

static time_t
raise_log_level(void *arg, int by, unsigned minutes)
{
	(void)arg;
	fuzz_expect(by >= 0 && by < 10 && minutes > 0 && minutes <= 1440);
	return by;
}

/* The replies are so many lists, with a status in front. */
static void
check_replies(const struct buffer *replies, unsigned count)
{
	const unsigned char *data = buffer_head(replies);
	size_t len = replies->len, used;

	for (; count > 0; count--) {
		struct attr_reader reader;
		struct attr_list list;
		int status;

		attr_reader_init(&reader);
		fuzz_expect(
		    attr_reader_feed(&reader, data, len, &used) == ERROR_NONE);
		attr_list_init(&list, &reader, data);
		fuzz_expect(
		    attr_get_int(&list, "status", &status) == ERROR_NONE);
		fuzz_expect(status >= STATUS_FAIL && status <= STATUS_OK);
		data += used;
		len -= used;
	}
	fuzz_expect(len == 0);
}

/* One row, and a minute of it; always the same. */
static const struct history *
get_history(void *arg, const char **file)
{
	static struct history history;
	static const uint64_t values[] = { 1 };

	(void)arg;
	if (history.records == NULL) {
		history_init(&history);
		history_add_row(&history, "row", HISTORY_COUNTER);
		history_look(&history, clock_wall_s(), 1, values);
		history_look(&history, clock_wall_s(), 1, values);
	}
	*file = "file";
	return &history;
}

static void
serve(struct service *service, struct store_memory *stores,
    const unsigned char *data, const struct attr_reader *reader,
    struct service_call *call)
{
	struct attr_list request;

	attr_list_init(&request, reader, data);
	(void)service_begin(service, &request, call);
	service_run(&request, call);
	for (int i = 0; i < CACHE_TYPES; i++)
		if (stores[i].late_done != NULL)
			store_memory_answer(&stores[i]);
}

/* As client.c does it: what is there so far is looked at from its start. */
static void
converse(struct service *service, struct store_memory *stores,
    struct fuzz_input input, unsigned cut, struct buffer *replies)
{
	struct service_call call = {
		.done = call_done,
		.more = call_more,
		.reply = replies,
	};
	struct attr_reader reader;
	size_t there = 0, used;
	unsigned requests = 0, random = cut;
	enum error error = ERROR_AGAIN;

	answers = 0;
	attr_reader_init(&reader);
	while (error != ERROR_TOO_LARGE &&
	       (error == ERROR_NONE || there < input.len)) {
		unsigned char *copy;

		if (error == ERROR_AGAIN) {
			random = random * 1103515245 + 12345;
			there += 1 + (random >> 16) % (1U << cut % 16);
		}
		there = there < input.len ? there : input.len;
		copy = malloc(there + 1);
		if (there > 0)
			memcpy(copy, input.data, there);
		copy = realloc(copy, there > 0 ? there : 1);
		error = attr_reader_feed(&reader, copy, there, &used);
		if (error == ERROR_NONE) {
			serve(service, stores, copy, &reader, &call);
			attr_reader_init(&reader);
			requests++;
		} else if (error == ERROR_TOO_LARGE) {
			service_refuse(service, &call, error);
			requests++;
			answers++;
		}
		input.data += used;
		input.len -= used;
		there -= used;
		free(copy);
	}
	fuzz_expect(answers == requests);
	check_replies(replies, requests);
}

static void
begin_trace(struct service *service, struct store_memory *stores,
    struct service_call *tracer)
{
	static const unsigned char data[] =
	    "request\0trace\0cache_type\0\0filter\0\0";
	struct attr_reader reader;
	size_t used;

	attr_reader_init(&reader);
	fuzz_expect(
	    attr_reader_feed(&reader, data, sizeof(data), &used) == ERROR_NONE);
	serve(service, stores, data, &reader, tracer);
	buffer_clear(tracer->reply, 0);
}

static void
check_events(const struct buffer *events)
{
	const unsigned char *data = buffer_head(events);
	size_t len = events->len, used;

	for (; len > 0; data += used, len -= used) {
		struct attr_reader reader;
		struct attr_list list;
		const char *value;

		attr_reader_init(&reader);
		fuzz_expect(
		    attr_reader_feed(&reader, data, len, &used) == ERROR_NONE);
		attr_list_init(&list, &reader, data);
		fuzz_expect(attr_get_string(&list, "time_us", &value, NULL) ==
			    ERROR_NONE);
	}
}

/* A conversation with a service of its own. Returns the length of replies. */
static size_t
run(struct fuzz_input input, unsigned cut, bool is_late)
{
	static struct store_memory stores[CACHE_TYPES];
	struct cache caches[CACHE_TYPES];
	struct ticket_keys keys;
	struct service service;
	const struct service_admin admin = {
		.arg = &service,
		.put_statistics = put_statistics,
		.get_history = get_history,
		.put_parameters = put_parameters,
		.wipe_ticket_keys = wipe_ticket_keys,
		.save = save,
		.raise_log_level = raise_log_level,
	};
	struct buffer replies, events;
	struct service_call tracer = { .more = tracer_more, .reply = &events };
	size_t len;

	memset(stores, 0, sizeof(stores));
	for (int i = 0; i < CACHE_TYPES; i++) {
		stores[i].base.ops = &store_memory_ops;
		stores[i].is_late = is_late;
		cache_init(&caches[i], (enum cache_type)i, 3600);
		caches[i].wake = wake;
		caches[i].log_activity = i == CACHE_SMTP;
		if (i == CACHE_LMTP)
			continue;
		caches[i].database = xstrdup("memory:");
		caches[i].store = &stores[i].base;
	}
	ticket_keys_init(&keys, 3600);
	service_init(&service, caches, &keys);
	service_set_admin(&service, &admin);
	buffer_init(&replies);
	buffer_init(&events);
	begin_trace(&service, stores, &tracer);
	converse(&service, stores, input, cut, &replies);
	service_stop(&tracer);
	check_events(&events);
	len = replies.len;
	buffer_fini(&replies);
	buffer_fini(&events);
	service_fini(&service);
	ticket_keys_fini(&keys);
	for (int i = 0; i < CACHE_TYPES; i++)
		cache_fini(&caches[i]);
	return len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_input input = fuzz_begin(data, len);
	unsigned first = fuzz_take_byte(&input);

	fuzz_expect(run(input, first, first & 16) == run(input, 15, false));
	return 0;
}
