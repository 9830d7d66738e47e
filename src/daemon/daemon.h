/*
 * daemon: the parts of this program, put together; and its life from the
 * first open to the last save. Only main.c calls it.
 */
#ifndef DAEMON_H
#define DAEMON_H

#include "cache.h"
#include "config.h"
#include "history_file.h"
#include "loop.h"
#include "master.h"
#include "prng_schedule.h"
#include "sandbox.h"
#include "server.h"
#include "service.h"
#include "settings.h"
#include "shared.h"
#include "shared_group.h"
#include "shared_ring.h"
#include "shared_sync.h"
#include "shared_ticket_key.h"
#include "ticket_key.h"
#include "ticket_key_file.h"

#include <stdbool.h>

/* Background work of one cache. */
struct daemon_upkeep {
	struct cache *cache;           /* borrowed */
	const struct service *service; /* borrowed */
	struct loop_timer timer;       /* set: for the next slice */
	bool is_soon;                  /* within UPKEEP_DELAY_US */
	bool is_pausing;               /* clients have their turn */
	uint64_t requests;             /* served by the end of the last slice */
	uint64_t paused_until_us;      /* monotonic */
};

struct daemon {
	const struct master_options *options; /* borrowed, like the next two */
	const struct config *config;
	const struct settings *settings;
	struct master_owner owner;
	struct loop *loop;
	struct cache caches[CACHE_TYPES];
	struct daemon_upkeep upkeep[CACHE_TYPES];
	struct shared_group group;
	struct shared_ticket_keys group_keys;
	struct shared *shared; /* owned; NULL: no engine */
	struct shared_ring ring;
	struct shared_sync sync;
	struct ticket_keys ticket_keys;
	struct ticket_key_file ticket_key_file;
	struct loop_timer load_timer;  /* set: that file is to be loaded */
	uint64_t key_lock_deadline_us; /* monotonic; then a warning */
	bool is_key_lock_warned;
	struct loop_timer retire_timer; /* keys that nobody asks for */
	struct history history;
	struct history_file history_file;
	struct loop_timer history_timer; /* set: for the next look */
	char *exchange_path;             /* owned */
	struct prng_schedule *prng;
	struct service_admin admin; /* the service's borrowed */
	struct service service;
	struct server server;
	struct master_status status;
	struct loop_watch master_watch; /* the status channel's other end */
	struct loop_timer watchdog_timer;
	struct loop_timer log_timer;     /* set: lines wait to be sent */
	struct loop_timer wipe_timer;    /* set: clients sent something */
	uint64_t wiped_reads;            /* server.reads at the last wipe */
	struct loop_timer restart_timer; /* set: a fresh start is wanted */
	uint64_t restart_requests;       /* served when we last looked */
	uint64_t restart_deadline_us;    /* monotonic */
	bool logs_cache_activity[CACHE_TYPES]; /* as configured */
	int log_level_raised;                  /* by so many -v */
	time_t log_level_until;                /* 0: it is not raised */
	struct loop_timer log_level_timer;     /* set: then it is over */
	uint64_t next_save_us; /* monotonic; of the exchange file */
	struct loop_timer statistics_timer;
	struct loop_timer period_timer; /* of the service */
	uint64_t logged_requests;       /* those in the statistics logged */
	time_t started_at;
	bool announces;   /* speak first to each client */
	bool is_shutdown; /* the end may be the machine's */
};

/*
 * With privileges: find the owner, open everything that cannot be opened in the
 * jail, read nothing of it. What is missing is logged, and the daemon starts
 * without it. Fatal: an unusable configuration.
 */
void daemon_open(struct daemon *, const struct master_options *,
    const struct config *, const struct settings *);

/*
 * daemon_descriptors.c: ask the system for a descriptor for each client that
 * there may be; and at the end of the start, how many clients there can be,
 * with a warning where that is less than tlsmgr_client_limit.
 */
void daemon_raise_descriptor_limit(const struct daemon *);
size_t daemon_client_limit(const struct daemon *);
/*
 * During the start: is this the file of another part, which opened it before?
 * Each would write over what the other keeps there.
 */
bool daemon_has_open(const char *path);
#define DAEMON_HAS_OPEN "it is another file of this daemon already"

