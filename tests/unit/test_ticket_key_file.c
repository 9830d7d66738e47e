/*
 * Unit tests of ticket_key_file.c: which keys outlive a process, and which file
 * is used.
 */
#include "ticket_key_file.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "ticket_key_file_fixture.h"

static void
a_new_file_is_private(void **state)
{
	struct process process;
	struct stat st;

	umask(0);
	process_start(&process, START);
	umask(022);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, FILE_LEN);
	assert_int_equal(process.keys.count, 0);
	assert_nothing_logged();
	process_end(&process);
}

static void
all_keys_are_found_again(void **state)
{
	unsigned char current = make_two_keys();
	struct process process;
	time_t now = START + HALF_S + 5;

	process_start(&process, now);
	assert_int_equal(process.keys.count, 2);
	assert_int_equal(current_at(&process, now), current);
	for (unsigned i = 0; i < 2; i++) {
		const struct ticket_key *key = &process.keys.keys[i];
		unsigned char expected[80];

		memset(expected, current - (int)i, sizeof(expected));
		assert_memory_equal(key, expected, sizeof(expected));
	}
	assert_int_equal(
	    process.keys.keys[0].encrypt_until, START + HALF_S + HALF_S - 1);
	assert_int_equal(
	    process.keys.keys[1].encrypt_until, START + HALF_S - 1);
	assert_nothing_logged();
	process_end(&process);
}

/* As often as there are reloads. */
static void
keys_go_from_process_to_process(void **state)
{
	unsigned char found[TICKET_KEYS_MAX], current = make_two_keys();

	for (int i = 0; i < 5; i++) {
		assert_int_equal(keys_found_at(START + HALF_S + i, found), 2);
		assert_int_equal(found[0], current);
	}
	assert_nothing_logged();
}

static void
no_retired_key_stays_in_the_file(void **state)
{
	struct process process;
	unsigned char first, second, third;
	time_t now = START;

	process_start(&process, now);
	first = current_at(&process, now);
	assert_true(file_has_key(first));
	second = current_at(&process, now += HALF_S);
	third = current_at(&process, now += HALF_S);
	assert_false(file_has_key(first));
	assert_true(file_has_key(second));
	assert_true(file_has_key(third));
	ticket_keys_retire(&process.keys, now + DAY_S);
	assert_false(file_has_key(second));
	assert_false(file_has_key(third));
	first = current_at(&process, now + DAY_S);
	assert_true(file_has_key(first));
	ticket_keys_wipe(&process.keys);
	assert_false(file_has_key(first));
	process_end(&process);
}

/* Keys that are over when a process starts are wiped by it. */
static void
keys_that_are_too_old_are_wiped(void **state)
{
	unsigned char current = make_two_keys(), found[TICKET_KEYS_MAX];
	time_t second_end = START + HALF_S + HALF_S - 1 + HALF_S;

	assert_int_equal(keys_found_at(second_end - 1, found), 1);
	assert_int_equal(found[0], current);
	assert_false(file_has_key(current - 1));
	assert_no_keys_at(second_end);
	assert_false(file_has_key(current));
	assert_no_keys_at(START + HALF_S);
	assert_nothing_logged();
}

static void
keys_from_the_future_are_not_used(void **state)
{
	unsigned char current = make_two_keys();

	assert_no_keys_at(START - DAY_S);
	assert_logged("warning: ");
	assert_false(file_has_key(current));
	assert_false(file_has_key(current - 1));

	/* Of the second a clock that was set back by a minute has no use. */
	current = make_two_keys();
	logged[0] = '\0';
	{
		unsigned char found[TICKET_KEYS_MAX];

		assert_int_equal(keys_found_at(START + HALF_S - 61, found), 1);
		assert_int_equal(found[0], current - 1);
	}
	assert_logged("in the future");
}

static void
keys_of_other_settings_are_not_used(void **state)
{
	unsigned char current = make_two_keys();
	struct process process;

	assert_int_equal(process_open(&process), ERROR_NONE);
	process.file.settings[TICKET_KEY_SETTINGS_LEN - 1] ^= 1;
	assert_int_equal(
	    ticket_key_file_load(&process.file, &process.keys, START + HALF_S),
	    ERROR_NONE);
	assert_int_equal(process.keys.count, 0);
	process_end(&process);
	assert_null(strstr(logged, "warning"));
	assert_logged("other TLS settings");
	assert_false(file_has_key(current));
	assert_false(file_has_key(current - 1));
	/* Nothing is left to be said of. */
	assert_no_keys_at(START + HALF_S);
	assert_nothing_logged();
}

/* A shorter lifetime than the keys were made for. */
static void
keys_that_live_too_long_are_not_used(void **state)
{
	struct process process;

	make_two_keys();
	assert_int_equal(process_open(&process), ERROR_NONE);
	process.keys.lifetime_s = 120;
	assert_int_equal(
	    ticket_key_file_load(&process.file, &process.keys, START + HALF_S),
	    ERROR_NONE);
	assert_int_equal(process.keys.count, 1);
	assert_int_equal(
	    process.keys.keys[0].encrypt_until, START + HALF_S - 1);
	process_end(&process);
}

