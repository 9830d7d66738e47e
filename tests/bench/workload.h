/*
 * workload: what the load generator asks, and what it must be answered.
 *
 * Everything is computed from the number of a key and the version of its
 * session, so that nothing has to be remembered of a million sessions but
 * their numbers, and each byte of a reply can still be checked.
 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum operation {
	OPERATION_LOOKUP,
	OPERATION_UPDATE,
	OPERATION_DELETE,
	OPERATION_SEED,
	OPERATION_POLICY,
	OPERATION_TKTKEY,
	OPERATION_COUNT
};

struct workload_config {
	const char *cache_type;
	uint64_t session_len; /* bytes, before base64; a multiple of 3 */
	uint64_t timeout_s;   /* what a policy reply must say */
	bool check_content;   /* false: only the shape of replies */
};

struct workload {
	struct workload_config config;
	char *bodies;       /* base64 characters that sessions end with */
	size_t encoded_len; /* of a session, in base64 */
	size_t request_max; /* longest request */
	size_t reply_max;   /* longest reply that is in order */
};

enum verdict {
	VERDICT_INCOMPLETE, /* the beginning of a good reply: read on */
	VERDICT_OK,
	VERDICT_MISS,  /* status ERR, in good shape */
	VERDICT_WRONG, /* anything else */
};

/* The name of an operation as users write it; NULL past the last. */
const char *workload_operation_name(enum operation);

/* Prepare. Exits where memory fails. */
void workload_init(struct workload *, const struct workload_config *);
void workload_fini(struct workload *);

/*
 * Write a request to `to`, which has room for request_max bytes; returns its
 * length. An update stores session `version` of that key.
 */
size_t workload_request(const struct workload *, enum operation, uint64_t key,
    uint32_t version, char *to);

/* Judge the bytes that came in reply. Any version of the key's session is
 * good. */
enum verdict workload_judge(const struct workload *, enum operation,
    uint64_t key, const char *reply, size_t len);

#endif
