/*
 * handshake: makes TLS connections to an smtpd(8), some at a time, one after
 * the other, each with EHLO, STARTTLS, a TLS 1.2 handshake and QUIT; with a
 * new session each time, or with the first one resumed by its identifier.
 * Prints one line of JSON.
 */
#include "histogram.h"

#include <arpa/inet.h>
#include <err.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define WORKERS_MAX 64
#define NS_PER_S    UINT64_C(1000000000)
#define LINE_LEN    4096

struct worker {
	pthread_t thread;
	SSL_CTX *context; /* borrowed */
	in_port_t port;
	bool resume;
	uint64_t end_ns;
	SSL_SESSION *session; /* to resume; owned */
	uint64_t resumed, failed;
	struct histogram latency;
};

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static int
connect_to(in_port_t port)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		err(EXIT_FAILURE, "socket");
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) <
	    0) {
		close(fd);
		return -1;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

/* Read a reply, to its last line; true if it has this code. */
static bool
expect(int fd, const char *code)
{
	char reply[LINE_LEN];
	size_t len = 0, line = 0;
	ssize_t count;
	char *end;

	for (;;) {
		count = read(fd, reply + len, sizeof(reply) - 1 - len);
		if (count <= 0)
			return false;
		len += (size_t)count;
		reply[len] = '\0';
		while ((end = strchr(reply + line, '\n')) != NULL) {
			if (strncmp(reply + line, code, 3) != 0)
				return false;
			if (reply[line + 3] == ' ')
				return true;
			line = (size_t)(end + 1 - reply);
		}
	}
}

static bool
say(int fd, const char *text, const char *code)
{
	return write(fd, text, strlen(text)) == (ssize_t)strlen(text) &&
	       expect(fd, code);
}

static bool
shake_hands(struct worker *worker, SSL *ssl)
{
	static const char quit[] = "QUIT\r\n";
	char reply[LINE_LEN];

	if (worker->session != NULL)
		SSL_set_session(ssl, worker->session);
	if (SSL_connect(ssl) != 1)
		return false;
	worker->resumed += SSL_session_reused(ssl) ? 1 : 0;
	if (worker->resume && worker->session == NULL)
		worker->session = SSL_get1_session(ssl);
	if (SSL_write(ssl, quit, sizeof(quit) - 1) > 0)
		(void)SSL_read(ssl, reply, sizeof(reply));
	SSL_shutdown(ssl);
	return true;
}

static bool
converse(struct worker *worker)
{
	int fd = connect_to(worker->port);
	bool is_done = false;
	SSL *ssl;

	if (fd < 0)
		return false;
	if (expect(fd, "220") &&
	    say(fd, "EHLO client.example.test\r\n", "250") &&
	    say(fd, "STARTTLS\r\n", "220")) {
		ssl = SSL_new(worker->context);
		SSL_set_fd(ssl, fd);
		is_done = shake_hands(worker, ssl);
		SSL_free(ssl);
	}
	close(fd);
	return is_done;
}

static void *
work(void *arg)
{
	struct worker *worker = arg;
	uint64_t begun_ns = now_ns(), done_ns;

	while (begun_ns < worker->end_ns) {
		if (!converse(worker))
			worker->failed++;
		done_ns = now_ns();
		histogram_add(&worker->latency, done_ns - begun_ns);
		begun_ns = done_ns;
	}
	SSL_SESSION_free(worker->session);
	return NULL;
}

static SSL_CTX *
make_context(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (context == NULL)
		errx(EXIT_FAILURE, "SSL_CTX_new");
	SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
	return context;
}

static void
report(struct worker *workers, int count, double seconds)
{
	static struct histogram all;
	uint64_t resumed = 0, failed = 0;

	for (int i = 0; i < count; i++) {
		resumed += workers[i].resumed;
		failed += workers[i].failed;
		histogram_merge(&all, &workers[i].latency);
	}
	printf("{\"handshakes\": %" PRIu64 ", \"resumed\": %" PRIu64
	       ", \"failed\": %" PRIu64 ", \"rate\": %.1f, ",
	    all.count, resumed, failed, (double)all.count / seconds);
	printf("\"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f}\n",
	    (double)histogram_quantile(&all, 0.5) / 1e3,
	    (double)histogram_quantile(&all, 0.99) / 1e3,
	    (double)all.max / 1e3);
}

int
main(int argc, char *argv[])
{
	static struct worker workers[WORKERS_MAX];
	uint64_t start_ns = now_ns();
	SSL_CTX *context;
	int count;

	if (argc != 5 || (count = atoi(argv[2])) < 1 || count > WORKERS_MAX)
		errx(EXIT_FAILURE,
		    "usage: handshake port connections seconds new|resumed");
	signal(SIGPIPE, SIG_IGN);
	context = make_context();
	for (int i = 0; i < count; i++) {
		workers[i] = (struct worker){
			.context = context,
			.port = (in_port_t)atoi(argv[1]),
			.resume = strcmp(argv[4], "resumed") == 0,
			.end_ns = start_ns +
			          (uint64_t)(atof(argv[3]) * (double)NS_PER_S),
		};
		if (pthread_create(
			&workers[i].thread, NULL, work, &workers[i]) != 0)
			errx(EXIT_FAILURE, "pthread_create");
	}
	for (int i = 0; i < count; i++)
		pthread_join(workers[i].thread, NULL);
	report(workers, count, (double)(now_ns() - start_ns) / 1e9);
	SSL_CTX_free(context);
	return EXIT_SUCCESS;
}
