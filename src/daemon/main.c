/*
 * main: the start, top to bottom, in the order that privileges demand:
 * arguments, main.cf, logging, the queue directory, everything that must be
 * opened, the jail; then the daemon, in its sandbox.
 */
#include "config.h"
#include "daemon.h"
#include "log.h"
#include "master.h"
#include "sandbox.h"
#include "secret.h"
#include "settings.h"
#include "stdio_client.h"
#include "xalloc.h"

#include <openssl/crypto.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRAM "tlsmgr"

extern char **environ;

/*
 * A descriptor that master(8) should have given us and did not must not become
 * something of ours by accident.
 */
static void
fill_descriptors(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= MASTER_LISTEN_FD);
	if (fd >= 0)
		close(fd);
}

/*
 * No signal that a person may send kills this process. Those that ask it to end
 * are blocked during the start, until daemon_catch_signals(); SIGALRM is the
 * watchdog's when there is one.
 */
static void
prepare_signals(void)
{
	static const int ignored[] = { SIGALRM, SIGPIPE, SIGUSR1, SIGUSR2,
		SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGXFSZ, SIGIO, SIGVTALRM,
		SIGPROF, SIGPWR, SIGSTKFLT, SIGXCPU };

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	for (int i = SIGRTMIN; i <= SIGRTMAX; i++)
		signal(i, SIG_IGN);
	master_block_end_signals(NULL);
}

/* Until main.cf is read, master(8) says through the environment where to. */
static void
open_early_log(void)
{
	const char *tag = getenv("MAIL_LOGTAG");
	const char *postlog = getenv("POSTLOG_SERVICE");
	const char *hostname = getenv("POSTLOG_HOSTNAME");
	char *full_tag;

	full_tag = xasprintf("%s/" PROGRAM, tag != NULL ? tag : "postfix");
	log_set_tag(full_tag);
	free(full_tag);
	log_open_syslog("mail");
	if (postlog != NULL && *postlog != '\0')
		log_open_postlog(postlog, hostname != NULL ? hostname : "");
}

static void
parse_arguments(struct master_options *options, int argc, char *argv[])
{
	char *cause = NULL;
	enum error error = master_options_parse(options, argc, argv, &cause);

	log_enable_stderr(options->log_to_stderr);
	log_set_verbosity(options->verbosity);
	if (master_options_by_hand(options)) {
		log_enable_stderr(true);
		log_fatal("do not run this command by hand");
	}
	if (error != ERROR_NONE)
		log_fatal("%s", cause);
}

static void
log_problem(void *arg, enum config_severity severity, const char *text)
{
	(void)arg;
	(void)severity;
	log_warning("%s", text);
}

static void
load_settings(struct settings *settings, struct config *config,
    const struct master_options *options)
{
	const struct settings_source source = {
		.config_directory = options->config_directory,
		.service_name = options->service_name,
		.overrides = options->overrides,
		.override_count = options->override_count,
		.find_version = master_postfix_version,
	};
	char *cause = NULL;
	enum error error = settings_load(settings, config, &source, &cause);

	config_each_problem(config, log_problem, NULL);
	if (error != ERROR_NONE)
		log_fatal("%s", cause);
}

/* As main.cf says; before the jail, in which no socket can be found. */
static void
open_log(const struct config *config, const struct settings *settings)
{
	char *tag = xasprintf("%s/" PROGRAM, settings->syslog_name), *path;

	log_set_tag(tag);
	free(tag);
	if (log_open_syslog(settings->syslog_facility) != ERROR_NONE)
		settings_fatal(config, "syslog_facility", "unrecognized value");
	if (*settings->maillog_file == '\0') {
		log_close_postlog();
		return;
	}
	/* Relative, so that it can be found again from within the jail. */
	path = xasprintf("public/%s", settings->postlog_service_name);
	log_open_postlog(path, settings->myhostname);
	free(path);
}

/* debugger_command runs beside us, with our privileges; nobody waits for it. */
static void
start_debugger(const struct settings *settings)
{
	char *const arguments[] = { (char *)"sh", (char *)"-c",
		settings->debugger_command, NULL };
	posix_spawnattr_t attributes;
	sigset_t none, all;
	pid_t pid;

	if (*settings->debugger_command == '\0')
		log_fatal("no debugger_command variable set up");
	log_info("running: %s", settings->debugger_command);
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(
	    &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	if (posix_spawn(
		&pid, "/bin/sh", NULL, &attributes, arguments, environ) != 0)
		log_warning("cannot run debugger_command");
	posix_spawnattr_destroy(&attributes);
}

/* What master(8) handed us is not for any child of ours. */
static void
close_on_exec(const struct master_options *options)
{
	for (int fd = MASTER_FLOW_READ_FD;
	     fd < MASTER_LISTEN_FD + options->listen_count; fd++)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void *
openssl_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return xmalloc(size);
}

static void *
openssl_realloc(void *old, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return xrealloc(old, size);
}

static void
openssl_free(void *memory, const char *file, int line)
{
	(void)file;
	(void)line;
	free(memory);
}

/* OpenSSL 3.0 crashes where there was no memory for its first use. */
static void
prepare_openssl(void)
{
	CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free);
}

static void
replace(char **setting, const char *value)
{
	free(*setting);
	*setting = xstrdup(value);
}

/*
 * With -S this process may have other settings than the service that owns the
 * files: it would find their content incompatible, and empty them.
 */
static void
keep_in_memory(struct settings *settings)
{
	replace(&settings->tls_random_exchange_name, "");
	replace(&settings->tlsmgr_ticket_key_file, "");
#define CACHE_TYPE(type, symbol)                                      \
	if (*settings->type##_tls_session_cache_database != '\0')     \
		replace(&settings->type##_tls_session_cache_database, \
		    "internal:" #type);
#include "cache_types.def"
}

static void
enter_sandbox(const struct daemon *daemon)
{
	struct sandbox_network network;

	sandbox_enter(prng_schedule_source_file(daemon->prng),
	    daemon_engine_network(daemon, &network) ? &network : NULL);
}

int
main(int argc, char *argv[])
{
	struct master_options options;
	struct config *config = config_new();
	struct settings settings;
	struct daemon daemon;

	umask(077);
	prepare_signals();
	fill_descriptors();
	prepare_openssl();
	open_early_log();
	parse_arguments(&options, argc, argv);
	close_on_exec(&options);
	load_settings(&settings, config, &options);
	if (options.stdio_client)
		keep_in_memory(&settings);
	if (chdir(settings.queue_directory) < 0)
		log_fatal("chdir(\"%s\"): %s", settings.queue_directory,
		    strerror(errno));
	open_log(config, &settings);
	if (options.debug)
		start_debugger(&settings);
	daemon_open(&daemon, &options, config, &settings);
	/* Before the jail, where there is no /proc. */
	secret_prepare();
	master_jail(options.drop_privileges ? &daemon.owner : NULL,
	    options.chroot ? settings.queue_directory : NULL);
	daemon_start(&daemon);
	if (settings.tlsmgr_sandbox)
		enter_sandbox(&daemon);
	if (options.stdio_client)
		stdio_client_serve(&daemon.service);
	else
		daemon_run(&daemon);
	daemon_close(&daemon);
	settings_fini(&settings);
	config_free(config);
	master_options_fini(&options);
	log_close();
	return EXIT_SUCCESS;
}
