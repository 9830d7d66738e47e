/*
 * shared_seal: the form in which something leaves this host: under a name that
 * reveals nothing, in a record that nobody outside the group can read, change,
 * or move to another name. tlsmgr-protocol(7) has the format, and values to
 * test against. No time is asked for and nothing is judged by its age: that is
 * for whoever knows what was sealed.
 *
 *	name    "tlsmgr:" fingerprint ":" base64url(HMAC(K_name, kind id))
 *	header  0x01 be32(put_at / 3600)
 *	record  header nonce(12) ciphertext tag(16)
 *	        AES-256-GCM, its key that of the hour, over name and header too
 *	plain   be64(put_at) be32(len) value zeros
 */
#ifndef SHARED_SEAL_H
#define SHARED_SEAL_H

#include "error.h"
#include "shared_context.h"

#include <stddef.h>
#include <stdint.h>

#define SHARED_NAME_PREFIX "tlsmgr:"
#define SHARED_NAME_LEN    63
#define SHARED_HEADER_LEN  5
#define SHARED_NONCE_LEN   12
#define SHARED_TAG_LEN     16
#define SHARED_PLAIN_HEAD  12 /* put_at and length */
#define SHARED_RECORD_OVERHEAD \
	(SHARED_HEADER_LEN + SHARED_NONCE_LEN + SHARED_TAG_LEN)

enum shared_kind {
	SHARED_KIND_SESSION = 's',
	SHARED_KIND_TICKET_KEY = 'k',
};

struct shared_name {
	char text[SHARED_NAME_LEN + 1];
};

/* What a record holds. */
struct shared_plain {
	int64_t put_at;
	const unsigned char *value; /* borrowed until the next call */
	size_t len;
};

struct shared_seal; /* of one secret and one side */

/* NULL: OpenSSL cannot do this. Pair with shared_seal_free(). */
struct shared_seal *shared_seal_new(
    const struct shared_context *, const unsigned char secret[SHARED_KEY_LEN]);
void shared_seal_free(struct shared_seal *); /* NULL allowed; wipes keys */

/*
 * The name of an identifier, which may have any bytes. ERROR_UNSUPPORTED:
 * OpenSSL failed.
 */
enum error shared_seal_name(struct shared_seal *, enum shared_kind,
    const void *id, size_t id_len, struct shared_name *);

/* The length of the record of a value, which tells its size class alone. */
size_t shared_seal_record_len(size_t len);

/*
 * Seal a value into a record of just that length. ERROR_RANDOM: there is no
 * nonce; ERROR_INVALID: a time before 1970 or after 2^32 hours;
 * ERROR_UNSUPPORTED as above. `record` has nothing readable then either.
 */
enum error shared_seal_encrypt(struct shared_seal *, const struct shared_name *,
    int64_t put_at, const void *value, size_t len, unsigned char *record);

/*
 * Open a record that was found under a name. ERROR_DAMAGED: it was not sealed
 * by the group under this name, or is not as it was.
 */
enum error shared_seal_decrypt(struct shared_seal *, const struct shared_name *,
    const unsigned char *record, size_t len, struct shared_plain *);

/* Wipe what was opened last. */
void shared_seal_wipe(struct shared_seal *);

#endif
