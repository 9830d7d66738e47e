/*
 * journal_superblock: the first block of the file. It says whose journal this
 * is, and below which sequence number all records have been dropped: so what
 * expired or was evicted is not found again, whatever segments still hold it.
 * It is written with what is unwritten, when it has something new to say.
 */
#include "journal_private.h"

#include "checksum.h"
#include "minmax.h"

#include <string.h>
#include <sys/stat.h>

/* Raised when the form of the file changes. */
#define FORMAT_VERSION  1
#define BYTE_ORDER_MARK 0x01020304

/*
 * Numbers that may have been given out since the superblock was written: that
 * of 1.0 is as old as the process was. There are enough for 60 million starts.
 */
#define NUMBERS_UNTOLD (UINT64_C(1) << 36)

static const char magic[16] = "tlsmgr journal\n";

/* Less than a sector, so that it is written whole or not at all. */
struct superblock {
	char magic[16];
	uint32_t version;
	uint32_t byte_order;
	uint32_t segment_len;
	uint32_t has_file_len; /* 1.0: only after a clean end */
	uint64_t next_serial;
	uint64_t next_sequence;
	uint64_t dropped_sequence; /* records below have been dropped */
	uint64_t file_len;         /* no less, unless it was cut short */
	unsigned char owner_data[JOURNAL_OWNER_DATA_LEN];
	uint64_t checksum; /* of all before it */
};

_Static_assert(
    sizeof(struct superblock) <= 512, "the superblock is one sector");

static uint64_t
superblock_checksum(const struct superblock *superblock)
{
	return checksum64(
	    BYTE_ORDER_MARK, superblock, offsetof(struct superblock, checksum));
}

/* Is this one that we can use? */
static enum error
superblock_check(const struct superblock *superblock, size_t len)
{
	if (len < sizeof(*superblock) ||
	    memcmp(superblock->magic, magic, sizeof(magic)) != 0)
		return ERROR_DAMAGED;
	if (superblock->version != FORMAT_VERSION ||
	    superblock->byte_order != BYTE_ORDER_MARK ||
	    superblock->segment_len != JOURNAL_SEGMENT_LEN)
		return ERROR_INCOMPATIBLE;
	if (superblock->checksum != superblock_checksum(superblock) ||
	    superblock->next_serial > JOURNAL_NUMBER_MAX ||
	    superblock->next_sequence > JOURNAL_NUMBER_MAX ||
	    superblock->dropped_sequence > superblock->next_sequence)
		return ERROR_DAMAGED;
	return ERROR_NONE;
}

enum error
journal_superblock_read(struct journal *journal)
{
	struct superblock superblock;
	struct stat st;
	enum error error;
	size_t len;

	if (fstat(journal->fd, &st) < 0 || st.st_size < 0)
		return ERROR_IO;
	journal->file_len = (uint64_t)st.st_size;
	if (st.st_size == 0)
		return ERROR_NOT_FOUND;
	error =
	    journal_io_read(journal, &superblock, sizeof(superblock), 0, &len);
	if (error == ERROR_NONE)
		error = superblock_check(&superblock, len);
	if (error != ERROR_NONE)
		return error;
	memcpy(journal->owner_data, superblock.owner_data,
	    sizeof(journal->owner_data));
	if (superblock.has_file_len != 0 &&
	    superblock.file_len > journal->file_len)
		journal_io_report_damage(journal, journal->file_len);
	/* Nor are numbers given out twice where a journal is loaded again. */
	journal->next_serial = max_u64(
	    journal->next_serial, superblock.next_serial + NUMBERS_UNTOLD);
	journal->next_sequence = max_u64(
	    journal->next_sequence, superblock.next_sequence + NUMBERS_UNTOLD);
	journal->dropped_sequence =
	    max_u64(journal->dropped_sequence, superblock.dropped_sequence);
	journal->written_dropped_sequence = superblock.dropped_sequence;
	/* Before those numbers are used, they are to be told. */
	journal->is_superblock_due = true;
	return ERROR_NONE;
}

enum error
journal_superblock_write(struct journal *journal)
{
	unsigned char block[JOURNAL_HEADER_LEN] = { 0 };
	uint64_t dropped_sequence = journal->written_dropped_sequence;
	struct superblock superblock = {
		.version = FORMAT_VERSION,
		.byte_order = BYTE_ORDER_MARK,
		.segment_len = JOURNAL_SEGMENT_LEN,
		.has_file_len = true,
		.file_len = journal->file_len,
		.next_serial = journal->next_serial,
		.next_sequence = journal->next_sequence,
	};
	enum error error;

	/* What is dropped may have been superseded by what is unwritten. */
	if (journal->tail.buffer.len == 0)
		dropped_sequence = journal->dropped_sequence;
	superblock.dropped_sequence = dropped_sequence;
	if (!journal->is_superblock_due &&
	    dropped_sequence == journal->written_dropped_sequence)
		return ERROR_NONE;
	memcpy(superblock.magic, magic, sizeof(magic));
	memcpy(superblock.owner_data, journal->owner_data,
	    sizeof(superblock.owner_data));
	superblock.checksum = superblock_checksum(&superblock);
	memcpy(block, &superblock, sizeof(superblock));
	error = journal_io_write(journal, block, sizeof(block), 0);
	if (error != ERROR_NONE)
		return error;
	journal->is_superblock_due = false;
	journal->written_dropped_sequence = dropped_sequence;
	return ERROR_NONE;
}
