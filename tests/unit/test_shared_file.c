/*
 * Unit tests of the files that are read at a start. Run as root or not.
 */
#include "shared_file.h"

#include <openssl/evp.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "unit.h"

#define TEXT "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"

static void
write_file(const char *path, const void *bytes, size_t len, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* A path is made part of what is expected. */
static void
assert_refused(
    const char *path, uid_t owner, enum error wanted, const char *problem)
{
	char text[PATH_MAX * 2];
	struct buffer bytes;
	char *cause = NULL;

	buffer_init(&bytes);
	assert_int_equal(
	    shared_file_read_secret(path, owner, &bytes, &cause), wanted);
	snprintf(text, sizeof(text), "%s: %s", path, problem);
	assert_string_equal(cause, text);
	assert_int_equal(bytes.len, 0);
	free(cause);
	buffer_fini(&bytes);
}

static void
a_private_file_is_read_as_it_is(void **state)
{
	const char *path = unit_path("secret");
	struct buffer bytes;
	char *cause = NULL;

	write_file(path, TEXT, strlen(TEXT), 0400);
	buffer_init(&bytes);
	assert_int_equal(
	    shared_file_read_secret(path, getuid(), &bytes, &cause),
	    ERROR_NONE);
	assert_int_equal(bytes.len, strlen(TEXT));
	assert_memory_equal(buffer_head(&bytes), TEXT, strlen(TEXT));
	buffer_fini(&bytes);
}

static void
a_file_that_others_can_use_is_refused(void **state)
{
	const char *path = unit_path("secret");

	write_file(path, TEXT, strlen(TEXT), 0644);
	assert_refused(
	    path, getuid(), ERROR_PERMISSION, "mode 0644, others can read it");
	chmod(path, 0640);
	assert_refused(
	    path, getuid(), ERROR_PERMISSION, "mode 0640, others can read it");
	chmod(path, 0602);
	assert_refused(
	    path, getuid(), ERROR_PERMISSION, "mode 0602, others can use it");
}

static void
a_file_of_somebody_else_is_refused(void **state)
{
	const char *path = unit_path("secret");
	struct buffer bytes;
	char *cause = NULL;

	if (geteuid() != 0)
		skip();
	write_file(path, TEXT, strlen(TEXT), 0600);
	assert_int_equal(chown(path, 12345, 0), 0);
	assert_refused(path, 12346, ERROR_PERMISSION,
	    "it belongs to uid 12345, neither root nor the mail owner");
	buffer_init(&bytes);
	assert_int_equal(
	    shared_file_read_secret(path, 12345, &bytes, &cause), ERROR_NONE);
	buffer_fini(&bytes);
}

static void
what_is_no_file_neither_hangs_nor_is_read(void **state)
{
	const char *path = unit_path("fifo");

	assert_refused(unit_path("missing"), getuid(), ERROR_IO,
	    "No such file or directory");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused(path, getuid(), ERROR_PERMISSION, "not a regular file");
	assert_refused(
	    unit_directory, getuid(), ERROR_PERMISSION, "not a regular file");
	assert_refused("/dev/zero", 0, ERROR_PERMISSION, "not a regular file");
	assert_refused(
	    "secret", getuid(), ERROR_INVALID, "not an absolute path");
	assert_refused("", getuid(), ERROR_INVALID, "not an absolute path");
}

static void
a_long_file_is_refused(void **state)
{
	const char *path = unit_path("secret");
	static char text[SHARED_SECRET_FILE_MAX + 1];
	struct buffer bytes;
	char *cause = NULL;

	memset(text, '#', sizeof(text));
	write_file(path, text, sizeof(text), 0600);
	assert_refused(path, getuid(), ERROR_INVALID,
	    "longer than a file of secrets may be");
	write_file(path, text, sizeof(text) - 1, 0600);
	buffer_init(&bytes);
	assert_int_equal(
	    shared_file_read_secret(path, getuid(), &bytes, &cause),
	    ERROR_NONE);
	assert_int_equal(bytes.len, sizeof(text) - 1);
	buffer_fini(&bytes);
}

static void
assert_hash(
    const unsigned char hash[SHA256_LEN], const void *content, size_t len)
{
	unsigned char wanted[SHA256_LEN];

	EVP_Digest(content, len, wanted, NULL, EVP_sha256(), NULL);
	assert_memory_equal(hash, wanted, sizeof(wanted));
}

static void
the_hash_is_that_of_the_content(void **state)
{
	static char content[SHARED_TRUST_FILE_MAX];
	unsigned char hash[SHA256_LEN];
	const char *path = unit_path("ca.pem");
	char *cause = NULL;

	memset(content, 'c', sizeof(content));
	write_file(path, content, 14, 0644);
	assert_int_equal(shared_file_hash(path, hash, &cause), ERROR_NONE);
	assert_hash(hash, content, 14);
	write_file(path, content, sizeof(content), 0644);
	assert_int_equal(shared_file_hash(path, hash, &cause), ERROR_NONE);
	assert_hash(hash, content, sizeof(content));
}

static void
what_cannot_be_hashed_is_as_if_empty(void **state)
{
	static char content[SHARED_TRUST_FILE_MAX + 1];
	unsigned char hash[SHA256_LEN] = { 0 };
	const char *path = unit_path("ca.pem");
	char *cause = NULL, text[PATH_MAX * 2];

	write_file(path, content, sizeof(content), 0644);
	assert_int_equal(shared_file_hash(path, hash, &cause), ERROR_IO);
	snprintf(text, sizeof(text), "%s: %s", path, strerror(EFBIG));
	assert_string_equal(cause, text);
	free(cause);
	assert_hash(hash, "", 0);
	memset(hash, 0, sizeof(hash));
	assert_int_equal(
	    shared_file_hash(unit_path("missing"), hash, &cause), ERROR_IO);
	free(cause);
	assert_hash(hash, "", 0);
	assert_int_equal(
	    shared_file_hash(unit_directory, hash, &cause), ERROR_PERMISSION);
	free(cause);
	assert_hash(hash, "", 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, unit_setup, unit_teardown)
		TEST(a_private_file_is_read_as_it_is),
		TEST(a_file_that_others_can_use_is_refused),
		TEST(a_file_of_somebody_else_is_refused),
		TEST(what_is_no_file_neither_hangs_nor_is_read),
		TEST(a_long_file_is_refused),
		TEST(the_hash_is_that_of_the_content),
		TEST(what_cannot_be_hashed_is_as_if_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
