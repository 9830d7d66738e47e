/*
 * journal: the sessions of one cache, in the order in which they were stored.
 *
 * Append-only, it serves three ends. It holds the sessions: whoever knows a
 * record's position reads it in one call. Because one cache has one timeout,
 * order of insertion is order of expiry, so the oldest record is what expires,
 * and is evicted, next: nothing is searched. And the index that finds a record
 * by its key, which is in memory only, is made from it at each start.
 *
 * The file is a superblock and segments of JOURNAL_SEGMENT_LEN bytes. Live
 * segments form a chain in order of sequence number; a segment whose records
 * have all left is used again, so the file stays in proportion to what is
 * live. Records are buffered and written by journal_flush() or when the buffer
 * or a segment is full; no sync, ever, but at the end on a signal.
 *
 * A record is live while the owner's index leads to it. The owner says so with
 * journal_add_live() and journal_remove_live(), and the journal keeps account
 * of each segment. Dead records in the middle of the chain are left behind by
 * journal_compact_slice(), in order, when they outweigh the live ones.
 *
 * A kill at any moment leaves a file that replays to a state that was, no
 * older than the last flush, but for records which the owner dropped last:
 * some of those may be back, never in place of what superseded them.
 *
 * Only a wrong checksum is damage. What cannot be read now is in back-off: it
 * is read again after 0.1 s, then after twice as long each time, up to 10 s,
 * and is as if it were not there meanwhile. Until it can be read, or is given
 * up, no other segment leaves the file, and none is compacted: it may hold
 * what those supersede.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOURNAL_SEGMENT_LEN    (1024 * 1024)
#define JOURNAL_HEADER_LEN     4096
#define JOURNAL_OWNER_DATA_LEN 256 /* bytes that belong to the owner */
#define JOURNAL_KEY_MAX        4096
#define JOURNAL_VALUE_MAX      (256 * 1024)

/* No position is as high as this, and no number of a record. */
#define JOURNAL_POSITION_MAX (UINT64_C(1) << 41)
#define JOURNAL_NUMBER_MAX   (UINT64_MAX / 4)

/* Nothing to do: what the functions that work in slices return. */
#define JOURNAL_IDLE UINT64_MAX

/* How soon what a disk was asked for may be in memory. */
#define JOURNAL_FETCH_DELAY_US 1000

enum journal_record_type {
	JOURNAL_PUT = 1,
	JOURNAL_REMOVE = 2, /* no value: the key is gone as of this number */
};

/* A record as read; key and value are borrowed until the next journal call. */
struct journal_record {
	enum journal_record_type type;
	uint64_t sequence;
	uint64_t position; /* where journal_read() finds it */
	int64_t put_at;    /* epoch seconds, 0 to JOURNAL_TIME_MAX */
	const char *key;
	size_t key_len;
	const void *value; /* NULL where only head and key were read */
	size_t value_len;  /* true there as well */
};

/* What is later than this is no time: it reads as 0. */
#define JOURNAL_TIME_MAX (INT64_C(1) << 40)

/* Key and value. */
static inline size_t
journal_record_size(const struct journal_record *record)
{
	return record->key_len + record->value_len;
}

struct journal;

/* A journal on an open descriptor (taken). Reads nothing. */
struct journal *journal_new(int fd, const char *name);
/* Does not flush. NULL allowed. */
void journal_close(struct journal *);

/* Whole-file exclusive lock. ERROR_LOCKED: another process has it. */
enum error journal_lock(struct journal *);

/* The owner's bytes from here on; in the file before anything is appended. */
void journal_set_owner_data(struct journal *, const void *data, size_t len);

/*
 * Read the superblock. ERROR_NOT_FOUND: the file is empty; ERROR_DAMAGED or
 * ERROR_INCOMPATIBLE: not a journal, or of another format; ERROR_IO. After
 * ERROR_NONE journal_owner_data() says what the owner wrote there,
 * JOURNAL_OWNER_DATA_LEN bytes. Records can be appended from then on; those
 * that the file holds are not there before journal_load_slice() says so.
 */
enum error journal_load(struct journal *);
const void *journal_owner_data(const struct journal *);

