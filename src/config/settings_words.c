/*
 * settings_words: parameters of Postfix that have a grammar of their own: log
 * levels and databases.
 */
#include "settings.h"

#include "words.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

char *
settings_database_type(
    const struct settings *settings, const char *database, const char **path)
{
	const char *colon = strchr(database, ':');

	*path = database;
	if (colon == NULL ||
	    memchr(database, '/', (size_t)(colon - database)) != NULL)
		return xstrdup(settings->default_database_type);
	*path = colon + 1;
	return xstrndup(database, (size_t)(colon - database));
}

/* The words of smtpd_tls_loglevel and its like. */
static const struct loglevel_word {
	const char *word;
	bool log_cache;
} loglevel_words[] = {
	{ "none", false },
	{ "routine", false },
	{ "summary", false },
	{ "untrusted", false },
	{ "peercert", false },
	{ "certmatch", false },
	{ "verbose", false },
	{ "dane", false },
	{ "trace", false },
	{ "cache", true },
	{ "debug", true },
	{ "ssl-debug", false },
	{ "ssl-expert", true },
	{ "ssl-developer", true },
	{ "ssl-handshake-packet-dump", false },
	{ "ssl-session-packet-dump", false },
};

/* A number or a word, and whether it asks for the cache to be logged. */
static bool
parse_loglevel(const char *text, bool *log_cache)
{
	if (text[strspn(text, "0123456789")] == '\0') {
		*log_cache = strtoul(text, NULL, 10) >= 2;
		return true;
	}
	for (size_t i = 0;
	     i < sizeof(loglevel_words) / sizeof(loglevel_words[0]); i++) {
		if (strcasecmp(text, loglevel_words[i].word) == 0) {
			*log_cache = loglevel_words[i].log_cache;
			return true;
		}
	}
	return false;
}

enum error
settings_log_cache_activity(const char *loglevel, bool *log_cache, char **cause)
{
	const char *list = loglevel, *each;
	enum error error = ERROR_NONE;
	size_t len;

	*log_cache = false;
	while ((each = words_next(&list, &len)) != NULL) {
		char *word = xstrndup(each, len);
		bool word_logs = false;

		if (!parse_loglevel(word, &word_logs) && error == ERROR_NONE) {
			*cause = xasprintf(
			    "unknown value \"%s\" in \"%s\"", word, loglevel);
			error = ERROR_INVALID;
		}
		*log_cache |= word_logs;
		free(word);
	}
	return error;
}