/* daemon_caches.c: open the caches, as the owner. */
void daemon_open_caches(struct daemon *);

/*
 * daemon_upkeep.c: background work. To wake it (a struct daemon_upkeep) is
 * cheap; pauses are ended once at each turn of the loop.
 */
void daemon_init_upkeep(struct daemon *);
void daemon_wake_upkeep(void *upkeep);
void daemon_end_upkeep_pauses(struct daemon *);

/*
 * daemon_ticket_keys.c: make a directory for the file where there is none,
 * with privileges, open the file as the owner; load it in the jail; save keys
 * that changed, at once or soon; close the file before anything else is done to
 * end: what is made from then on is in memory only.
 */
void daemon_open_ticket_keys(struct daemon *);
void daemon_start_ticket_keys(struct daemon *);
void daemon_save_ticket_keys(struct daemon *);
void daemon_release_ticket_keys(struct daemon *);
void daemon_close_ticket_keys(struct daemon *);

/*
 * daemon_history.c: what was counted, minute by minute: a file for it opened as
 * that of the ticket keys is; counting begins; up to now, and the file; the
 * end of counting, and the file left to the next process.
 */
void daemon_open_history(struct daemon *);
void daemon_start_history(struct daemon *);
const struct history *daemon_get_history(struct daemon *, const char **file);
void daemon_release_history(struct daemon *);
void daemon_close_history(struct daemon *);

/*
 * daemon_memory_file.c: the path of a file on a memory file system, for this
 * instance of Postfix alone, for the caller to free; with the privileges of
 * the start. NULL: there is no directory for it.
 */
char *daemon_memory_file(const struct daemon *, const char *ending);

/*
 * daemon_shared.c: what this host has in common with others. Opened with the
 * privileges of the start, and as the owner; parsed in the jail, once the keys
 * of tickets are there.
 */
void daemon_open_shared(struct daemon *);
void daemon_start_shared(struct daemon *);
void daemon_close_shared(struct daemon *);
/*
 * daemon_engine.c: the engine of the group, if it has one. Starts it when the
 * caches are open, over their stores.
 */
void daemon_start_engine(struct daemon *);
/*
 * Start the ring of ticket keys, before their file is read. False: OpenSSL
 * cannot do this.
 */
bool daemon_start_ring(struct daemon *);
/* Wait for keys of the group, for a moment, before anybody is served. */
void daemon_await_ticket_keys(struct daemon *);
/* What the sandbox must let the engine connect to; false: nothing. */
bool daemon_engine_network(const struct daemon *, struct sandbox_network *);
/* The end: lookups that are not answered become misses. */
void daemon_end_lookups(struct daemon *);
/* Then: send what is queued, for a moment. */
void daemon_drain_engine(struct daemon *);
/* When the caches are closed. */
void daemon_close_engine(struct daemon *);

/*
 * For the statistics: "off", "failed" or "secret"; with an engine "connecting",
 * "up" or "down".
 */
const char *daemon_shared_state(const struct daemon *);
/* Does the group have the ticket key that encrypts now? */
bool daemon_shared_has_key(const struct daemon *);
/*
 * When the encryption ends with the last of the group's ticket keys that are
 * known now; 0: they are this host's own.
 */
int64_t daemon_shared_keys_until(const struct daemon *);

/*
 * daemon_admin.c: what the service asks of us for administrators, and the
 * statistics in the log: every tlsmgr_statistics_period, and at the end. They
 * are not logged where nothing was asked since the last time.
 */
void daemon_start_admin(struct daemon *);
void daemon_log_statistics(struct daemon *);
void daemon_close_admin(struct daemon *);

/*
 * daemon_log_level.c: what is logged, once caches are open. To raise the level:
 * as raise_log_level in service.h.
 */
void daemon_start_log_level(struct daemon *);
time_t daemon_raise_log_level(struct daemon *, int by, unsigned minutes);
void daemon_close_log_level(struct daemon *);

/* In the jail: read what is there, and be ready to serve. */
void daemon_start(struct daemon *);

/*
 * Serve until a signal or master(8) ends it; what was asked by then is
 * answered.
 */
void daemon_run(struct daemon *);

/* Save what is to be kept, and free all. */
void daemon_close(struct daemon *);

#endif
