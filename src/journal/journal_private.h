/*
 * journal_private: what the parts of the journal know of each other. Private
 * to journal*.c.
 *
 *     journal.c             the life of a journal
 *     journal_superblock.c  what the first block of the file says
 *     journal_io.c          every read and write, and what follows a failure
 *     journal_record.c      records and segment headers as bytes
 *     journal_chain.c       slots, and the segments that live in them
 *     journal_fault.c       segments that cannot be read at present
 *     journal_retry.c       reading them again, and giving them up
 *     journal_load.c        the chain as found in a file
 *     journal_tail.c        segments to which records are appended
 *     journal_retire.c      how segments leave, and what is live in them
 *     journal_cursor.c      reading on from record to record
 *     journal_map.c         segments in our address space
 *     journal_read.c        one record
 *     journal_replay.c      the oldest record, a replay, a walk
 *     journal_output.c      the segment that a compaction writes
 *     journal_compact.c     leaving dead records behind
 *
 * The file is a superblock and slots of JOURNAL_SEGMENT_LEN bytes. A slot is
 * free or holds a segment, which has a serial number that no other segment
 * ever had. A segment is a header and records back to back; behind the last one
 * written stands an end mark. Each record's checksum is seeded with the serial
 * number, so bytes left from an earlier use of the slot never pass.
 *
 * Reading goes up in sequence numbers: a cursor leaves out what is not above
 * all that it has seen. So two copies of one record, which a kill during a
 * compaction leaves behind, count once.
 */
#ifndef JOURNAL_PRIVATE_H
#define JOURNAL_PRIVATE_H

#include "journal_state.h"
#include "minmax.h"

static inline uint64_t
journal_position(uint32_t slot, uint32_t offset)
{
	return JOURNAL_HEADER_LEN + (uint64_t)slot * JOURNAL_SEGMENT_LEN +
	       offset;
}

/*
 * Of a position that may be any number. JOURNAL_NO_SLOT: it is higher than that
 * of any slot, or lower, for then the difference wraps around.
 */
static inline uint32_t
journal_slot_of(uint64_t position)
{
	return (uint32_t)min_u64(
	    (position - JOURNAL_HEADER_LEN) / JOURNAL_SEGMENT_LEN,
	    JOURNAL_NO_SLOT);
}

/* Is there a segment of the chain? */
static inline bool
journal_is_live_position(const struct journal *journal, uint64_t position)
{
	uint32_t slot = journal_slot_of(position);

	return slot < journal->slot_count &&
	       journal->segments[slot].state == JOURNAL_SLOT_LIVE;
}

/* What live records take in the file, but for padding. */
static inline uint64_t
journal_live_len(const struct journal *journal)
{
	return journal->live.bytes +
	       journal->live.entries * JOURNAL_RECORD_HEAD_LEN;
}

/* Can all be read, and was it? If not, nothing but what is newest leaves. */
static inline bool
journal_is_whole(const struct journal *journal)
{
	return journal->fault_count == 0 && !journal->is_replay_due;
}

/* journal_io.c */

/*
 * Write all. After a failure, for a tenth of a second, this fails at once. A
 * write that failed may have been done in part.
 */
enum error journal_io_write(
    struct journal *, const void *data, size_t len, uint64_t position);
/* Read up to `len` bytes; *got is less at the end of the file. */
enum error journal_io_read(
    struct journal *, void *data, size_t len, uint64_t position, size_t *got);
/*
 * As journal_io_read(), of what the system has in memory: at least `least`
 * bytes, or ERROR_AGAIN. Where it cannot tell, this waits for the disk.
 */
enum error journal_io_read_cached(struct journal *, void *data, size_t len,
    size_t least, uint64_t position, size_t *got);
/* A disk that takes longer than this is waited for, to learn what it has. */
#define JOURNAL_DISK_PATIENCE_US 100000
/*
 * What had not come for long was there when it was waited for. After some of
 * these in a row journal_io_read_cached() waits at once.
 */