/*
 * Begin with nothing, with this owner data: the file is emptied by
 * journal_load_slice(), and until that is done nothing can be appended.
 */
void journal_reset(struct journal *, const void *data, size_t len);

/*
 * Find the segments in the file, until deadline_us (monotonic). Of more than
 * max_len bytes the oldest are left out (0: no bound). Returns 0: there is
 * more to do, at once; JOURNAL_FETCH_DELAY_US: when what is next
 * may be in memory; JOURNAL_IDLE: all were found, now or before.
 */
uint64_t journal_load_slice(
    struct journal *, uint64_t max_len, uint64_t deadline_us);

/*
 * Drop all records, those in the file at once, and write this owner data. An
 * error: they are gone, but a kill may bring them back, until a write succeeds.
 */
enum error journal_clear(struct journal *, const void *data, size_t len);

/*
 * Append. The record's sequence and position are filled in (sequence never 0).
 * ERROR_NO_SPACE, ERROR_IO: the buffer or the segment is full and cannot be
 * written (logged at most once a minute); nothing was appended. A disk that
 * failed is tried again at most ten times a second. ERROR_TOO_LARGE;
 * ERROR_AGAIN: the file is being emptied.
 */
enum error journal_append(struct journal *, struct journal_record *);

/* False: not even the superblock could be written, as at a full disk. */
bool journal_is_writable(const struct journal *);

/*
 * The next record's sequence number is no less than this, and that of all
 * records so far is. Numbers rise, but not always by one.
 */
uint64_t journal_next_sequence(const struct journal *);

/*
 * Read the record of `sequence` at `position`, checked, with its value. One
 * system call where it is not in memory. `size` is that of key and value as
 * appended. ERROR_DAMAGED, logged: it is not (any more) what it was; ERROR_IO:
 * it cannot be read now, or is in back-off.
 */
enum error journal_read(struct journal *, uint64_t position, uint64_t sequence,
    size_t size, struct journal_record *);

/*
 * Let journal_read() keep up to this many bytes of the file in the address
 * space, where reading takes no system call. None until this is called.
 */
void journal_set_map_limit(struct journal *, uint64_t bytes);

/* Since when records are in memory only (monotonic); 0: there are none. */
uint64_t journal_unwritten_since_us(const struct journal *);
/*
 * Write them, and behind them, in the superblock, which records were dropped.
 * Large buffers are given back to the system.
 */
enum error journal_flush(struct journal *);
/*
 * The same for an end, so also where a write failed just now; with `durable`
 * wait for the disk.
 */
enum error journal_save(struct journal *, bool durable);

/*
 * Wipe what reading has left in memory. Records that were read are not valid
 * any more. For when there is nothing else to do: the memory is taken again.
 */
void journal_wipe_reads(struct journal *);

/* What is live, by what the owner said. */
struct journal_live {
	uint64_t entries;
	uint64_t bytes;       /* keys and values */
	uint64_t lost;        /* entries so far that damage took */
	uint64_t read_errors; /* so far */
};

/* The owner's index leads to this record, or does not lead there any more. */
void journal_add_live(struct journal *, uint64_t position, size_t size);
void journal_remove_live(struct journal *, uint64_t position, size_t size);
const struct journal_live *journal_live(const struct journal *);

/*
 * Is there (still) a segment at this position, and was that record not dropped
 * with all others? Where not, the owner's index leads nowhere, and what it led
 * to is not in the accounts any more.
 */
bool journal_holds(
    const struct journal *, uint64_t position, uint64_t sequence);
/*
 * Where that may be so, the owner is to take out of its index what
 * journal_holds() denies. Begin is called before the search begins, end when
 * all of the index was searched; only then such segments are used again.
 */
bool journal_is_purge_due(const struct journal *);
void journal_purge_begin(struct journal *);
void journal_purge_end(struct journal *);

/*
 * The oldest record that can be read, without its value. ERROR_NOT_FOUND:
 * there is none; ERROR_AGAIN: it is not in memory yet, ask again after
 * JOURNAL_FETCH_DELAY_US. What is damaged is given up, logged, up to the end
 * of its segment.
 */
