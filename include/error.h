/*
 * error: the one list of what can go wrong, with a text each.
 *
 * A function that can fail returns an enum error. Detail for a person (which
 * file, which line, which value) travels in a `char **cause`, an allocated
 * string that the caller frees, or has been logged already where the
 * declaration says so.
 */
#ifndef ERROR_H
#define ERROR_H

#define ERROR_LIST(X)                                            \
	X(ERROR_NONE, "success")                                 \
	X(ERROR_NOT_FOUND, "no such object")                     \
	X(ERROR_EXISTS, "object exists already")                 \
	X(ERROR_AGAIN, "not complete yet")                       \
	X(ERROR_TIMED_OUT, "timed out")                          \
	X(ERROR_CLOSED, "closed by the other side")              \
	X(ERROR_LOCKED, "locked by another process")             \
	X(ERROR_IO, "input/output error")                        \
	X(ERROR_NO_SPACE, "no space left")                       \
	X(ERROR_FILE_SIZE, "the limit of file sizes is reached") \
	X(ERROR_TOO_LARGE, "larger than the limit")              \
	X(ERROR_DAMAGED, "content is damaged")                   \
	X(ERROR_INCOMPATIBLE, "written under other settings")    \
	X(ERROR_PROTOCOL, "violates the protocol")               \
	X(ERROR_INVALID, "invalid value")                        \
	X(ERROR_UNSUPPORTED, "not supported")                    \
	X(ERROR_PERMISSION, "not permitted")                     \
	X(ERROR_DISABLED, "not enabled")                         \
	X(ERROR_SHARED, "in common with other hosts")            \
	X(ERROR_RANDOM, "the random generator failed")

enum error {
#define ERROR_ENUM(name, text) name,
	ERROR_LIST(ERROR_ENUM)
#undef ERROR_ENUM
};

/* The text of an error, in lower case without a full stop. Never NULL. */
const char *error_text(enum error);

/*
 * What an errno of a file that cannot be written means: NO_SPACE; FILE_SIZE,
 * which is RLIMIT_FSIZE; or IO.
 */
enum error error_of_write(int error_number);

#endif
