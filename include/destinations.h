/*
 * destinations: how often sessions of which destination were asked for, found
 * and stored, of the busiest ones; for display only, never for a decision. In
 * constant memory, about 107 kB for a cache, and constant time: names come from
 * remote parties. What a destination is, destination.h says; an id of another
 * form counts by itself.
 *
 * Counts are of the last one to two periods: of this one, and of the one
 * before.
 */
#ifndef DESTINATIONS_H
#define DESTINATIONS_H

#include "siphash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DESTINATIONS_MAX      512 /* two periods, 256 each */
#define DESTINATIONS_PERIOD_S 3600

/*
 * All of so many requests of a period are counted. Of those behind them one in
 * so many is, drawn at random, and stands for all: what the busiest ones have
 * is then known to some percent, at next to no cost.
 */
#define DESTINATIONS_EXACT  100000
#define DESTINATIONS_SAMPLE 8

struct destinations;

/*
 * For destinations_free(). With a key that nobody can guess, names cannot be
 * chosen such that they meet.
 */
struct destinations *destinations_new(const unsigned char key[SIPHASH_KEY_LEN]);
void destinations_free(struct destinations *); /* NULL: nothing to do */

/*
 * There is a request with that id, a lookup or an update. Returns a number that
 * stands for its destination, to say what became of it; 0: it is not counted.
 */
uint64_t destinations_request(
    struct destinations *, const char *id, size_t id_len, bool is_lookup);

/*
 * Of a destination that is counted; nothing is where others have become busier
 * meanwhile.
 */
void destinations_hit(struct destinations *, uint64_t destination);
void destinations_stored(struct destinations *, uint64_t destination);

/* A period, DESTINATIONS_PERIOD_S, is over. */
void destinations_end_period(struct destinations *);

struct destinations_row {
	const char *text; /* of its key; borrowed, without a NUL */
	size_t text_len;  /* may be more than what is there */
	bool is_raw;      /* the key is an id of no known form */
	uint64_t count;   /* requests: never too low */
	uint64_t error;   /* and too high by no more than that */
	uint64_t lookups; /* these may be too low, by `error` at most */
	uint64_t hits;
	uint64_t stores;
};

/* The busiest first, room for DESTINATIONS_MAX; returns how many. */
size_t destinations_list(
    const struct destinations *, struct destinations_row *);

/*
 * That of destination_describe(), or the id, or the beginning of either with
 * "..." where it is long; any bytes but NUL. For the caller to free.
 */
char *destinations_text(const struct destinations_row *);

/* For how many seconds those that are shown have been counted. */
uint64_t destinations_age_s(const struct destinations *);

#endif
