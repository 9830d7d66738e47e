/*
 * workload: requests and replies, composed without a general codec, since the
 * load generator must not be what is measured.
 */
#include "workload.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A session begins with 24 bytes, 32 in base64, that say whose it is: here 16
 * hexadecimal digits for the key and 8 for the version, and a stopper, all of
 * which are base64 characters.
 */
#define HEAD_LEN     32
#define BODY_OFFSETS 1024
#define BODY_STEP    4 /* characters of base64 that make whole bytes */

#define SESSION_ID_DIGITS 64
#define SESSION_ID_SUFFIX "&s=smtp&l=805306608"

#define SEED_LEN           "32"
#define SEED_ENCODED_LEN   44
#define TKTKEY_ENCODED_LEN 120

#define STATUS_OK  "status\0000"
#define STATUS_ERR "status\0004294967295"

static const char *const operation_names[OPERATION_COUNT] = {
	[OPERATION_LOOKUP] = "lookup",
	[OPERATION_UPDATE] = "update",
	[OPERATION_DELETE] = "delete",
	[OPERATION_SEED] = "seed",
	[OPERATION_POLICY] = "policy",
	[OPERATION_TKTKEY] = "tktkey",
};

const char *
workload_operation_name(enum operation operation)
{
	return operation < OPERATION_COUNT ? operation_names[operation] : NULL;
}

static uint64_t
mix_bits(uint64_t value)
{
	value += UINT64_C(0x9e3779b97f4a7c15);
	value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
	return value ^ (value >> 31);
}

static char *
put_hex(char *to, uint64_t value, unsigned digits)
{
	static const char hex[] = "0123456789ABCDEF";

	for (unsigned i = 0; i < digits; i++)
		to[i] = hex[(value >> (4 * i)) & 15];
	return to + digits;
}

static char *
put_bytes(char *to, const void *bytes, size_t len)
{
	memcpy(to, bytes, len);
	return to + len;
}

/* A string with its NUL. */
static char *
put_string(char *to, const char *string)
{
	return put_bytes(to, string, strlen(string) + 1);
}

static char *
put_key(char *to, uint64_t key)
{
	uint64_t bits = key;

	to = put_string(to, "cache_id");
	for (unsigned i = 0; i < SESSION_ID_DIGITS / 16; i++) {
		bits = mix_bits(bits + i);
		to = put_hex(to, bits, 16);
	}
	return put_bytes(to, SESSION_ID_SUFFIX, sizeof(SESSION_ID_SUFFIX));
}

static const char *
body_of(const struct workload *workload, uint64_t key, uint64_t version)
{
	return workload->bodies +
	       BODY_STEP * ((key * 7 + version) % BODY_OFFSETS);
}

static char *
put_head(char *to, uint64_t key, uint64_t version)
{
	to = put_hex(to, key, 16);
	to = put_hex(to, version, 8);
	return put_bytes(to, "++++++++", HEAD_LEN - 16 - 8);
}

static char *
put_session(
    const struct workload *workload, char *to, uint64_t key, uint32_t version)
{
	to = put_string(to, "session");
	to = put_head(to, key, version);
	to = put_bytes(to, body_of(workload, key, version),
	    workload->encoded_len - HEAD_LEN);
	*to++ = '\0';
	return to;
}

size_t
workload_request(const struct workload *workload, enum operation operation,
    uint64_t key, uint32_t version, char *to)
{
	char *start = to;

	to = put_string(to, "request");
	to = put_string(to, operation_names[operation]);
	switch (operation) {
	case OPERATION_SEED:
		to =
		    put_bytes(to, "size\0" SEED_LEN, sizeof("size\0" SEED_LEN));
		break;
	case OPERATION_TKTKEY:
		to = put_bytes(to, "keyname\0", sizeof("keyname\0"));
		break;
	default:
		to = put_string(to, "cache_type");
		to = put_string(to, workload->config.cache_type);
		if (operation != OPERATION_POLICY)
			to = put_key(to, key);
		if (operation == OPERATION_UPDATE)
			to = put_session(workload, to, key, version);
		break;
	}
	*to++ = '\0';
	return (size_t)(to - start);
}

static bool
is_session(const struct workload *workload, uint64_t key, const char *encoded)
{
	char head[HEAD_LEN], version_digits[9] = "";
	uint64_t version;

	for (unsigned i = 0; i < 8; i++)
		version_digits[i] = encoded[16 + 7 - i];
	version = strtoul(version_digits, NULL, 16);
	put_head(head, key, version);
	return memcmp(head, encoded, HEAD_LEN) == 0 &&
	       memcmp(body_of(workload, key, version), encoded + HEAD_LEN,
		   workload->encoded_len - HEAD_LEN) == 0;
}

