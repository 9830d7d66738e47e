/*
 * store_journal_entry: what a record of the journal and an entry of the index
 * say of each other.
 */
#include "store_journal.h"

void
store_journal_remove_live(
    struct store_journal *store, const struct index_entry *entry)
{
	journal_remove_live(store->journal, index_entry_position(entry),
	    index_entry_size(entry));
}

enum error
store_journal_find_record(struct store_journal *store,
    const struct journal_record *record, uint64_t *hash,
    struct index_entry *entry)
{
	enum error error;

	if (record->type != JOURNAL_PUT)
		return ERROR_NOT_FOUND;
	*hash = index_hash(&store->index, record->key, record->key_len);
	error = index_find(&store->index, *hash, entry, false);
	if (error == ERROR_NONE && entry->sequence != record->sequence)
		return ERROR_NOT_FOUND;
	return error;
}