enum error journal_oldest(struct journal *, struct journal_record *);
/*
 * What is live in segments that journal_oldest() passed by, since they cannot
 * be read at present; and in the first of these, whose records are below
 * next_sequence: see journal_drop_below().
 */
struct journal_unread {
	uint64_t entries;
	uint64_t first_entries, first_bytes;
	uint64_t next_sequence;
};
void journal_unread(const struct journal *, struct journal_unread *);
/* Step over that record: it is dead. */
void journal_drop_oldest(struct journal *);
/*
 * May the next start find records that were dropped, as those behind what
 * cannot be read? Then to remove what is not there takes a record, too.
 */
bool journal_may_find_dropped(const struct journal *);
/* Drop all records below this number, with which some segment begins. */
void journal_drop_below(struct journal *, uint64_t sequence);

/*
 * Read all records, oldest first, from where the last call ended, checked, up
 * to and with those appended meanwhile: call until ERROR_NOT_FOUND. What is
 * damaged is left out, a record or the rest of a segment: ERROR_DAMAGED once
 * for each, logged, then what follows. ERROR_AGAIN: go on in
 * JOURNAL_FETCH_DELAY_US. What cannot be read is waited for, a second in all,
 * and then left out; journal_is_replay_due() when it can be read again.
 * Nothing is dropped or compacted by the owner while a replay is going on; a
 * compaction under way ends here.
 */
void journal_replay_begin(struct journal *);
enum error journal_replay_next(struct journal *, struct journal_record *);
bool journal_is_replay_due(const struct journal *);
/* The replay came to nothing: it is due again. */
void journal_replay_abandon(struct journal *);
/*
 * Records below this number may have been superseded by one that the last
 * replay left out, which can still not be read. 0: none was left out.
 */
uint64_t journal_doubt_sequence(const struct journal *);

/* What compaction asks of its owner, who makes no other call of the journal
 * from there than journal_add_live() and journal_remove_live(). */
struct journal_compact_ops {
	/* Does the index lead to this record, at this position? */
	bool (*is_live)(void *arg, const struct journal_record *);
	/*
	 * The record has a second home at record->position. If it still lives
	 * the index is to lead there.
	 */
	void (*moved)(void *arg, const struct journal_record *);
};

/*
 * Leave dead records behind, oldest segments first; let segments that nobody
 * needs be used again; and cut the end of the file off where it is free; until
 * deadline_us (monotonic). Returns when there is more to do, of either: 0, at
 * once; JOURNAL_FETCH_DELAY_US, when what is next may be in memory;
 * JOURNAL_IDLE, there is not, and this cost next to nothing.
 */
uint64_t journal_compact_slice(struct journal *,
    const struct journal_compact_ops *, void *arg, uint64_t deadline_us);

/*
 * Read again what could not be read, if it is time: one read at most. What
 * could not be read for give_up_us is given up, or for a minute if the file
 * has become far too large for it. Returns in how many
 * microseconds to call again; JOURNAL_IDLE: all can be read.
 */
uint64_t journal_retry_slice(struct journal *, uint64_t give_up_us);

/*
 * Walk heads and keys, oldest first; *cursor is 0 to begin. Cheap to give up
 * and take up again between other calls; records that come, go or move
 * meanwhile may be missed. Returns ERROR_NOT_FOUND and *cursor 0 at the end;
 * ERROR_AGAIN: what is next is not in memory yet; ERROR_IO or
 * ERROR_DAMAGED: a segment, or the rest of it, was left out: go on, unless
 * *cursor is 0.
 */
enum error journal_walk_next(
    struct journal *, uint64_t *cursor, struct journal_record *);

/* Size of the file in bytes, and of the segments in the chain. */
uint64_t journal_file_len(const struct journal *);
/*
 * What it takes on disk, which holes make less, and what is preallocated more.
 */
uint64_t journal_allocated_len(const struct journal *);
uint64_t journal_chain_len(const struct journal *);
/* The bytes that a record with so many of key and value takes. */
size_t journal_record_len(size_t size);

#endif