/* A reply of status OK and one attribute with `value_len` characters. */
static enum verdict
judge_value(const char *reply, size_t len, const char *name, size_t value_len)
{
	size_t status_len = sizeof(STATUS_OK), name_len = strlen(name) + 1;
	size_t whole = status_len + name_len + value_len + 2;

	if (len < whole)
		return VERDICT_INCOMPLETE;
	if (len > whole || memcmp(reply, STATUS_OK, status_len) != 0 ||
	    memcmp(reply + status_len, name, name_len) != 0 ||
	    reply[whole - 2] != '\0' || reply[whole - 1] != '\0')
		return VERDICT_WRONG;
	return VERDICT_OK;
}

static enum verdict
judge_exactly(const char *reply, size_t len, const char *wanted,
    size_t wanted_len, enum verdict verdict)
{
	if (len > wanted_len || memcmp(reply, wanted, len) != 0)
		return VERDICT_WRONG;
	return len == wanted_len ? verdict : VERDICT_INCOMPLETE;
}

static enum verdict
judge_policy(const struct workload *workload, const char *reply, size_t len)
{
	char wanted[96];
	char *end = wanted;

	end = put_bytes(end, STATUS_OK "\0cachable\0001\0timeout",
	    sizeof(STATUS_OK "\0cachable\0001\0timeout"));
	end += snprintf(end, 21, "%" PRIu64, workload->config.timeout_s);
	*end++ = '\0';
	*end++ = '\0';
	return judge_exactly(
	    reply, len, wanted, (size_t)(end - wanted), VERDICT_OK);
}

static enum verdict
judge_lookup(const struct workload *workload, uint64_t key, const char *reply,
    size_t len)
{
	static const char miss[] = STATUS_ERR "\0session\0\0";
	enum verdict verdict;

	if (len > sizeof("status") && reply[sizeof("status")] != '0')
		return judge_exactly(
		    reply, len, miss, sizeof(miss), VERDICT_MISS);
	verdict = judge_value(reply, len, "session", workload->encoded_len);
	if (verdict == VERDICT_OK && workload->config.check_content &&
	    !is_session(
		workload, key, reply + sizeof(STATUS_OK) + sizeof("session")))
		return VERDICT_WRONG;
	return verdict;
}

static enum verdict
judge_status(const char *reply, size_t len)
{
	static const char ok[] = STATUS_OK "\0", miss[] = STATUS_ERR "\0";

	if (len > sizeof("status") && reply[sizeof("status")] != '0')
		return judge_exactly(
		    reply, len, miss, sizeof(miss), VERDICT_MISS);
	return judge_exactly(reply, len, ok, sizeof(ok), VERDICT_OK);
}

enum verdict
workload_judge(const struct workload *workload, enum operation operation,
    uint64_t key, const char *reply, size_t len)
{
	switch (operation) {
	case OPERATION_LOOKUP:
		return judge_lookup(workload, key, reply, len);
	case OPERATION_SEED:
		return judge_value(reply, len, "seed", SEED_ENCODED_LEN);
	case OPERATION_TKTKEY:
		return judge_value(reply, len, "keybuf", TKTKEY_ENCODED_LEN);
	case OPERATION_POLICY:
		return judge_policy(workload, reply, len);
	default:
		return judge_status(reply, len);
	}
}

/* Random characters of base64, from which each session takes a piece. */
static void
fill_bodies(char *bodies, size_t len)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i++)
		bodies[i] = alphabet[mix_bits(i) & 63];
}

void
workload_init(struct workload *workload, const struct workload_config *config)
{
	size_t bodies_len;

	*workload = (struct workload){
		.config = *config,
		.encoded_len = config->session_len / 3 * 4,
	};
	bodies_len = workload->encoded_len + BODY_STEP * BODY_OFFSETS;
	workload->bodies = malloc(bodies_len);
	if (workload->bodies == NULL) {
		perror("malloc");
		exit(EXIT_FAILURE);
	}
	fill_bodies(workload->bodies, bodies_len);
	workload->request_max = workload->encoded_len + 512;
	workload->reply_max = workload->encoded_len + 512;
}

void
workload_fini(struct workload *workload)
{
	free(workload->bodies);
}
