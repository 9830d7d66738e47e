/*
 * store: the kinds of store that there are. A new kind is one file, and a row.
 */
#include "store.h"

#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

static const struct store_kind kinds[] = {
	{ "btree", &store_journal_ops, .in_memory = false },
	{ "hash", &store_journal_ops, .in_memory = false },
	{ "internal", &store_journal_ops, .in_memory = true },
	{ "lmdb", &store_journal_ops, .is_alias = true },
	{ "sdbm", &store_journal_ops, .is_alias = true },
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

const struct store_kind *
store_kind_find(const char *type)
{
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (strcmp(kinds[i].type, type) == 0)
			return &kinds[i];
	return NULL;
}

char *
store_types(void)
{
	char *list = xstrdup(kinds[0].type), *longer;

	for (size_t i = 1; i < KIND_COUNT; i++) {
		longer = xasprintf("%s, %s", list, kinds[i].type);
		free(list);
		list = longer;
	}
	return list;
}
