/*
 * journal_state: what a journal has in memory. Private to journal*.c.
 */
#ifndef JOURNAL_STATE_H
#define JOURNAL_STATE_H

#include "buffer.h"
#include "journal.h"
#include "journal_map.h"
#include "log.h"

#define JOURNAL_NO_SLOT   UINT32_MAX
#define JOURNAL_SLOTS_MAX (1U << 20) /* a terabyte */

#define JOURNAL_SEGMENT_HEAD_LEN 40
#define JOURNAL_RECORD_HEAD_LEN  40

/*
 * Written at once: with twice as much a client now and then waits twice as
 * long, and nothing is gained. A buffer may outgrow it where the disk fails.
 */
#define JOURNAL_WRITE_LEN (64 * 1024)

enum journal_slot_state {
	JOURNAL_SLOT_FREE,     /* no segment, on disk neither */
	JOURNAL_SLOT_UNKNOWN,  /* what it holds was not read so far */
	JOURNAL_SLOT_RESERVED, /* for a new segment; on disk free */
	JOURNAL_SLOT_LIVE,     /* a segment of the chain */
	JOURNAL_SLOT_PURGING,  /* left, and the owner's index may lead there */
	JOURNAL_SLOT_RETIRED,  /* left, and is still there on disk */
	JOURNAL_SLOT_BAD,      /* it could not be read; not used again */
};

/* Reads that failed. Times are monotonic. */
struct journal_fault {
	uint64_t since_us; /* 0: there is none */
	uint64_t retry_us;
	uint64_t position; /* what could not be read */
	uint32_t len;
	uint32_t delay_us;
};

struct journal_segment {
	uint64_t serial;
	uint64_t first_sequence; /* no record here has a lower number */
	uint64_t doubt_sequence; /* left unread: its records are below; or 0 */
	struct journal_fault fault;
	uint32_t end;  /* offset behind the last record; 0: not known yet */
	uint32_t next; /* slot numbers */
	uint32_t previous;
	uint32_t oldest; /* offset of the first that was not dropped */
	uint32_t live_entries;
	uint32_t live_bytes; /* keys and values */
	enum journal_slot_state state;
	bool is_fetched; /* the disk was asked for it, by the last replay */
	bool is_bad;     /* given up, for the fault */
};

struct journal_list {
	uint32_t first, last; /* slot numbers */
	uint32_t count;
};

/* A segment that takes records: the last of the chain, or an output. */
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

/* Who reads on. All try again later what is not in memory yet. */
enum journal_reader {
	JOURNAL_READER_OLDEST,
	JOURNAL_READER_COMPACT,
	JOURNAL_READER_WALK,
	JOURNAL_READER_REPLAY,
	JOURNAL_READERS,
};

struct journal_cursor {
	enum journal_reader reader;
	uint32_t slot; /* JOURNAL_NO_SLOT: to be found by next_sequence */
	uint32_t offset;
	uint64_t next_sequence; /* records below this have been seen */
	bool may_block;         /* blocking reads are allowed */
	/* It waits until the file is in memory up to here; 0: it does not. */
	uint64_t awaited_end;
	uint64_t waiting_since_us; /* says something only if it is */
};

enum journal_compact_phase {
	JOURNAL_COMPACT_IDLE,
	JOURNAL_COMPACT_COPYING,  /* live records, into the output */
	JOURNAL_COMPACT_MOVING,   /* the owner is told of their new positions */
	JOURNAL_COMPACT_RETIRING, /* the segments they came from */
};

/*
 * One pass over the chain, up to where the tail was when it began. While it
 * is copying, the output is no part of the chain. Its sources stand in a row
 * behind its outputs, and have lower serial numbers.
 */
struct journal_compaction {
	enum journal_compact_phase phase;
	uint64_t end_sequence;        /* segments from here on are left alone */
	uint64_t first_serial;        /* of its outputs */
	struct journal_cursor source; /* JOURNAL_NO_SLOT: its segment left */
	bool is_source_done;          /* and the last of the pass */
	struct journal_tail output;
	struct journal_cursor moving;
	uint64_t hold_serial; /* no pass before this segment */
	uint64_t hold_us;     /* nor before this time */
};

enum journal_load_phase {
	JOURNAL_LOAD_DONE,
	JOURNAL_LOAD_EMPTYING, /* the file is none of ours, and cut off */
	JOURNAL_LOAD_READING,  /* the headers of the segments */
};

struct journal_found {
	uint64_t serial;
	uint64_t first_sequence;
	uint32_t slot;
};

struct journal_load {
	enum journal_load_phase phase;
	uint32_t slot;         /* the next to be read */
	uint32_t slot_end;     /* behind the last */
	uint32_t fetched;      /* slots before this the disk was asked for */
	uint64_t end_sequence; /* behind the last record of the file */
	uint64_t waiting_since_us;   /* 0: not for the disk */
	struct journal_found *found; /* owned */
	uint32_t count;
};

struct journal {
	int fd;     /* owned */
	char *name; /* owned; for messages */
	unsigned char owner_data[JOURNAL_OWNER_DATA_LEN];
	bool is_superblock_due; /* no segment is begun before it is written */

	struct journal_segment *segments; /* owned; by slot */
	uint32_t slot_count, slots_size;
	struct journal_list chain;
	struct journal_list retired; /* in the order in which they left */
	uint32_t purging_count;      /* of these, that wait for the owner */
	uint32_t fault_count;        /* slots that cannot be read at present */
	bool is_cleared; /* the owner's index may lead to what was there */
	bool is_trim_due;
	uint64_t next_serial, next_sequence;
	/* Records below have been dropped; and as the superblock says. */
	uint64_t dropped_sequence, written_dropped_sequence;
	uint64_t passed_sequence; /* others were dropped below this one */
	struct journal_live live;

	struct journal_load load;
	struct journal_tail tail;
	struct journal_window windows[JOURNAL_READERS];
	struct journal_map map;
	struct buffer read; /* the record of journal_read() */
	struct journal_cursor oldest, replay, walk;
	uint64_t
	    replay_patience_us; /* until when it waits for faults; 0: none */
	bool is_replay_due;
	bool is_doubt_open; /* no record was read since one was left out */
	struct journal_compaction compaction;

	uint64_t file_len;
	bool is_disk_awaited;    /* always: the system cannot do otherwise */
	unsigned overdue_reads;  /* in a row, that had to be waited for */
	uint64_t write_retry_us; /* 0: the last write succeeded */
	enum error write_error;  /* the last write's */
	struct log_limit write_complaints, read_complaints;
	struct log_limit damage_complaints, lock_complaints;
};

#endif
