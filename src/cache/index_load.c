/*
 * index_load: the index made from the journal, in bulk. Owns what was
 * collected until it is in the index.
 */
#include "index.h"

#include "clock.h"
#include "minmax.h"
#include "xalloc.h"

#include <stdlib.h>

/* What a bucket should hold: few enough to be sorted in a slice. */
#define BUCKET_ENTRIES  256
#define BUCKET_BITS_MAX 16

/* Inserted between two looks at the clock. */
#define INSERT_ENTRIES 64

/* What a record takes, about. */
#define RECORD_LEN 512

/* All that is kept at a time, in units of what the index holds. */
#define EXCESS_MAX 2

/* Sessions of which it is known how old the others are. */
#define SAMPLES 256

/* Beyond what the index holds a bucket is thinned out with so many added. */
#define THIN_PERIOD 8

struct found {
	uint64_t hash;
	struct index_entry entry;
};

struct bucket {
	struct found *found; /* owned */
	uint32_t count, size;
};

struct index_load {
	struct index *index; /* borrowed */
	struct bucket *buckets;
	unsigned bits;         /* of a hash, that choose a bucket */
	uint64_t count;        /* of all entries */
	uint64_t end_sequence; /* removals below are only for what is here */
	uint64_t floor;        /* sessions below leave: there are too many */
	uint64_t added;
	uint32_t thin_next; /* bucket */
	bool is_thinned;    /* all of them since the floor was raised */
	bool is_complete;   /* all was collected */
	uint32_t next;      /* buckets before this are in the index */
	uint32_t inserted;  /* of the next one, so many are */
};

struct index_load *
index_load_new(
    struct index *index, uint64_t record_bytes, uint64_t end_sequence)
{
	struct index_load *load = xcalloc(1, sizeof(*load));

	load->index = index;
	load->end_sequence = end_sequence;
	while (load->bits < BUCKET_BITS_MAX &&
	       record_bytes >> load->bits > BUCKET_ENTRIES * RECORD_LEN)
		load->bits++;
	load->buckets =
	    xcalloc((size_t)1 << load->bits, sizeof(*load->buckets));
	return load;
}

static void
bucket_clear(struct index_load *load, struct bucket *bucket)
{
	load->count -= bucket->count;
	free(bucket->found);
	*bucket = (struct bucket){ 0 };
}

void
index_load_free(struct index_load *load)
{
	if (load == NULL)
		return;
	for (uint32_t i = 0; i < UINT32_C(1) << load->bits; i++)
		bucket_clear(load, &load->buckets[i]);
	free(load->buckets);
	free(load);
}

static uint32_t
bucket_of(const struct index_load *load, uint64_t hash)
{
	return load->bits > 0 ? (uint32_t)(hash >> (64 - load->bits)) : 0;
}

static int
compare(const void *left, const void *right)
{
	const struct found *a = left, *b = right;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	if (a->entry.sequence != b->entry.sequence)
		return a->entry.sequence < b->entry.sequence ? -1 : 1;
	return 0;
}

/* A removal has done its work when what it removed is gone from here. */
static bool
is_wanted(const struct index_load *load, const struct index_entry *entry)
{
	return entry->location != 0 ? entry->sequence >= load->floor
	                            : entry->sequence >= load->end_sequence;
}

/* In order, and of each hash only the newest. */
static void
bucket_sort(struct index_load *load, struct bucket *bucket)
{
	uint32_t kept = 0;

	if (bucket->count == 0)
		return;
	qsort(bucket->found, bucket->count, sizeof(*bucket->found), compare);
	for (uint32_t i = 0; i < bucket->count; i++)
		if ((i + 1 == bucket->count ||
			bucket->found[i].hash != bucket->found[i + 1].hash) &&
		    (load->is_complete ||
			is_wanted(load, &bucket->found[i].entry)))
			bucket->found[kept++] = bucket->found[i];
	load->count -= bucket->count - kept;
	bucket->count = kept;
}

