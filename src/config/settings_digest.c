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

struct digest {
	const struct config *config;
	const char *side;
	EVP_MD_CTX *context;
};

static void
add(struct digest *digest, const char *text)
{
	/* With the NUL, so that neighbours cannot flow into each other. */
	if (EVP_DigestUpdate(digest->context, text, strlen(text) + 1) != 1)
		log_fatal("SHA-256 failed");
}

/* Does it decide where sessions are, not what is in them? */
static bool
is_beside_the_point(const char *name)
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

static bool
is_wanted(const struct digest *digest, const struct config_entry *entry)
{
	size_t side_len = strlen(digest->side);
	const char *name = entry->name;

	if (entry->origin == CONFIG_DEFAULT || is_beside_the_point(name))
		return false;
	if (strncmp(name, "tls_", 4) == 0)
		return true;
	return strncmp(name, digest->side, side_len) == 0 &&
	       strncmp(name + side_len, "_tls_", 5) == 0;
}

static void
add_entry(void *arg, const struct config_entry *entry)
{
	struct digest *digest = arg;
	char *value, *cause;

	if (!is_wanted(digest, entry))
		return;
	add(digest, entry->name);
	if (config_expand(digest->config, entry->text, &value, &cause) ==
	    ERROR_NONE) {
		add(digest, value);
		free(value);
	} else {
		/* Not ours to complain of: no parameter of this daemon. */
		add(digest, entry->text);
		free(cause);
	}
}

void
settings_digest(const struct config *config, const char *side,
    unsigned char out[SETTINGS_DIGEST_LEN])
{
	struct digest digest = {
		.config = config,
		.side = side,
		.context = EVP_MD_CTX_new(),
	};

	if (digest.context == NULL ||
	    EVP_DigestInit_ex(digest.context, EVP_sha256(), NULL) != 1)
		log_fatal("SHA-256 is not available");
	add(&digest, DIGEST_VERSION);
	config_each(config, add_entry, &digest);
	if (EVP_DigestFinal_ex(digest.context, out, NULL) != 1)
		log_fatal("SHA-256 failed");
	EVP_MD_CTX_free(digest.context);
}
