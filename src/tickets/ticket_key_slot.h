/*
 * ticket_key_slot: what is in the file of session ticket keys, as bytes.
 * Private to ticket_key_file.c and the tests. Pure functions.
 *
 * The file has two slots, each with all keys, the settings that they depend on,
 * a sequence number and a checksum. Integers are native: a file of session
 * ticket keys stays on its machine.
 */
#ifndef TICKET_KEY_SLOT_H
#define TICKET_KEY_SLOT_H

#include "error.h"
#include "ticket_key.h"
#include "ticket_key_file.h"

#include <stdbool.h>
#include <stdint.h>

#define TICKET_KEY_SLOTS        2
#define TICKET_KEY_MAGIC_LEN    8
#define TICKET_KEY_CHECKSUM_LEN 32 /* SHA-256 */
#define TICKET_KEY_RANDOM_LEN   32
#define TICKET_KEY_SECRET_LEN   32

enum ticket_key_origin {
	TICKET_KEY_OWN = 0,    /* random, of this host alone */
	TICKET_KEY_SHARED = 1, /* of a group, which has agreed on it */
	/* The same, but not published to the group. */
	TICKET_KEY_UNPUBLISHED = 2,
};

/*
 * A key, and where it is from. What is behind `origin` belongs to keys of a
 * group, and is zero for others.
 */
struct ticket_key_record {
	struct ticket_key key;
	uint32_t origin;
	uint32_t generation;
	uint64_t epoch;
	uint64_t epoch_len_s;
	unsigned char random[TICKET_KEY_RANDOM_LEN]; /* derived from it, too */
	unsigned char secret[TICKET_KEY_SECRET_LEN]; /* its fingerprint */
};

struct ticket_key_slot {
	char magic[TICKET_KEY_MAGIC_LEN];
	uint32_t version;
	uint32_t count;
	uint64_t sequence; /* 1 and up; its parity is the index of the slot */
	unsigned char settings[TICKET_KEY_SETTINGS_LEN];
	struct ticket_key_record records[TICKET_KEYS_MAX];
	unsigned char checksum[TICKET_KEY_CHECKSUM_LEN]; /* of all before it */
};

_Static_assert(sizeof(struct ticket_key_record) == 176, "no padding");
_Static_assert(sizeof(struct ticket_key_slot) ==
		   56 + 176 * TICKET_KEYS_MAX + TICKET_KEY_CHECKSUM_LEN,
    "no padding");

#define TICKET_KEY_FILE_LEN (TICKET_KEY_SLOTS * sizeof(struct ticket_key_slot))

/* Fill in magic, version and checksum. False: the checksum failed. */
bool ticket_key_slot_seal(struct ticket_key_slot *);

/*
 * A copy of the newest sound slot of a file of `size` bytes, of which `slots`
 * has the first TICKET_KEY_FILE_LEN, zeros where there are fewer. The caller
 * wipes both. A file of version 1.0 is read as well; the next slot to be
 * written is then the one that lies behind all of it.
 *
 * ERROR_NOT_FOUND: the file is empty. ERROR_DAMAGED: there is no sound slot,
 * or the file is not as long as it must be. ERROR_INVALID: it is not a file of
 * session ticket keys.
 */
enum error ticket_key_slot_find(
    const struct ticket_key_slot slots[TICKET_KEY_SLOTS], uint64_t size,
    struct ticket_key_slot *newest);

#endif
