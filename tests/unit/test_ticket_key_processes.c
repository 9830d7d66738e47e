/*
 * Unit tests of ticket_key_file.c, and of file_lock.c, which it uses: several
 * processes that have the file at a time, as at reloads in a row.
 */
#include "file_lock.h"
#include "ticket_key_file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ticket_key_file_fixture.h"

/* What the daemon does before it makes a key or gives up a name. */
static void
refresh(void *arg, struct ticket_keys *keys, time_t now)
{
	ticket_key_file_refresh(arg, keys, now);
}

static void
start(struct process *process, time_t now)
{
	process_start(process, now);
	process->keys.refresh = refresh;
}

static bool
knows(struct process *process, time_t now, unsigned char byte)
{
	unsigned char name[TICKET_KEY_NAME_LEN];
	struct ticket_key copy;

	memset(name, byte, sizeof(name));
	return ticket_keys_find(&process->keys, now, name, &copy) == ERROR_NONE;
}

/* A process of version 1.0, which has the lock for as long as it lives. */
static int
hold_lock(void)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(file_lock(fd), ERROR_NONE);
	return fd;
}

static void
what_one_makes_the_others_find(void **state)
{
	struct process first, second, third;
	unsigned char keys[3];

	start(&first, START);
	start(&second, START);
	start(&third, START);
	keys[0] = current_at(&first, START);
	assert_int_equal(current_at(&second, START), keys[0]);
	ticket_keys_rotate(&second.keys, START + 1);
	keys[1] = current_at(&second, START + 1);
	assert_true(knows(&third, START + 1, keys[1]));
	assert_true(knows(&first, START + 1, keys[1]));
	ticket_keys_rotate(&third.keys, START + 2);
	keys[2] = current_at(&third, START + 2);
	assert_true(knows(&first, START + 2, keys[2]));
	assert_int_equal(current_at(&first, START + 2), keys[2]);
	assert_nothing_logged();
	process_end(&first);
	process_end(&second);
	process_end(&third);
}

/* What the daemon does on ERROR_LOCKED: load, which merges, and saves. */
static void
keys_of_processes_that_end_in_any_order_are_all_kept(void **state)
{
	unsigned char found[TICKET_KEYS_MAX];
	struct process processes[3];

	for (int i = 0; i < 3; i++)
		start(&processes[i], START);
	for (int i = 0; i < 12; i++) {
		struct process *process = &processes[i * 7 % 3];

		ticket_keys_rotate(&process->keys, START + i);
		if (process->file.is_unsaved)
			assert_int_equal(ticket_key_file_load(&process->file,
					     &process->keys, START + i),
			    ERROR_NONE);
		assert_false(process->file.is_unsaved);
		assert_true(file_has_key(generated));
	}
	for (int i = 0; i < 3; i++)
		process_end(&processes[i]);
	assert_int_equal(keys_found_at(START + 12, found), 12);
	for (unsigned i = 1; i <= 12; i++)
		assert_non_null(memchr(found, 0x80 + (int)i, 12));
	assert_nothing_logged();
}

/* Nor does a save overwrite what another one has saved since. */
static void
a_save_does_not_pass_over_what_another_process_saved(void **state)
{
	struct process first, second;
	unsigned char made;

	start(&first, START);
	start(&second, START);
	made = current_at(&second, START);
	assert_int_equal(
	    ticket_key_file_save(&first.file, &first.keys), ERROR_LOCKED);
	assert_true(first.file.is_unsaved);
	assert_true(file_has_key(made));
	process_end(&first);
	process_end(&second);
}

static void
a_file_that_is_locked_is_read_and_not_written(void **state)
{
	unsigned char first = make_two_keys(), second;
	time_t now = START + HALF_S;
	struct process process;
	int fd = hold_lock();

	assert_int_equal(process_open(&process), ERROR_NONE);
	assert_int_equal(
	    ticket_key_file_load(&process.file, &process.keys, now),
	    ERROR_LOCKED);
	assert_int_equal(process.keys.count, 2);
	assert_int_equal(current_at(&process, now + 1), first);
	/* It serves meanwhile, and does not touch the file. */
	ticket_keys_rotate(&process.keys, now + 2);
	second = current_at(&process, now + 2);
	assert_int_equal(
	    ticket_key_file_save(&process.file, &process.keys), ERROR_LOCKED);
	assert_int_equal(
	    ticket_key_file_wipe(&process.file, &process.keys), ERROR_LOCKED);
	assert_false(file_has_key(second));
	close(fd);
	assert_int_equal(
	    ticket_key_file_load(&process.file, &process.keys, now + 3),
	    ERROR_NONE);
	assert_int_equal(process.keys.count, 3);
	assert_true(file_has_key(first));
	assert_true(file_has_key(second));
	assert_nothing_logged();
	process_end(&process);
}

