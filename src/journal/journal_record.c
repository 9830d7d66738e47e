/*
 * journal_record: records and segment heads as bytes in memory. Does no input
 * or output and owns nothing. All decoding takes any bytes.
 */
#include "journal_private.h"

#include "checksum.h"

#include <string.h>

#define SEGMENT_MAGIC 0x6a6f7572 /* "jour" */

/* Values are checked apart from heads, since most often only heads are read. */
#define VALUE_SEED 0x76616c7565

_Static_assert(sizeof(struct journal_segment_head) == JOURNAL_SEGMENT_HEAD_LEN,
    "no padding, which would not be checked");

struct record_head {
	uint64_t checksum; /* of what follows and the key */
	uint64_t sequence;
	int64_t put_at;
	uint64_t value_checksum;
	uint32_t value_len;
	uint16_t key_len;
	uint16_t type;
};

_Static_assert(sizeof(struct record_head) == JOURNAL_RECORD_HEAD_LEN,
    "no padding, which would not be checked");

static uint64_t
segment_checksum(const struct journal_segment_head *head)
{
	return checksum64(SEGMENT_MAGIC, &head->magic,
	    sizeof(*head) - offsetof(struct journal_segment_head, magic));
}

void
journal_segment_encode(
    unsigned char *to, const struct journal_segment_head *from)
{
	struct journal_segment_head head = *from;

	head.magic = SEGMENT_MAGIC;
	head.checksum = segment_checksum(&head);
	memcpy(to, &head, sizeof(head));
}

void
journal_segment_decode(
    const unsigned char *bytes, struct journal_segment_head *head)
{
	static const struct journal_segment_head never_written;

	memcpy(head, bytes, sizeof(*head));
	if (memcmp(head, &never_written, sizeof(*head)) == 0)
		return;
	if (head->checksum != segment_checksum(head) ||
	    head->magic != SEGMENT_MAGIC ||
	    (head->kind != JOURNAL_SEGMENT_LIVE &&
		head->kind != JOURNAL_SEGMENT_VOID) ||
	    head->serial > JOURNAL_NUMBER_MAX ||
	    head->first_sequence > JOURNAL_NUMBER_MAX ||
	    head->next_sequence > JOURNAL_NUMBER_MAX)
		*head = (struct journal_segment_head){
			.kind = JOURNAL_SEGMENT_DAMAGED,
		};
}

/* Records are padded, so that their heads are aligned. */
size_t
journal_record_len(size_t size)
{
	return (JOURNAL_RECORD_HEAD_LEN + size + 7) & ~(size_t)7;
}

/* The key must be in place behind the head. */
static uint64_t
compute_checksum(const unsigned char *bytes, uint64_t serial, size_t key_len)
{
	size_t skipped = offsetof(struct record_head, sequence);

	return checksum64(serial, bytes + skipped,
	    sizeof(struct record_head) - skipped + key_len);
}

void
journal_record_encode(
    unsigned char *to, uint64_t serial, const struct journal_record *record)
{
	size_t len = JOURNAL_RECORD_HEAD_LEN;
	struct record_head head = {
		.sequence = record->sequence,
		.put_at = record->put_at,
		.value_checksum =
		    checksum64(VALUE_SEED, record->value, record->value_len),
		.value_len = (uint32_t)record->value_len,
		.key_len = (uint16_t)record->key_len,
		.type = (uint16_t)record->type,
	};

	memcpy(to, &head, sizeof(head));
	memcpy(to + len, record->key, record->key_len);
	len += record->key_len;
	head.checksum = compute_checksum(to, serial, record->key_len);
	memcpy(to, &head.checksum, sizeof(head.checksum));
	if (record->value_len > 0)
		memcpy(to + len, record->value, record->value_len);
	len += record->value_len;
	memset(
	    to + len, 0, journal_record_len(journal_record_size(record)) - len);
}

void
journal_end_encode(unsigned char *to, uint64_t serial, uint64_t sequence)
{
	struct record_head head = { .sequence = sequence, .type = JOURNAL_END };

	memcpy(to, &head, sizeof(head));
	head.checksum = compute_checksum(to, serial, 0);
	memcpy(to, &head.checksum, sizeof(head.checksum));
}

bool
journal_record_decode(
    const unsigned char *bytes, size_t room, struct journal_record *record)
{
	struct record_head head;

	memcpy(&head, bytes, sizeof(head));
	*record = (struct journal_record){
		.type = head.type,
		.sequence = head.sequence,
		.key_len = head.key_len,
		.value_len = head.value_len,
	};
	if (head.put_at >= 0 && head.put_at <= JOURNAL_TIME_MAX)
		record->put_at = head.put_at;
	switch ((int)head.type) {
	case JOURNAL_PUT:
		break;
	case JOURNAL_REMOVE:
	case JOURNAL_END:
		if (head.value_len != 0)
			return false;
		break;
	default:
		return false;
	}
	return head.key_len <= JOURNAL_KEY_MAX &&
	       head.value_len <= JOURNAL_VALUE_MAX &&
	       journal_record_len(journal_record_size(record)) <= room;
}

bool
journal_record_check(
    const unsigned char *bytes, uint64_t serial, size_t key_len)
{
	struct record_head head;

	memcpy(&head, bytes, sizeof(head));
	return head.checksum == compute_checksum(bytes, serial, key_len);
}

bool
journal_record_check_value(
    const unsigned char *bytes, const struct journal_record *record)
{
	struct record_head head;

	memcpy(&head, bytes, sizeof(head));
	return head.value_checksum ==
	       checksum64(VALUE_SEED,
		   bytes + JOURNAL_RECORD_HEAD_LEN + record->key_len,
		   record->value_len);
}

void
journal_record_point(
    struct journal_record *record, const unsigned char *bytes, bool with_value)
{
	bytes += JOURNAL_RECORD_HEAD_LEN;
	record->key = (const char *)bytes;
	record->value = with_value ? bytes + record->key_len : NULL;
}
