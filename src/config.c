/*
 * config: the dictionary of parameters. Owns its entries, sorted by name;
 * knows where each came from, and lets a stronger origin win. Reads no files.
 */
#include "config.h"

#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

struct config {
	struct config_entry **entries; /* owned, like each of them */
	size_t count;
	size_t size;
};

struct config *
config_new(void)
{
	return xcalloc(1, sizeof(struct config));
}

static void
entry_free(struct config_entry *entry)
{
	free(entry->name);
	free(entry->text);
	free(entry->file);
	free(entry);
}

void
config_free(struct config *config)
{
	if (config == NULL)
		return;
	for (size_t i = 0; i < config->count; i++)
		entry_free(config->entries[i]);
	free(config->entries);
	free(config);
}

/* Where the name is, or belongs; true if it is there. */
static bool
find_index(const struct config *config, const char *name, size_t *index)
{
	size_t low = 0, high = config->count, middle;
	int order;

	while (low < high) {
		middle = low + (high - low) / 2;
		order = strcmp(name, config->entries[middle]->name);
		if (order == 0) {
			*index = middle;
			return true;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	*index = low;
	return false;
}

const struct config_entry *
config_get(const struct config *config, const char *name)
{
	size_t index;

	return find_index(config, name, &index) ? config->entries[index] : NULL;
}

static struct config_entry *
insert_entry(struct config *config, const char *name, size_t index)
{
	struct config_entry *entry = xcalloc(1, sizeof(*entry));

	if (config->count == config->size) {
		config->size = config->size == 0 ? 64 : config->size * 2;
		config->entries = xrealloc(
		    config->entries, config->size * sizeof(*config->entries));
	}
	memmove(config->entries + index + 1, config->entries + index,
	    (config->count - index) * sizeof(*config->entries));
	entry->name = xstrdup(name);
	config->entries[index] = entry;
	config->count++;
	return entry;
}

void
config_set_from(struct config *config, const char *name, const char *text,
    enum config_origin origin, const char *file, unsigned line)
{
	struct config_entry *entry;
	size_t index;

	if (find_index(config, name, &index))
		entry = config->entries[index];
	else
		entry = insert_entry(config, name, index);
	if (entry->origin > origin)
		return;
	free(entry->text);
	free(entry->file);
	entry->text = xstrdup(text);
	entry->origin = origin;
	entry->file = file != NULL ? xstrdup(file) : NULL;
	entry->line = line;
}

void
config_set(struct config *config, const char *name, const char *text,
    enum config_origin origin)
{
	config_set_from(config, name, text, origin, NULL, 0);
}

void
config_each(const struct config *config, config_each_fn *each, void *arg)
{
	for (size_t i = 0; i < config->count; i++)
		each(arg, config->entries[i]);
}

enum error
config_override(struct config *config, const char *assignment, char **cause)
{
	const struct config_entry *entry;
	char *name, *value;
	const char *problem;

	problem = config_split_assignment(assignment, &name, &value);
	if (problem != NULL) {
		*cause = xasprintf(
		    "invalid \"-o %s\" option value: %s", assignment, problem);
		return ERROR_INVALID;
	}
	entry = config_get(config, name);
	if (entry != NULL && entry->origin == CONFIG_FIXED) {
		*cause = xasprintf("invalid \"-o %s\" option value: "
				   "parameter %s is read-only",
		    assignment, name);
		free(name);
		free(value);
		return ERROR_INVALID;
	}
	config_set(config, name, value, CONFIG_OVERRIDE);
	free(name);
	free(value);
	return ERROR_NONE;
}

enum error
config_value(
    const struct config *config, const char *name, char **value, char **cause)
{
	const struct config_entry *entry = config_get(config, name);
	enum error error;
	char *reason;

	if (entry == NULL) {
		*value = xstrdup("");
		return ERROR_NONE;
	}
	error = config_expand(config, entry->text, value, &reason);
	if (error == ERROR_NONE)
		return ERROR_NONE;
	if (entry->file != NULL)
		*cause = xasprintf("%s, line %u: parameter %s: %s", entry->file,
		    entry->line, name, reason);
	else
		*cause = xasprintf("parameter %s: %s", name, reason);
	free(reason);
	return error;
}
