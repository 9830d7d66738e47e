/*
 * store_journal_open: the life of a store: its file, opened with the ids of the
 * mail owner and before anything of it is read, and the end.
 */
#include "store_journal.h"

#include "safe_open.h"
#include "xalloc.h"

#include <stdlib.h>
#include <sys/mman.h>

/* The journal's file, or memory. */
static enum error
open_file(const struct store_config *config, int *fd, char **cause)
{
	enum error error;
	char *path;

	if (config->kind->in_memory) {
		*fd = memfd_create("journal", MFD_CLOEXEC);
		if (*fd >= 0)
			return ERROR_NONE;
		*cause = xstrdup("no memory file can be made");
		return ERROR_UNSUPPORTED;
	}
	path = xasprintf("%s.journal", config->path);
	error = safe_open_update(path, fd, cause);
	free(path);
	return error;
}

enum error
store_journal_open(
    const struct store_config *config, struct store **base, char **cause)
{
	struct store_journal *store;
	enum error error;
	int fd;

	error = open_file(config, &fd, cause);
	if (error != ERROR_NONE)
		return error;
	store = xcalloc(1, sizeof(*store));
	store->base.ops = config->kind->ops;
	store->name = xstrdup(config->name);
	store->database = xasprintf("%s:%s", config->kind->type, config->path);
	store->config = *config;
	store->config.name = store->name;
	store->config.path = NULL;
	store->is_volatile = !config->persist || config->kind->in_memory;
	store->journal = journal_new(fd, store->database);
	journal_set_map_limit(store->journal, config->memory);
	*base = &store->base;
	return ERROR_NONE;
}

void
store_journal_close(struct store *base)
{
	struct store_journal *store = (struct store_journal *)base;

	if (store == NULL)
		return;
	store_journal_replay_abandon(store);
	index_fini(&store->index);
	journal_close(store->journal);
	free(store->name);
	free(store->database);
	free(store);
}
