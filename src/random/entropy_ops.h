/*
 * entropy_ops: what a kind of entropy source is made of. For entropy*.c only;
 * a new kind is one `entropy_ops` in a file of its own and one row in the
 * table of entropy.c.
 */
#ifndef ENTROPY_OPS_H
#define ENTROPY_OPS_H

#include "entropy.h"

#include <stdint.h>

struct entropy_ops {
	const char *prefix; /* "dev:"; "" for the kind without one */
	const char *noun;   /* "entropy device", for messages */
	bool reads_once;    /* at start only; closed after a read */
	bool is_framed; /* after an incomplete read the next is out of step */
	/* Open source->path into source->fd. Never blocks. Logs a failure. */
	enum error (*open)(struct entropy_source *);
	/* Ask for source->wanted bytes. NULL: nothing to send. */
	enum error (*request)(struct entropy_source *);
	/*
	 * Read what is there into source->bytes. ERROR_NONE: complete, with
	 * source->len bytes; ERROR_AGAIN: try again later; ERROR_IO: see errno.
	 */
	enum error (*receive)(struct entropy_source *);
};

extern const struct entropy_ops entropy_device_ops;
extern const struct entropy_ops entropy_egd_ops;
extern const struct entropy_ops entropy_file_ops;

struct entropy_source {
	const struct entropy_ops *ops;
	char *name;       /* as configured, owned */
	const char *path; /* inside name */
	int fd;           /* owned; -1: not open */
	/* The read in hand. */
	size_t wanted;
	size_t len;     /* of bytes, so far */
	bool has_count; /* entropy_egd.c: the count byte has come */
	unsigned char bytes[ENTROPY_BYTES_MAX];
	uint64_t deadline_us; /* monotonic */
	struct loop_timer timer;
	entropy_done_fn *done; /* NULL while idle */
	void *done_arg;
};

/*
 * entropy_stream.c: read on until `wanted` bytes are there. ERROR_CLOSED: the
 * end came first, source->len bytes are there; else like ops->receive.
 */
enum error entropy_read_bytes(struct entropy_source *);

#endif
