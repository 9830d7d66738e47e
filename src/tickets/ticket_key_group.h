/*
 * ticket_key_group: the keys that a host derives from a secret of its group,
 * in the form in which they travel to clients. For ticket_key.c.
 */
#ifndef TICKET_KEY_GROUP_H
#define TICKET_KEY_GROUP_H

#include "shared_ticket_key.h"
#include "ticket_key.h"

/* A copy of the key to encrypt with; as shared_ticket_keys_current(). */
enum error ticket_key_group_current(
    struct shared_ticket_keys *, time_t now, struct ticket_key *copy);

/*
 * A copy of the key of that name, which must not encrypt unless it is the one
 * that does; as shared_ticket_keys_find().
 */
enum error ticket_key_group_find(struct shared_ticket_keys *, time_t now,
    const unsigned char name[TICKET_KEY_NAME_LEN], struct ticket_key *copy);

/*
 * When encryption ends with the key of the present epoch (index 0), of the one
 * before (1), and so on; 0: there is none.
 */
int64_t ticket_key_group_encrypts_until(
    const struct shared_ticket_keys *, unsigned index);

#endif