static void
without_tickets_no_key_stays(void **state)
{
	unsigned char current = make_two_keys();
	struct process process;

	assert_int_equal(process_open(&process), ERROR_NONE);
	process.keys.lifetime_s = 0;
	assert_int_equal(
	    ticket_key_file_load(&process.file, &process.keys, START + HALF_S),
	    ERROR_NONE);
	assert_int_equal(process.keys.count, 0);
	assert_false(file_has_key(current));
	process_end(&process);
}

static void
without_a_file_keys_are_in_memory(void **state)
{
	struct process process;

	ticket_keys_init(&process.keys, LIFETIME_S);
	assert_int_equal(
	    ticket_key_file_open(&process.file, "", settings), ERROR_DISABLED);
	assert_int_equal(
	    ticket_key_file_load(&process.file, &process.keys, START),
	    ERROR_DISABLED);
	assert_int_equal(
	    ticket_key_file_save(&process.file, &process.keys), ERROR_DISABLED);
	assert_nothing_logged();
	process_end(&process);
}

/* A file that may not be used: a warning with the reason, and no file. */
static void
assert_not_opened(const char *reason)
{
	struct process process;

	assert_int_not_equal(process_open(&process), ERROR_NONE);
	assert_logged(reason);
	assert_int_equal(process.file.fd, -1);
	assert_int_equal(
	    ticket_key_file_load(&process.file, &process.keys, START),
	    ERROR_DISABLED);
	current_at(&process, START);
	process_end(&process);
}

static void
a_file_that_others_can_read_is_not_used(void **state)
{
	static const mode_t modes[] = { 0640, 0604, 0620, 0602, 0644, 0666 };
	unsigned char current = make_two_keys(), found[TICKET_KEYS_MAX];
	struct stat st;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		chmod(path, modes[i]);
		assert_not_opened("others have access");
		/* Left as it was found. */
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, modes[i]);
	}
	chmod(path, 0600);
	assert_int_equal(keys_found_at(START + HALF_S, found), 2);
	assert_int_equal(found[0], current);
}

static void
what_is_not_a_file_of_its_own_is_not_used(void **state)
{
	char other[200];

	snprintf(other, sizeof(other), "%s/other", directory);
	assert_int_equal(symlink(other, path), 0);
	assert_not_opened("symbolic link");
	assert_int_equal(access(other, F_OK), -1);
	unlink(path);

	assert_int_equal(mkfifo(path, 0600), 0);
	assert_not_opened("not a regular file");
	unlink(path);

	assert_int_equal(mkdir(path, 0700), 0);
	assert_not_opened("directory");
	rmdir(path);

	make_two_keys();
	assert_int_equal(link(path, other), 0);
	assert_not_opened("names");
	unlink(other);
}

static void
a_file_of_another_owner_is_not_used(void **state)
{
	if (geteuid() != 0) {
		print_message("needs root: a file of another owner\n");
		skip();
	}
	make_two_keys();
	assert_int_equal(chown(path, 12345, (gid_t)-1), 0);
	assert_not_opened("owned by");
}

/* Old content is worse than none. */
static void
a_file_that_cannot_be_written_is_emptied(void **state)
{
	struct rlimit limit, small;
	struct process process;
	enum error error;
	struct stat st;

	process_start(&process, START);
	current_at(&process, START);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	signal(SIGXFSZ, SIG_IGN);
	for (rlim_t size = 0; size < FILE_LEN; size += 33) {
		small = (struct rlimit){ size, limit.rlim_max };
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
		errno = 0;
		error = ticket_key_file_save(&process.file, &process.keys);
		/* A write that is short looks like one of a full disk. */
		assert_true(
		    error == ERROR_FILE_SIZE || error == ERROR_NO_SPACE);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
		assert_logged("cannot save");
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_size, 0);
		assert_int_equal(
		    ticket_key_file_save(&process.file, &process.keys),
		    ERROR_NONE);
		assert_true(file_has_key(generated));
		assert_nothing_logged();
	}
	signal(SIGXFSZ, SIG_DFL);
	process_end(&process);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_file_is_private),
		TEST(all_keys_are_found_again),
		TEST(keys_go_from_process_to_process),
		TEST(no_retired_key_stays_in_the_file),
		TEST(keys_that_are_too_old_are_wiped),
		TEST(keys_from_the_future_are_not_used),
		TEST(keys_of_other_settings_are_not_used),
		TEST(keys_that_live_too_long_are_not_used),
		TEST(without_tickets_no_key_stays),
		TEST(without_a_file_keys_are_in_memory),
		TEST(a_file_that_others_can_read_is_not_used),
		TEST(what_is_not_a_file_of_its_own_is_not_used),
		TEST(a_file_of_another_owner_is_not_used),
		TEST(a_file_that_cannot_be_written_is_emptied),
	};

	return cmocka_run_group_tests_name(
	    "ticket_key_file", tests, NULL, NULL);
}
