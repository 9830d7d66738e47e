/*
 * shared_secret: the text of a file of secrets. Owns the keys made from them;
 * every place that held a secret is wiped. Never logs, never opens a file.
 */
#include "shared_secret.h"

#include "prng.h"
#include "shared_kdf.h"
#include "xalloc.h"

#include <openssl/evp.h>

#include <stdbool.h>
#include <string.h>

#define SALT "tlsmgr shared 1"

/* Base64 of SHARED_SECRET_MAX bytes. */
#define LINE_MAX_LEN ((SHARED_SECRET_MAX + 2) / 3 * 4)

#define ALPHABET                     \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"abcdefghijklmnopqrstuvwxyz0123456789+/"

/* A line without its end and the blanks around it. */
struct line {
	const unsigned char *text;
	size_t len;
	unsigned number;
};

static bool
is_blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next line of what is left. False: there is none. */
static bool
next_line(const unsigned char **text, size_t *left, struct line *line)
{
	const unsigned char *end;

	if (*left == 0)
		return false;
	end = memchr(*text, '\n', *left);
	line->text = *text;
	line->len = end != NULL ? (size_t)(end - *text) : *left;
	line->number++;
	*left -= line->len + (end != NULL);
	*text += line->len + (end != NULL);
	while (line->len > 0 && is_blank(line->text[line->len - 1]))
		line->len--;
	while (line->len > 0 && is_blank(line->text[0])) {
		line->text++;
		line->len--;
	}
	return true;
}

/* How many "=" there are at the end of base64; -1: it is not base64. */
static int
count_padding(const char *text, size_t len)
{
	size_t digits = strspn(text, ALPHABET);
	size_t padding = strspn(text + digits, "=");

	if (digits + padding != len || len % 4 != 0 || padding > 2)
		return -1;
	return (int)padding;
}

/* OpenSSL's own decoder, which takes too much, behind a check. */
static const char *
decode(const struct line *line, unsigned char *secret, size_t *len)
{
	char text[LINE_MAX_LEN + 1];
	const char *problem = NULL;
	int padding, decoded = 0;

	if (line->len > LINE_MAX_LEN)
		return "more than 64 bytes of base64";
	memcpy(text, line->text, line->len);
	text[line->len] = '\0';
	padding = count_padding(text, line->len);
	if (padding < 0 || (decoded = EVP_DecodeBlock(secret,
				(unsigned char *)text, (int)line->len)) < 0)
		problem = "not base64";
	else
		*len = (size_t)(decoded - padding);
	explicit_bzero(text, sizeof(text));
	return problem;
}

static const char *
judge(const unsigned char *secret, size_t len)
{
	if (len < SHARED_SECRET_MIN)
		return "less than 32 bytes of base64";
	if (len > SHARED_SECRET_MAX)
		return "more than 64 bytes of base64";
	if (memcmp(secret, secret + 1, len - 1) == 0)
		return "one byte over and over is no secret";
	return NULL;
}

static enum error
complain(char **cause, const char *path, const struct line *line,
    const char *problem)
{
	*cause = xasprintf("%s, line %u: %s", path, line->number, problem);
	return ERROR_INVALID;
}

/* Equal secrets give equal keys, and only they do. */
static bool
is_known(const struct shared_secrets *secrets, const unsigned char *key)
{
	for (unsigned i = 0; i < secrets->count; i++)
		if (memcmp(secrets->keys[i], key, SHARED_KEY_LEN) == 0)
			return true;
	return false;
}

static enum error
add_key(struct shared_secrets *secrets, const char *path,
    const struct line *line, const unsigned char *secret, size_t len,
    char **cause)
{
	unsigned char *key = secrets->keys[secrets->count];

	if (!shared_kdf_extract(SALT, secret, len, key)) {
		*cause = xstrdup("OpenSSL has no HKDF with SHA-256");
		return ERROR_UNSUPPORTED;
	}
	if (is_known(secrets, key))
		return complain(cause, path, line, "the same secret again");
	secrets->count++;
	return ERROR_NONE;
}

static enum error
add_line(struct shared_secrets *secrets, const char *path,
    const struct line *line, char **cause)
{
	unsigned char secret[LINE_MAX_LEN / 4 * 3];
	enum error error;
	const char *problem;
	size_t len = 0;

	if (secrets->count == SHARED_SECRETS_MAX)
		return complain(cause, path, line, "more than two secrets");
	problem = decode(line, secret, &len);
	if (problem == NULL)
		problem = judge(secret, len);
	error = problem != NULL
	            ? complain(cause, path, line, problem)
	            : add_key(secrets, path, line, secret, len, cause);
	explicit_bzero(secret, sizeof(secret));
	return error;
}

enum error
shared_secrets_parse(struct shared_secrets *secrets, const char *path,
    const unsigned char *text, size_t len, char **cause)
{
	struct line line = { .number = 0 };
	enum error error = ERROR_NONE;

	shared_secrets_wipe(secrets);
	while (error == ERROR_NONE && next_line(&text, &len, &line))
		if (line.len > 0 && line.text[0] != '#')
			error = add_line(secrets, path, &line, cause);
	if (error == ERROR_NONE && secrets->count == 0) {
		*cause = xasprintf("%s: there is no secret in it", path);
		error = ERROR_INVALID;
	}
	if (error != ERROR_NONE)
		shared_secrets_wipe(secrets);
	return error;
}

enum error
shared_secret_make(char text[SHARED_SECRET_TEXT_LEN + 1])
{
	unsigned char secret[SHARED_SECRET_MIN];
	enum error error = prng_generate_unbuffered(secret, sizeof(secret));

	text[0] = '\0';
	if (error == ERROR_NONE)
		EVP_EncodeBlock((unsigned char *)text, secret, sizeof(secret));
	explicit_bzero(secret, sizeof(secret));
	return error;
}

void
shared_secrets_wipe(struct shared_secrets *secrets)
{
	explicit_bzero(secrets, sizeof(*secrets));
}
