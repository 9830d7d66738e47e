/*
 * ticket_key_slot: tells sound slots from others, and the file from files that
 * are none of ours. Owns nothing.
 */
#include "ticket_key_slot.h"

#include <openssl/evp.h>

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define VERSION 2

/* Tells our files from others, which the parameter may name by mistake. */
static const char magic[] = "TLSMGRTK"; /* TICKET_KEY_MAGIC_LEN of it count */

/* Version 1.0 of tlsmgr had two keys, of its own, and no version number. */
#define COUNT_1_0 2
struct slot_1_0 {
	char magic[TICKET_KEY_MAGIC_LEN];
	uint64_t sequence;
	unsigned char settings[TICKET_KEY_SETTINGS_LEN];
	uint64_t count;
	struct ticket_key keys[COUNT_1_0];
	unsigned char checksum[TICKET_KEY_CHECKSUM_LEN];
};

_Static_assert(sizeof(struct slot_1_0) == 264, "no padding");

/* Of all `len` bytes but the checksum at their end. */
static bool
compute_checksum(const void *slot, size_t len, unsigned char *checksum)
{
	return EVP_Digest(slot, len - TICKET_KEY_CHECKSUM_LEN, checksum, NULL,
		   EVP_sha256(), NULL) == 1;
}

static bool
has_checksum(const unsigned char *slot, size_t len)
{
	unsigned char checksum[TICKET_KEY_CHECKSUM_LEN];

	return compute_checksum(slot, len, checksum) &&
	       memcmp(slot + len - TICKET_KEY_CHECKSUM_LEN, checksum,
		   TICKET_KEY_CHECKSUM_LEN) == 0;
}

bool
ticket_key_slot_seal(struct ticket_key_slot *slot)
{
	memcpy(slot->magic, magic, TICKET_KEY_MAGIC_LEN);
	slot->version = VERSION;
	return compute_checksum(slot, sizeof(*slot), slot->checksum);
}

static bool
is_sound(const struct ticket_key_slot *slot, unsigned index)
{
	return slot->version == VERSION &&
	       slot->sequence % TICKET_KEY_SLOTS == index &&
	       slot->count <= TICKET_KEYS_MAX &&
	       has_checksum((const unsigned char *)slot, sizeof(*slot));
}

static bool
find_newest(const struct ticket_key_slot slots[TICKET_KEY_SLOTS],
    struct ticket_key_slot *newest)
{
	bool is_found = false;

	for (unsigned i = 0; i < TICKET_KEY_SLOTS; i++)
		if (is_sound(&slots[i], i) &&
		    (!is_found || slots[i].sequence > newest->sequence)) {
			*newest = slots[i];
			is_found = true;
		}
	return is_found;
}

static bool
is_sound_1_0(const struct slot_1_0 *slot, unsigned index)
{
	return slot->sequence % TICKET_KEY_SLOTS == index &&
	       slot->count <= COUNT_1_0 &&
	       has_checksum((const unsigned char *)slot, sizeof(*slot));
}

static void
convert_1_0(const struct slot_1_0 *old, struct ticket_key_slot *slot)
{
	*slot = (struct ticket_key_slot){
		.count = (uint32_t)old->count,
		/* Even: slot 1 comes next. */
		.sequence = old->sequence + old->sequence % 2,
	};
	memcpy(slot->settings, old->settings, TICKET_KEY_SETTINGS_LEN);
	for (uint32_t i = 0; i < slot->count; i++)
		slot->records[i].key = old->keys[i];
}

static bool
find_newest_1_0(const unsigned char *bytes, struct ticket_key_slot *newest)
{
	struct slot_1_0 slot;
	uint64_t sequence = 0;

	for (unsigned i = 0; i < TICKET_KEY_SLOTS; i++) {
		memcpy(&slot, bytes + i * sizeof(slot), sizeof(slot));
		if (is_sound_1_0(&slot, i) && slot.sequence > sequence) {
			sequence = slot.sequence;
			convert_1_0(&slot, newest);
		}
	}
	explicit_bzero(&slot, sizeof(slot));
	return sequence > 0;
}

static bool
has_magic(const unsigned char *slot)
{
	return memcmp(slot, magic, TICKET_KEY_MAGIC_LEN) == 0;
}

/* Never written, or no more of it than a part of the magic. */
static bool
is_blank(const unsigned char *slot)
{
	for (size_t i = 0; i < sizeof(struct ticket_key_slot); i++)
		if (slot[i] != 0 && (i >= TICKET_KEY_MAGIC_LEN ||
					slot[i] != (unsigned char)magic[i]))
			return false;
	return true;
}

/*
 * A file that was not written by us, as when the parameter names the wrong one,
 * must not be changed, let alone repaired.
 */
static bool
is_foreign(const unsigned char *bytes, uint64_t size)
{
	const unsigned char *second = bytes + sizeof(struct ticket_key_slot);

	if (has_magic(bytes) || has_magic(second) ||
	    has_magic(bytes + sizeof(struct slot_1_0)))
		return false;
	return size > TICKET_KEY_FILE_LEN || !is_blank(bytes) ||
	       !is_blank(second);
}

enum error
ticket_key_slot_find(const struct ticket_key_slot slots[TICKET_KEY_SLOTS],
    uint64_t size, struct ticket_key_slot *newest)
{
	const unsigned char *bytes = (const unsigned char *)slots;

	if (size == 0)
		return ERROR_NOT_FOUND;
	if (size == TICKET_KEY_FILE_LEN && find_newest(slots, newest))
		return ERROR_NONE;
	/* Ours, written over it, would not be as long as the file. */
	if (size <= TICKET_KEY_FILE_LEN && find_newest_1_0(bytes, newest))
		return ERROR_NONE;
	return is_foreign(bytes, size) ? ERROR_INVALID : ERROR_DAMAGED;
}
