/*
 * Unit tests of the file of a history: what outlives a process, two of them at
 * a time, and files that may not be believed. Covers history_content.c.
 */
#include "history_file.h"

#include "history_content.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "history_unit.h"

/* A process: what it counts, and its file. */
struct process {
	struct history history;
	struct history_file file;
};

static const char *path;
static struct history_content content;

static int
setup(void **state)
{
	int result = unit_setup(state);

	path = unit_path("x.history");
	return result;
}

static void
process_open(struct process *process)
{
	history_unit_init(&process->history);
	history_file_open(&process->file, path);
}

static enum error
process_load(struct process *process, uint64_t seconds)
{
	return history_file_load(
	    &process->file, &process->history, START + (time_t)seconds);
}

/* So many requests up to then. */
static void
process_count(struct process *process, uint64_t seconds, uint64_t requests)
{
	struct history_record *record =
	    history_unit_look(&process->history, seconds, requests);

	if (record != NULL)
		history_file_save(&process->file, record);
}

static void
process_end(struct process *process)
{
	history_file_close(&process->file);
	history_fini(&process->history);
}

/* One that served 10 requests in each of three minutes, and ended. */
static void
leave_file(void)
{
	struct process process;

	process_open(&process);
	process_load(&process, 0);
	for (unsigned i = 0; i <= 3; i++)
		process_count(&process, i * 60, i * 10);
	process_end(&process);
}

/* How many requests the next process knows of in all minutes. */
static uint64_t
requests_found_at(uint64_t seconds)
{
	struct process process;
	uint64_t sum = 0;

	process_open(&process);
	process_load(&process, seconds);
	for (unsigned i = 0; i < HISTORY_MINUTES; i++)
		sum += process.history.records[i].values[ROW_REQUESTS];
	process_end(&process);
	return sum;
}

static void
read_content(void)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_int_equal(read(fd, &content, sizeof(content)), sizeof(content));
	close(fd);
}

static void
write_content(size_t len)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_int_equal(write(fd, &content, len), len);
	close(fd);
}

static void
minutes_outlive_a_process(void **state)
{
	struct process process;
	struct stat st;

	leave_file();
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, sizeof(content));
	process_open(&process);
	assert_int_equal(process_load(&process, 180), ERROR_NONE);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(
		    history_unit_value(&process.history, i, ROW_REQUESTS), 10);
		assert_int_equal(
		    history_unit_duration_ms(&process.history, i), 60000);
	}
	assert_int_equal(history_unit_value(&process.history, 3, 0), -1);
	process_end(&process);
	assert_int_equal(unit_log_lines(), 0);
}

static void
a_minute_of_two_processes_has_the_counts_of_both(void **state)
{
	struct process old, new;

	process_open(&old);
	assert_int_equal(process_load(&old, 0), ERROR_NONE);
	process_count(&old, 0, 0);
	process_count(&old, 60, 100);
	process_open(&new);
	process_count(&new, 80, 0);
	assert_int_equal(process_load(&new, 80), ERROR_LOCKED);
	process_count(&new, 100, 4);
	/* Before it has the file, and after the other wrote it last. */
	process_count(&old, 100, 107);
	assert_int_equal(process_load(&new, 100), ERROR_LOCKED);
	process_end(&old);
	assert_int_equal(process_load(&new, 100), ERROR_NONE);
	process_count(&new, 120, 5);
	assert_int_equal(history_unit_value(&new.history, 0, 0), 100);
	assert_int_equal(history_unit_value(&new.history, 1, 0), 12);
	assert_int_equal(history_unit_duration_ms(&new.history, 1), 80000);
	process_end(&new);
	assert_int_equal(requests_found_at(120), 112);
}

/* It never had the file while it counted. */
static void
what_was_counted_without_the_file_is_written_with_it(void **state)
{
	struct process old, new;

	process_open(&old);
	assert_int_equal(process_load(&old, 0), ERROR_NONE);
	process_open(&new);
	for (unsigned i = 0; i <= 5; i++)
		process_count(&new, i * 60, i);
	process_end(&old);
	assert_int_equal(process_load(&new, 300), ERROR_NONE);
	process_end(&new);
	assert_int_equal(requests_found_at(300), 5);
}

