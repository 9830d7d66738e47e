/*
 * ticket_key_ring: keys that a group agreed on, as records of the file of
 * session ticket keys. For ticket_key_file.c.
 */
#ifndef TICKET_KEY_RING_H
#define TICKET_KEY_RING_H

#include "shared_ring.h"
#include "ticket_key_slot.h"

/* Fill at most `max` records; returns how many. No ring (NULL): none. */
uint32_t ticket_key_ring_put(const struct shared_ring *,
    struct ticket_key_record *records, uint32_t max);

/*
 * Take in a record that ticket_key_ring_put() has made, also under other
 * settings. What is of this host alone, of another secret or of other epochs is
 * passed over.
 */
void ticket_key_ring_adopt(
    struct shared_ring *, time_t now, const struct ticket_key_record *);

#endif
