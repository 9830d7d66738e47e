/*
 * settings_digest: tells configurations apart under which sessions are, or are
 * not, the same sessions.
 */
#include "settings_digest.h"
#include "settings.h"

#include "log.h"

#include <openssl/evp.h>
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
add_text(EVP_MD_CTX *context, const char *text)
{
	/* With the NUL, so that neighbours cannot flow into each other. */
	if (EVP_DigestUpdate(context, text, strlen(text) + 1) != 1)
		log_fatal("SHA-256 failed");
}

static void
add_parameter(void *arg, const char *name, const char *value)
{
	add_text(arg, name);
	add_text(arg, value);
}

void
settings_digest(const struct config *config, const char *side,
    unsigned char out[SETTINGS_DIGEST_LEN])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	struct walk walk = {
		.config = config,
		.side = side,
		.each = add_parameter,
		.arg = context,
	};

	if (context == NULL ||
	    EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
		log_fatal("SHA-256 is not available");
	add_text(context, DIGEST_VERSION);
	config_each(config, visit_entry, &walk);
	if (EVP_DigestFinal_ex(context, out, NULL) != 1)
		log_fatal("SHA-256 failed");
	EVP_MD_CTX_free(context);
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
