/*
 * fuzz_egd: any bytes as what an EGD server sends, in pieces. The read ends
 * once, with the bytes that were sent or with an error.
 */
#include "fuzz.h"

#include "clock.h"
#include "entropy.h"
#include "entropy_ops.h"

#include <sys/socket.h>

struct result {
	unsigned times;
	enum error error;
	unsigned char bytes[ENTROPY_BYTES_MAX];
	size_t len;
};

static void
read_done(void *arg, enum error error, const void *bytes, size_t len)
{
	struct result *result = arg;

	result->times++;
	result->error = error;
	result->len = len;
	memcpy(result->bytes, bytes, len);
}

/* The server sends a piece now and then, and hangs up in the end. */
static void
run(struct entropy_source *source, struct fuzz_input *input, int server,
    const struct result *result)
{
	while (result->times == 0) {
		unsigned char piece[64];
		size_t len = fuzz_take_byte(input) % sizeof(piece) + 1;

		len = fuzz_take(input, piece, len);
		if (len > 0)
			(void)!send(server, piece, len, MSG_NOSIGNAL);
		else
			shutdown(server, SHUT_WR);
		source->timer.callback(source->timer.arg);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_input input = fuzz_begin(data, len);
	size_t wanted = fuzz_take_byte(&input) + 1;
	struct loop *loop = loop_new();
	struct entropy_source *source;
	struct result result = { 0 };
	int ends[2];

	fuzz_expect(entropy_source_new(&source, "egd:/fuzz") == ERROR_NONE);
	fuzz_expect(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
	source->fd = ends[0];
	entropy_source_read(source, loop, wanted, read_done, &result);
	run(source, &input, ends[1], &result);
	fuzz_expect(result.times == 1 && result.len <= wanted);
	fuzz_expect((result.error == ERROR_NONE) == (result.len > 0));
	entropy_source_free(source);
	loop_free(loop);
	close(ends[1]);
	return 0;
}
