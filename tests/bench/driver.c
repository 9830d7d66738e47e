/*
 * driver: one thread and epoll, so that it takes less time than what it
 * measures. Latency counts from when a request was due, if it had to wait for
 * a connection, so that a server that is late is late for all whom it held up.
 */
#include "driver.h"

#include "connect.h"

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_MAX   512
#define NS_PER_S     UINT64_C(1000000000)
#define TICK_MIN_NS  50000 /* of the timer that paces requests */
#define REPLY_WAIT_S 10    /* for any reply; then all are lost */

struct connection {
	int fd;
	bool is_busy;
	enum operation operation;
	uint64_t key;
	uint64_t since_ns; /* busy: of the request; idle: since when */
	char *partial;     /* a reply that came in pieces; owned */
	size_t partial_len;
	struct connection *next_idle;
};

struct driver {
	struct driver_config config;
	struct driver_result *result; /* borrowed */
	struct workload workload;
	struct connection *connections;
	struct connection *first_idle, *last_idle;
	int epoll_fd;
	int timer_fd; /* -1 without a rate */
	uint64_t random;
	uint64_t start_ns;    /* of the paced schedule */
	uint64_t measured_ns; /* since when requests count */
	uint64_t end_ns;
	uint64_t busy;
	bool is_warm;
	char *request;
	char *reply;
};

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static uint32_t
random_below(struct driver *driver, uint64_t bound)
{
	uint64_t bits = driver->random;

	bits ^= bits << 13;
	bits ^= bits >> 7;
	bits ^= bits << 17;
	driver->random = bits;
	return (uint32_t)(((bits >> 32) * bound) >> 32);
}

static void *
allocate(size_t len)
{
	void *memory = calloc(1, len);

	if (memory == NULL)
		err(EXIT_FAILURE, "calloc");
	return memory;
}

/* Connections */

static void
lose(struct driver *driver, struct connection *connection)
{
	close(connection->fd);
	connection->fd = -1;
	if (connection->is_busy)
		driver->busy--;
	driver->result->closed++;
}

static void
put_idle(struct driver *driver, struct connection *connection, uint64_t now)
{
	connection->is_busy = false;
	connection->since_ns = now;
	connection->next_idle = NULL;
	if (driver->first_idle == NULL)
		driver->first_idle = connection;
	else
		driver->last_idle->next_idle = connection;
	driver->last_idle = connection;
}

