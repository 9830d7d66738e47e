/*
 * Unit tests of ticket_key_file, and of file_lock, which it uses: a directory
 * of its own, times as we like them, and writes that end where a kill may end
 * them.
 */
#include "log.h"
#include "prng.h"
#include "ticket_key_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define LIFETIME_S 3600
#define HALF_S     (LIFETIME_S / 2)
#define DAY_S      86400
#define START      1000000000
#define FILE_LEN   528 /* two slots */

static char directory[128];
static char path[160];
static char logged[4096];
static unsigned char generated;

static const unsigned char settings[TICKET_KEY_SETTINGS_LEN] = { 1, 2, 3 };

/* One process: its keys and its file. */
struct process {
	struct ticket_keys keys;
	struct ticket_key_file file;
};

/* Each key is full of a byte that no other key has. */
enum error
prng_generate(void *out, size_t len)
{
	memset(out, ++generated, len);
	return ERROR_NONE;
}

static void
log_sink(void *arg, enum log_level level, const char *text)
{
	size_t len = strlen(logged);

	(void)arg;
	snprintf(logged + len, sizeof(logged) - len, "%s%s\n",
	    level == LOG_LEVEL_WARNING ? "warning: " : "", text);
}

static void
assert_logged(const char *text)
{
	if (strstr(logged, text) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", text, logged);
	logged[0] = '\0';
}

static void
assert_nothing_logged(void)
{
	assert_string_equal(logged, "");
}

static int
set_up(void **state)
{
	snprintf(directory, sizeof(directory), "/tmp/test_ticket_key.XXXXXX");
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/ticket.keys", directory);
	generated = 0x80;
	logged[0] = '\0';
	log_set_sink(log_sink, NULL);
	return 0;
}

static int
tear_down(void **state)
{
	log_set_sink(NULL, NULL);
	remove(path);
	return rmdir(directory);
}

/* What the daemon does with a change. */
static void
save_changes(void *arg, const struct ticket_keys *keys)
{
	ticket_key_file_save(arg, keys);
}

static enum error
process_open(struct process *process)
{
	ticket_keys_init(&process->keys, LIFETIME_S);
	process->keys.changed = save_changes;
	process->keys.changed_arg = &process->file;
	return ticket_key_file_open(&process->file, path, settings);
}

static void
process_start(struct process *process, time_t now)
{
	assert_int_equal(process_open(process), ERROR_NONE);
	assert_int_equal(
	    ticket_key_file_load(&process->file, &process->keys, now),
	    ERROR_NONE);
}

static void
process_end(struct process *process)
{
	ticket_keys_fini(&process->keys);
	ticket_key_file_close(&process->file);
}

static unsigned char
current_at(struct process *process, time_t now)
{
	const struct ticket_key *key;

	assert_int_equal(
	    ticket_keys_current(&process->keys, now, &key), ERROR_NONE);
	return key->name[0];
}

static size_t
read_file(unsigned char *bytes, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t len = read(fd, bytes, size);

	assert_true(fd >= 0 && len >= 0);
	close(fd);
	return (size_t)len;
}

static void
write_file(const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

/* Is there a key of this byte anywhere in the file? */
static bool
file_has_key(unsigned char byte)
{
	unsigned char bytes[2 * FILE_LEN], key[TICKET_KEY_CIPHER_LEN];
	size_t len = read_file(bytes, sizeof(bytes));

	memset(key, byte, sizeof(key));
	return memmem(bytes, len, key, sizeof(key)) != NULL;
}

/* The number of keys that a new process finds; the first bytes in `found`. */
static unsigned
keys_found_at(time_t now, unsigned char found[TICKET_KEYS_MAX])
{
	struct process process;
	unsigned count;

	process_start(&process, now);
	count = process.keys.count;
	for (unsigned i = 0; i < TICKET_KEYS_MAX; i++)
		found[i] = process.keys.keys[i].name[0];
	process_end(&process);
	return count;
}

static void
assert_no_keys_at(time_t now)
{
	unsigned char found[TICKET_KEYS_MAX];

	assert_int_equal(keys_found_at(now, found), 0);
}

/* A file with two keys; returns the current one, the other is one less. */
static unsigned char
make_two_keys(void)
{
	struct process process;
	unsigned char current;

	process_start(&process, START);
	current_at(&process, START);
	current = current_at(&process, START + HALF_S);
	process_end(&process);
	return current;
}

static void
creates_a_private_file(void **state)
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
restores_both_keys(void **state)
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
hands_keys_from_process_to_process(void **state)
{
	unsigned char found[TICKET_KEYS_MAX], current = make_two_keys();

	for (int i = 0; i < 5; i++) {
		assert_int_equal(keys_found_at(START + HALF_S + i, found), 2);
		assert_int_equal(found[0], current);
	}
	assert_nothing_logged();
}

static void
leaves_no_retired_key_in_the_file(void **state)
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
wipes_keys_that_are_too_old(void **state)
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
refuses_keys_from_the_future(void **state)
{
	unsigned char current = make_two_keys();

	assert_no_keys_at(START - DAY_S);
	assert_logged("warning: ");
	assert_false(file_has_key(current));
	assert_false(file_has_key(current - 1));

	/* The first of the two may be used a second before the second. */
	current = make_two_keys();
	logged[0] = '\0';
	{
		unsigned char found[TICKET_KEYS_MAX];

		assert_int_equal(keys_found_at(START + HALF_S - 1, found), 1);
		assert_int_equal(found[0], current - 1);
	}
	assert_logged("in the future");
}

static void
refuses_keys_of_other_settings(void **state)
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
refuses_keys_that_live_too_long(void **state)
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
forgets_keys_when_tickets_are_off(void **state)
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
waits_for_the_process_before(void **state)
{
	struct process old, new;
	unsigned char first, second;

	process_start(&old, START);
	first = current_at(&old, START);

	assert_int_equal(process_open(&new), ERROR_NONE);
	assert_int_equal(
	    ticket_key_file_load(&new.file, &new.keys, START), ERROR_LOCKED);
	assert_int_equal(
	    ticket_key_file_save(&new.file, &new.keys), ERROR_LOCKED);
	assert_int_equal(new.keys.count, 0);
	/* It serves meanwhile, and does not touch the file. */
	second = current_at(&new, START + 1);
	assert_true(file_has_key(first));
	assert_false(file_has_key(second));

	process_end(&old);
	assert_int_equal(
	    ticket_key_file_load(&new.file, &new.keys, START + 2), ERROR_NONE);
	assert_int_equal(new.keys.count, 2);
	assert_int_equal(current_at(&new, START + 2), second);
	assert_int_equal(new.keys.keys[1].name[0], first);
	assert_true(file_has_key(first));
	assert_true(file_has_key(second));
	assert_nothing_logged();
	process_end(&new);
}

/* The lock is of the open file: any other close in the process leaves it. */
static void
keeps_its_lock(void **state)
{
	struct process old, new;

	process_start(&old, START);
	assert_int_equal(process_open(&new), ERROR_NONE);
	process_end(&new);
	assert_int_equal(process_open(&new), ERROR_NONE);
	assert_int_equal(
	    ticket_key_file_load(&new.file, &new.keys, START), ERROR_LOCKED);
	process_end(&new);
	process_end(&old);
}

static void
does_without_a_file(void **state)
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
refuses_a_file_that_others_can_read(void **state)
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
refuses_what_is_not_a_file_of_its_own(void **state)
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
refuses_a_file_of_another_owner(void **state)
{
	if (geteuid() != 0) {
		print_message("needs root: a file of another owner\n");
		skip();
	}
	make_two_keys();
	assert_int_equal(chown(path, 12345, (gid_t)-1), 0);
	assert_not_opened("owned by");
}

static void
assert_left_alone(const unsigned char *bytes, size_t len)
{
	unsigned char after[6000];
	struct process process;

	write_file(bytes, len);
	assert_int_equal(process_open(&process), ERROR_NONE);
	assert_int_equal(
	    ticket_key_file_load(&process.file, &process.keys, START),
	    ERROR_INVALID);
	assert_logged("not a file of session ticket keys");
	assert_int_equal(process.file.fd, -1);
	current_at(&process, START);
	assert_int_equal(
	    ticket_key_file_load(&process.file, &process.keys, START),
	    ERROR_DISABLED);
	process_end(&process);
	assert_int_equal(read_file(after, sizeof(after)), len);
	assert_memory_equal(after, bytes, len);
}

/* As when the parameter names the wrong file. */
static void
leaves_a_foreign_file_alone(void **state)
{
	static const size_t lengths[] = { 9, 100, 264, 400, FILE_LEN, 1024,
		5000 };
	unsigned char bytes[5000];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i % 251 + 1);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		assert_left_alone(bytes, lengths[i]);
	/* Where one of the slots would be, it has nothing. */
	memset(bytes, 0, FILE_LEN / 2);
	assert_left_alone(bytes, FILE_LEN);
	bytes[20] = 1;
	memset(bytes + FILE_LEN / 2, 0, FILE_LEN / 2);
	assert_left_alone(bytes, FILE_LEN);
	memset(bytes, 0, FILE_LEN);
	assert_left_alone(bytes, FILE_LEN + 1);
}

/* Every byte of the slot counts, and the other slot stands in for it. */
static void
notices_every_damaged_byte(void **state)
{
	unsigned char image[FILE_LEN], bytes[FILE_LEN];
	unsigned char found[TICKET_KEYS_MAX];
	unsigned char current = make_two_keys();

	assert_int_equal(read_file(image, sizeof(image)), FILE_LEN);
	for (size_t i = 0; i < FILE_LEN; i++) {
		memcpy(bytes, image, FILE_LEN);
		bytes[i] ^= 0x10;
		write_file(bytes, FILE_LEN);
		assert_int_equal(keys_found_at(START + HALF_S, found), 2);
		assert_int_equal(found[0], current);
		assert_nothing_logged();

		/* The same byte of the other slot as well: none is left. */
		memcpy(bytes, image, FILE_LEN);
		bytes[i] ^= 0x10;
		bytes[(i + FILE_LEN / 2) % FILE_LEN] ^= 0x10;
		if (i % (FILE_LEN / 2) < 8)
			continue; /* no magic: a foreign file */
		write_file(bytes, FILE_LEN);
		assert_no_keys_at(START + HALF_S);
		assert_logged("damaged");
		/* And it is whole again. */
		assert_no_keys_at(START + HALF_S);
		assert_nothing_logged();
	}
}

static void
notices_every_wrong_length(void **state)
{
	unsigned char image[2 * FILE_LEN] = { 0 };
	unsigned char found[TICKET_KEYS_MAX];
	struct stat st;

	make_two_keys();
	assert_int_equal(read_file(image, sizeof(image)), FILE_LEN);
	for (size_t len = 0; len <= sizeof(image); len++) {
		if (len == FILE_LEN)
			continue;
		write_file(image, len);
		assert_int_equal(keys_found_at(START + HALF_S, found), 0);
		if (len > 0)
			assert_logged("damaged");
		assert_nothing_logged();
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_size, FILE_LEN);
	}
}

