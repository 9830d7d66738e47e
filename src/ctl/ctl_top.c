/*
 * ctl_top: the subcommand: one screen, or a screen that lives until q. Owns
 * what is shown and who asks for it.
 */
#include "ctl_top.h"

#include "clock.h"
#include "ctl.h"
#include "ctl_sparkline.h"
#include "ctl_terminal.h"
#include "ctl_top_feed.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROWS    24
#define COLUMNS 80

#define CONNECT_MS 500 /* no longer is anybody at the keys made to wait */

static volatile sig_atomic_t end_signal;

static void
end_cb(int signal_number)
{
	end_signal = signal_number;
}

/* Those that end us do so when the terminal is as it was. */
static void
catch_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction action = { .sa_handler = end_cb };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
}

/* As large as the terminal. */
static void
draw(struct ctl_top *top, struct ctl_grid *grid)
{
	int rows = ROWS, columns = COLUMNS;

	if (!top->is_paused)
		top->now_s = clock_wall_s();
	ctl_terminal_size(&rows, &columns);
	ctl_grid_init(grid, rows, columns);
	ctl_top_layout(top, grid);
}

static void
show(struct ctl_top *top)
{
	struct ctl_grid grid;

	draw(top, &grid);
	ctl_terminal_show(&grid);
	ctl_grid_fini(&grid);
}

/* False: that is the end. */
static bool
take_keys(struct ctl_top *top)
{
	int key;

	while ((key = ctl_terminal_key()) != 0) {
		switch (key) {
		case 'q':
		case 'Q':
			return false;
		case 'p':
		case 'P':
			top->is_paused = !top->is_paused;
			break;
		case 's':
		case 'S':
			ctl_top_set_order(
			    top, (top->order + 1) % CTL_TOP_ORDERS);
			break;
		}
	}
	return true;
}

/* Until a key, an answer (`fd`), another size of the window, or that time. */
static void
wait_for_something(int fd, uint64_t until_us)
{
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};
	uint64_t now_us = clock_monotonic_us();

	if (until_us > now_us)
		poll(fds, 2, (int)((until_us - now_us) / 1000 + 1));
	/* The terminal is gone. */
	if ((fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0)
		end_signal = SIGHUP;
}

#define PAUSE_US 1000000 /* how often the window is looked at meanwhile */

static void
live(struct ctl_top *top, struct ctl_top_feed *feed)
{
	uint64_t until_us;

	while (end_signal == 0 && take_keys(top)) {
		until_us = top->is_paused ? clock_monotonic_us() + PAUSE_US
		                          : ctl_top_feed_run(feed, top);
		show(top);
		/* What comes during a pause is read behind it. */
		wait_for_something(
		    top->is_paused ? -1 : ctl_top_feed_fd(feed), until_us);
	}
}

static int
run_live(struct ctl *ctl, const char *queue_directory, const char *service,
    enum ctl_top_order order)
{
	struct ctl_top_feed feed;
	struct ctl_top top;
	char *cause = NULL;

	if (ctl_terminal_open(ctl->is_coloured, &cause) != ERROR_NONE) {
		ctl_error("%s", cause);
		free(cause);
		return CTL_NO;
	}
	catch_signals();
	ctl_top_init(&top);
	top.order = order;
	top.is_live = true;
	top.is_utf8 = ctl_terminal_is_utf8();
	ctl_top_feed_init(&feed, queue_directory, service, CONNECT_MS);
	live(&top, &feed);
	ctl_terminal_close();
	ctl_top_feed_fini(&feed);
	ctl_top_fini(&top);
	if (end_signal != 0) {
		signal(end_signal, SIG_DFL);
		raise(end_signal);
	}
	return CTL_OK;
}

/* The same questions, one after the other. */
static int
ask_once(struct ctl_top *top, struct ctl_client *client)
{
	struct ctl_argument arguments[] = { { NULL, NULL },
		{ "count", CTL_TOP_DESTINATIONS_COUNT }, { NULL, NULL } };
	struct ctl_top_destinations destinations = { 0 };
	struct ctl_reply reply;
	int status = ctl_ask(client, "stats", &arguments[2], &reply);

	if (status != CTL_OK)
		return status;
	if (ctl_top_take_statistics(top, &reply, clock_monotonic_us()) !=
	    ERROR_NONE) {
		ctl_error("the answer to stats makes no sense");
		return CTL_UNREACHABLE;
	}
	for (size_t i = 0; i < CTL_TOP_DESTINATION_CACHES; i++) {
		const char *cache = ctl_top_destination_caches[i];

		arguments[0] = (struct ctl_argument){ "cache_type", cache };
		if (!ctl_top_has_destinations(top, cache))
			continue;
		status = ctl_ask(client, "destinations", arguments, &reply);
		if (status == CTL_OK)
			(void)ctl_top_destinations_add(
			    &destinations, &reply, cache);
		if (status == CTL_UNREACHABLE)
			break;
	}
	ctl_top_take_destinations(top, &destinations);
	return status == CTL_UNREACHABLE ? status : CTL_OK;
}

static void
print(const struct ctl *ctl, struct ctl_top *top)
{
	struct ctl_grid grid;

	draw(top, &grid);
	ctl_grid_print(&grid, stdout, ctl->is_coloured);
	ctl_grid_fini(&grid);
}

/* Two looks, a second apart: one alone knows no rates. */
static int
run_once(struct ctl *ctl, enum ctl_top_order order)
{
	const struct timespec second = { .tv_sec = 1 };
	struct ctl_client client;
	struct ctl_top top;
	int status = ctl_connect_ours(ctl, &client);

	if (status != CTL_OK)
		return status;
	ctl_top_init(&top);
	top.order = order;
	top.is_utf8 = ctl_sparkline_is_utf8();
	status = ask_once(&top, &client);
	if (status == CTL_OK) {
		nanosleep(&second, NULL);
		status = ask_once(&top, &client);
	}
	if (status == CTL_OK)
		print(ctl, &top);
	ctl_client_close(&client);
	ctl_top_fini(&top);
	return status;
}

int
ctl_top(struct ctl *ctl, char *const operands[])
{
	enum ctl_top_order order = CTL_TOP_BY_LOOKUPS;
	char *queue_directory, *service = NULL;
	int status = CTL_NO;

	(void)operands;
	if (ctl->sort_key != NULL &&
	    !ctl_top_order_find(ctl->sort_key, &order)) {
		ctl_error("--sort %s: must be lookups, hits, stores or name",
		    ctl->sort_key);
		return CTL_USAGE;
	}
	if ((ctl->options & CTL_OPTION_ONCE) != 0)
		return run_once(ctl, order);
	queue_directory = ctl_config_value(ctl, "queue_directory");
	if (queue_directory != NULL)
		service = ctl_config_service(ctl);
	if (service != NULL)
		status = run_live(ctl, queue_directory, service, order);
	free(queue_directory);
	free(service);
	return status;
}
