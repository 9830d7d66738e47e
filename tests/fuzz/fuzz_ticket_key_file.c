/*
 * fuzz_ticket_key_file: any bytes as the file of session ticket keys. Where
 * bits of the first one say so the checksums are made good, 0 and 1 those of
 * the slots of version 1.0, 2 and 3 ours, so that what lies behind them is
 * reached. What is taken over may be used now, and is what a save and
 * another load give back.
 */
#include "fuzz.h"

#include "ticket_key_file.h"
#include "ticket_key_slot.h"
#include "xalloc.h"

#include <openssl/evp.h>

#define SLOT_LEN_1_0 264
#define FILE_MAX     (TICKET_KEY_FILE_LEN + 100)
#define NOW          1000000
#define LIFETIME_S   3600

static void
repair(unsigned char *slot, size_t len)
{
	EVP_Digest(slot, len - TICKET_KEY_CHECKSUM_LEN,
	    slot + len - TICKET_KEY_CHECKSUM_LEN, NULL, EVP_sha256(), NULL);
}

static enum error
load(int fd, struct ticket_keys *keys)
{
	struct ticket_key_file file = {
		.path = xstrdup("fuzz"),
		.fd = dup(fd),
		.settings = "",
	};
	enum error error;

	ticket_keys_init(keys, LIFETIME_S);
	error = ticket_key_file_load(&file, keys, NOW);
	ticket_key_file_close(&file);
	return error;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_input input = fuzz_begin(data, len);
	unsigned repaired = fuzz_take_byte(&input);
	struct ticket_keys keys, again;
	unsigned char bytes[FILE_MAX];
	size_t file_len = fuzz_take(&input, bytes, sizeof(bytes));
	int fd;

	for (unsigned i = 0; i < 2; i++) {
		if (repaired & (1U << i))
			repair(bytes + i * SLOT_LEN_1_0, SLOT_LEN_1_0);
		if (repaired & (4U << i))
			repair(bytes + i * sizeof(struct ticket_key_slot),
			    sizeof(struct ticket_key_slot));
	}
	fd = fuzz_file(bytes, file_len);
	if (load(fd, &keys) == ERROR_NONE) {
		fuzz_expect(keys.count <= TICKET_KEYS_MAX);
		for (unsigned i = 0; i < keys.count; i++)
			fuzz_expect(
			    keys.keys[i].encrypt_until <=
				NOW + LIFETIME_S / 2 + TICKET_KEY_STEP_S &&
			    keys.keys[i].encrypt_until >= NOW - LIFETIME_S / 2);
		fuzz_expect(load(fd, &again) == ERROR_NONE);
		fuzz_expect(again.count == keys.count);
		fuzz_expect(memcmp(again.keys, keys.keys,
				keys.count * sizeof(keys.keys[0])) == 0);
		ticket_keys_fini(&again);
	}
	ticket_keys_fini(&keys);
	close(fd);
	return 0;
}
