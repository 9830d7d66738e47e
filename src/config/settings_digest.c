/*
 * settings_digest: tells configurations apart under which sessions are, or are
 * not, the same sessions.
 */
#include "settings_digest.h"

#include "config.h"
#include "sha256.h"

#include <stdlib.h>
#include <string.h>

/* Raised when what goes into the digest changes. */
#define DIGEST_VERSION "tlsmgr settings 1"

/* A walk over the parameters of one side. */
struct walk {
	const struct config *config;
	const char *side;
	bool without_certificates;
	settings_digest_each_fn *each;
	void *arg;
};

/* Where sessions are stored and what is logged, not what is in them. */
static bool
is_about_storage(const char *name)
{
	static const char *const parts[] = {
		"_tls_loglevel",
		"_tls_session_cache_database",
		"_tls_session_cache_timeout",
		"tls_random_",
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strstr(name, parts[i]) != NULL)
			return true;
	return false;
}

/* Hosts of one name may have one of their own each, and paths of their own. */
static bool
names_certificate(const char *name)
{
	static const char *const ends[] = { "cert_file", "key_file",
		"chain_files" };
	size_t len = strlen(name);

	if (strncmp(name, "smtpd_tls_", strlen("smtpd_tls_")) != 0)
		return false;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (len > strlen(ends[i]) &&
		    strcmp(name + len - strlen(ends[i]), ends[i]) == 0)
			return true;
	return false;
}

static bool
is_wanted(const struct walk *walk, const struct config_entry *entry)
{
	size_t side_len = strlen(walk->side);
	const char *name = entry->name;

	if (entry->origin == CONFIG_DEFAULT || is_about_storage(name) ||
	    (walk->without_certificates && names_certificate(name)))
		return false;
	if (strncmp(name, "tls_", 4) == 0)
		return true;
	return strncmp(name, walk->side, side_len) == 0 &&
	       strncmp(name + side_len, "_tls_", 5) == 0;
}

static void
visit_entry(void *arg, const struct config_entry *entry)
{
	const struct walk *walk = arg;
	char *value, *cause;

	if (!is_wanted(walk, entry))
		return;
	if (config_expand(walk->config, entry->text, &value, &cause) ==
	    ERROR_NONE) {
		walk->each(walk->arg, entry->name, value);
		free(value);
	} else {
		/* Not ours to complain of: no parameter of this daemon. */
		walk->each(walk->arg, entry->name, entry->text);
		free(cause);
	}
}

static void
add_parameter(void *arg, const char *name, const char *value)
{
	sha256_add_text(arg, name);
	sha256_add_text(arg, value);
}

void
settings_digest(const struct config *config, const char *side,
    unsigned char out[SETTINGS_DIGEST_LEN])
{
	struct sha256 hash;
	struct walk walk = {
		.config = config,
		.side = side,
		.each = add_parameter,
		.arg = &hash,
	};

	sha256_begin(&hash);
	sha256_add_text(&hash, DIGEST_VERSION);
	config_each(config, visit_entry, &walk);
	sha256_end(&hash, out);
}

void
settings_digest_each(const struct config *config, const char *side,
    settings_digest_each_fn *each, void *arg)
{
	struct walk walk = {
		.config = config,
		.side = side,
		.without_certificates = true,
		.each = each,
		.arg = arg,
	};

	config_each(config, visit_entry, &walk);
}
