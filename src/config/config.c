/*
 * config: the dictionary of parameters. Owns its entries, sorted by name;
 * knows where each came from, and lets a stronger origin win. Reads no files.
 */
#include "config.h"

#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

/* So that a long value does not push the rest out of the line. */
#define SHOWN_VALUE_MAX 200

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
		config->entries = xrealloc(config->entries,
		    config->size * sizeof(struct config_entry *));
	}
	memmove(config->entries + index + 1, config->entries + index,
	    (config->count - index) * sizeof(struct config_entry *));
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

/* An override that was split; the whole is for the message. */
static enum error
override_value(struct config *config, const char *assignment, const char *name,
    const char *value, char **cause)
{
	const struct config_entry *entry = config_get(config, name);

	if (entry != NULL && entry->origin == CONFIG_FIXED) {
		*cause = xasprintf("invalid \"-o %s\" option value: "
				   "parameter %s is read-only",
		    assignment, name);
		return ERROR_INVALID;
	}
	config_set(config, name, value, CONFIG_OVERRIDE);
	return ERROR_NONE;
}

enum error
config_override(struct config *config, const char *assignment, char **cause)
{
	char *name, *value;
	const char *problem;
	enum error error;

	problem = config_split_assignment(assignment, &name, &value);
	if (problem != NULL) {
		*cause = xasprintf(
		    "invalid \"-o %s\" option value: %s", assignment, problem);
		return ERROR_INVALID;
	}
	error = override_value(config, assignment, name, value, cause);
	free(name);
	free(value);
	return error;
}

char *
config_describe_problem(const struct config *config, const char *name,
    const char *value, const char *problem)
{
	const struct config_entry *entry = config_get(config, name);
	char *where, *description;

	if (entry != NULL && entry->origin == CONFIG_FILE)
		where = xasprintf("%s, line %u: ", entry->file, entry->line);
	else if (entry != NULL && entry->origin == CONFIG_OVERRIDE)
		where = xstrdup("option -o: ");
	else
		where = xstrdup("");
	description = xasprintf("%sparameter %s: bad value \"%.*s\": %s", where,
	    name, SHOWN_VALUE_MAX, value, problem);
	free(where);
	return description;
}

enum error
config_value(
    const struct config *config, const char *name, char **value, char **cause)
{
	const struct config_entry *entry = config_get(config, name);
	const char *text = entry != NULL ? entry->text : "";
	enum error error;
	char *problem;

	error = config_expand(config, text, value, &problem);
	if (error == ERROR_NONE)
		return ERROR_NONE;
	*cause = config_describe_problem(config, name, text, problem);
	free(problem);
	return error;
}
