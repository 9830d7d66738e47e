/*
 * journal_map: segments of a journal's file in our address space, so that a
 * record is read without a system call. Private to journal*.c.
 *
 * Only for reading, and only a saving: where a segment is not mapped, because
 * the limit is reached or the system refuses, it is read with pread(2).
 */
#ifndef JOURNAL_MAP_H
#define JOURNAL_MAP_H

#include <stddef.h>
#include <stdint.h>

struct journal_map {
	unsigned char **segments; /* owned; by slot; NULL: not mapped */
	uint32_t size;            /* of that array */
	uint32_t count;           /* segments mapped */
	uint32_t limit;           /* of them */
	struct journal_map *next; /* in the list of all */
};

/* Nothing is mapped, and the limit is 0: nothing will be. */
void journal_map_init(struct journal_map *);
/* Unmap all; the limit is 0 again. */
void journal_map_fini(struct journal_map *);

/*
 * The segment in this slot of the file, mapped now if it was not, or NULL.
 * What is written to the file shows in it. Of what the file does not hold
 * (any more), or the disk does not give, zeros are seen.
 */
const unsigned char *journal_map_segment(
    struct journal_map *, int fd, uint32_t slot);

/* Unmap the segment: what it showed was not right. */
void journal_map_drop(struct journal_map *, uint32_t slot);

#endif
