/*
 * fuzz_journal_record: the decoders of segment heads and records, which take
 * any bytes. What they accept says the same when it is encoded again.
 */
#include "fuzz.h"

#include "journal_private.h"

static void
check_segment(const unsigned char *bytes)
{
	unsigned char again[JOURNAL_SEGMENT_HEAD_LEN];
	struct journal_segment_head head;

	journal_segment_decode(bytes, &head);
	if (head.kind != JOURNAL_SEGMENT_LIVE &&
	    head.kind != JOURNAL_SEGMENT_VOID)
		return;
	journal_segment_encode(again, &head);
	fuzz_expect(memcmp(bytes, again, sizeof(again)) == 0);
}

static void
check_record(const unsigned char *bytes, size_t len, uint64_t serial)
{
	struct journal_record record;
	unsigned char *again;
	size_t record_len;

	if (!journal_record_decode(bytes, len, &record))
		return;
	record_len = journal_record_len(journal_record_size(&record));
	fuzz_expect(record_len <= len);
	if (!journal_record_check(bytes, serial, record.key_len) ||
	    !journal_record_check_value(bytes, &record))
		return;
	journal_record_point(&record, bytes, true);
	again = malloc(record_len);
	journal_record_encode(again, serial, &record);
	/* A time that is none is 0 from then on. */
	fuzz_expect(
	    record.put_at == 0 || memcmp(bytes, again,
				      JOURNAL_RECORD_HEAD_LEN + record.key_len +
					  record.value_len) == 0);
	free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len >= JOURNAL_SEGMENT_HEAD_LEN)
		check_segment(data);
	if (len > JOURNAL_RECORD_HEAD_LEN)
		check_record(data + 1, len - 1, data[0]);
	return 0;
}
