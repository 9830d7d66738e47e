/*
 * journal_private: what the parts of the journal know of each other. Private
 * to journal*.c.
 *
 *     journal.c          the header block, the life of a journal
 *     journal_io.c       every read and write, and what follows a failure
 *     journal_record.c   records and segment heads as bytes
 *     journal_chain.c    slots, and the segments that live in them
 *     journal_load.c     the chain as found in a file
 *     journal_tail.c     where records are appended
 *     journal_cursor.c   reading on from record to record
 *     journal_map.c      segments in our address space
 *     journal_read.c     one record, the head, replay, walk
 *     journal_compact.c  squeezing out the dead
 *
 * The file is a header block and slots of JOURNAL_SEGMENT_LEN bytes. A slot is
 * free or holds a segment, which has a serial number that no other segment
 * ever had. A segment is a head and records back to back; behind the last one
 * written stands an end mark. Each record's checksum is seeded with the serial
 * number, so bytes left from an earlier use of the slot never pass.
 *
 * Reading goes up in sequence numbers: a cursor leaves out what is not above
 * all that it has seen. So two copies of one record, which a kill during a
 * compaction leaves behind, count once.
 */
#ifndef JOURNAL_PRIVATE_H
#define JOURNAL_PRIVATE_H

#include "buffer.h"
#include "journal.h"
#include "journal_map.h"
#include "log.h"

#define JOURNAL_NO_SLOT   UINT32_MAX
#define JOURNAL_SLOTS_MAX (1U << 20) /* a terabyte */

/* Numbers above this are not ours, but damage; so none can overflow. */
#define JOURNAL_NUMBER_MAX (UINT64_MAX / 4)

#define JOURNAL_SEGMENT_HEAD_LEN 40
#define JOURNAL_RECORD_HEAD_LEN  40

/* No segment holds more records than this. */
#define JOURNAL_SEGMENT_RECORDS_MAX \
	(JOURNAL_SEGMENT_LEN / JOURNAL_RECORD_HEAD_LEN)

/*
 * Written at once: with twice as much a client now and then waits twice as
 * long, and nothing is gained. A buffer may outgrow it where the disk fails.
 */
#define JOURNAL_WRITE_LEN (64 * 1024)

enum journal_slot_state {
	JOURNAL_SLOT_FREE,     /* no segment, on disk neither */
	JOURNAL_SLOT_RESERVED, /* for compaction's output; on disk free */
	JOURNAL_SLOT_LIVE,     /* a segment of the chain */
	JOURNAL_SLOT_RETIRED,  /* left the chain, still there on disk */
};

struct journal_segment {
	uint64_t serial;
	uint64_t first_sequence; /* no record here has a lower number */
	uint32_t end;  /* offset behind the last record; 0: not known yet */
	uint32_t next; /* slot numbers */
	uint32_t previous;
	enum journal_slot_state state;
};

struct journal_list {
	uint32_t first, last; /* slot numbers */
	uint32_t count;
};

/* The segment that takes records, if there is one. */
struct journal_tail {
	uint32_t slot;        /* JOURNAL_NO_SLOT: none */
	uint32_t written;     /* offset in the slot where the buffer belongs */
	struct buffer buffer; /* whole records, and the head of a new segment */
	uint64_t unwritten_since_us;
};

/* A piece of the file, for reading on. */
struct journal_window {
	unsigned char *data; /* owned; NULL: none yet */
	size_t size;
	size_t len;
	uint64_t position;
};

/* Who reads on. */
enum journal_reader {
	/* These come back later for what the disk has yet to bring. */
	JOURNAL_READER_HEAD,
	JOURNAL_READER_COMPACT,
	/* And these wait for it. */
	JOURNAL_READER_WALK,
	JOURNAL_READER_REPLAY,
	JOURNAL_READERS,
};

struct journal_cursor {
	enum journal_reader reader;
	uint32_t slot; /* JOURNAL_NO_SLOT: to be found by `above` */
	uint32_t offset;
	uint64_t above; /* records below this number have been seen */
	bool is_urgent; /* it waits, for once */
	/* For the disk, to bring the file up to this position; 0: it is not. */
	uint64_t awaited_end;
	uint64_t waiting_since_us; /* says something only if it is */
};

enum journal_compact_phase {
	JOURNAL_COMPACT_IDLE,
	JOURNAL_COMPACT_COPYING,  /* live records, into the output */
	JOURNAL_COMPACT_MOVING,   /* the owner is told of their new places */
	JOURNAL_COMPACT_RETIRING, /* the segments they came from */
};

/*
 * One pass over the chain, up to where the tail was when it began. While it
 * is copying, the output is no part of the chain.
 */
struct journal_compaction {
	enum journal_compact_phase phase;
	uint64_t end_sequence;        /* segments from here on are left alone */
	struct journal_cursor source; /* in the chain, always */
	bool is_source_done;          /* and the last of the pass */
	uint32_t first_source;        /* oldest that the output has read */
	uint32_t output;              /* slot; JOURNAL_NO_SLOT: none */
	uint32_t written;             /* offset where the buffer belongs */
	struct buffer buffer;
	struct journal_cursor moving;
	uint64_t hold_serial; /* no pass before this segment */
	uint64_t hold_us;     /* nor before this time */
};

