/*
 * entropy_stream: reading from a descriptor until enough has come; and the
 * sources that take no more than that, a device and a plain file, which differ
 * in name and in how often they are read. A short read is used as it is.
 * Either may turn out to be a FIFO or a device that gives nothing; neither
 * ever blocks.
 */
#include "entropy_ops.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum error
entropy_read_bytes(struct entropy_source *source)
{
	ssize_t len;

	while (source->len < source->wanted) {
		len = read(source->fd, source->bytes + source->len,
		    source->wanted - source->len);
		if (len == 0)
			return ERROR_CLOSED;
		if (len > 0)
			source->len += (size_t)len;
		else if (errno == EAGAIN)
			return ERROR_AGAIN;
		else if (errno != EINTR)
			return ERROR_IO;
	}
	return ERROR_NONE;
}

static enum error
stream_open(struct entropy_source *source)
{
	/* O_NONBLOCK: a FIFO opens without a writer, and no read waits. */
	source->fd =
	    open(source->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (source->fd < 0) {
		log_warning("cannot open %s %s: %s", source->ops->noun,
		    source->path, strerror(errno));
		return ERROR_IO;
	}
	return ERROR_NONE;
}

static enum error
stream_receive(struct entropy_source *source)
{
	enum error error = entropy_read_bytes(source);

	if (error == ERROR_CLOSED && source->len > 0)
		return ERROR_NONE;
	return error;
}

const struct entropy_ops entropy_device_ops = {
	.prefix = "dev:",
	.noun = "entropy device",
	.open = stream_open,
	.receive = stream_receive,
};

const struct entropy_ops entropy_file_ops = {
	.prefix = "",
	.noun = "entropy file",
	.reads_once = true,
	.open = stream_open,
	.receive = stream_receive,
};
