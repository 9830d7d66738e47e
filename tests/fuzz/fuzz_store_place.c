/*
 * fuzz_store_place: a table that leads anywhere: places as the input has them
 * under keys of sessions that are there. A lookup finds the session that was
 * stored or nothing; storing, removing and upkeep go on as ever.
 */
#include "fuzz.h"

#include "checksum.h"
#include "clock.h"
#include "store_bdb.h"

#include <endian.h>

#define KEYS 8

static const char *const keys[KEYS] = { "a", "bc", "d&s=smtp&l=8", "ef", "g",
	"hi", "j", "kl" };

static enum error last;

static void
get_done(
    void *arg, enum error error, const void *value, size_t len, time_t put_at)
{
	const char *key = arg;

	(void)put_at;
	last = error;
	if (error == ERROR_NONE) {
		fuzz_expect(len == strlen(key));
		fuzz_expect(memcmp(value, key, len) == 0);
	}
}

static void
done(void *arg, enum error error)
{
	(void)arg;
	last = error;
}

/* As store_bdb_place.c makes the key of a key; then only the table knows. */
static void
set_place(struct store_bdb *store, const char *key, const struct place *place)
{
	const uint64_t digest = htobe64(checksum64(0, key, strlen(key)));

	store->sweep = 0;
	fuzz_expect(store_bdb_sweep(store, UINT64_MAX) == ERROR_NONE);
	fuzz_expect(bdb_put(store->table, &digest, sizeof(digest), place,
			sizeof(*place)) == ERROR_NONE);
	store_bdb_recent_clear(&store->recent);
}

/* The place of another key, with some of it changed. */
static void
misplace(struct store_bdb *store, const char *key, const char *other,
    struct fuzz_input *input)
{
	unsigned char change[sizeof(struct place)] = { 0 };
	struct place place = { 0 };
	unsigned char *bytes = (unsigned char *)&place;
	size_t at = fuzz_take_byte(input) % sizeof(place);

	(void)store_bdb_find(store, other, strlen(other), &place);
	fuzz_take(input, change + at,
	    fuzz_take_byte(input) % (sizeof(place) - at + 1));
	for (size_t i = 0; i < sizeof(place); i++)
		bytes[i] ^= change[i];
	/* A table that is being made is nobody else's. */
	if (store->state == STORE_BDB_READY)
		set_place(store, key, &place);
}

static void
put(struct store *store, const char *key)
{
	store->ops->put(store, key, strlen(key), key, strlen(key),
	    clock_wall_s(), done, NULL);
	fuzz_expect(last == ERROR_NONE);
}

static void
step(struct store *store, struct fuzz_input *input)
{
	unsigned verb = fuzz_take_byte(input);
	const char *key = keys[verb / 8 % KEYS];
	const char *other = keys[fuzz_take_byte(input) % KEYS];
	size_t len = strlen(key);

	switch (verb % 8) {
	case 0:
	case 1:
		put(store, key);
		break;
	case 2:
		store->ops->remove(store, key, len, done, NULL);
		break;
	case 3:
		store->ops->maintain(store, clock_wall_s(), 1000);
		break;
	case 4:
	case 5:
		misplace((struct store_bdb *)store, key, other, input);
		break;
	default:
		store->ops->get(
		    store, key, len, get_done, (void *)(uintptr_t)key);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_input input = fuzz_begin(data, len);
	const struct store_config config = {
		.name = "fuzz",
		.type = "internal",
		.path = "fuzz",
		.timeout_s = 3600,
		.entries_max = 6,
		.bytes_max = 40,
		.memory = 1024 * 1024,
	};
	struct store *store = NULL;
	char *cause = NULL;

	fuzz_expect(store_bdb_ops.open(&config, &store, &cause) == ERROR_NONE);
	fuzz_expect(store->ops->start(store) == ERROR_NONE);
	while (input.len > 0)
		step(store, &input);
	/*
	 * By the sizes that a wrong place has told, all that there is may have
	 * to leave; or they are seen to be wrong, and the table is made again.
	 */
	for (unsigned i = 0; i < 2 * KEYS; i++) {
		put(store, keys[i % KEYS]);
		store->ops->maintain(store, clock_wall_s(), 1000000);
	}
	for (unsigned i = 0; i < KEYS; i++) {
		put(store, keys[i]);
		store->ops->get(store, keys[i], strlen(keys[i]), get_done,
		    (void *)(uintptr_t)keys[i]);
		fuzz_expect(last == ERROR_NONE);
	}
	store->ops->close(store);
	return 0;
}