void journal_io_count_overdue(struct journal *);
/* Let the kernel read no further than it is told to by journal_io_fetch(). */
void journal_io_expect_random(struct journal *);
/* Have the system read a part of the file into its memory, meanwhile. */
void journal_io_fetch(struct journal *, uint64_t position, uint64_t end);
enum error journal_io_truncate(struct journal *, uint64_t len);
enum error journal_io_sync(struct journal *);
/*
 * From which slot on there is no data in the file: one between these two,
 * where `low` is the least that it can be.
 */
uint32_t journal_io_data_end(
    const struct journal *, uint32_t low, uint32_t high);
void journal_io_report_damage(struct journal *, uint64_t position);

/* journal_superblock.c */

/*
 * Read the superblock into `journal`. Errors as of journal_load(). Then there
 * are numbers for new records and segments that none in the file has.
 */
enum error journal_superblock_read(struct journal *);
/* Write it if it says anything new. */
enum error journal_superblock_write(struct journal *);

/* journal_record.c */

enum journal_segment_kind {
	JOURNAL_SEGMENT_NONE = 0, /* never written */
	JOURNAL_SEGMENT_LIVE = 1,
	JOURNAL_SEGMENT_VOID = 2, /* retired: the slot is free */
	JOURNAL_SEGMENT_DAMAGED,  /* not a kind on disk */
};

/* The head of a segment, as it is on disk. */
struct journal_segment_head {
	uint64_t checksum; /* of what follows */
	uint32_t magic;
	uint32_t kind; /* enum journal_segment_kind */
	uint64_t serial;
	uint64_t first_sequence;
	uint64_t next_sequence; /* the journal's, when this was written */
};

/* To JOURNAL_SEGMENT_HEAD_LEN bytes, with magic and checksum; and back. */
void journal_segment_encode(
    unsigned char *to, const struct journal_segment_head *);
void journal_segment_decode(
    const unsigned char *, struct journal_segment_head *);

/* The type of the mark behind a segment's last record; not an owner's. */
#define JOURNAL_END 3

/* Fills as many bytes as journal_record_len() says. */
void journal_record_encode(
    unsigned char *to, uint64_t serial, const struct journal_record *);
void journal_end_encode(unsigned char *to, uint64_t serial, uint64_t sequence);
/*
 * Take what a head says without believing it. False: it cannot be true of a
 * record in `room` bytes.
 */
bool journal_record_decode(
    const unsigned char *head, size_t room, struct journal_record *);
/* Do head and key check? These bytes must be there. */
bool journal_record_check(
    const unsigned char *bytes, uint64_t serial, size_t key_len);
/* Does the value of a record whose head was checked? */
bool journal_record_check_value(
    const unsigned char *bytes, const struct journal_record *);
/* Let key and value (unless that is not wanted) point into these bytes. */
void journal_record_point(
    struct journal_record *, const unsigned char *bytes, bool with_value);

/* journal_chain.c */

/* Empty lists; the slots stay. */
void journal_chain_init(struct journal *);
/* No slots any more. */
void journal_chain_fini(struct journal *);
/* Let there be this many slots, all new ones free. */
void journal_chain_resize(struct journal *, uint32_t slot_count);
/* Reserve the free slot nearest to the start of the file. */
enum error journal_chain_reserve(struct journal *, uint32_t *slot);
/* A reserved slot is free again. */
void journal_chain_release(struct journal *, uint32_t slot);
/*
 * The slot's segment, which is in no list, becomes part of the chain, in front
 * of `before`; JOURNAL_NO_SLOT: last.
 */
void journal_chain_insert(struct journal *, uint32_t slot, uint32_t before);
/* Move a segment to the end of those that are retired, in another state. */
void journal_chain_retire(
    struct journal *, uint32_t slot, enum journal_slot_state);
/* The header of a slot's segment, as it is to be on disk. */
void journal_chain_encode_head(const struct journal *, uint32_t slot,
    enum journal_segment_kind, unsigned char *to);
