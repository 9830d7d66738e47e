/*
 * journal: the sessions of one cache, in the order in which they were stored.
 *
 * Append-only, it serves three ends. It holds the sessions: whoever knows a
 * record's position reads it in one call. Because one cache has one timeout,
 * order of insertion is order of expiry, so the head of the journal is what
 * expires, and is evicted, next: nothing is searched. And the table that finds
 * a record by its key can be made again from it, after a kill -9 or when the
 * table was found damaged.
 *
 * The file is a header block and segments of JOURNAL_SEGMENT_LEN bytes. Live
 * segments form a chain in order of sequence number; a segment whose records
 * have all left is used again, so the file stays in proportion to what is
 * live. Records are buffered and written by journal_flush() or when the buffer
 * or a segment is full; no sync, ever, but at a clean end.
 *
 * A record is dead when the table does not hold its sequence number under its
 * key any more. Dead records in the middle of the chain are squeezed out by
 * journal_compact_slice(), in order, when they outweigh the live ones.
 *
 * A kill at any moment leaves a file that replays to a state that was, no
 * older than the last flush, but for records which the owner dropped last:
 * some of those may be back, never in place of what superseded them.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define JOURNAL_SEGMENT_LEN (1024 * 1024)
#define JOURNAL_HEADER_LEN  4096
#define JOURNAL_NOTE_LEN    256 /* bytes that belong to the owner */
#define JOURNAL_KEY_MAX     4096
#define JOURNAL_VALUE_MAX   (256 * 1024)

enum journal_record_type {
	JOURNAL_PUT = 1,
	JOURNAL_REMOVE = 2, /* no value: the key is gone as of this number */
};

/* A record as read; key and value are borrowed until the next journal call. */
struct journal_record {
	enum journal_record_type type;
	uint64_t sequence;
	uint64_t position; /* where journal_read() finds it */
	int64_t put_at;    /* epoch seconds */
	const char *key;
	size_t key_len;
	const void *value; /* NULL where only head and key were read */
	size_t value_len;  /* true there as well */
};

struct journal;

/* A journal on an open descriptor (taken). Reads nothing. */
struct journal *journal_new(int fd, const char *name);
/* Does not flush. NULL allowed. */
void journal_close(struct journal *);

/* Whole-file exclusive lock. ERROR_LOCKED: another process has it. */
enum error journal_lock(struct journal *);

/*
 * Read the header and the chain of segments. ERROR_NOT_FOUND: the file is
 * empty; ERROR_DAMAGED or ERROR_INCOMPATIBLE: not a journal, or of another
 * format; ERROR_IO. Damage inside segments is found by journal_replay_next(),
 * not here.
 */
enum error journal_load(struct journal *);

/* Make it empty (truncate, new header, the note as given). */
enum error journal_reset(struct journal *, const void *note, size_t len);

/*
 * The owner's note in the header, JOURNAL_NOTE_LEN bytes, and whether the last
 * owner ended cleanly and nobody changed the length of the file since. Setting
 * it writes at once: first what is unwritten, then the header; `durable` waits
 * for the disk after each of the two (a clean end only).
 */
const void *journal_note(const struct journal *);
bool journal_is_clean(const struct journal *);
enum error journal_set_note(struct journal *, const void *note, size_t len,
    bool is_clean, bool durable);

/*
 * Append. The record's sequence and position are filled in (sequence never 0).
 * ERROR_NO_SPACE, ERROR_IO: the buffer or the segment is full and cannot be
 * written (logged at most once a minute); nothing was appended. A disk that
 * failed is tried again at most ten times a second. ERROR_TOO_LARGE.
 */
enum error journal_append(struct journal *, struct journal_record *);

/*
 * The next record's sequence number is no less than this, and that of all
 * records so far is. Numbers rise, but not always by one.
 */
uint64_t journal_next_sequence(const struct journal *);

