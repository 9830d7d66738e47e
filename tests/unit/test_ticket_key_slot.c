/*
 * Unit tests of ticket_key_slot: what is in the file, whatever was done to it,
 * and wherever a kill ended a write.
 */
#include "ticket_key_file.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ticket_key_file_fixture.h"

static void
assert_left_alone(const unsigned char *bytes, size_t len)
{
	unsigned char after[10001];
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
a_foreign_file_is_left_alone(void **state)
{
	static const size_t lengths[] = { 1, 8, 9, 100, 264, 400, 528, SLOT_LEN,
		FILE_LEN, 10000 };
	unsigned char bytes[10000];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i % 251 + 1);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		assert_left_alone(bytes, lengths[i]);
	/* Where one of the slots would be, it has nothing. */
	memset(bytes, 0, SLOT_LEN);
	assert_left_alone(bytes, FILE_LEN);
	bytes[20] = 1;
	memset(bytes + SLOT_LEN, 0, SLOT_LEN);
	assert_left_alone(bytes, FILE_LEN);
	memset(bytes, 0, FILE_LEN);
	assert_left_alone(bytes, FILE_LEN + 1);
}

/* Every byte of the slot counts, and the other slot stands in for it. */
static void
every_damaged_byte_shows(void **state)
{
	struct ticket_key_slot slots[TICKET_KEY_SLOTS], newest;
	unsigned char *bytes = (unsigned char *)slots;
	enum error expected;

	make_two_keys();
	assert_int_equal(read_file(bytes, FILE_LEN), FILE_LEN);
	for (size_t i = 0; i < FILE_LEN; i++) {
		unsigned char bit = (unsigned char)(1 << i % 8);

		bytes[i] ^= bit;
		assert_int_equal(
		    ticket_key_slot_find(slots, FILE_LEN, &newest), ERROR_NONE);
		assert_int_equal(newest.count, 2);

		/* The same byte of the other slot as well: none is left. */
		bytes[(i + SLOT_LEN) % FILE_LEN] ^= bit;
		expected = i % SLOT_LEN < 8 ? ERROR_INVALID : ERROR_DAMAGED;
		assert_int_equal(
		    ticket_key_slot_find(slots, FILE_LEN, &newest), expected);
		bytes[i] ^= bit;
		bytes[(i + SLOT_LEN) % FILE_LEN] ^= bit;
	}
}

static void
a_damaged_file_is_emptied_with_a_warning(void **state)
{
	unsigned char image[FILE_LEN];

	make_two_keys();
	assert_int_equal(read_file(image, sizeof(image)), FILE_LEN);
	image[100] ^= 1;
	image[100 + SLOT_LEN] ^= 1;
	write_file(image, FILE_LEN);
	assert_no_keys_at(START + HALF_S);
	assert_logged("damaged");
	/* And it is whole again. */
	assert_no_keys_at(START + HALF_S);
	assert_nothing_logged();
}

