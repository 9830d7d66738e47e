/*
 * fuzz_shared_password: any bytes as a file with a password. What is read,
 * written as one line, is read as the same; or a printable line says why
 * nothing is, and quotes nothing.
 */
#include "fuzz.h"

#include "shared_password.h"

static bool
is_equal(const char *one, const char *other)
{
	if (one == NULL || other == NULL)
		return one == other;
	return strcmp(one, other) == 0;
}

static void
check_again(const char *user, const char *password)
{
	size_t size = (user != NULL ? strlen(user) : 0) + strlen(password) + 3;
	char *line = malloc(size), *cause = NULL, *user_again, *password_again;
	int len = snprintf(line, size, "%s%s%s\n", user != NULL ? user : "",
	    user != NULL ? " " : "", password);

	fuzz_expect(*password != '\0' && (user == NULL || *user != '\0'));
	fuzz_expect(shared_password_parse("fuzz", (const unsigned char *)line,
			(size_t)len, &user_again, &password_again,
			&cause) == ERROR_NONE);
	fuzz_expect(
	    is_equal(user, user_again) && is_equal(password, password_again));
	shared_password_free(user_again);
	shared_password_free(password_again);
	free(line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_input input = fuzz_begin(data, len);
	char *text = malloc(len), *cause = NULL, *user, *password;
	enum error error;

	len = fuzz_take(&input, text, len);
	error = shared_password_parse(
	    "fuzz", (const unsigned char *)text, len, &user, &password, &cause);
	if (error == ERROR_NONE) {
		check_again(user, password);
	} else {
		fuzz_expect(
		    error == ERROR_INVALID && user == NULL && password == NULL);
		fuzz_expect(
		    strncmp(cause, "fuzz: ", 6) == 0 && strlen(cause) < 80);
	}
	shared_password_free(user);
	shared_password_free(password);
	free(cause);
	free(text);
	return 0;
}
