/*
 * Unit tests of the caches of a daemon: what their stores are opened with.
 */
#include "daemon.h"

#include "store_journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "unit.h"

static char first[] = "internal:first", second[] = "internal:second";
static char none[] = "", level[] = "0";

static struct settings settings = {
	.smtpd_tls_session_cache_database = first,
	.smtp_tls_session_cache_database = second,
	.lmtp_tls_session_cache_database = none,
	.smtpd_tls_session_cache_timeout = 3600,
	.smtp_tls_session_cache_timeout = 3600,
	.smtpd_tls_loglevel = level,
	.smtp_tls_loglevel = level,
	.lmtp_tls_loglevel = level,
	.tlsmgr_cache_memory = 1 << 20,
};

/* The keys with which two caches of one process hash their identifiers. */
static void
read_hash_keys(unsigned char keys[2][SIPHASH_KEY_LEN])
{
	struct config *config = config_new();
	struct daemon daemon = { .settings = &settings, .config = config };

	daemon_open_caches(&daemon);
	for (int i = 0; i < 2; i++) {
		const struct store_journal *store =
		    (struct store_journal *)daemon.caches[i].store;

		assert_non_null(store);
		memcpy(keys[i], store->config.hash_key, SIPHASH_KEY_LEN);
	}
	for (int i = 0; i < CACHE_TYPES; i++)
		cache_fini(&daemon.caches[i]);
	config_free(config);
}

/* Who knew it could choose identifiers that replace each other's sessions. */
static void
the_key_of_the_index_is_new_for_each_cache_and_each_start(void **state)
{
	unsigned char keys[4][SIPHASH_KEY_LEN];

	read_hash_keys(keys);
	read_hash_keys(keys + 2);
	for (int i = 0; i < 4; i++)
		for (int other = 0; other < i; other++)
			assert_memory_not_equal(
			    keys[i], keys[other], SIPHASH_KEY_LEN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    the_key_of_the_index_is_new_for_each_cache_and_each_start,
		    unit_setup, unit_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
