/*
 * error: the texts of enum error. Owns nothing.
 */
#include "error.h"

#include <errno.h>
#include <stddef.h>

const char *
error_text(enum error error)
{
	static const char *const texts[] = {
#define ERROR_TEXT(name, text) [name] = (text),
		ERROR_LIST(ERROR_TEXT)
#undef ERROR_TEXT
	};

	if ((size_t)error >= sizeof(texts) / sizeof(texts[0]))
		return "unknown error";
	return texts[error];
}

enum error
error_of_write(int error_number)
{
	switch (error_number) {
	case ENOSPC:
	case EDQUOT:
		return ERROR_NO_SPACE;
	case EFBIG:
		return ERROR_FILE_SIZE;
	default:
		return ERROR_IO;
	}
}
