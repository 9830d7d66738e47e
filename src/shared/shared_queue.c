/*
 * shared_queue: a hash table by name, and two queues through it. Owns entries
 * and records. An entry lives while something waits, or a deletion is sent.
 */
#include "shared_queue.h"

#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

/* Names end in bytes that are as good as random. */
#define HASH_LEN 8

void
shared_queue_init(struct shared_queue *queue, size_t bytes_max)
{
	memset(queue, 0, sizeof(*queue));
	queue->bytes_max = bytes_max;
	TAILQ_INIT(&queue->set_order);
	TAILQ_INIT(&queue->delete_order);
}

static struct shared_entry **
bucket_of(struct shared_queue *queue, const struct shared_name *name)
{
	uint64_t hash;

	memcpy(&hash, name->text + SHARED_NAME_LEN - HASH_LEN, HASH_LEN);
	/* Base64 leaves two bits of each byte alone. */
	hash *= UINT64_C(0x9e3779b97f4a7c15);
	return &queue->buckets[(hash >> 32) % SHARED_QUEUE_BUCKETS];
}

static struct shared_entry *
find(struct shared_queue *queue, const struct shared_name *name)
{
	struct shared_entry *entry = *bucket_of(queue, name);

	while (entry != NULL &&
	       memcmp(entry->name.text, name->text, SHARED_NAME_LEN) != 0)
		entry = entry->next;
	return entry;
}

static struct shared_entry *
find_or_add(
    struct shared_queue *queue, const struct shared_name *name, unsigned side)
{
	struct shared_entry *entry = find(queue, name), **bucket;

	if (entry != NULL)
		return entry;
	bucket = bucket_of(queue, name);
	entry = xcalloc(1, sizeof(*entry));
	entry->queue = queue;
	entry->name = *name;
	entry->side = side;
	entry->next = *bucket;
	*bucket = entry;
	return entry;
}

/* Nothing of it waits any more. */
static void
unqueue(struct shared_entry *entry)
{
	struct shared_queue *queue = entry->queue;

	if (entry->pending == SHARED_PENDING_SET) {
		TAILQ_REMOVE(&queue->set_order, entry, order);
		queue->bytes -= sizeof(*entry) + entry->len;
		queue->sets--;
		free(entry->record);
		entry->record = NULL;
	} else if (entry->pending == SHARED_PENDING_DELETE) {
		TAILQ_REMOVE(&queue->delete_order, entry, order);
		queue->deletes--;
	}
	entry->pending = SHARED_PENDING_NONE;
}

static void
remove_entry(struct shared_entry *entry)
{
	struct shared_entry **place = bucket_of(entry->queue, &entry->name);

	while (*place != entry)
		place = &(*place)->next;
	*place = entry->next;
	free(entry);
}

static void
remove_if_idle(struct shared_entry *entry)
{
	if (entry->pending == SHARED_PENDING_NONE && !entry->is_deleting)
		remove_entry(entry);
}

void
shared_queue_sent(struct shared_entry *entry)
{
	bool is_delete = entry->pending == SHARED_PENDING_DELETE;

	unqueue(entry);
	if (is_delete)
		entry->is_deleting = true;
	remove_if_idle(entry);
}

/* The newest stays, even if it alone is too large. */
static void
make_room(struct shared_queue *queue)
{
	while (queue->bytes > queue->bytes_max && queue->sets > 1) {
		queue->dropped++;
		shared_queue_sent(TAILQ_FIRST(&queue->set_order));
	}
}

void
shared_queue_put(struct shared_queue *queue, const struct shared_name *name,
    unsigned side, int64_t put_at, unsigned char *record, size_t len)
{
	struct shared_entry *entry = find_or_add(queue, name, side);

	unqueue(entry);
	entry->pending = SHARED_PENDING_SET;
	entry->put_at = put_at;
	entry->record = record;
	entry->len = len;
	TAILQ_INSERT_TAIL(&queue->set_order, entry, order);
	queue->bytes += sizeof(*entry) + len;
	queue->sets++;
	make_room(queue);
}

static void
queue_delete(struct shared_entry *entry)
{
	struct shared_queue *queue = entry->queue;

	entry->pending = SHARED_PENDING_DELETE;
	TAILQ_INSERT_TAIL(&queue->delete_order, entry, order);
	queue->deletes++;
}

bool
shared_queue_delete(
    struct shared_queue *queue, const struct shared_name *name, unsigned side)
{
	struct shared_entry *entry = find(queue, name);

	if (entry == NULL || entry->pending != SHARED_PENDING_DELETE) {
		if (queue->deletes >= SHARED_QUEUE_DELETES_MAX)
			return false;
		entry = find_or_add(queue, name, side);
		unqueue(entry);
		queue_delete(entry);
	}
	return true;
}

bool
shared_queue_is_deleted(
    const struct shared_queue *queue, const struct shared_name *name)
{
	const struct shared_entry *entry =
	    find((struct shared_queue *)queue, name);

	return entry != NULL && entry->pending != SHARED_PENDING_SET;
}

struct shared_entry *
shared_queue_first_set(const struct shared_queue *queue)
{
	return TAILQ_FIRST(&queue->set_order);
}

struct shared_entry *
shared_queue_first_delete(const struct shared_queue *queue)
{
	return TAILQ_FIRST(&queue->delete_order);
}

void
shared_queue_deleted(struct shared_entry *entry, bool is_done)
{
	entry->is_deleting = false;
	if (!is_done && entry->pending == SHARED_PENDING_NONE)
		queue_delete(entry);
	remove_if_idle(entry);
}

static void
clear_order(struct shared_entries *order, unsigned side)
{
	struct shared_entry *entry = TAILQ_FIRST(order), *next;

	for (; entry != NULL; entry = next) {
		next = TAILQ_NEXT(entry, order);
		if (entry->side == side) {
			unqueue(entry);
			remove_if_idle(entry);
		}
	}
}

void
shared_queue_clear(struct shared_queue *queue, unsigned side)
{
	clear_order(&queue->set_order, side);
	clear_order(&queue->delete_order, side);
}

void
shared_queue_fini(struct shared_queue *queue)
{
	struct shared_entry *entry;

	for (unsigned i = 0; i < SHARED_QUEUE_BUCKETS; i++)
		while ((entry = queue->buckets[i]) != NULL) {
			queue->buckets[i] = entry->next;
			unqueue(entry);
			free(entry);
		}
}
