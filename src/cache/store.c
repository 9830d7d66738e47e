/*
 * store: the kinds of store that there are. A new kind is one file and one row.
 */
#include "store.h"

#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

static const struct store_ops *const kinds[] = {
	&store_bdb_ops,
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

const struct store_ops *
store_find(const char *type)
{
	for (size_t i = 0; i < KIND_COUNT; i++)
		for (const char *const *name = kinds[i]->types; *name; name++)
			if (strcmp(*name, type) == 0)
				return kinds[i];
	return NULL;
}

char *
store_types(void)
{
	char *list = xstrdup(""), *longer;

	for (size_t i = 0; i < KIND_COUNT; i++) {
		for (const char *const *name = kinds[i]->types; *name; name++) {
			longer = xasprintf(
			    "%s%s%s", list, *list == '\0' ? "" : ", ", *name);
			free(list);
			list = longer;
		}
	}
	return list;
}
