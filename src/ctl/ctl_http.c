/*
 * ctl_http: see its header. Owns the requests that wait for a page, and what
 * is asked for them; evhttp owns the connections.
 *
 * All who ask while a page is on its way get that one, so there is at most one
 * process for each format, whoever asks how often. evhttp's own timeout begins
 * anew with each byte, and it has no bound on connections: ctl_connections.
 */
#include "ctl_http.h"

#include "clock.h"
#include "ctl.h"
#include "ctl_accept.h"
#include "ctl_connections.h"
#include "ctl_metric.h"
#include "ctl_question.h"
#include "log.h"
#include "minmax.h"
#include "xalloc.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/listener.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define PATH "/metrics"

/* A scrape is answered within two seconds, whatever the daemon does. */
#define ANSWER_MS     1500
#define CONNECTION_US 5000000
#define SILENCE_S     5

#define HEADER_MAX 8192
#define BODY_MAX   1024

#define LOOK_US      250000
#define LOOK_FULL_US 10000

/* Descriptors that are not connections. */
#define OTHERS_MAX 32

#define COMPLAINT_PERIOD_S 60

#define ALL_METHODS                                                            \
	(EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT | \
	    EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE |        \
	    EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH)

/* A page in one of the formats, and who waits for it. */
struct page {
	struct ctl_http *http;
	const char *content_type;
	const char *none; /* the page without a daemon */
	const char *argv[6];
	struct ctl_question question;
	struct evhttp_request *waiting[CTL_CONNECTIONS_MAX];
	unsigned waiting_count;
};

struct ctl_http {
	struct loop *loop;
	struct evhttp *evhttp;           /* owned */
	struct evconnlistener *listener; /* evhttp's */
	struct ctl_connections connections;
	struct loop_timer look;
	unsigned connections_max;
	unsigned room; /* for connections, until the next look */
	struct log_limit complaints;
	struct page prometheus, openmetrics;
};

/* For the one callback to which libevent hands an argument of evhttp's. */
static struct ctl_http *server;

/*
 * To HEAD evhttp would send the text as well. And it would take the end of what
 * the client says for the end of the client, who may have shut down that side
 * alone, and reads on.
 */
static void
reply(struct evhttp_request *request, int code, const char *reason,
    const char *content_type, const void *text, size_t len)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
	struct evhttp_connection *connection =
	    evhttp_request_get_connection(request);
	struct evbuffer *body = evbuffer_new();
	char length[32];

	if (body == NULL)
		log_fatal("event loop: out of memory");
	snprintf(length, sizeof(length), "%zu", len);
	evhttp_add_header(headers, "Content-Type", content_type);
	evhttp_add_header(headers, "Content-Length", length);
	evhttp_add_header(headers, "Connection", "close");
	if (evhttp_request_get_command(request) != EVHTTP_REQ_HEAD)
		evbuffer_add(body, text, len);
	evhttp_send_reply(request, code, reason, body);
	evbuffer_free(body);
	if (connection != NULL)
		bufferevent_disable(
		    evhttp_connection_get_bufferevent(connection), EV_READ);
}

static void
reply_text(struct evhttp_request *request, int code, const char *reason,
    const char *text)
{
	reply(request, code, reason, "text/plain; charset=utf-8", text,
	    strlen(text));
}

/* -1: the client has gone. */
static int
find_fd(struct evhttp_request *request)
{
	struct evhttp_connection *connection =
	    evhttp_request_get_connection(request);

	return connection == NULL
	           ? -1
	           : bufferevent_getfd(
			 evhttp_connection_get_bufferevent(connection));
}

/* evhttp keeps the request of a client that has gone until it is answered. */
static void
page_cb(void *arg, const struct buffer *answer)
{
	struct page *page = arg;
	const void *text = page->none;
	size_t len = strlen(page->none);

	if (answer != NULL) {
		text = buffer_head(answer);
		len = answer->len;
	}
	while (page->waiting_count > 0) {
		struct evhttp_request *request =
		    page->waiting[--page->waiting_count];

		ctl_connections_set_waiting(&page->http->connections,
		    find_fd(request), clock_monotonic_us(), false);
		reply(request, HTTP_OK, "OK", page->content_type, text, len);
	}
}

static void
wait_for(struct page *page, struct evhttp_request *request)
{
	if (page->waiting_count == CTL_CONNECTIONS_MAX) {
		reply_text(request, HTTP_SERVUNAVAIL, "Service Unavailable",
		    "Too many ask at once.\n");
		return;
	}
	ctl_connections_set_waiting(&page->http->connections, find_fd(request),
	    clock_monotonic_us(), true);
	page->waiting[page->waiting_count++] = request;
	ctl_question_ask(&page->question, ANSWER_MS);
}

static void
request_cb(struct evhttp_request *request, void *arg)
{
	struct ctl_http *http = arg;
	enum evhttp_cmd_type method = evhttp_request_get_command(request);
	const char *path =
	    evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));
	const char *accept = evhttp_find_header(
	    evhttp_request_get_input_headers(request), "Accept");

	if (path == NULL || strcmp(path, PATH) != 0) {
		reply_text(request, HTTP_NOTFOUND, "Not Found",
		    "Statistics are at " PATH ".\n");
	} else if (method != EVHTTP_REQ_GET && method != EVHTTP_REQ_HEAD) {
		evhttp_add_header(evhttp_request_get_output_headers(request),
		    "Allow", "GET, HEAD");
		reply_text(request, HTTP_BADMETHOD, "Method Not Allowed",
		    "Only GET and HEAD are allowed.\n");
	} else {
		wait_for(ctl_accept_openmetrics(accept) ? &http->openmetrics
							: &http->prometheus,
		    request);
	}
}