static void
a_process_that_is_killed_loses_what_it_had_not_saved(void **state)
{
	struct process process;

	leave_file();
	process_open(&process);
	process_load(&process, 200);
	process_count(&process, 200, 0);
	process_count(&process, 240, 7);
	history_unit_look(&process.history, 250, 9);
	/* As the kernel does it. */
	process_end(&process);
	assert_int_equal(requests_found_at(250), 37);
}

static void
rows_are_found_by_name_and_kind(void **state)
{
	struct process process;

	leave_file();
	history_init(&process.history);
	history_add_row(&process.history, "new", HISTORY_COUNTER);
	history_add_row(&process.history, "clients", HISTORY_COUNTER);
	history_add_row(&process.history, "requests", HISTORY_COUNTER);
	history_file_open(&process.file, path);
	assert_int_equal(process_load(&process, 180), ERROR_NONE);
	assert_int_equal(history_unit_value(&process.history, 1, 0), 0);
	assert_int_equal(history_unit_value(&process.history, 1, 1), 0);
	assert_int_equal(history_unit_value(&process.history, 1, 2), 10);
	process_end(&process);
	/* And back: what that one did not know is gone. */
	assert_int_equal(requests_found_at(180), 30);
	assert_int_equal(unit_log_lines(), 0);
}

static void
what_is_over_a_day_old_is_not_there(void **state)
{
	leave_file();
	assert_int_equal(requests_found_at(UINT64_C(60) * 1440), 20);
	assert_int_equal(requests_found_at(UINT64_C(60) * 1441), 10);
	assert_int_equal(requests_found_at(UINT64_C(60) * 1000000), 0);
	assert_int_equal(unit_log_lines(), 0);
	leave_file();
	assert_int_equal(requests_found_at((uint64_t)-60 * 1440), 0);
}

static void
a_damaged_minute_is_left_out_and_said(void **state)
{
	for (unsigned bit = 0; bit < 8 * sizeof(struct history_record);
	     bit += 7) {
		unit_log_clear();
		leave_file();
		read_content();
		((unsigned char *)&content
			.records[(MINUTE + 1) % HISTORY_MINUTES])[bit / 8] ^=
		    (unsigned char)(1U << bit % 8);
		write_content(sizeof(content));
		assert_int_equal(requests_found_at(180), 20);
		assert_true(
		    unit_log_has("1 minutes are damaged, and left out"));
		unlink(path);
	}
}

/* One without a minute, too. */
static void
damage_is_said_once(void **state)
{
	leave_file();
	read_content();
	content.records[5].checksum = 1;
	content.records[6].values[3] = 1;
	write_content(sizeof(content));
	assert_int_equal(requests_found_at(180), 30);
	assert_true(unit_log_has("1 minutes are damaged"));
	unit_log_clear();
	assert_int_equal(requests_found_at(180), 30);
	assert_int_equal(unit_log_lines(), 0);
}

/* Right in itself. */
static void
a_minute_in_the_wrong_place_is_damage(void **state)
{
	leave_file();
	read_content();
	content.records[5] = content.records[MINUTE % HISTORY_MINUTES];
	write_content(sizeof(content));
	assert_int_equal(requests_found_at(180), 30);
	assert_true(unit_log_has("1 minutes are damaged"));
}

static void
a_damaged_head_is_an_empty_history(void **state)
{
	for (size_t i = HISTORY_MAGIC_LEN; i < sizeof(content.header);
	     i += 13) {
		unit_log_clear();
		leave_file();
		read_content();
		((unsigned char *)&content)[i] ^= 0x10;
		write_content(sizeof(content));
		assert_int_equal(requests_found_at(180), 0);
		assert_true(unit_log_has(
		    "the file is damaged: the history begins anew"));
		/* From then on it is sound. */
		unit_log_clear();
		assert_int_equal(requests_found_at(180), 0);
		assert_int_equal(unit_log_lines(), 0);
		unlink(path);
	}
}