/* Room for one more; what was superseded makes some. */
static void
bucket_grow(struct index_load *load, struct bucket *bucket)
{
	bucket_sort(load, bucket);
	if (bucket->count < bucket->size / 2)
		return;
	bucket->size = bucket->size > 0 ? bucket->size * 2 : 16;
	bucket->found =
	    xrealloc(bucket->found, bucket->size * sizeof(*bucket->found));
}

static int
compare_numbers(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

/*
 * The sequence number below which a third of the sessions is, about: that of
 * one of some. Which stand first in their buckets is a matter of their hashes,
 * so it is chance.
 */
static uint64_t
first_third(const struct index_load *load)
{
	uint64_t samples[SAMPLES] = { 0 };
	uint32_t buckets = UINT32_C(1) << load->bits, count = 0;

	for (uint32_t i = 0; i < buckets * SAMPLES && count < SAMPLES; i++) {
		const struct bucket *bucket = &load->buckets[i % buckets];
		uint32_t at = i / buckets;

		if (at < bucket->count && bucket->found[at].entry.location != 0)
			samples[count++] = bucket->found[at].entry.sequence;
	}
	qsort(samples, count, sizeof(*samples), compare_numbers);
	return samples[count / 3];
}

/*
 * Dead records leave first. Are there too many all the same, the oldest third
 * of the sessions goes.
 */
static void
thin_out(struct index_load *load)
{
	bucket_sort(load, &load->buckets[load->thin_next++]);
	if (load->thin_next < UINT32_C(1) << load->bits)
		return;
	load->thin_next = 0;
	if (load->is_thinned &&
	    load->count > EXCESS_MAX * load->index->capacity) {
		load->floor = max_u64(load->floor, first_third(load));
		load->is_thinned = false;
	} else {
		load->is_thinned = true;
	}
}

void
index_load_add(
    struct index_load *load, uint64_t hash, const struct index_entry *entry)
{
	uint32_t number = bucket_of(load, hash);
	struct bucket *bucket = &load->buckets[number];

	if (number < load->next)
		return;
	if (number == load->next)
		load->inserted = 0;
	if (!load->is_complete && load->count > load->index->capacity &&
	    ++load->added % THIN_PERIOD == 0)
		thin_out(load);
	if (bucket->count == bucket->size)
		bucket_grow(load, bucket);
	bucket->found[bucket->count++] =
	    (struct found){ .hash = hash, .entry = *entry };
	load->count++;
}

enum error
index_load_find(
    const struct index_load *load, uint64_t hash, struct index_entry *entry)
{
	uint32_t number = bucket_of(load, hash);
	const struct bucket *bucket = &load->buckets[number];

	*entry = (struct index_entry){ 0 };
	for (uint32_t i = 0; number >= load->next && i < bucket->count; i++)
		if (bucket->found[i].hash == hash &&
		    bucket->found[i].entry.sequence >= entry->sequence)
			*entry = bucket->found[i].entry;
	return entry->location != 0 ? ERROR_NONE : ERROR_NOT_FOUND;
}

static void
insert(struct index *index, const struct found *found)
{
	struct index_entry old;
	enum error error = index_find(index, found->hash, &old, false);

	if (error == ERROR_NONE &&
	    (old.sequence >= found->entry.sequence ||
		index_remove(index, found->hash, &old) != ERROR_NONE))
		return;
	if (found->entry.location != 0 &&
	    journal_holds(index->journal, index_entry_position(&found->entry),
		found->entry.sequence))
		(void)index_insert(index, found->hash, &found->entry);
}

/* A part of the next bucket. */
static void
insert_some(struct index_load *load)
{
	struct bucket *bucket = &load->buckets[load->next];

	if (load->inserted == 0)
		bucket_sort(load, bucket);
	for (int i = 0; i < INSERT_ENTRIES && load->inserted < bucket->count;
	     i++)
		insert(load->index, &bucket->found[load->inserted++]);
	if (load->inserted < bucket->count)
		return;
	bucket_clear(load, bucket);
	load->next++;
	load->inserted = 0;
}

bool
index_load_insert(struct index_load *load, uint64_t deadline_us)
{
	load->is_complete = true;
	while (load->next < UINT32_C(1) << load->bits) {
		insert_some(load);
		if (clock_monotonic_us() >= deadline_us)
			return false;
	}
	return true;
}
