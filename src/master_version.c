/*
 * master_version: which Postfix is installed, from the stamp in its programs.
 * Reads whole programs in bounded memory; never runs one, since a daemon that
 * is about to drop its privileges has no business starting others.
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

/*
 * Read chunk after chunk, each behind the tail of the one before, in which a
 * stamp may have begun. Reading, unlike mapping, survives an upgrade that
 * cuts the file short meanwhile.
 */
static char *
scan_file(int fd)
{
	static const size_t tail_max = STAMP_LEN + VERSION_MAX;
	char *bytes = xmalloc(tail_max + CHUNK_LEN);
	char *version = NULL;
	size_t len, tail = 0;
	ssize_t got;

	while (
	    version == NULL && (got = read(fd, bytes + tail, CHUNK_LEN)) > 0) {
		len = tail + (size_t)got;
		version = find_stamp(bytes, len);
		tail = len < tail_max ? len : tail_max;
		memmove(bytes, bytes + len - tail, tail);
	}
	free(bytes);
	return version;
}

char *
master_postfix_version(const char *daemon_directory)
{
	/* Where the stamp is depends on how Postfix was linked. */
	static const char *const files[] = { "master", "smtpd",
		"libpostfix-global.so" };
	char *path, *version = NULL;
	int fd;

	for (size_t i = 0;
	     version == NULL && i < sizeof(files) / sizeof(files[0]); i++) {
		path = xasprintf("%s/%s", daemon_directory, files[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (fd >= 0) {
			version = scan_file(fd);
			close(fd);
		}
		free(path);
	}
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
