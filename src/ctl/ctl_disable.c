/*
 * ctl_disable: gives Postfix its own daemon back. Asks for as little as it
 * can: it has to work when nothing else does.
 */
#include "cache.h"
#include "ctl.h"
#include "ctl_command.h"
#include "ctl_master_cf.h"
#include "ctl_saved_service.h"
#include "ctl_statistics.h"
#include "ctl_switch.h"
#include "ctl_text.h"
#include "xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POSTFIX_PROGRAM "tlsmgr"

/* The program that there was before; to be freed. */
static char *
choose_program(struct ctl *ctl, const struct ctl_service *service)
{
	struct ctl_service saved;
	char *program;

	if (ctl_saved_service_read(ctl, &saved) != ERROR_NONE)
		return xstrdup(POSTFIX_PROGRAM);
	if (!ctl_service_is_same(service, &saved))
		printf("What was changed in that line since then stays.\n");
	program = saved.fields[CTL_FIELD_COMMAND];
	program = xstrndup(program, ctl_command_program_len(program));
	ctl_service_fini(&saved);
	return program;
}

static void
show_journal(const char *directory, const char *base)
{
	char *path = xasprintf(
	    "%s%s%s.journal", directory, *directory != '\0' ? "/" : "", base);
	char *word = ctl_text_word(path);

	if (access(path, F_OK) == 0) {
		printf("This file still holds sessions, and is not used any "
		       "more: rm ");
		ctl_put_text(stdout, word);
		printf("\n");
	}
	free(word);
	free(path);
}

/* Postfix's own daemon does not know our journals. */
static void
show_leftovers(struct ctl *ctl)
{
	char *data_directory = ctl_config_value(ctl, "data_directory");
	const char *path, *slash;

	for (int i = 0; i < CACHE_TYPES && data_directory != NULL; i++) {
		char *name = xasprintf("%s_tls_session_cache_database",
		    cache_type_name((enum cache_type)i));
		char *database = ctl_config_value(ctl, name);

		free(name);
		if (database == NULL || *database == '\0') {
			free(database);
			continue;
		}
		path = strchr(database, ':');
		path = path != NULL ? path + 1 : database;
		slash = strrchr(path, '/');
		show_journal("", path);
		/* Where it goes if that directory is not the mail owner's. */
		if (slash == NULL ||
		    (size_t)(slash - path) != strlen(data_directory) ||
		    strncmp(path, data_directory, (size_t)(slash - path)) != 0)
			show_journal(
			    data_directory, slash != NULL ? slash + 1 : path);
		free(database);
	}
	free(data_directory);
}

static int
disable(struct ctl *ctl, const struct ctl_service *service)
{
	const char *command = service->fields[CTL_FIELD_COMMAND];
	char *program;
	int status;

	if (ctl_command_runs(command, ctl_program)) {
		program = choose_program(ctl, service);
		ctl_switch_announce(command, program);
		status = ctl_switch_program(ctl, ctl_program, program, false);
	} else {
		printf("master.cf names ");
		ctl_put_text(stdout, command);
		printf(", not %s.\n", ctl_program);
		program = xstrndup(command, ctl_command_program_len(command));
		status = ctl_switch_program(ctl, program, program, false);
	}
	free(program);
	return status;
}

int
ctl_disable(struct ctl *ctl, char *const operands[])
{
	struct ctl_service service;
	char *cause = NULL;
	int status;

	(void)operands;
	if (!ctl_is_root() || !ctl_switch_lock(ctl))
		return CTL_NO;
	if (ctl_master_cf_read(&service, ctl, &cause) != ERROR_NONE) {
		ctl_error("%s", cause);
		free(cause);
		return CTL_NO;
	}
	status = disable(ctl, &service);
	if (status == CTL_OK) {
		ctl_saved_service_remove(ctl);
		show_leftovers(ctl);
	}
	ctl_service_fini(&service);
	return status;
}
