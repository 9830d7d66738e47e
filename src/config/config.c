/*
 * config: the dictionary of parameters. Owns its entries, sorted by name, and
 * the list of problems; knows where each entry came from, and lets a stronger
 * origin win. Reads no files.
 */
#include "config.h"

#include "config_blank.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

/* So that a long value does not push the rest out of the line. */
#define SHOWN_VALUE_MAX 200

struct problem {
	enum config_severity severity;
	char *text; /* owned */
};

struct config {
	struct config_entry **entries; /* owned, like each of them */
	size_t count;
	size_t size;
	struct problem *problems; /* owned */
	size_t problem_count;
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
	for (size_t i = 0; i < config->problem_count; i++)
		free(config->problems[i].text);
	free(config->problems);
	free(config);
}

void
config_add_problem(
    struct config *config, enum config_severity severity, char *text)
{
	config->problems = xrealloc(config->problems,
	    (config->problem_count + 1) * sizeof(config->problems[0]));
	config->problems[config->problem_count++] =
	    (struct problem){ severity, text };
}

void
config_each_problem(
    const struct config *config, config_problem_fn *each, void *arg)
{
	for (size_t i = 0; i < config->problem_count; i++)
		each(arg, config->problems[i].severity,
		    config->problems[i].text);
}

size_t
config_ignored_count(const struct config *config)
{
	size_t count = 0;

	for (size_t i = 0; i < config->problem_count; i++)
		if (config->problems[i].severity == CONFIG_IGNORED)
			count++;
	return count;
}

const char *
config_first_ignored(const struct config *config)
{
	for (size_t i = 0; i < config->problem_count; i++)
		if (config->problems[i].severity == CONFIG_IGNORED)
			return config->problems[i].text;
	return NULL;
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
config_reset(struct config *config, const char *name, const char *text)
{
	size_t index;

	if (find_index(config, name, &index))
		config->entries[index]->origin = CONFIG_DEFAULT;
	config_set(config, name, text, CONFIG_DEFAULT);
}

void
config_each(const struct config *config, config_each_fn *each, void *arg)
{
	for (size_t i = 0; i < config->count; i++)
		each(arg, config->entries[i]);
}

/* A copy without the blanks at either end. */
static char *
trimmed_copy(const char *text, size_t len)
{
	while (len > 0 && config_is_blank(text[len - 1]))
		len--;
	while (len > 0 && config_is_blank(*text)) {
		text++;
		len--;
	}
	return xstrndup(text, len);
}

const char *
config_split_assignment(const char *assignment, char **name, char **value)
{
	const char *equals = strchr(assignment, '=');
	const char *problem = NULL;

	if (equals == NULL)
		return "missing '=' after attribute name";
	*name = trimmed_copy(assignment, (size_t)(equals - assignment));
	if (**name == '\0')
		problem = "missing attribute name";
	for (const char *p = *name; *p != '\0'; p++)
		if (config_is_blank(*p))
			problem = "missing '=' after attribute name";
	if (problem != NULL) {
		free(*name);
		return problem;
	}
	*value = trimmed_copy(equals + 1, strlen(equals + 1));
	return NULL;
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

/* "FILE, line N: ", to be freed; for messages. */
static char *
describe_place(const struct config *config, const char *name)
{
	const struct config_entry *entry = config_get(config, name);

	if (entry != NULL && entry->file != NULL)
		return xasprintf("%s, line %u: ", entry->file, entry->line);
	if (entry != NULL && entry->origin == CONFIG_OVERRIDE)
		return xstrdup("option -o: ");
	return xstrdup("");
}

char *
config_describe_problem(const struct config *config, const char *name,
    const char *value, const char *problem)
{
	char *place = describe_place(config, name);
	char *description = xasprintf("%sparameter %s: bad value \"%.*s\": %s",
	    place, name, SHOWN_VALUE_MAX, value, problem);

	free(place);
	return description;
}

char *
config_describe_rest(const struct config *config, const char *name,
    const char *value, const char *rest)
{
	char *place = describe_place(config, name);
	char *description =
	    xasprintf("%sparameter %s: value \"%.*s\": \"%.*s\" is ignored",
		place, name, SHOWN_VALUE_MAX, value, SHOWN_VALUE_MAX, rest);

	free(place);
	return description;
}
