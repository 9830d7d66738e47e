/*
 * request: the handlers of requests, one file each (request_<name>.c), and
 * what they have in common (service_call.c).
 *
 * A handler finishes by calling service_call_done(), once, possibly before it
 * returns and possibly much later; or with a reply that goes on, which it adds
 * to, and tells by call->more(), until service_stop(). The request's bytes are
 * its own only until it returns; the call and the reply buffer stay until it is
 * done.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include "service.h"

typedef void service_handler_fn(
    struct service *, struct attr_list *, struct service_call *);

service_handler_fn request_seed;
service_handler_fn request_policy;
service_handler_fn request_lookup;
service_handler_fn request_update;
service_handler_fn request_delete;
service_handler_fn request_ticket_key;
service_handler_fn request_stats;
service_handler_fn request_config;
service_handler_fn request_list;
service_handler_fn request_destinations;
service_handler_fn request_history;
service_handler_fn request_flush;
service_handler_fn request_rotate;
service_handler_fn request_flush_tickets;
service_handler_fn request_save;
service_handler_fn request_trace;
service_handler_fn request_verbose;

/* End the reply and tell the client. The last thing a handler does. */
void service_call_done(struct service_call *);
/* The same, after a reply that is this status alone. */
void service_call_reply(struct service_call *, enum service_status);
/* The same, and for a person, why it is not OK; empty where it is. */
void service_call_reply_why(
    struct service_call *, enum service_status, const char *reason);
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
/* The next attribute as a number of digits alone; ERROR_PROTOCOL if not. */
enum error service_get_number(
    struct attr_list *, const char *name, uint64_t *number);

#endif
