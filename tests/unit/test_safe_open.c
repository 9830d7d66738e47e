/*
 * Unit tests of safe_open: what it makes, what it keeps, what it refuses and
 * why. An alarm ends the program where an open would hang.
 */
#include "safe_open.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include "unit.h"

#define OTHER_UID 65534
#define HANG_S    20

static void
write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

/* Open it, and return the descriptor. */
static int
open_well(const char *path)
{
	char *cause = (char *)"";
	int fd = -1;

	assert_int_equal(safe_open_update(path, &fd, &cause), ERROR_NONE);
	assert_null(cause);
	assert_true(fd >= 0);
	return fd;
}

/* It is refused with this error, for a reason that contains the text. */
static void
assert_refused(const char *path, enum error expected, const char *reason)
{
	char *cause = NULL;
	int unused = dup(STDERR_FILENO);
	int fd = 0;

	close(unused);
	assert_int_equal(safe_open_update(path, &fd, &cause), expected);
	assert_int_equal(fd, -1);
	assert_non_null(cause);
	assert_int_equal(strncmp(cause, path, strlen(path)), 0);
	assert_non_null(strstr(cause, reason));
	free(cause);
	/* No descriptor is left open. */
	assert_int_equal(fcntl(unused, F_GETFD), -1);
}

static void
a_new_file_is_private(void **state)
{
	const mode_t masks[] = { 0, 022, 0777 };
	mode_t saved = umask(0);

	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); ++i) {
		int fd;

		umask(masks[i]);
		fd = open_well(unit_path("new"));
		assert_int_equal(mode_of(unit_path("new")), 0600);
		assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
		assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
		assert_int_equal(write(fd, "x", 1), 1);
		close(fd);
		unlink(unit_path("new"));
	}
	umask(saved);
}

static void
content_is_kept_and_the_mode_mended(void **state)
{
	const mode_t modes[] = { 0644, 0666, 0700, 04600 };
	char content[8] = "";
	int fd;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); ++i) {
		write_file(unit_path("old"), "content", modes[i]);
		fd = open_well(unit_path("old"));
		assert_int_equal(mode_of(unit_path("old")), 0600);
		assert_int_equal(read(fd, content, 7), 7);
		assert_string_equal(content, "content");
		close(fd);
		unlink(unit_path("old"));
	}
}

static void
symbolic_links_are_refused(void **state)
{
	write_file(unit_path("target"), "content", 0644);
	assert_int_equal(symlink("target", unit_path("link")), 0);
	assert_refused(unit_path("link"), ERROR_PERMISSION, "symbolic link");
	assert_int_equal(mode_of(unit_path("target")), 0644);

	assert_int_equal(symlink("nothing", unit_path("dangling")), 0);
	assert_refused(
	    unit_path("dangling"), ERROR_PERMISSION, "symbolic link");
	assert_int_equal(access(unit_path("nothing"), F_OK), -1);
}

static void
what_is_not_a_regular_file_is_refused(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(mkfifo(unit_path("fifo"), 0600), 0);
	assert_refused(unit_path("fifo"), ERROR_PERMISSION, "not a regular");

	assert_int_equal(mkdir(unit_path("directory"), 0700), 0);
	assert_refused(unit_path("directory"), ERROR_PERMISSION, "directory");
	assert_int_equal(mode_of(unit_path("directory")), 0700);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s",
	    unit_path("socket"));
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_refused(unit_path("socket"), ERROR_PERMISSION, "socket");
	close(fd);

	/* A device that is there, and that anybody may open. */
	assert_refused("/dev/null", ERROR_PERMISSION, "not a regular");
}

static void
a_file_with_a_second_name_is_refused(void **state)
{
	write_file(unit_path("one"), "content", 0644);
	assert_int_equal(link(unit_path("one"), unit_path("two")), 0);
	assert_refused(unit_path("one"), ERROR_PERMISSION, "2 names");
	assert_int_equal(mode_of(unit_path("one")), 0644);

	unlink(unit_path("two"));
	close(open_well(unit_path("one")));
}

static void
a_file_of_another_owner_is_refused(void **state)
{
	if (geteuid() != 0) {
		print_message("needs root: a file of another user\n");
		skip();
	}
	write_file(unit_path("foreign"), "content", 0666);
	assert_int_equal(chown(unit_path("foreign"), OTHER_UID, 0), 0);
	assert_refused(
	    unit_path("foreign"), ERROR_PERMISSION, "owned by uid 65534");
	assert_int_equal(mode_of(unit_path("foreign")), 0666);

	/* The effective user counts, as at start under master(8). */
	assert_int_equal(chmod(unit_directory, 0777), 0);
	assert_int_equal(seteuid(OTHER_UID), 0);
	close(open_well(unit_path("foreign")));
	assert_int_equal(seteuid(0), 0);
}

static void
what_the_system_says_is_the_cause(void **state)
{
	assert_refused(
	    unit_path("no/such/directory"), ERROR_IO, strerror(ENOENT));
	assert_refused("", ERROR_IO, strerror(ENOENT));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, unit_setup, unit_teardown)
		TEST(a_new_file_is_private),
		TEST(content_is_kept_and_the_mode_mended),
		TEST(symbolic_links_are_refused),
		TEST(what_is_not_a_regular_file_is_refused),
		TEST(a_file_with_a_second_name_is_refused),
		TEST(a_file_of_another_owner_is_refused),
		TEST(what_the_system_says_is_the_cause),
#undef TEST
	};

	alarm(HANG_S);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