/* What a process finds in a file: how many keys, and the current one. */
struct content {
	unsigned char image[FILE_LEN];
	unsigned count;
	unsigned char current;
};

static void
take_content(struct content *content, const struct ticket_keys *keys)
{
	assert_int_equal(read_file(content->image, FILE_LEN), FILE_LEN);
	content->count = keys->count;
	content->current = keys->keys[0].name[0];
}

/*
 * A save goes from one content to the other in two writes, the one of slot
 * `first` first. A kill leaves any part of it, or all of it and any part of
 * the other; the next process finds either all of the old or all of the new.
 */
static void
assert_survives_kills(const struct content *old, const struct content *new,
    size_t first, time_t now)
{
	const size_t slot_len = FILE_LEN / 2;
	unsigned char found[TICKET_KEYS_MAX], image[FILE_LEN];

	for (size_t written = 0; written <= 2 * slot_len; written++) {
		size_t in_first = written < slot_len ? written : slot_len;
		const struct content *expected =
		    in_first < slot_len ? old : new;

		memcpy(image, old->image, FILE_LEN);
		memcpy(image + first * slot_len, new->image + first *slot_len,
		    in_first);
		memcpy(image + (1 - first) * slot_len,
		    new->image + (1 - first) * slot_len, written - in_first);
		write_file(image, FILE_LEN);
		assert_int_equal(keys_found_at(now, found), expected->count);
		assert_int_equal(found[0], expected->current);
		assert_nothing_logged();
	}
}

