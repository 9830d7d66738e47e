/*
 * service: what is asked and what is answered. One handler per request, in a
 * table (service.c); a handler sits in request_<name>.c. Knows no sockets.
 *
 * A handler finishes by calling service_call_done(), once, possibly before it
 * returns and possibly much later. The request's bytes are its own only until
 * it returns; the call and the reply buffer stay until it is done.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include "attr.h"
#include "buffer.h"
#include "cache.h"
#include "log.h"
#include "ticket_key.h"

#include <sys/types.h>

/* The status attribute of a reply (CONTRACT section 1). */
enum service_status {
	STATUS_OK = 0,
	STATUS_ERR = -1,  /* no such object, or it could not be done */
	STATUS_FAIL = -2, /* the request is not as it must be */
};

/* Who asks, as the kernel says; for log lines. */
struct service_peer {
	pid_t pid;
	uid_t uid;
};

/* What the daemon knows and can do besides, for its administrator. */
struct service_admin {
	void *arg;
	/* Append one attribute for each statistic. */
	void (*put_statistics)(void *arg, struct buffer *reply);
	/* Append parameter, value and origin for each parameter. */
	void (*put_parameters)(void *arg, struct buffer *reply);
	/*
	 * Wipe all ticket keys. ERROR_DISABLED: there are no tickets;
	 * ERROR_LOCKED: another process has their file, try again.
	 */
	enum error (*wipe_ticket_keys)(void *arg);
	/* Write out what the end of the process would save. Never waits. */
	enum error (*save)(void *arg);
};

struct service {
	struct cache *caches;            /* CACHE_TYPES of them, borrowed */
	struct ticket_keys *ticket_keys; /* borrowed */
	const struct service_admin *admin; /* borrowed; NULL: none */
	unsigned char *session;          /* ATTR_SESSION_MAX bytes, owned */
	struct log_limit complaints;
	uint64_t requests;
	uint64_t *request_counts; /* by handler, the last unknown; owned */
	uint64_t complaint_count; /* requests that something was wrong with */
};

/* One request in hand. Embedded in the client. */
struct service_call {
	struct service *service;   /* set by service_run() */
	const char *request;       /* its name, for messages */
	struct service_peer peer;
	struct buffer *reply;      /* borrowed; the reply is appended here */
	void (*done)(struct service_call *);
	struct cache_request cache_request; /* the handler's */
	bool is_long; /* it took a while: now it is the turn of others */
};

void service_init(struct service *, struct cache *caches,
    struct ticket_keys *);
/* Until this is called, requests that need it are unknown ones. */
void service_set_admin(struct service *, const struct service_admin *);
void service_fini(struct service *);

/*
 * Carry out one request. The caller has set peer, reply and done. `request`
 * and the bytes behind it are borrowed until this returns.
 */
void service_run(struct service *, struct attr_list *request,
    struct service_call *);

/*
 * Answer a request that could not even be read: a status of FAIL alone, and a
 * log line that names the client. Does not call done.
 */
void service_refuse(struct service *, struct service_call *, enum error);

/* Append an attribute "request.NAME" for each kind of request: how many. */
void service_put_request_counts(const struct service *, struct buffer *);

/* For handlers. */
typedef void service_handler_fn(struct service *, struct attr_list *,
    struct service_call *);

service_handler_fn request_seed;
service_handler_fn request_policy;
service_handler_fn request_lookup;
service_handler_fn request_update;
service_handler_fn request_delete;
service_handler_fn request_ticket_key;
service_handler_fn request_stats;
service_handler_fn request_config;
service_handler_fn request_list;
service_handler_fn request_flush;
service_handler_fn request_rotate;
service_handler_fn request_flush_tickets;
service_handler_fn request_save;

/* End the reply and tell the client. The last thing a handler does. */
void service_call_done(struct service_call *);
/* The same, after a reply that is this status alone. */
void service_call_reply(struct service_call *, enum service_status);
/* Say in the log, not too often, what is wrong with this request. */
void service_call_complain(struct service_call *, const char *what);
/*
 * Attributes behind the last that we know are complained of and passed over,
 * as the stock daemon does (observed on 3.7): a newer client may send more.
 */
void service_pass_over_rest(struct attr_list *, struct service_call *);
/* The status that an error from a lower module has on the wire. */
enum service_status service_status_of(enum error);
/*
 * The next attribute as a cache type, and its cache. ERROR_PROTOCOL: there is
 * none, or no such type (complained of).
 */
enum error service_get_cache(struct service *, struct attr_list *,
    struct service_call *, struct cache **);

#endif