static void
every_wrong_length_shows(void **state)
{
	unsigned char image[2 * FILE_LEN] = { 0 };
	unsigned char found[TICKET_KEYS_MAX];
	struct stat st;

	make_two_keys();
	assert_int_equal(read_file(image, sizeof(image)), FILE_LEN);
	for (size_t len = 0; len <= sizeof(image); len += len < 9 ? 1 : 53) {
		assert_true(len != FILE_LEN);
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
	unsigned char found[TICKET_KEYS_MAX], image[FILE_LEN];

	for (size_t written = 0; written <= 2 * SLOT_LEN; written += 11) {
		size_t in_first = written < SLOT_LEN ? written : SLOT_LEN;
		const struct content *expected =
		    in_first < SLOT_LEN ? old : new;

		memcpy(image, old->image, FILE_LEN);
		memcpy(image + first * SLOT_LEN, new->image + first *SLOT_LEN,
		    in_first);
		memcpy(image + (1 - first) * SLOT_LEN,
		    new->image + (1 - first) * SLOT_LEN, written - in_first);
		write_file(image, FILE_LEN);
		assert_int_equal(keys_found_at(now, found), expected->count);
		assert_int_equal(found[0], expected->current);
		assert_nothing_logged();
	}
}

/* As after a kill between the two writes of a save. */
static void
damage_newest_slot(void)
{
	unsigned char image[FILE_LEN];
	struct process process;
	uint64_t newest;

	process_start(&process, START + HALF_S);
	newest = process.file.sequence % TICKET_KEY_SLOTS;
	process_end(&process);
	read_file(image, FILE_LEN);
	image[newest * SLOT_LEN + SLOT_LEN - 1] ^= 1;
	write_file(image, FILE_LEN);
}

/* Whichever slot is the older one. */
static void
a_kill_at_any_byte_of_a_save_leaves_old_or_new(void **state)
{
	time_t now = START + HALF_S;
	struct content old, new;
	struct process process;

	for (size_t first = 0; first < TICKET_KEY_SLOTS; first++) {
		make_two_keys();
		if (first == 0)
			damage_newest_slot();
		process_start(&process, now);
		take_content(&old, &process.keys);
		assert_int_equal((process.file.sequence + 1) % 2, first);
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
a_kill_at_any_byte_of_a_load_leaves_old_or_new(void **state)
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
a_kill_at_any_byte_of_the_first_save_leaves_a_usable_file(void **state)
{
	unsigned char after[FILE_LEN], image[FILE_LEN] = { 0 };
	struct process process;

	process_start(&process, START);
	read_file(after, FILE_LEN);
	process_end(&process);
	for (size_t written = 0; written <= SLOT_LEN; written += 11) {
		memcpy(image + SLOT_LEN, after + SLOT_LEN, written);
		write_file(image, written > 0 ? SLOT_LEN + written : 0);
		assert_no_keys_at(START);
		logged[0] = '\0';
		assert_no_keys_at(START);
		assert_nothing_logged();
	}
}

/* A sound slot in the place of the other is not one that we wrote. */
static void
a_slot_in_the_wrong_place_is_not_used(void **state)
{
	unsigned char image[FILE_LEN], swapped[FILE_LEN];

	make_two_keys();
	read_file(image, FILE_LEN);
	memcpy(swapped, image + SLOT_LEN, SLOT_LEN);
	memcpy(swapped + SLOT_LEN, image, SLOT_LEN);
	write_file(swapped, FILE_LEN);
	assert_no_keys_at(START + HALF_S);
	assert_logged("damaged");
}

/* A file as version 1.0 wrote it: two slots of 264 bytes. */
#define SLOT_LEN_1_0 264
#define FILE_LEN_1_0 (2 * SLOT_LEN_1_0)

static void
put_slot_1_0(unsigned char *bytes, uint64_t sequence, unsigned char current)
{
	unsigned char *slot = bytes + sequence % 2 * SLOT_LEN_1_0;
	uint64_t count = 2;

	memset(slot, 0, SLOT_LEN_1_0);
	memcpy(slot, "TLSMGRTK", 8);
	memcpy(slot + 8, &sequence, 8);
	memcpy(slot + 16, settings, 32);
	memcpy(slot + 48, &count, 8);
	for (int i = 0; i < 2; i++) {
		int64_t until = START + HALF_S - 1 - i * HALF_S;

		memset(slot + 56 + i * 88, current - i, 80);
		memcpy(slot + 56 + i * 88 + 80, &until, 8);
	}
	EVP_Digest(slot, SLOT_LEN_1_0 - 32, slot + SLOT_LEN_1_0 - 32, NULL,
	    EVP_sha256(), NULL);
}

static void
a_file_of_version_1_0_is_taken_over(void **state)
{
	unsigned char bytes[FILE_LEN_1_0], found[TICKET_KEYS_MAX];
	struct stat st;

	for (uint64_t sequence = 1; sequence <= 4; sequence++) {
		put_slot_1_0(bytes, sequence, 100);
		put_slot_1_0(bytes, sequence + 1, 60);
		write_file(bytes, sizeof(bytes));
		assert_int_equal(keys_found_at(START, found), 2);
		assert_int_equal(found[0], 60);
		assert_int_equal(found[1], 59);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_size, FILE_LEN);
		assert_int_equal(keys_found_at(START, found), 2);
		assert_int_equal(found[0], 60);
		assert_nothing_logged();
	}
}

/* It would not be as long as it must be once it is ours. */
static void
a_file_of_version_1_0_that_is_far_too_long_is_damaged(void **state)
{
	unsigned char bytes[FILE_LEN + 1] = { 0 }, found[TICKET_KEYS_MAX];

	put_slot_1_0(bytes, 2, 60);
	write_file(bytes, FILE_LEN + 1);
	assert_no_keys_at(START);
	assert_logged("damaged");
	write_file(bytes, FILE_LEN);
	assert_int_equal(keys_found_at(START, found), 2);
	assert_int_equal(keys_found_at(START, found), 2);
	assert_nothing_logged();
}

/* The slot that is written first lies behind the old file. */
static void
a_kill_at_any_byte_of_the_upgrade_leaves_the_keys(void **state)
{
	unsigned char old[FILE_LEN] = { 0 }, new[FILE_LEN], image[FILE_LEN];
	unsigned char found[TICKET_KEYS_MAX];

	put_slot_1_0(old, 1, 60);
	put_slot_1_0(old, 2, 60);
	write_file(old, FILE_LEN_1_0);
	assert_int_equal(keys_found_at(START, found), 2);
	assert_int_equal(read_file(new, sizeof(new)), FILE_LEN);
	memcpy(image, old, FILE_LEN);
	for (size_t written = 0; written <= SLOT_LEN; written += 24) {
		memcpy(image + SLOT_LEN, new + SLOT_LEN, written);
		write_file(
		    image, written > 0 ? SLOT_LEN + written : FILE_LEN_1_0);
		assert_int_equal(keys_found_at(START, found), 2);
		assert_int_equal(found[0], 60);
	}
	for (size_t written = 0; written <= SLOT_LEN; written += 24) {
		memcpy(image, new, written);
		write_file(image, FILE_LEN);
		assert_int_equal(keys_found_at(START, found), 2);
		assert_int_equal(found[0], 60);
	}
	assert_nothing_logged();
}

/* They are for a later version, and none of our own. */
static void
keys_of_a_shared_secret_are_not_used(void **state)
{
	struct ticket_key_slot slots[2];
	unsigned char found[TICKET_KEYS_MAX], current = make_two_keys();

	assert_int_equal(
	    read_file((unsigned char *)slots, sizeof(slots)), FILE_LEN);
	for (int i = 0; i < 2; i++) {
		slots[i].records[0].origin = TICKET_KEY_SHARED;
		assert_true(ticket_key_slot_seal(&slots[i]));
	}
	write_file(slots, sizeof(slots));
	assert_int_equal(keys_found_at(START + HALF_S, found), 1);
	assert_int_equal(found[0], current - 1);
}

static void
a_slot_of_another_version_is_not_used(void **state)
{
	struct ticket_key_slot slots[2];

	make_two_keys();
	read_file((unsigned char *)slots, sizeof(slots));
	for (int i = 0; i < 2; i++) {
		slots[i].version++;
		EVP_Digest(&slots[i],
		    offsetof(struct ticket_key_slot, checksum),
		    slots[i].checksum, NULL, EVP_sha256(), NULL);
	}
	write_file(slots, sizeof(slots));
	assert_no_keys_at(START + HALF_S);
	assert_logged("damaged");
}

/* 11 and 24 divide the length of a slot: the last step is all of it. */
_Static_assert(SLOT_LEN % 11 == 0 && SLOT_LEN % 24 == 0, "see above");

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_foreign_file_is_left_alone),
		TEST(every_damaged_byte_shows),
		TEST(a_damaged_file_is_emptied_with_a_warning),
		TEST(every_wrong_length_shows),
		TEST(a_kill_at_any_byte_of_a_save_leaves_old_or_new),
		TEST(a_kill_at_any_byte_of_a_load_leaves_old_or_new),
		TEST(a_kill_at_any_byte_of_the_first_save_leaves_a_usable_file),
		TEST(a_slot_in_the_wrong_place_is_not_used),
		TEST(a_file_of_version_1_0_is_taken_over),
		TEST(a_file_of_version_1_0_that_is_far_too_long_is_damaged),
		TEST(a_kill_at_any_byte_of_the_upgrade_leaves_the_keys),
		TEST(keys_of_a_shared_secret_are_not_used),
		TEST(a_slot_of_another_version_is_not_used),
	};

	return cmocka_run_group_tests_name(
	    "ticket_key_slot", tests, NULL, NULL);
}