/* Those who have had a place longest. */
static void
make_room(struct ctl_http *http)
{
	ctl_connections_end_oldest(
	    &http->connections, http->connections_max / 4 + 1);
}

static void
look_cb(void *arg)
{
	struct ctl_http *http = arg;
	unsigned count = ctl_connections_look(
	    &http->connections, clock_monotonic_us(), CONNECTION_US);

	http->room =
	    count < http->connections_max ? http->connections_max - count : 0;
	if (http->room == 0)
		make_room(http);
	else
		evconnlistener_enable(http->listener);
	if (count > 0)
		loop_timer_set(
		    &http->look, http->room == 0 ? LOOK_FULL_US : LOOK_US);
}

/* Whoever waits goes on waiting: to try again at once would spin. */
static void
accept_failed_cb(struct evconnlistener *listener, void *arg)
{
	(void)arg;
	if (log_limit_allows(&server->complaints, COMPLAINT_PERIOD_S))
		log_warning("accept connection: %s", strerror(errno));
	evconnlistener_disable(listener);
	make_room(server);
	loop_timer_set(&server->look, LOOK_FULL_US);
}

/* Of a connection that has just been accepted. */
static struct bufferevent *
bufferevent_cb(struct event_base *base, void *arg)
{
	struct ctl_http *http = arg;
	struct bufferevent *bufferevent = bufferevent_socket_new(base, -1, 0);

	if (bufferevent == NULL)
		log_fatal("event loop: out of memory");
	if (http->room > 0)
		http->room--;
	if (http->room == 0)
		evconnlistener_disable(http->listener);
	if (http->room == 0 || !loop_timer_is_set(&http->look))
		loop_timer_set(
		    &http->look, http->room == 0 ? LOOK_FULL_US : LOOK_US);
	return bufferevent;
}

static void
page_init(struct page *page, struct ctl_http *http, const char *option,
    const char *config_directory)
{
	page->http = http;
	page->argv[0] = CTL_NAME;
	page->argv[1] = "--config";
	page->argv[2] = config_directory;
	page->argv[3] = "status";
	page->argv[4] = option;
	ctl_question_init(
	    &page->question, http->loop, page->argv, page_cb, page);
}

static bool
listen_on(struct ctl_http *http, int fd)
{
	struct evhttp_bound_socket *bound;

	http->evhttp = evhttp_new(loop_event_base(http->loop));
	if (http->evhttp == NULL)
		return false;
	evhttp_set_allowed_methods(http->evhttp, ALL_METHODS);
	evhttp_set_max_headers_size(http->evhttp, HEADER_MAX);
	evhttp_set_max_body_size(http->evhttp, BODY_MAX);
	evhttp_set_timeout(http->evhttp, SILENCE_S);
	evhttp_set_gencb(http->evhttp, request_cb, http);
	evhttp_set_bevcb(http->evhttp, bufferevent_cb, http);
	bound = evhttp_accept_socket_with_handle(http->evhttp, fd);
	if (bound == NULL)
		return false;
	http->listener = evhttp_bound_socket_get_listener(bound);
	evconnlistener_set_error_cb(http->listener, accept_failed_cb);
	return true;
}

/* How many connections there may be, with the descriptors that there are. */
static unsigned
find_connections_max(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return CTL_CONNECTIONS_MAX;
	if (limit.rlim_cur < CTL_CONNECTIONS_FDS) {
		limit.rlim_cur = min_u64(limit.rlim_max, CTL_CONNECTIONS_FDS);
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur <= OTHERS_MAX)
		return 1;
	return (unsigned)min_u64(
	    limit.rlim_cur - OTHERS_MAX, CTL_CONNECTIONS_MAX);
}

struct ctl_http *
ctl_http_new(struct loop *loop, int listen_fd, const char *config_directory)
{
	struct ctl_http *http = xcalloc(1, sizeof(*http));

	server = http;
	http->loop = loop;
	http->room = http->connections_max = find_connections_max();
	http->prometheus.content_type =
	    "text/plain; version=0.0.4; charset=utf-8";
	http->prometheus.none = CTL_METRIC_NONE;
	page_init(&http->prometheus, http, "--prometheus", config_directory);
	http->openmetrics.content_type =
	    "application/openmetrics-text; version=1.0.0; charset=utf-8";
	http->openmetrics.none = CTL_METRIC_NONE CTL_METRIC_END;
	page_init(&http->openmetrics, http, "--openmetrics", config_directory);
	loop_timer_init(&http->look, loop, look_cb, http);
	if (listen_on(http, listen_fd))
		return http;
	ctl_error("cannot serve HTTP: out of memory");
	ctl_http_free(http);
	return NULL;
}

void
ctl_http_free(struct ctl_http *http)
{
	ctl_question_fini(&http->prometheus.question);
	ctl_question_fini(&http->openmetrics.question);
	loop_timer_fini(&http->look);
	if (http->evhttp != NULL)
		evhttp_free(http->evhttp);
	free(http);
}
