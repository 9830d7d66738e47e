/*
 * fuzz_history: any bytes as the file of a history. Where bits of the first
 * one say so checksums are made good, 0 that of the head, 1 those of the
 * records, so that what lies behind them is reached. What is taken over lies
 * within a day of now, each minute in its place, and is what another process
 * finds then.
 */
#include "fuzz.h"

#include "history_content.h"
#include "history_file.h"
#include "xalloc.h"

#define NOW_MINUTE 1001
#define NOW        (NOW_MINUTE * HISTORY_MINUTE_S)

/* So that input is not spent on zeros: a record behind the head, and where. */
static struct history_content content;

static size_t
make_content(struct fuzz_input *input)
{
	unsigned repaired = fuzz_take_byte(input);
	size_t len = fuzz_take_u16(input) % sizeof(content) +
	             fuzz_take_byte(input) * UINT64_C(3000);
	struct history_record *record;

	memset(&content, 0, sizeof(content));
	fuzz_take(input, &content.header,
	    offsetof(struct history_header, rows) +
		4 * sizeof(struct history_row));
	if (repaired & 1) {
		struct history history;

		history_init(&history);
		history_add_row(&history, "one", HISTORY_COUNTER);
		history_add_row(&history, "two", HISTORY_BYTES);
		history.row_count += fuzz_take_byte(input) % 2;
		history_content_header(&content.header, &history);
		history_fini(&history);
	}
	while (input->len > 0) {
		record =
		    &content.records[fuzz_take_u16(input) % HISTORY_MINUTES];
		fuzz_take(input, record, 40);
		if (repaired & 2)
			history_content_seal(record);
	}
	return len < sizeof(content) ? len : sizeof(content);
}

static enum error
load(int fd, struct history *history)
{
	struct history_file file = { .path = xstrdup("fuzz"), .fd = dup(fd) };
	enum error error;

	history_init(history);
	history_add_row(history, "one", HISTORY_COUNTER);
	history_add_row(history, "two", HISTORY_BYTES);
	error = history_file_load(&file, history, NOW);
	history_file_close(&file);
	return error;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_input input = fuzz_begin(data, len);
	size_t file_len = make_content(&input);
	struct history history, again;
	int fd = fuzz_file(&content, file_len);

	fuzz_expect(load(fd, &history) == ERROR_NONE);
	for (int64_t i = 0; i < HISTORY_MINUTES; i++) {
		const struct history_record *record = &history.records[i];

		if (record->minute == 0)
			continue;
		fuzz_expect(record->minute > NOW_MINUTE - HISTORY_MINUTES);
		fuzz_expect(record->minute < NOW_MINUTE + HISTORY_MINUTES);
		fuzz_expect(history_find(&history, record->minute) == record);
	}
	fuzz_expect(load(fd, &again) == ERROR_NONE);
	fuzz_expect(memcmp(again.records, history.records,
			HISTORY_MINUTES * sizeof(struct history_record)) == 0);
	history_fini(&again);
	history_fini(&history);
	close(fd);
	return 0;
}
