/*
 * shared_group: from values of the configuration to secrets, contexts and
 * fingerprints. Owns them, and the text of the file of secrets for as long as
 * it has not been parsed.
 */
#include "shared_group.h"

#include "log.h"
#include "shared_file.h"
#include "shared_password.h"
#include "shared_server.h"
#include "words.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

const char *const shared_side_names[SHARED_SIDES] = {
	[SHARED_SMTPD] = "smtpd",
	[SHARED_SMTP] = "smtp",
	[SHARED_LMTP] = "lmtp",
};

/* Takes the text. Only the first problem is of interest. */
static void
set_problem(struct shared_group *group, char *problem)
{
	log_warning("shared: %s; nothing is shared", problem);
	group->problem = problem;
}

bool
shared_group_is_configured(const struct shared_group *group)
{
	const struct shared_group_config *config = &group->config;

	return config->problem != NULL ||
	       (config->secret_file != NULL && *config->secret_file != '\0');
}

static bool
has_servers(const struct shared_group_config *config)
{
	const char *list = config->servers;
	size_t len;

	return list != NULL && words_next(&list, &len) != NULL;
}

static void
open_engine(struct shared_group *group)
{
	const struct shared_group_config *config = &group->config;
	char *cause = NULL;

	if (shared_servers_check(config->servers, &cause) != ERROR_NONE ||
	    (*config->password_file != '\0' &&
		shared_file_read_secret(config->password_file, config->owner,
		    &group->password_text, &cause) != ERROR_NONE))
		set_problem(group, cause);
}

void
shared_group_open_secret(
    struct shared_group *group, const struct shared_group_config *config)
{
	char *cause = NULL;

	*group = (struct shared_group){ .config = *config };
	buffer_init(&group->text);
	buffer_init(&group->password_text);
	if (!shared_group_is_configured(group))
		return;
	if (config->problem != NULL)
		group->problem = xstrdup(config->problem);
	else if (!shared_context_is_group(config->group))
		set_problem(group,
		    xasprintf("tlsmgr_shared_group must be 1 to %d printable "
			      "characters without blanks",
			SHARED_GROUP_MAX));
	else if (shared_file_read_secret(config->secret_file, config->owner,
		     &group->text, &cause) != ERROR_NONE)
		set_problem(group, cause);
	else if (has_servers(config))
		open_engine(group);
}

/* Whose is it? A file that no side names belongs to all. */
static unsigned
find_sides(const struct shared_group_config *config, const char *path)
{
	unsigned sides = 0;

	for (int i = 0; i < SHARED_SIDES; i++)
		if (strcmp(config->sides[i].ca_file, path) == 0)
			sides |= 1U << i;
	return sides != 0 ? sides : (1U << SHARED_SIDES) - 1;
}

static bool
is_known(const struct shared_group *group, const char *path)
{
	for (unsigned i = 0; i < group->trust_file_count; i++)
		if (strcmp(group->trust_files[i].path, path) == 0)
			return true;
	return false;
}

/* Takes the path. */
static void
add_trust_file(struct shared_group *group, char *path)
{
	struct shared_trust_file *file;
	char *cause = NULL;

	group->trust_files = xrealloc(group->trust_files,
	    (group->trust_file_count + 1) * sizeof(*group->trust_files));
	file = &group->trust_files[group->trust_file_count++];
	file->path = path;
	file->sides = find_sides(&group->config, path);
	file->is_read =
	    shared_file_hash(path, file->hash, &cause) == ERROR_NONE;
	if (!file->is_read)
		log_warning("shared: %s; it counts as empty", cause);
	free(cause);
}

void
shared_group_open_trust(struct shared_group *group)
{
	const char *list = group->config.trust_files, *word;
	size_t len;

	if (!shared_group_is_configured(group))
		return;
	while ((word = words_next(&list, &len)) != NULL) {
		char *path = xstrndup(word, len);

		if (is_known(group, path))
			free(path);
		else
			add_trust_file(group, path);
	}
}

static void
make_context(struct shared_group *group, enum shared_side side)
{
	const struct shared_group_config *config = &group->config;
	unsigned char digest[SHARED_DIGEST_LEN];
	struct sha256 hash;

	shared_digest_begin(&hash);
	config->each_parameter(config->parameters, shared_side_names[side],
	    shared_digest_add_parameter, &hash);
	for (unsigned i = 0; i < group->trust_file_count; i++)
		if ((group->trust_files[i].sides & 1U << side) != 0)
			sha256_add(&hash, group->trust_files[i].hash,
			    SHARED_DIGEST_LEN);
	sha256_end(&hash, digest);
	shared_context_make(&group->contexts[side], config->group,
	    shared_side_names[side], config->sides[side].timeout_s, digest);
}

static void
make_side(struct shared_group *group, enum shared_side side)
{
	make_context(group, side);
	for (unsigned i = 0; i < group->secrets.count; i++)
		shared_context_fingerprint(&group->contexts[side],
		    group->secrets.keys[i], group->fingerprints[side][i]);
}

bool
shared_group_begin(struct shared_group *group)
{
	const struct shared_group_config *config = &group->config;
	char *cause = NULL;
	enum error error;

	if (!shared_group_is_configured(group) || group->problem != NULL)
		return false;
	error = shared_secrets_parse(&group->secrets, config->secret_file,
	    buffer_head(&group->text), group->text.len, &cause);
	if (error == ERROR_NONE && has_servers(config) &&
	    *config->password_file != '\0')
		error = shared_password_parse(config->password_file,
		    buffer_head(&group->password_text),
		    group->password_text.len, &group->user, &group->password,
		    &cause);
	if (error != ERROR_NONE)
		set_problem(group, cause);
	buffer_fini(&group->text);
	buffer_fini(&group->password_text);
	for (int side = 0; side < SHARED_SIDES; side++)
		if (config->sides[side].timeout_s > 0)
			make_side(group, (enum shared_side)side);
	return group->problem == NULL;
}

/* Mark the side that a word names. False: it names none. */
static bool
mark_side(const char *word, size_t len, bool sides[SHARED_SIDES])
{
	for (int i = 0; i < SHARED_SIDES; i++) {
		const char *name = shared_side_names[i];

		if (strlen(name) == len && strncmp(name, word, len) == 0) {
			sides[i] = true;
			return true;
		}
	}
	return false;
}

void
shared_group_read_caches(const char *list, bool sides[SHARED_SIDES])
{
	const char *word;
	size_t len;

	while ((word = words_next(&list, &len)) != NULL)
		if (!mark_side(word, len, sides))
			log_warning("parameter tlsmgr_shared_caches: \"%.*s\" "
				    "is none of smtpd, smtp, lmtp",
			    (int)len, word);
}

bool
shared_group_has_engine(const struct shared_group *group)
{
	return shared_group_is_configured(group) && group->problem == NULL &&
	       has_servers(&group->config);
}

void
shared_group_close(struct shared_group *group)
{
	buffer_fini(&group->text);
	buffer_fini(&group->password_text);
	shared_password_free(group->user);
	shared_password_free(group->password);
	shared_secrets_wipe(&group->secrets);
	for (unsigned i = 0; i < group->trust_file_count; i++)
		free(group->trust_files[i].path);
	free(group->trust_files);
	free(group->problem);
	*group = (struct shared_group){ 0 };
}
