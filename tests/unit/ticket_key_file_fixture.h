/*
 * ticket_key_file_fixture: a key file in a directory of its own, processes that
 * use it, times as we like them, and a generator that fills each key with a
 * byte that no other key has. Included once, after cmocka.h.
 */
#ifndef TICKET_KEY_FILE_FIXTURE_H
#define TICKET_KEY_FILE_FIXTURE_H

#include "log.h"
#include "prng.h"
#include "ticket_key_file.h"
#include "ticket_key_slot.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIFETIME_S 3600
#define HALF_S     (LIFETIME_S / 2)
#define DAY_S      86400
#define START      1000000000
#define SLOT_LEN   sizeof(struct ticket_key_slot)
#define FILE_LEN   TICKET_KEY_FILE_LEN

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
prng_generate_unbuffered(void *out, size_t len)
{
	memset(out, ++generated, len);
	return ERROR_NONE;
}

static inline void
log_sink(void *arg, enum log_level level, const char *text)
{
	size_t len = strlen(logged);

	(void)arg;
	snprintf(logged + len, sizeof(logged) - len, "%s%s\n",
	    level == LOG_LEVEL_WARNING ? "warning: " : "", text);
}

static inline void
assert_logged(const char *text)
{
	if (strstr(logged, text) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", text, logged);
	logged[0] = '\0';
}

static inline void
assert_nothing_logged(void)
{
	assert_string_equal(logged, "");
}

static inline int
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

static inline int
tear_down(void **state)
{
	log_set_sink(NULL, NULL);
	remove(path);
	return rmdir(directory);
}

/* What the daemon does with a change. */
static inline void
save_changes(void *arg, const struct ticket_keys *keys)
{
	ticket_key_file_save(arg, keys);
}

static inline enum error
process_open(struct process *process)
{
	ticket_keys_init(&process->keys, LIFETIME_S);
	process->keys.changed = save_changes;
	process->keys.callback_arg = &process->file;
	return ticket_key_file_open(&process->file, path, settings);
}

static inline void
process_start(struct process *process, time_t now)
{
	assert_int_equal(process_open(process), ERROR_NONE);
	assert_int_equal(
	    ticket_key_file_load(&process->file, &process->keys, now),
	    ERROR_NONE);
}

static inline void
process_end(struct process *process)
{
	ticket_keys_fini(&process->keys);
	ticket_key_file_close(&process->file);
}

static inline unsigned char
current_at(struct process *process, time_t now)
{
	const struct ticket_key *key;

	assert_int_equal(
	    ticket_keys_current(&process->keys, now, &key), ERROR_NONE);
	return key->name[0];
}

static inline size_t
read_file(unsigned char *bytes, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t len = read(fd, bytes, size);

	assert_true(fd >= 0 && len >= 0);
	close(fd);
	return (size_t)len;
}

static inline void
write_file(const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

/* Is there a key of this byte anywhere in the file? */
static inline bool
file_has_key(unsigned char byte)
{
	unsigned char bytes[2 * FILE_LEN], key[TICKET_KEY_CIPHER_LEN];
	size_t len = read_file(bytes, sizeof(bytes));

	memset(key, byte, sizeof(key));
	return memmem(bytes, len, key, sizeof(key)) != NULL;
}

/* The number of keys that a new process finds; the first bytes in `found`. */
static inline unsigned
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

static inline void
assert_no_keys_at(time_t now)
{
	unsigned char found[TICKET_KEYS_MAX];

	assert_int_equal(keys_found_at(now, found), 0);
}

/* A file with two keys; returns the current one, the other is one less. */
static inline unsigned char
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

#endif
