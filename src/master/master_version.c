/*
 * master_version: which Postfix is installed, from what is in its programs: a
 * stamp, "mail_version=3.7.11"; or, where the linker has thrown that out (as in
 * Debian's 3.11), the version as a string of its own, which master(8) logs at
 * its start. Reads whole programs in bounded memory; never runs one, since a
 * process with privileges must start nothing that it need not.
 */
#include "master.h"

#include "xalloc.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STAMP                     "mail_version="
#define STAMP_LEN                 (sizeof(STAMP) - 1)
#define VERSION_MAX               40
#define CHUNK_LEN                 65536
#define DIGITS                    "0123456789"
#define TLSMGR_SPEAKS_FIRST_MAJOR 3
#define TLSMGR_SPEAKS_FIRST_MINOR 6

/* The version behind a stamp, or NULL: a name of a parameter, or cut off. */
static char *
take_version(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len && i < VERSION_MAX &&
	       (isalnum((unsigned char)text[i]) || text[i] == '.' ||
		   text[i] == '-'))
		i++;
	if (i == 0 || i == len || !isdigit((unsigned char)text[0]))
		return NULL;
	return xstrndup(text, i);
}

/* The first stamp in the bytes that has a version behind it. */
static char *
find_stamp(const char *bytes, size_t len)
{
	const char *end = bytes + len;
	const char *stamp;
	char *version = NULL;

	while (version == NULL && (stamp = memmem(bytes, (size_t)(end - bytes),
				       STAMP, STAMP_LEN)) != NULL) {
		bytes = stamp + STAMP_LEN;
		version = take_version(bytes, (size_t)(end - bytes));
	}
	return version;
}

/* "3.11.7", "3.12-20260821", and no address: one digit comes first. */
static bool
is_version(const char *text)
{
	size_t minor_len;

	if (text[0] < '1' || text[0] > '9' || text[1] != '.')
		return false;
	text += 2;
	minor_len = strspn(text, DIGITS);
	text += minor_len;
	return minor_len > 0 && (*text == '.' || *text == '-') &&
	       isalnum((unsigned char)text[1]);
}

/* The first string in the bytes that is a version and nothing else. */
static char *
find_string(const char *bytes, size_t len)
{
	const char *end = bytes + len;
	char *version = NULL;

	while (version == NULL &&
	       (bytes = memchr(bytes, '\0', (size_t)(end - bytes))) != NULL) {
		bytes++;
		version = take_version(bytes, (size_t)(end - bytes));
		if (version != NULL &&
		    (bytes[strlen(version)] != '\0' || !is_version(version))) {
			free(version);
			version = NULL;
		}
	}
	return version;
}

/*
 * Read chunk after chunk, each behind the tail of the one before, in which what
 * is looked for may have begun. Reading, unlike mapping, survives an upgrade
 * that cuts the file short meanwhile.
 */
static char *
scan_file(int fd, char *(*find)(const char *, size_t))
{
	static const size_t tail_max = STAMP_LEN + VERSION_MAX;
	char *bytes = xmalloc(tail_max + CHUNK_LEN);
	char *version = NULL;
	size_t len, tail = 0;
	ssize_t got;

	while (
	    version == NULL && (got = read(fd, bytes + tail, CHUNK_LEN)) > 0) {
		len = tail + (size_t)got;
		version = find(bytes, len);
		tail = len < tail_max ? len : tail_max;
		memmove(bytes, bytes + len - tail, tail);
	}
	free(bytes);
	return version;
}

static char *
scan_program(const char *directory, const char *name,
    char *(*find)(const char *, size_t))
{
	char *path = xasprintf("%s/%s", directory, name), *version = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0) {
		version = scan_file(fd, find);
		close(fd);
	}
	free(path);
	return version;
}

char *
master_postfix_version(const char *daemon_directory)
{
	/* Where the stamp is depends on how Postfix was linked. */
	static const char *const programs[] = { "master", "smtpd",
		"libpostfix-global.so" };
	char *version = NULL;

	for (size_t i = 0;
	     version == NULL && i < sizeof(programs) / sizeof(programs[0]); i++)
		version =
		    scan_program(daemon_directory, programs[i], find_stamp);
	if (version == NULL)
		version = scan_program(daemon_directory, "master", find_string);
	return version;
}

bool
master_version_announces(const char *version)
{
	unsigned long major, minor = 0;
	char *end;

	if (version == NULL)
		return true;
	major = strtoul(version, &end, 10);
	if (*end == '.')
		minor = strtoul(end + 1, NULL, 10);
	return major > TLSMGR_SPEAKS_FIRST_MAJOR ||
	       (major == TLSMGR_SPEAKS_FIRST_MAJOR &&
		   minor >= TLSMGR_SPEAKS_FIRST_MINOR);
}
