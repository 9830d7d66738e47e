/*
 * ctl_check_files: owners and modes of what the daemon keeps, and of the way
 * to its socket. Looks, and opens nothing.
 */
#include "ctl_advice.h"
#include "ctl_check.h"
#include "ctl_text.h"
#include "data_path.h"
#include "memory_directory.h"
#include "xalloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* False: it is not there, which is no finding, or cannot be seen, which is. */
static bool
look_at(struct ctl_check *check, const char *path, struct stat *st)
{
	if (lstat(path, st) == 0)
		return true;
	if (errno != ENOENT)
		ctl_finding_add(&check->findings, CTL_NOTE, "run this as root",
		    "%s: %s", path, strerror(errno));
	return false;
}

static void
advise(struct ctl_check *check, enum ctl_level level, const char *path,
    const char *problem, const char *command, const char *argument)
{
	char *word = ctl_text_word(path);
	char *advice = xasprintf(
	    "%s%s%s %s", command, *argument != '\0' ? " " : "", argument, word);

	ctl_finding_add(
	    &check->findings, level, advice, "%s %s", path, problem);
	free(advice);
	free(word);
}

/* A file that the daemon writes. */
static void
check_file(struct ctl_check *check, const char *path)
{
	struct stat st;

	if (!look_at(check, path, &st))
		return;
	if (!S_ISREG(st.st_mode))
		advise(check, CTL_WARNING, path,
		    "is no plain file, and is not used", "rm -r", "");
	else if (st.st_nlink != 1)
		advise(check, CTL_WARNING, path,
		    "has another name as well, and is not used", "rm", "");
	else if (st.st_uid != check->owner.uid)
		advise(check, CTL_WARNING, path,
		    "is not the mail owner's, and is not used", "chown",
		    check->owner.name);
	else if ((st.st_mode & 077) != 0)
		advise(check, CTL_WARNING, path,
		    "can be read by others, and holds secrets", "chmod", "600");
	else
		ctl_finding_add(&check->findings, CTL_GOOD, NULL,
		    "%s: its owner and mode are right", path);
}

void
ctl_check_cache_files(struct ctl_check *check, const char *path)
{
	char *journal = xasprintf("%s.journal", path);
	char *table = xasprintf("%s.db", path);
	struct stat st;

	check_file(check, journal);
	if (lstat(table, &st) == 0)
		ctl_finding_add(&check->findings, CTL_NOTE,
		    "remove it, unless you go back to one of them",
		    "%s: of Postfix's own tlsmgr, or of version 1.0 of this "
		    "one, and not used",
		    table);
	free(journal);
	free(table);
}

/* A directory of the mail owner's; `open_bits` are modes that it may not have.
 */
static void
check_directory(struct ctl_check *check, enum ctl_level level, const char *path,
    mode_t open_bits, const char *mode)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		if (errno == ENOENT)
			advise(check, level, path, "is not there", "mkdir", "");
		else
			ctl_finding_add(&check->findings, CTL_NOTE,
			    "run this as root", "%s: %s", path,
			    strerror(errno));
	} else if (!S_ISDIR(st.st_mode)) {
		ctl_finding_add(&check->findings, level,
		    "remove it, and make a directory", "%s is no directory",
		    path);
	} else if (st.st_uid != check->owner.uid) {
		advise(check, level, path, "is not the mail owner's", "chown",
		    check->owner.name);
	} else if ((st.st_mode & open_bits) != 0) {
		advise(check, CTL_WARNING, path,
		    "lets others in: it is the owner's alone", "chmod", mode);
	} else {
		ctl_finding_add(&check->findings, CTL_GOOD, NULL,
		    "%s: its owner and mode are right", path);
	}
}

static void
check_exchange_file(struct ctl_check *check)
{
	const struct settings *settings = &check->settings;
	char *path;

	if (*settings->tls_random_exchange_name == '\0')
		return;
	check->log_level = CTL_NOTE;
	path = data_path(NULL, settings->tls_random_exchange_name,
	    check->owner.uid, settings->data_directory);
	check->log_level = CTL_WARNING;
	check_file(check, path);
	free(path);
}

/* The daemon, as root, makes the directory for its own choice of a file. */
static void
check_ticket_key_file(struct ctl_check *check)
{
	const char *path = check->settings.tlsmgr_ticket_key_file;
	struct stat st;
	char *advice;

	if (*path == '\0')
		return;
	if (strcmp(path, "auto") != 0) {
		check_file(check, path);
		return;
	}
	for (const char *const *each = memory_directories; *each != NULL;
	     each++) {
		if (!look_at(check, *each, &st) ||
		    memory_directory_is_ours(&st, check->owner.uid))
			continue;
		advice = xasprintf("rm -r %s, then: postfix reload", *each);
		ctl_finding_add(&check->findings, CTL_WARNING, advice,
		    "%s is somebody else's, and not used for session ticket "
		    "keys",
		    *each);
		free(advice);
	}
}

static void
check_socket(struct ctl_check *check)
{
	const char *queue = check->settings.queue_directory;
	char *service = ctl_config_service(check->ctl);
	char *directory = xasprintf("%s/private", queue);
	char *path =
	    xasprintf("%s/%s", directory, service != NULL ? service : "tlsmgr");
	struct stat st;

	if (stat(directory, &st) < 0 && errno == ENOENT)
		ctl_finding_add(&check->findings, CTL_NOTE, ctl_advice_start(),
		    "%s is not there: Postfix was never started", directory);
	else
		check_directory(
		    check, CTL_WARNING, directory, S_IWGRP | S_IWOTH, "700");
	if (look_at(check, path, &st) && !S_ISSOCK(st.st_mode))
		advise(check, CTL_PROBLEM, path, "is no socket", "rm", "");
	free(path);
	free(directory);
	free(service);
}

static void
check_queue_directory(struct ctl_check *check)
{
	const char *path = check->settings.queue_directory;
	struct stat st;

	if (stat(path, &st) < 0)
		ctl_finding_add(&check->findings, CTL_PROBLEM,
		    "correct queue_directory in main.cf, or make it", "%s: %s",
		    path, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		ctl_finding_add(&check->findings, CTL_PROBLEM,
		    "correct queue_directory in main.cf", "%s is no directory",
		    path);
}

void
ctl_check_files(struct ctl_check *check)
{
	if (!check->has_owner)
		return;
	check_queue_directory(check);
	check_directory(check, CTL_PROBLEM, check->settings.data_directory,
	    S_IWGRP | S_IWOTH, "go-w");
	check_exchange_file(check);
	check_ticket_key_file(check);
	check_socket(check);
}