struct journal {
	int fd;     /* owned */
	char *name; /* owned; for messages */
	unsigned char note[JOURNAL_NOTE_LEN];
	bool is_clean;

	struct journal_segment *segments; /* owned; by slot */
	uint32_t slot_count, slots_size;
	struct journal_list chain;
	struct journal_list retired; /* in the order in which they left */
	bool is_trim_due;
	uint64_t next_serial, next_sequence;

	struct journal_tail tail;
	struct journal_window windows[JOURNAL_READERS];
	struct journal_map map;
	struct buffer read; /* the record of journal_read() */
	struct journal_cursor head, replay, walk;
	struct journal_compaction compaction;

	uint64_t file_len;
	bool is_disk_awaited;    /* always: the system cannot do otherwise */
	bool has_losses;         /* since the last replay or reset */
	unsigned overdue_reads;  /* in a row, that had to be waited for */
	uint64_t write_retry_us; /* 0: the last write succeeded */
	enum error write_error;  /* the last write's */
	struct log_limit write_complaints, read_complaints;
	struct log_limit damage_complaints, lock_complaints;
};

static inline uint64_t
journal_position(uint32_t slot, uint32_t offset)
{
	return JOURNAL_HEADER_LEN + (uint64_t)slot * JOURNAL_SEGMENT_LEN +
	       offset;
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
/*
 * What had not come for long was there when it was waited for. After some of
 * these in a row journal_io_read_cached() waits at once.
 */
void journal_io_note_overdue(struct journal *);
/*
 * What is read next: on from where it was, as much as the kernel thinks fit,
 * or here and there, and no more than is said with journal_io_fetch().
 */
void journal_io_expect(struct journal *, bool is_sequential);
/* Let the system bring a part of the file into its memory, meanwhile. */
void journal_io_fetch(struct journal *, uint64_t position, uint64_t end);
enum error journal_io_truncate(struct journal *, uint64_t len);
enum error journal_io_sync(struct journal *);
void journal_io_report_damage(struct journal *, uint64_t position);

/* journal_record.c */

enum journal_segment_kind {
	JOURNAL_SEGMENT_NONE = 0, /* never written */
	JOURNAL_SEGMENT_LIVE = 1,
	JOURNAL_SEGMENT_VOID = 2, /* retired: the slot is free */
	JOURNAL_SEGMENT_DAMAGED,  /* not a kind on disk */
};

/* The head of a segment, without what only memory knows. */
struct journal_segment_head {
	enum journal_segment_kind kind;
	uint64_t serial;
	uint64_t first_sequence;
	uint64_t next_sequence; /* the journal's, when this was written */
};

void journal_segment_encode(
    unsigned char *to, const struct journal_segment_head *);
void journal_segment_decode(
    const unsigned char *, struct journal_segment_head *);

/* The type of the mark behind a segment's last record; not an owner's. */
#define JOURNAL_END 3

/* Fills journal_record_len() bytes. */
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

void journal_chain_init(struct journal *);
/* Let there be this many slots, all new ones free. */
void journal_chain_resize(struct journal *, uint32_t slot_count);
/* Reserve the free slot nearest to the start of the file. */
enum error journal_chain_reserve(struct journal *, uint32_t *slot);
void journal_chain_release(struct journal *, uint32_t slot);
/* A reserved slot becomes part of the chain. `before` JOURNAL_NO_SLOT: last. */
void journal_chain_insert(struct journal *, uint32_t slot, uint32_t before);
/* Take a segment, not the tail, out of the chain. */
void journal_chain_retire(struct journal *, uint32_t slot);
/* The head of a slot's segment, as it is to be on disk. */
void journal_chain_encode_head(const struct journal *, uint32_t slot,
    enum journal_segment_kind, unsigned char *to);
/* Make retired segments' slots free. What fails is done another time. */
enum error journal_chain_free_retired(struct journal *);
/* Cut a bit off the end of the file if it is free. True: there is more. */
bool journal_chain_trim(struct journal *);

/* journal_load.c */

enum error journal_chain_load(struct journal *);

/* journal_tail.c */

void journal_tail_init(struct journal *);
/* Write what is unwritten. */
enum error journal_tail_write(struct journal *);
/* Write, and append no more to this segment. */
enum error journal_tail_close(struct journal *);

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
 * the segment ends here. ERROR_DAMAGED or ERROR_IO, logged: and so it does
 * from now on. ERROR_AGAIN: the disk has yet to bring it, and is at it.
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

/* journal_compact.c */

void journal_compact_init(struct journal *);
/* End the pass. What it did so far stands. */
void journal_compact_abandon(struct journal *);
/* A segment is about to leave the chain. */
void journal_compact_retiring(struct journal *, uint32_t slot);

#endif