/*
 * Make some of the retired segments' slots free: these say on disk that they
 * are. All that was appended must have been written. What fails is done
 * another time.
 */
enum error journal_chain_free_retired(struct journal *);
/* Cut a bit off the end of the file if it is free. True: there is more. */
bool journal_chain_trim(struct journal *);

/* journal_fault.c */

/* So many bytes at this position, of the slot's segment, could not be read. */
void journal_fault_add(
    struct journal *, uint32_t slot, uint64_t position, size_t len);
void journal_fault_clear(struct journal *, uint32_t slot);
/* Is it too soon to read there again? */
bool journal_fault_is_in_backoff(const struct journal *, uint32_t slot);

/* journal_load.c */

/* The superblock was read: which slots are to be? */
void journal_load_begin(struct journal *);
void journal_load_fini(struct journal *);
/* The slot's header can be read by now: insert its segment. */
void journal_load_late(struct journal *, uint32_t slot);

/* journal_tail.c */

/* No segment takes records; what was unwritten is wiped. */
void journal_tail_init(struct journal_tail *);
/* Does a record of this length fit, and an end mark? */
bool journal_tail_has_room(const struct journal_tail *, size_t len);
/* Append, in memory; there is room. */
void journal_tail_append(
    struct journal *, struct journal_tail *, const struct journal_record *);
/* Write what is unwritten, and an end mark. */
enum error journal_tail_write(struct journal *, struct journal_tail *);
/* Write, and append no more to the last segment. */
enum error journal_tail_close(struct journal *);

/* journal_retire.c */

/*
 * Take a segment, not the tail, out of the chain. `is_lost`: what is live in
 * it was lost to damage.
 */
void journal_retire(struct journal *, uint32_t slot, bool is_lost);
/* Write what is unwritten, and let slots of retired segments be used again. */
enum error journal_retire_free(struct journal *);

/* journal_cursor.c */

/* Wipe and free what readers have in memory. */
void journal_windows_fini(struct journal *);
/* A slot is written anew: what was read of it is not so any more. */
void journal_windows_forget(struct journal *);

/* Where the slot's segment ends, as far as is known. */
uint32_t journal_segment_end(const struct journal *, uint32_t slot);
/* Place the cursor at the first record of a segment, if there is one. */
void journal_cursor_enter(struct journal_cursor *, uint32_t slot);
/*
 * The record at the cursor, within its segment: head and key. ERROR_NOT_FOUND:
 * the segment ends here. ERROR_DAMAGED, logged: and so it does from now on;
 * but a walk changes nothing. ERROR_IO: it cannot be read now. ERROR_AGAIN:
 * it is not in memory yet, and is being read.
 */
enum error journal_cursor_peek(
    struct journal *, struct journal_cursor *, struct journal_record *);
/* The value as well, of the record that was peeked at. */
enum error journal_cursor_peek_value(
    struct journal *, struct journal_cursor *, struct journal_record *);
void journal_cursor_step(
    struct journal_cursor *, const struct journal_record *);
/*
 * The record at the cursor, or at the start of the segments that follow.
 * ERROR_NOT_FOUND: none, so far.
 */
enum error journal_cursor_next(
    struct journal *, struct journal_cursor *, struct journal_record *);
/* Go on behind the segment that the cursor is in. False: that is the last. */
bool journal_cursor_leave(const struct journal *, struct journal_cursor *);

/* journal_output.c: of the compaction under way. */

/* The oldest segment that the output stands for: those before it left. */
uint32_t journal_first_source(const struct journal *);
/* Append to the output, which is begun if there is none. */
enum error journal_output_append(
    struct journal *, const struct journal_record *);
/* Write the rest of it, and that it is a segment. */
enum error journal_output_write_end(struct journal *);

/* journal_compact.c */

/* No pass is under way; the buffer is wiped. */
void journal_compact_init(struct journal *);
/* End the pass. What it did so far stands. */
void journal_compact_abandon(struct journal *);

#endif
