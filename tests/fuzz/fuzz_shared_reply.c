/*
 * fuzz_shared_reply: any bytes as what an engine answers, as a whole and in
 * pieces of any size: the replies are the same, and no more is kept than the
 * bound allows.
 */
#include "fuzz.h"

#include "checksum.h"
#include "minmax.h"
#include "shared_reply.h"

#define PENDING_MAX 4096

/* A checksum of all replies up to the end, or to what is none. */
static uint64_t
read_all(const uint8_t *data, size_t len, size_t piece, bool *is_broken)
{
	struct shared_reply_reader *reader =
	    shared_reply_reader_new(PENDING_MAX);
	enum error error = ERROR_AGAIN;
	struct shared_reply reply;
	uint64_t sum = 0;
	size_t used;

	while (error == ERROR_AGAIN && len > 0) {
		if (shared_reply_feed(reader, data, min_size(len, piece),
			&used) != ERROR_NONE)
			break;
		fuzz_expect(used > 0 && used <= len && used <= PENDING_MAX);
		data += used;
		len -= used;
		while (
		    (error = shared_reply_next(reader, &reply)) == ERROR_NONE) {
			fuzz_expect(reply.len <= PENDING_MAX);
			sum = checksum64(sum + reply.type, reply.data,
			    reply.data != NULL ? reply.len : 0);
			sum += (uint64_t)reply.integer;
		}
	}
	*is_broken = error != ERROR_AGAIN || len > 0;
	shared_reply_reader_free(reader);
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_input input = fuzz_begin(data, len);
	size_t piece = fuzz_take_byte(&input) + 1;
	bool is_broken, is_broken_in_pieces;
	uint64_t sum;

	if (!shared_reply_is_built_in())
		return 0;
	sum = read_all(input.data, input.len, PENDING_MAX, &is_broken);
	fuzz_expect(read_all(input.data, input.len, piece,
			&is_broken_in_pieces) == sum);
	fuzz_expect(is_broken == is_broken_in_pieces);
	return 0;
}
