/*
 * ticket_key_group: the keys that a host has in common with its group, in the
 * form in which they travel to clients: derived from a secret alone, or from
 * random bytes besides. For ticket_key.c.
 */
#ifndef TICKET_KEY_GROUP_H
#define TICKET_KEY_GROUP_H

#include "ticket_key.h"

/* Are there any? */
bool ticket_key_group_is_there(const struct ticket_keys *);

/*
 * A copy of the key to encrypt with; as shared_ticket_keys_current().
 * ERROR_DISABLED: there is no group.
 */
enum error ticket_key_group_current(
    struct ticket_keys *, time_t now, struct ticket_key *copy);

/*
 * A copy of the key of that name, which must not encrypt unless it is the one
 * that does; as shared_ticket_keys_find(). ERROR_DISABLED as above.
 */
enum error ticket_key_group_find(struct ticket_keys *, time_t now,
    const unsigned char name[TICKET_KEY_NAME_LEN], struct ticket_key *copy);

/* How many there are. */
unsigned ticket_key_group_held(const struct ticket_keys *);

/* As ticket_keys_encrypts_until(). */
int64_t ticket_key_group_encrypts_until(
    const struct ticket_keys *, unsigned index);

/* Wipe those whose time is over. */
void ticket_key_group_retire(struct ticket_keys *, time_t now);

#endif
