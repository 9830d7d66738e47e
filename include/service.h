/*
 * service: what is asked and what is answered, as tlsmgr-protocol(7) has it.
 * Knows no sockets. One handler per request, in a table (service.c).
 */
#ifndef SERVICE_H
#define SERVICE_H

#include "attr.h"
#include "buffer.h"
#include "cache.h"
#include "destinations.h"
#include "history.h"
#include "log.h"
#include "ticket_key.h"

#include <sys/types.h>

/* The status attribute of a reply: tlsmgr-protocol(7). */
enum service_status {
	STATUS_OK = 0,
	STATUS_ERR = -1,  /* no such object, or it could not be done */
	STATUS_FAIL = -2, /* the request is not as it must be */
};

/* Who asks, as the kernel says. */
struct service_peer {
	pid_t pid;
	uid_t uid;
};

/* What the daemon knows and can do besides, for its administrator. */
struct service_admin {
	void *arg;
	/* Append one attribute for each statistic. */
	void (*put_statistics)(void *arg, struct buffer *reply);
	/* Up to now, borrowed; and the file where it is kept, "" for none. */
	const struct history *(*get_history)(void *arg, const char **file);
	/* Append parameter, value and origin for each parameter. */
	void (*put_parameters)(void *arg, struct buffer *reply);
	/*
	 * Wipe all ticket keys. ERROR_DISABLED: there are no tickets;
	 * ERROR_SHARED: they are those of a group of hosts;
	 * ERROR_LOCKED: another process has their file, try again.
	 */
	enum error (*wipe_ticket_keys)(void *arg);
	/* Write out what the end of the process would save. Never waits. */
	enum error (*save)(void *arg);
	/*
	 * Log as with so many -v more, for so many minutes; 0: as configured.
	 * Returns until when, 0 for the latter.
	 */
	time_t (*raise_log_level)(void *arg, int by, unsigned minutes);
};

struct service_handler;
struct service_latency;
struct trace_event;
struct tracer;

struct service {
	struct cache *caches;              /* CACHE_TYPES of them, borrowed */
	struct ticket_keys *ticket_keys;   /* borrowed */
	const struct service_admin *admin; /* borrowed; NULL: none */
	unsigned char *session;            /* ATTR_SESSION_MAX bytes, owned */
	/* Of the clients' side, owned; NULL: not counted. */
	struct destinations *destinations[CACHE_TYPES];
	struct log_limit complaints;
	struct log_limit clears[CACHE_TYPES]; /* lines about each */
	struct log_limit rotations;
	struct log_limit wipes;
	struct log_limit saves;
	uint64_t requests;
	uint64_t *request_counts; /* by handler, the last unknown; owned */
	struct service_latency *latencies; /* the same */
	uint32_t begun; /* a bit for each of these that has begun to count */
	uint64_t complaint_count; /* requests that something was wrong with */
	struct tracer *tracers;   /* owned; calls that are told of others */
	unsigned tracer_count;
};

/* One request in hand. Embedded in the client. */
struct service_call {
	struct service *service;               /* set by service_begin() */
	const struct service_handler *handler; /* NULL: nobody handles it */
	const char *request;                   /* its name, for messages */
	struct service_peer peer;
	struct buffer *reply; /* borrowed; the reply is appended here */
	void (*done)(struct service_call *);
	/*
	 * Was added to the reply, which goes on until service_stop(). May be
	 * called during any other call. NULL: replies cannot go on here.
	 */
	void (*more)(struct service_call *);
	struct cache_request cache_request; /* the handler's */
	uint64_t destination; /* of destinations_request(); 0: not counted */
	struct trace_event *event; /* owned; NULL: nobody traces this call */
};

/* The caches (CACHE_TYPES of them) and the keys are borrowed. */
void service_init(struct service *, struct cache *caches, struct ticket_keys *);
/* Until this is called, requests of administrators are unknown ones. */
void service_set_admin(struct service *, const struct service_admin *);
/* Frees what the service owns; no call is in hand. */
void service_fini(struct service *);

/*
 * A request, in two steps. The first reads what is asked. True: that may take a
 * millisecond, as what administrators ask may; the caller then decides when it
 * is its turn, and whether, and begins again. `request` and the bytes behind it
 * are borrowed until the second step returns.
 */
bool service_begin(
    struct service *, struct attr_list *request, struct service_call *);

/*
 * Then carry it out. The caller has set peer, reply, done and more. Either done
 * is called once, possibly before this returns and possibly much later; or more
 * is called, the first time before this returns, and done is not.
 */
void service_run(struct attr_list *request, struct service_call *);

/*
 * All that was added to the reply of a call for which more was called has been
 * taken; may call more again.
 */
void service_taken(struct service_call *);
/* End a call for which more was called. */
void service_stop(struct service_call *);

/*
 * Answer a request that could not even be read: a status of FAIL alone, and a
 * log line that names the client. Does not call done.
 */
void service_refuse(struct service *, struct service_call *, enum error);

/*
 * All requests that were run since the last call took so many microseconds, to
 * the end of their replies.
 */
void service_note_latency(struct service *, uint64_t latency_us);

/*
 * For each kind of request that came, append how many took how long:
 * "latency.NAME.le.US", at most so many microseconds, for some values of US,
 * "latency.NAME.count" and "latency.NAME.sum_us".
 */
void service_put_latencies(const struct service *, struct buffer *);

/* DESTINATIONS_PERIOD_S is over. */
void service_end_period(struct service *);

/*
 * Numbers that only rise, by name, always in the same order: "request.NAME" for
 * each kind of request; and how long those of Postfix took, all together, as
 * "latency.le.US" and "latency.count".
 */
typedef void service_figure_fn(void *arg, const char *name, uint64_t value);
void service_each_figure(
    const struct service *, service_figure_fn *figure, void *arg);

/* Append an attribute "request.NAME" for each kind of request: how many. */
void service_put_request_counts(const struct service *, struct buffer *);

#endif
