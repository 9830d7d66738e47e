/*
 * shared_secret: what the hosts of a group have in common and nobody else has:
 * one secret, or two while one replaces the other.
 *
 * A file of secrets has one or two lines, each base64 (RFC 4648 section 4) of
 * 32 to 64 bytes. Empty lines, lines that begin with "#", blanks and carriage
 * returns at the ends of a line do not count. What is kept of a secret is a
 * key that follows from it: HKDF-Extract (RFC 5869) with a salt of ours.
 */
#ifndef SHARED_SECRET_H
#define SHARED_SECRET_H

#include "error.h"

#include <stddef.h>

#define SHARED_SECRETS_MAX 2
#define SHARED_SECRET_MIN  32 /* bytes, decoded */
#define SHARED_SECRET_MAX  64
#define SHARED_KEY_LEN     32

/* A new secret as text: base64 of 32 bytes. */
#define SHARED_SECRET_TEXT_LEN 44

struct shared_secrets {
	unsigned count; /* 0 to SHARED_SECRETS_MAX; the first one encrypts */
	unsigned char keys[SHARED_SECRETS_MAX][SHARED_KEY_LEN];
};

/*
 * Read the text of such a file, which came from `path`. ERROR_INVALID, with no
 * secret at all: *cause is "PATH, line N: what is wrong", never what stands
 * there, for the caller to free. No secret: empty, of wrong length, all of one
 * byte; nor are two equal ones, or a third.
 * ERROR_UNSUPPORTED, with a cause: OpenSSL cannot do what this takes.
 */
enum error shared_secrets_parse(struct shared_secrets *, const char *path,
    const unsigned char *text, size_t len, char **cause);

/*
 * A new secret, as a line of such a file without its end. ERROR_RANDOM: there
 * is none, and `text` is empty.
 */
enum error shared_secret_make(char text[SHARED_SECRET_TEXT_LEN + 1]);

/* Wipe the keys; there is no secret then. */
void shared_secrets_wipe(struct shared_secrets *);

#endif