static void
another_file_is_an_empty_history(void **state)
{
	leave_file();
	read_content();
	content.header.magic[0] = 'x';
	write_content(sizeof(content));
	assert_int_equal(requests_found_at(180), 0);
	assert_true(unit_log_has("not a history of this version"));
	assert_int_equal(requests_found_at(180), 0);
	assert_int_equal(unit_log_lines(), 1);
}

static void
a_file_that_was_cut_short_has_what_is_left(void **state)
{
	static const size_t lengths[] = { 1, HISTORY_MAGIC_LEN,
		sizeof(struct history_header) - 1,
		sizeof(struct history_header) };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		leave_file();
		read_content();
		write_content(lengths[i]);
		assert_int_equal(requests_found_at(180), 0);
		unlink(path);
	}
	leave_file();
	read_content();
	write_content(offsetof(struct history_content, records) +
		      ((size_t)(MINUTE + 1) % HISTORY_MINUTES) *
			  sizeof(struct history_record));
	assert_int_equal(requests_found_at(180), 10);
	/* And one with more behind it is of the right size afterwards. */
	assert_int_equal(truncate(path, sizeof(content) + 100), 0);
	assert_int_equal(requests_found_at(180), 10);
	read_content();
}

static void
a_file_that_is_not_ours_alone_is_not_used(void **state)
{
	struct process process;

	leave_file();
	chmod(path, 0620);
	process_open(&process);
	assert_true(unit_log_has("the history is kept in memory only: "));
	assert_true(unit_log_has("others have access to it"));
	assert_int_equal(process_load(&process, 180), ERROR_DISABLED);
	process_count(&process, 180, 0);
	process_count(&process, 240, 3);
	assert_int_equal(history_unit_value(&process.history, 3, 0), 3);
	process_end(&process);
	chmod(path, 0600);
	assert_int_equal(link(path, unit_path("second")), 0);
	process_open(&process);
	assert_int_equal(process_load(&process, 180), ERROR_DISABLED);
	process_end(&process);
	unlink(unit_path("second"));
	assert_int_equal(requests_found_at(180), 30);
}

static void
no_path_is_no_file_without_a_word(void **state)
{
	struct process process;

	path = "";
	process_open(&process);
	assert_int_equal(process_load(&process, 0), ERROR_DISABLED);
	process_end(&process);
	assert_int_equal(unit_log_lines(), 0);
}

static void
a_file_that_cannot_be_written_is_given_up_once(void **state)
{
	struct process process;

	leave_file();
	process_open(&process);
	assert_int_equal(process_load(&process, 180), ERROR_NONE);
	close(process.file.fd);
	process.file.fd = open(path, O_RDONLY | O_CLOEXEC);
	for (unsigned i = 0; i < 5; i++)
		process_count(&process, 180 + 60 * i, i);
	assert_int_equal(process.file.fd, -1);
	assert_int_equal(unit_log_lines(), 1);
	assert_true(unit_log_has("cannot write it"));
	assert_int_equal(history_unit_value(&process.history, 6, 0), 1);
	process_end(&process);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, setup, unit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(minutes_outlive_a_process),
		TEST(a_minute_of_two_processes_has_the_counts_of_both),
		TEST(what_was_counted_without_the_file_is_written_with_it),
		TEST(a_process_that_is_killed_loses_what_it_had_not_saved),
		TEST(rows_are_found_by_name_and_kind),
		TEST(what_is_over_a_day_old_is_not_there),
		TEST(a_damaged_minute_is_left_out_and_said),
		TEST(damage_is_said_once),
		TEST(a_minute_in_the_wrong_place_is_damage),
		TEST(a_damaged_head_is_an_empty_history),
		TEST(another_file_is_an_empty_history),
		TEST(a_file_that_was_cut_short_has_what_is_left),
		TEST(a_file_that_is_not_ours_alone_is_not_used),
		TEST(no_path_is_no_file_without_a_word),
		TEST(a_file_that_cannot_be_written_is_given_up_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
