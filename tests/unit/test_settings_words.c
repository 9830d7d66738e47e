/*
 * Unit tests of settings_words.c: log levels, and the types of databases.
 */
#include "settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void
a_log_level_may_ask_for_the_cache(void **state)
{
	static const struct {
		const char *text;
		bool log_cache;
	} rows[] = { { "", false }, { " , ", false }, { "0", false },
		{ "1", false }, { "01", false }, { "2", true }, { "3", true },
		{ "4", true }, { "99999999999999999999", true },
		{ "none", false }, { "routine", false }, { "summary", false },
		{ "untrusted", false }, { "peercert", false },
		{ "certmatch", false }, { "verbose", false }, { "dane", false },
		{ "trace", false }, { "ssl-debug", false },
		{ "ssl-handshake-packet-dump", false },
		{ "ssl-session-packet-dump", false }, { "cache", true },
		{ "debug", true }, { "ssl-expert", true },
		{ "ssl-developer", true }, { "Cache", true },
		{ "cache, none", true }, { "summary,cache", true },
		{ "summary\tcache\r\n", true }, { "2 1", true },
		{ "summary verbose", false } };
	bool log_cache;
	char *cause = NULL;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		log_cache = !rows[i].log_cache;
		assert_int_equal(settings_log_cache_activity(
				     rows[i].text, &log_cache, &cause),
		    ERROR_NONE);
		if (log_cache != rows[i].log_cache)
			fail_msg("\"%s\"", rows[i].text);
	}
	assert_null(cause);
}

static void
an_unknown_word_of_a_log_level_is_named(void **state)
{
	static const struct {
		const char *text;
		bool log_cache;
		const char *cause;
	} rows[] = {
		{ "chatty", false, "unknown value \"chatty\" in \"chatty\"" },
		{ "cache, chatty", true,
		    "unknown value \"chatty\" in \"cache, chatty\"" },
		{ "one,two 2", true, "unknown value \"one\" in \"one,two 2\"" },
		{ "2x", false, "unknown value \"2x\" in \"2x\"" },
		{ "-2", false, "unknown value \"-2\" in \"-2\"" },
		{ "cach", false, "unknown value \"cach\" in \"cach\"" },
		{ "cached", false, "unknown value \"cached\" in \"cached\"" },
	};
	bool log_cache;
	char *cause;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		log_cache = !rows[i].log_cache;
		assert_int_equal(settings_log_cache_activity(
				     rows[i].text, &log_cache, &cause),
		    ERROR_INVALID);
		assert_int_equal(log_cache, rows[i].log_cache);
		assert_string_equal(cause, rows[i].cause);
		free(cause);
	}
}

static void
a_database_has_a_type_or_the_default(void **state)
{
	static const struct {
		const char *database, *type, *path;
	} rows[] = { { "btree:/x/y", "btree", "/x/y" },
		{ "/x/y", "fallback", "/x/y" }, { "x", "fallback", "x" },
		{ "btree:", "btree", "" }, { ":x", "", "x" },
		{ "/x:y", "fallback", "/x:y" }, { "a:b:c", "a", "b:c" } };
	char fallback[] = "fallback", *type;
	const struct settings settings = { .default_database_type = fallback };
	const char *path;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		type =
		    settings_database_type(&settings, rows[i].database, &path);
		assert_string_equal(type, rows[i].type);
		assert_string_equal(path, rows[i].path);
		free(type);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_level_may_ask_for_the_cache),
		cmocka_unit_test(an_unknown_word_of_a_log_level_is_named),
		cmocka_unit_test(a_database_has_a_type_or_the_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