static void
watch(struct driver *driver, int fd, void *whom)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = whom };

	if (epoll_ctl(driver->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		err(EXIT_FAILURE, "epoll_ctl");
}

static void
open_connections(struct driver *driver)
{
	uint64_t count = driver->config.connections;

	driver->connections = allocate(count * sizeof(*driver->connections));
	for (uint64_t i = 0; i < count; i++) {
		struct connection *connection = &driver->connections[i];

		connection->fd = connect_server(driver->config.socket_path,
		    driver->config.announced, REPLY_WAIT_S);
		if (connection->fd < 0) {
			driver->result->closed++;
			continue;
		}
		watch(driver, connection->fd, connection);
		put_idle(driver, connection, 0);
	}
}

/* Asking */

static uint64_t
choose_key(struct driver *driver, enum operation operation)
{
	const struct driver_config *config = &driver->config;

	if (config->sequential_keys)
		return config->first_key +
		       driver->result->issued % config->key_count;
	if (operation == OPERATION_LOOKUP &&
	    random_below(driver, 100) < config->miss_percent)
		return config->first_key + config->key_count +
		       random_below(driver, config->key_count);
	return config->first_key + random_below(driver, config->key_count);
}

static void
issue(struct driver *driver, struct connection *connection, uint64_t since_ns)
{
	enum operation operation =
	    driver->config.shares[random_below(driver, 100)];
	size_t len;

	connection->operation = operation;
	connection->key = choose_key(driver, operation);
	connection->since_ns = since_ns;
	connection->is_busy = true;
	len = workload_request(&driver->workload, operation, connection->key,
	    (uint32_t)driver->result->issued, driver->request);
	driver->result->issued++;
	driver->busy++;
	if (write(connection->fd, driver->request, len) != (ssize_t)len)
		warn("write");
}

static bool
may_issue(const struct driver *driver, uint64_t now)
{
	if (driver->config.request_limit > 0)
		return driver->result->issued < driver->config.request_limit;
	return now < driver->end_ns;
}

/*
 * Issue what is due by now. A request that had to wait for a connection counts
 * from when it was due; one that had a connection and was late all the same
 * was delayed by us, not by the server.
 */
static void
issue_due(struct driver *driver, uint64_t now)
{
	const struct driver_config *config = &driver->config;
	struct connection *connection;
	uint64_t due_ns;

	while ((connection = driver->first_idle) != NULL &&
	       may_issue(driver, now)) {
		due_ns = now;
		if (config->rate > 0)
			due_ns = driver->start_ns + driver->result->issued *
			                                NS_PER_S / config->rate;
		if (due_ns > now)
			break;
		driver->first_idle = connection->next_idle;
		if (connection->fd >= 0)
			issue(driver, connection,
			    connection->since_ns > due_ns ? due_ns : now);
	}
}

/* Being answered */

static void
count_reply(struct driver *driver, const struct connection *connection,
    enum verdict verdict, uint64_t now)
{
	if (verdict == VERDICT_OK)
		driver->result->hits++;
	else if (verdict == VERDICT_MISS)
		driver->result->misses++;
	else if (driver->result->wrong++ == 0)
		warnx("wrong reply to %s",
		    workload_operation_name(connection->operation));
	histogram_add(&driver->result->latency, now - connection->since_ns);
}

/* Keep the part of a reply that came, to be judged with the rest. */
static const char *
join(struct driver *driver, struct connection *connection, size_t *len)
{
	size_t room = driver->workload.reply_max;

	if (connection->partial_len == 0)
		return driver->reply;
	if (connection->partial_len + *len > room)
		*len = room - connection->partial_len;
	memcpy(
	    connection->partial + connection->partial_len, driver->reply, *len);
	*len += connection->partial_len;
	return connection->partial;
}

static void
keep(struct driver *driver, struct connection *connection, const char *reply,
    size_t len)
{
	if (connection->partial == NULL)
		connection->partial = allocate(driver->workload.reply_max);
	if (reply != connection->partial)
		memcpy(connection->partial, reply, len);
	connection->partial_len = len;
}

static void
take_reply(struct driver *driver, struct connection *connection)
{
	ssize_t count;
	const char *reply;
	size_t len;
	enum verdict verdict;
	uint64_t now;

	count = read(connection->fd, driver->reply, driver->workload.reply_max);
	if (count <= 0 || !connection->is_busy) {
		lose(driver, connection);
		return;
	}
	len = (size_t)count;
	reply = join(driver, connection, &len);
	verdict = workload_judge(&driver->workload, connection->operation,
	    connection->key, reply, len);
	if (verdict == VERDICT_INCOMPLETE && len < driver->workload.reply_max) {
		keep(driver, connection, reply, len);
		return;
	}
	connection->partial_len = 0;
	now = now_ns();
	count_reply(driver, connection, verdict, now);
	driver->busy--;
	put_idle(driver, connection, now);
	issue_due(driver, now);
}

/* The run */

static void
start_timer(struct driver *driver)
{
	uint64_t tick_ns;
	struct itimerspec tick;

	driver->timer_fd = -1;
	if (driver->config.rate == 0)
		return;
	tick_ns = NS_PER_S / driver->config.rate;
	if (tick_ns < TICK_MIN_NS)
		tick_ns = TICK_MIN_NS;
	tick.it_interval.tv_sec = (time_t)(tick_ns / NS_PER_S);
	tick.it_interval.tv_nsec = (long)(tick_ns % NS_PER_S);
	tick.it_value = tick.it_interval;
	driver->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (driver->timer_fd < 0 ||
	    timerfd_settime(driver->timer_fd, 0, &tick, NULL) < 0)
		err(EXIT_FAILURE, "timerfd");
	watch(driver, driver->timer_fd, NULL);
}

static void
take_tick(struct driver *driver)
{
	uint64_t ticks;

	if (read(driver->timer_fd, &ticks, sizeof(ticks)) < 0)
		err(EXIT_FAILURE, "timerfd");
	issue_due(driver, now_ns());
}

/* What came before this does not count. */
static void
end_warmup(struct driver *driver, uint64_t now)
{
	driver->is_warm = true;
	driver->measured_ns = now;
	driver->result->hits = driver->result->misses = 0;
	memset(&driver->result->latency, 0, sizeof(driver->result->latency));
}

static void
begin(struct driver *driver)
{
	driver->start_ns = now_ns();
	driver->end_ns =
	    driver->start_ns + (uint64_t)((driver->config.seconds +
					      driver->config.warmup_seconds) *
					  (double)NS_PER_S);
	start_timer(driver);
	if (driver->config.warmup_seconds <= 0)
		end_warmup(driver, driver->start_ns);
	issue_due(driver, driver->start_ns);
}

/* Returns the time of the last answer. */
static uint64_t
run(struct driver *driver)
{
	struct epoll_event events[EVENTS_MAX];
	uint64_t warm_ns, now;
	int count;

	begin(driver);
	now = driver->start_ns;
	warm_ns =
	    now + (uint64_t)(driver->config.warmup_seconds * (double)NS_PER_S);
	while (driver->result->closed < driver->config.connections &&
	       (driver->busy > 0 || may_issue(driver, now))) {
		count = epoll_wait(
		    driver->epoll_fd, events, EVENTS_MAX, REPLY_WAIT_S * 1000);
		if (count == 0)
			break;
		for (int i = 0; i < count; i++) {
			if (events[i].data.ptr == NULL)
				take_tick(driver);
			else
				take_reply(driver, events[i].data.ptr);
		}
		now = now_ns();
		if (!driver->is_warm && now >= warm_ns)
			end_warmup(driver, now);
	}
	return now;
}

static void
driver_init(struct driver *driver, const struct driver_config *config,
    struct driver_result *result)
{
	*driver = (struct driver){
		.config = *config,
		.result = result,
		.random = UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)getpid(),
		.epoll_fd = epoll_create1(EPOLL_CLOEXEC),
	};
	if (driver->epoll_fd < 0)
		err(EXIT_FAILURE, "epoll_create1");
	workload_init(&driver->workload, &config->workload);
	driver->request = allocate(driver->workload.request_max);
	driver->reply = allocate(driver->workload.reply_max);
}

static void
driver_fini(struct driver *driver)
{
	for (uint64_t i = 0; i < driver->config.connections; i++) {
		if (driver->connections[i].fd >= 0)
			close(driver->connections[i].fd);
		free(driver->connections[i].partial);
	}
	free(driver->connections);
	free(driver->request);
	free(driver->reply);
	workload_fini(&driver->workload);
	if (driver->timer_fd >= 0)
		close(driver->timer_fd);
	close(driver->epoll_fd);
}

void
driver_run(const struct driver_config *config, struct driver_result *result)
{
	struct driver driver;
	uint64_t end_ns;

	memset(result, 0, sizeof(*result));
	driver_init(&driver, config, result);
	open_connections(&driver);
	end_ns = run(&driver);
	result->seconds = (double)(end_ns - driver.measured_ns) / 1e9;
	result->lost = driver.busy;
	driver_fini(&driver);
}