/* Whichever slot is the older one. */
static void
survives_a_kill_at_every_byte_of_a_save(void **state)
{
	time_t now = START + HALF_S;
	struct content old, new;
	struct process process;

	for (uint64_t skipped = 0; skipped < 2; skipped++) {
		size_t first;

		make_two_keys();
		process_start(&process, now);
		process.file.sequence += skipped;
		ticket_key_file_save(&process.file, &process.keys);
		take_content(&old, &process.keys);
		first = (process.file.sequence + 1) % 2;
		assert_int_equal(first, (1 + skipped) % 2);
		assert_int_equal(
		    ticket_keys_rotate(&process.keys, now), ERROR_NONE);
		take_content(&new, &process.keys);
		process_end(&process);
		assert_int_equal(old.count, 2);
		assert_int_equal(new.current, old.current + 1);
		assert_survives_kills(&old, &new, first, now);
		remove(path);
	}
}

/* When the keys of two processes meet. */
static void
survives_a_kill_at_every_byte_of_a_load(void **state)
{
	struct content before, after;
	struct process old, new;

	process_start(&old, START);
	current_at(&old, START);
	take_content(&before, &old.keys);
	assert_int_equal(process_open(&new), ERROR_NONE);
	current_at(&new, START + 1);
	process_end(&old);
	assert_int_equal(
	    ticket_key_file_load(&new.file, &new.keys, START + 1), ERROR_NONE);
	take_content(&after, &new.keys);
	process_end(&new);
	assert_int_equal(before.count, 1);
	assert_int_equal(after.count, 2);
	assert_survives_kills(&before, &after, 1, START + 1);
}

