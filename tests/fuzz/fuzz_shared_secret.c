/*
 * fuzz_shared_secret: any bytes as a file of secrets. There are one or two
 * secrets, or none and a printable line that says why and quotes nothing.
 */
#include "fuzz.h"

#include "shared_secret.h"

/* Every message is one of ours: short, and without what the file has. */
static void
check_cause(const char *cause)
{
	fuzz_expect(strncmp(cause, "fuzz", 4) == 0 && strlen(cause) < 80);
	for (; *cause != '\0'; cause++)
		fuzz_expect(*cause >= ' ' && *cause <= '~');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct shared_secrets none;
	struct fuzz_input input = fuzz_begin(data, len);
	struct shared_secrets secrets, again;
	char *text = malloc(len + 1), *cause = NULL;
	enum error error;

	len = fuzz_take(&input, text, len);
	error = shared_secrets_parse(
	    &secrets, "fuzz", (const unsigned char *)text, len, &cause);
	if (error == ERROR_NONE) {
		fuzz_expect(cause == NULL && secrets.count >= 1 &&
			    secrets.count <= SHARED_SECRETS_MAX);
		/* A comment more is no difference. */
		text[len] = '#';
		fuzz_expect(text[len > 0 ? len - 1 : 0] != '\n' ||
			    shared_secrets_parse(&again, "fuzz",
				(const unsigned char *)text, len + 1,
				&cause) == ERROR_NONE);
		shared_secrets_wipe(&secrets);
	} else {
		fuzz_expect(error == ERROR_INVALID);
		check_cause(cause);
		fuzz_expect(memcmp(&secrets, &none, sizeof(none)) == 0);
	}
	free(cause);
	free(text);
	return 0;
}
