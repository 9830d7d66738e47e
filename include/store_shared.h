/*
 * store_shared: a store that owns another, local one, and shares what is in it
 * with a group of hosts. It answers from the local one first, and asks the
 * group for what is not there.
 */
#ifndef STORE_SHARED_H
#define STORE_SHARED_H

#include "shared.h"
#include "store.h"

/*
 * A store over `local`, which it owns from now on and closes with itself, for
 * sessions that live so long; its get() has to call back before it returns. The
 * struct shared is borrowed; it is freed after the store was closed.
 */
struct store *store_shared_new(
    struct store *local, struct shared *, enum shared_side, int64_t timeout_s);

#endif
