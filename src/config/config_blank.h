/*
 * config_blank: what counts as white space round names, values and lines.
 */
#ifndef CONFIG_BLANK_H
#define CONFIG_BLANK_H

#include <ctype.h>
#include <stdbool.h>

static inline bool
config_is_blank(char c)
{
	return isspace((unsigned char)c) != 0;
}

#endif