/*
 * Read the record of `sequence` at `position`, checked, with its value. One
 * system call where it is not in memory. key_len and value_len are those it
 * was appended with. ERROR_DAMAGED, logged: it is not (any more) what it was;
 * ERROR_IO.
 */
enum error journal_read(struct journal *, uint64_t position, uint64_t sequence,
    size_t key_len, size_t value_len, struct journal_record *);

/*
 * Let journal_read() keep up to this many bytes of the file in the address
 * space, where reading takes no system call. None until this is called.
 */
void journal_set_map_limit(struct journal *, uint64_t bytes);

/* Bytes that only memory holds; time of the oldest of them (monotonic). */
size_t journal_unwritten_len(const struct journal *);
uint64_t journal_unwritten_since_us(const struct journal *);
/* Write them. Large buffers are given back to the system. */
enum error journal_flush(struct journal *);

/*
 * Wipe what reading has left in memory. Records that were read are not valid
 * any more. For when there is nothing else to do: the memory is taken again.
 */
void journal_wipe_reads(struct journal *);

/* How soon a disk may have brought what it was asked for. */
#define JOURNAL_FETCH_DELAY_US 1000

/*
 * The oldest record, without its value. ERROR_NOT_FOUND: the journal is
 * empty; ERROR_IO or ERROR_DAMAGED: this segment cannot be read on; it is
 * given up, logged, and the next call goes on behind it. ERROR_AGAIN: the disk
 * has yet to bring it; ask again after JOURNAL_FETCH_DELAY_US.
 */
enum error journal_head(struct journal *, struct journal_record *);
/* Step over the oldest record. */
void journal_drop_head(struct journal *);

/*
 * Read all records, oldest first, from where the last call ended, checked, up
 * to and with those appended meanwhile: call until ERROR_NOT_FOUND. What is
 * damaged is left out, a record or the rest of a segment: ERROR_DAMAGED or
 * ERROR_IO once for each, logged, then what follows. Nothing is dropped or
 * compacted by the owner while a replay is going on; a compaction under way
 * ends here.
 */
void journal_replay_begin(struct journal *);
enum error journal_replay_next(struct journal *, struct journal_record *);

/*
 * Were records given up, other than by a replay, since the last one began or
 * all was reset? Then the owner may hold places of records that nobody will
 * come across again.
 */
bool journal_has_losses(const struct journal *);

/*
 * What compaction asks of its owner. These may begin a replay, or reset the
 * journal, but make no other call that reads or drops records.
 */
struct journal_compact_ops {
	/* Does the table hold this record? */
	bool (*is_live)(void *arg, const struct journal_record *);
	/*
	 * The record has a second home at record->position. If it still lives
	 * the table is to say so; from then on the old place is not read.
	 */
	void (*moved)(void *arg, const struct journal_record *);
};

/*
 * Squeeze out dead records, oldest segments first, and cut the end of the file
 * off where it is free, until deadline_us (monotonic). live_bytes is what the
 * owner counts as live, in units of journal_record_len(). Returns when there
 * is more to do, of either: 0, at once; JOURNAL_FETCH_DELAY_US, when the disk
 * may have brought what is next; UINT64_MAX, there is not, and this cost next
 * to nothing.
 */
uint64_t journal_compact_slice(struct journal *, uint64_t live_bytes,
    const struct journal_compact_ops *, void *arg, uint64_t deadline_us);

/*
 * Walk heads and keys, oldest first; *cursor is 0 to begin. Cheap to give up
 * and take up again between other calls; records that come, go or move
 * meanwhile may be missed. Returns ERROR_NOT_FOUND and *cursor 0 at the end.
 * What is damaged is left out.
 */
enum error journal_walk_next(
    struct journal *, uint64_t *cursor, struct journal_record *);

/* Size of the file in bytes, and of the segments in the chain. */
uint64_t journal_file_len(const struct journal *);
uint64_t journal_chain_len(const struct journal *);
/* The bytes that a record of this shape takes in the journal. */
size_t journal_record_len(size_t key_len, size_t value_len);

#endif
