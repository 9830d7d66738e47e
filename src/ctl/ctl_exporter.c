/*
 * ctl_exporter: serves the statistics to Prometheus until a signal ends it.
 * Nothing needs root but a low port: what listens to the network becomes the
 * mail owner, who may ask the daemon.
 */
#include "ctl.h"
#include "ctl_http.h"
#include "ctl_listen.h"
#include "master.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DEFAULT_ADDRESS "127.0.0.1:9847"

static bool
give_up_root(struct ctl *ctl)
{
	struct master_owner owner;
	char *name, *cause = NULL;
	bool is_found;

	if (geteuid() != 0)
		return true;
	name = ctl_config_value(ctl, "mail_owner");
	if (name == NULL)
		return false;
	is_found = master_owner_find(&owner, name, &cause) == ERROR_NONE;
	if (is_found) {
		master_jail(&owner, NULL);
		master_owner_fini(&owner);
	} else {
		ctl_error("mail_owner = %s: %s", name, cause);
	}
	free(cause);
	free(name);
	return is_found;
}

static void
end_cb(void *arg, int signal_number)
{
	(void)signal_number;
	loop_stop(arg);
}

static int
serve(int fd, const char *config_directory)
{
	struct loop *loop = loop_new();
	struct ctl_http *http = ctl_http_new(loop, fd, config_directory);
	char name[CTL_LISTEN_NAME_MAX];

	if (http != NULL) {
		loop_catch_signal(loop, SIGTERM, end_cb, loop);
		loop_catch_signal(loop, SIGINT, end_cb, loop);
		signal(SIGPIPE, SIG_IGN); /* clients go away */
		ctl_listen_name(fd, name);
		printf("Statistics are at http://%s/metrics\n", name);
		fflush(stdout);
		loop_run(loop);
		ctl_http_free(http);
	}
	loop_free(loop);
	return http != NULL ? CTL_OK : CTL_NO;
}

int
ctl_exporter(struct ctl *ctl, char *const operands[])
{
	int fd, status = ctl_listen(
		    operands[0] != NULL ? operands[0] : DEFAULT_ADDRESS, &fd);

	if (status != CTL_OK)
		return status;
	status = give_up_root(ctl) ? serve(fd, ctl->config_directory) : CTL_NO;
	close(fd);
	return status;
}
