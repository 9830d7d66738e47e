/*
 * daemon_admin: what administrators ask of the parts that only the daemon
 * knows, and the statistics in the log.
 */
#include "daemon.h"

#include "clock.h"
#include "parameters.h"
#include "statistics.h"

/* The exchange file is not saved more often on request. */
#define SAVE_PERIOD_US 1000000

static void
put_statistics_cb(void *arg, struct buffer *reply)
{
	statistics_put(arg, reply);
}

static void
put_parameters_cb(void *arg, struct buffer *reply)
{
	const struct daemon *daemon = arg;

	parameters_put(daemon->config, reply);
}

static const struct history *
get_history_cb(void *arg, const char **file)
{
	return daemon_get_history(arg, file);
}

/*
 * The file first: while another process has it, nothing is wiped, since what is
 * in the file would come back.
 */
static enum error
wipe_ticket_keys_cb(void *arg)
{
	struct daemon *daemon = arg;
	enum error error;

	if (daemon->ticket_keys.lifetime_s <= 0)
		return ERROR_DISABLED;
	/* Other hosts would go on with them, and this one make them anew. */
	if (daemon->ticket_keys.group != NULL)
		return ERROR_SHARED;
	error = ticket_key_file_wipe(
	    &daemon->ticket_key_file, &daemon->ticket_keys);
	if (error == ERROR_LOCKED)
		return error;
	if (error == ERROR_DISABLED)
		ticket_keys_wipe(&daemon->ticket_keys);
	return daemon->ticket_keys.ring != NULL
	           ? shared_ring_flush(&daemon->ring, clock_wall_s())
	           : ERROR_NONE;
}

/* Clients that ask in a loop would have the file system write all the time. */
static enum error
save_exchange(struct daemon *daemon)
{
	uint64_t now_us = clock_monotonic_us();
	enum error error;

	if (now_us < daemon->next_save_us)
		return ERROR_NONE;
	error = prng_schedule_update(daemon->prng);
	if (error == ERROR_NONE)
		daemon->next_save_us = now_us + SAVE_PERIOD_US;
	return error;
}

/* Each part is tried, whatever becomes of the others. */
static enum error
save_cb(void *arg)
{
	struct daemon *daemon = arg;
	enum error first = save_exchange(daemon), error;

	for (int i = 0; i < CACHE_TYPES; i++) {
		if (!cache_is_enabled(&daemon->caches[i]))
			continue;
		error = cache_write_out(&daemon->caches[i]);
		if (first == ERROR_NONE)
			first = error;
	}
	return first;
}

static time_t
raise_log_level_cb(void *arg, int by, unsigned minutes)
{
	return daemon_raise_log_level(arg, by, minutes);
}

void
daemon_log_statistics(struct daemon *daemon)
{
	if (daemon->service.requests == daemon->logged_requests)
		return;
	daemon->logged_requests = daemon->service.requests;
	statistics_log(daemon);
}

static void
statistics_timer_cb(void *arg)
{
	struct daemon *daemon = arg;

	daemon_log_statistics(daemon);
	loop_timer_set(&daemon->statistics_timer,
	    (uint64_t)daemon->settings->tlsmgr_statistics_period * 1000000);
}

static void
period_timer_cb(void *arg)
{
	struct daemon *daemon = arg;

	service_end_period(&daemon->service);
	loop_timer_set(
	    &daemon->period_timer, (uint64_t)DESTINATIONS_PERIOD_S * 1000000);
}

void
daemon_start_admin(struct daemon *daemon)
{
	daemon->admin = (struct service_admin){
		.arg = daemon,
		.put_statistics = put_statistics_cb,
		.get_history = get_history_cb,
		.put_parameters = put_parameters_cb,
		.wipe_ticket_keys = wipe_ticket_keys_cb,
		.save = save_cb,
		.raise_log_level = raise_log_level_cb,
	};
	service_set_admin(&daemon->service, &daemon->admin);
	loop_timer_init(&daemon->statistics_timer, daemon->loop,
	    statistics_timer_cb, daemon);
	if (daemon->settings->tlsmgr_statistics_period > 0)
		loop_timer_set(&daemon->statistics_timer,
		    (uint64_t)daemon->settings->tlsmgr_statistics_period *
			1000000);
	loop_timer_init(
	    &daemon->period_timer, daemon->loop, period_timer_cb, daemon);
	loop_timer_set(
	    &daemon->period_timer, (uint64_t)DESTINATIONS_PERIOD_S * 1000000);
}

void
daemon_close_admin(struct daemon *daemon)
{
	loop_timer_fini(&daemon->statistics_timer);
	loop_timer_fini(&daemon->period_timer);
}
