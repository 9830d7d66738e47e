/*
 * error: the texts of enum error. Owns nothing.
 */
#include "error.h"

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