/* What is wrong in it is for the process that can mend it to say. */
static void
nothing_is_said_of_a_locked_file(void **state)
{
	unsigned char current = make_two_keys();
	struct process process;
	int fd = hold_lock();

	assert_int_equal(process_open(&process), ERROR_NONE);
	assert_int_equal(
	    ticket_key_file_load(&process.file, &process.keys, START - DAY_S),
	    ERROR_LOCKED);
	process.file.settings[0] ^= 1;
	assert_int_equal(
	    ticket_key_file_load(&process.file, &process.keys, START),
	    ERROR_LOCKED);
	assert_true(file_has_key(current));
	write_file("other", 5);
	assert_int_equal(
	    ticket_key_file_load(&process.file, &process.keys, START),
	    ERROR_LOCKED);
	assert_int_equal(process.keys.count, 0);
	assert_nothing_logged();
	process_end(&process);
	close(fd);
}

/* The lock is of the open file, and gone when a call is over. */
static void
a_process_that_is_stopped_does_not_keep_the_file(void **state)
{
	struct process process;

	start(&process, START);
	current_at(&process, START);
	close(hold_lock());
	ticket_keys_rotate(&process.keys, START + 1);
	close(hold_lock());
	ticket_key_file_refresh(&process.file, &process.keys, START + 1);
	close(hold_lock());
	ticket_key_file_wipe(&process.file, &process.keys);
	close(hold_lock());
	process_end(&process);
}

static void
keys_that_were_wiped_are_brought_back_by_nobody(void **state)
{
	struct process old, new;
	unsigned char wiped, fresh;

	start(&old, START);
	wiped = current_at(&old, START);
	start(&new, START);
	assert_int_equal(
	    ticket_key_file_wipe(&new.file, &new.keys), ERROR_NONE);
	assert_int_equal(new.keys.count, 0);
	assert_false(file_has_key(wiped));
	fresh = current_at(&new, START + 1);
	assert_int_not_equal(fresh, wiped);
	/* It has not heard of it; then it has. */
	ticket_keys_rotate(&old.keys, START + 2);
	assert_int_equal(
	    ticket_key_file_load(&old.file, &old.keys, START + 2), ERROR_NONE);
	assert_false(file_has_key(wiped));
	assert_true(file_has_key(fresh));
	assert_false(knows(&old, START + 2, wiped));
	assert_false(knows(&new, START + 2, wiped));
	assert_true(knows(&old, START + 2, fresh));
	process_end(&old);
	process_end(&new);
}

/* The process before a reload with other settings leaves it to the next. */
static void
a_process_of_other_settings_takes_the_file_over(void **state)
{
	struct process old, new;
	unsigned char key, late;

	start(&old, START);
	current_at(&old, START);
	assert_int_equal(process_open(&new), ERROR_NONE);
	new.file.settings[0] ^= 1;
	assert_int_equal(
	    ticket_key_file_load(&new.file, &new.keys, START), ERROR_NONE);
	assert_logged("session ticket keys of other TLS settings");
	key = current_at(&new, START);
	ticket_keys_rotate(&old.keys, START + 1);
	late = current_at(&old, START + 1);
	assert_int_equal(ticket_key_file_load(&old.file, &old.keys, START + 1),
	    ERROR_DISABLED);
	assert_logged("another process with other TLS settings has it now");
	assert_int_equal(old.file.fd, -1);
	assert_true(file_has_key(key));
	assert_false(file_has_key(late));
	assert_false(knows(&new, START + 1, late));
	process_end(&old);
	process_end(&new);
}

static void
after_closing_nothing_is_written(void **state)
{
	struct process old, new;
	unsigned char late;

	start(&old, START);
	current_at(&old, START);
	ticket_key_file_close(&old.file);
	start(&new, START);
	late = current_at(&old, START + HALF_S);
	assert_int_equal(
	    ticket_key_file_save(&old.file, &old.keys), ERROR_DISABLED);
	assert_int_equal(
	    ticket_key_file_wipe(&old.file, &old.keys), ERROR_DISABLED);
	assert_false(file_has_key(late));
	assert_int_equal(new.keys.count, 1);
	process_end(&new);
	process_end(&old);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_one_makes_the_others_find),
		TEST(keys_of_processes_that_end_in_any_order_are_all_kept),
		TEST(a_save_does_not_pass_over_what_another_process_saved),
		TEST(a_file_that_is_locked_is_read_and_not_written),
		TEST(nothing_is_said_of_a_locked_file),
		TEST(a_process_that_is_stopped_does_not_keep_the_file),
		TEST(keys_that_were_wiped_are_brought_back_by_nobody),
		TEST(a_process_of_other_settings_takes_the_file_over),
		TEST(after_closing_nothing_is_written),
	};

	return cmocka_run_group_tests_name(
	    "ticket_key_processes", tests, NULL, NULL);
}