/* The first save of all finds no old slot to fall back to. */
static void
survives_a_kill_at_every_byte_of_the_first_save(void **state)
{
	const size_t slot_len = FILE_LEN / 2;
	unsigned char after[FILE_LEN], image[FILE_LEN] = { 0 };
	struct process process;

	process_start(&process, START);
	read_file(after, FILE_LEN);
	process_end(&process);
	for (size_t written = 0; written <= slot_len; written++) {
		memcpy(image + slot_len, after + slot_len, written);
		write_file(image, written > 0 ? slot_len + written : 0);
		assert_no_keys_at(START);
		logged[0] = '\0';
		assert_no_keys_at(START);
		assert_nothing_logged();
	}
}

/* A sound slot in the place of the other is not one that we wrote. */
static void
refuses_a_slot_in_the_wrong_place(void **state)
{
	const size_t slot_len = FILE_LEN / 2;
	unsigned char image[FILE_LEN], swapped[FILE_LEN];

	make_two_keys();
	read_file(image, FILE_LEN);
	memcpy(swapped, image + slot_len, slot_len);
	memcpy(swapped + slot_len, image, slot_len);
	write_file(swapped, FILE_LEN);
	assert_no_keys_at(START + HALF_S);
	assert_logged("damaged");
}

/* Old content is worse than none. */
static void
empties_the_file_that_it_cannot_write(void **state)
{
	struct rlimit limit, small;
	struct process process;
	struct stat st;

	process_start(&process, START);
	current_at(&process, START);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	signal(SIGXFSZ, SIG_IGN);
	for (rlim_t size = 0; size < FILE_LEN; size += 33) {
		small = (struct rlimit){ size, limit.rlim_max };
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
		errno = 0;
		assert_int_equal(
		    ticket_key_file_save(&process.file, &process.keys),
		    ERROR_NO_SPACE);
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
		TEST(creates_a_private_file),
		TEST(restores_both_keys),
		TEST(hands_keys_from_process_to_process),
		TEST(leaves_no_retired_key_in_the_file),
		TEST(wipes_keys_that_are_too_old),
		TEST(refuses_keys_from_the_future),
		TEST(refuses_keys_of_other_settings),
		TEST(refuses_keys_that_live_too_long),
		TEST(forgets_keys_when_tickets_are_off),
		TEST(waits_for_the_process_before),
		TEST(keeps_its_lock),
		TEST(does_without_a_file),
		TEST(refuses_a_file_that_others_can_read),
		TEST(refuses_what_is_not_a_file_of_its_own),
		TEST(refuses_a_file_of_another_owner),
		TEST(leaves_a_foreign_file_alone),
		TEST(notices_every_damaged_byte),
		TEST(notices_every_wrong_length),
		TEST(survives_a_kill_at_every_byte_of_a_save),
		TEST(survives_a_kill_at_every_byte_of_a_load),
		TEST(survives_a_kill_at_every_byte_of_the_first_save),
		TEST(refuses_a_slot_in_the_wrong_place),
		TEST(empties_the_file_that_it_cannot_write),
	};

	return cmocka_run_group_tests_name(
	    "ticket_key_file", tests, NULL, NULL);
}
