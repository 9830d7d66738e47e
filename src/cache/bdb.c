/*
 * bdb: a table in Berkeley DB 5.3: a btree in an environment of its own that
 * has nothing but a private pool of memory.
 */
#include "bdb.h"

#include "log.h"
#include "minmax.h"
#include "xalloc.h"

#include <db.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Smaller ones are searched as fast, larger ones cost more at each change. */
#define PAGE_LEN 4096

#define POOL_MIN (256 * 1024)

/* The pool's own table is made at once, and of the pool hardly all is used. */
#define BUCKET_PAGES 5
#define BUCKETS_MAX  65521

struct bdb {
	char *name; /* owned */
	DB_ENV *env;
	DB *db;
};

static enum error
result_error(int result)
{
	switch (result) {
	case 0:
		return ERROR_NONE;
	case DB_NOTFOUND:
		return ERROR_NOT_FOUND;
	case ENOMEM:
		return ERROR_NO_SPACE;
	default:
		return ERROR_IO;
	}
}

static void
message_cb(const DB_ENV *env, const char *prefix, const char *message)
{
	(void)env;
	log_debug("%s: %s", prefix != NULL ? prefix : "", message);
}

/* No file is there, by whatever name: DB_CONFIG, say (CVE-2017-10140). */
static int
open_hook(const char *name, int flags, ...)
{
	(void)name;
	(void)flags;
	errno = ENOENT;
	return -1;
}

static int
exists_hook(const char *name, int *is_directory)
{
	(void)name;
	(void)is_directory;
	return ENOENT;
}

/* Where the pool is full it would sleep, again and again. */
static int
yield_hook(unsigned long seconds, unsigned long microseconds)
{
	(void)seconds;
	(void)microseconds;
	return 0;
}

/* The library would crash where there is none. */
static void *
malloc_hook(size_t size)
{
	return xmalloc(size);
}

static void
install_hooks(void)
{
	static bool is_installed;

	if (is_installed)
		return;
	is_installed = true;
	if (db_env_set_func_open(open_hook) != 0 ||
	    db_env_set_func_exists(exists_hook) != 0 ||
	    db_env_set_func_yield(yield_hook) != 0 ||
	    db_env_set_func_malloc(malloc_hook) != 0 ||
	    db_env_set_func_realloc(xrealloc) != 0)
		log_fatal("Berkeley DB: system calls cannot be replaced");
}

static int
environment_open(struct bdb *table, uint64_t pool)
{
	int result;

	if ((result = db_env_create(&table->env, 0)) != 0)
		return result;
	table->env->set_errcall(table->env, message_cb);
	table->env->set_errpfx(table->env, table->name);
	result = table->env->set_cachesize(table->env, (u_int32_t)(pool >> 30),
	    (u_int32_t)(pool & ((1U << 30) - 1)), 1);
	if (result == 0)
		result = table->env->set_mp_tablesize(table->env,
		    (u_int32_t)min_u64(
			pool / PAGE_LEN / BUCKET_PAGES, BUCKETS_MAX));
	if (result != 0)
		return result;
	/* With a home, even "/", it would read DB_CONFIG there. */
	return table->env->open(
	    table->env, NULL, DB_PRIVATE | DB_CREATE | DB_INIT_MPOOL, 0);
}

static int
database_open(struct bdb *table)
{
	DB_MPOOLFILE *file;
	int result;

	if ((result = db_create(&table->db, table->env, 0)) != 0)
		return result;
	/* More than the pool must not go to a temporary file. */
	file = table->db->get_mpf(table->db);
	result = table->db->set_pagesize(table->db, PAGE_LEN);
	if (result == 0)
		result = file->set_flags(file, DB_MPOOL_NOFILE, 1);
	if (result == 0)
		result = table->db->open(
		    table->db, NULL, NULL, NULL, DB_BTREE, DB_CREATE, 0600);
	return result;
}

enum error
bdb_open(struct bdb **to, const char *name, uint64_t memory)
{
	struct bdb *table = xcalloc(1, sizeof(*table));
	int result;

	*to = NULL;
	install_hooks();
	table->name = xstrdup(name);
	result = environment_open(table, max_u64(memory, POOL_MIN));
	if (result == 0)
		result = database_open(table);
	if (result == 0) {
		*to = table;
		return ERROR_NONE;
	}
	log_debug("%s: open: %s", name, db_strerror(result));
	bdb_close(table);
	return result_error(result);
}

void
bdb_close(struct bdb *table)
{
	if (table == NULL)
		return;
	if (table->db != NULL)
		(void)table->db->close(table->db, DB_NOSYNC);
	if (table->env != NULL)
		(void)table->env->close(table->env, 0);
	free(table->name);
	free(table);
}

/* Keys are in the order of the numbers that they are. */
static DBT
key_dbt(uint64_t *key, uint64_t hash)
{
	*key = htobe64(hash);
	return (DBT){
		.data = key,
		.size = sizeof(*key),
		.ulen = sizeof(*key),
		.flags = DB_DBT_USERMEM,
	};
}

static DBT
value_dbt(void *value)
{
	return (DBT){
		.data = value,
		.size = BDB_VALUE_LEN,
		.ulen = BDB_VALUE_LEN,
		.flags = DB_DBT_USERMEM,
	};
}

enum error
bdb_get(struct bdb *table, uint64_t hash, void *value)
{
	uint64_t key;
	DBT from = key_dbt(&key, hash), to = value_dbt(value);

	return result_error(table->db->get(table->db, NULL, &from, &to, 0));
}

enum error
bdb_put(struct bdb *table, uint64_t hash, const void *value)
{
	uint64_t key;
	DBT to = key_dbt(&key, hash), from = value_dbt((void *)value);

	return result_error(table->db->put(table->db, NULL, &to, &from, 0));
}

enum error
bdb_remove(struct bdb *table, uint64_t hash)
{
	uint64_t key;
	DBT from = key_dbt(&key, hash);

	return result_error(table->db->del(table->db, NULL, &from, 0));
}

enum error
bdb_filter(struct bdb *table, uint64_t *hash, unsigned count,
    bdb_is_kept_fn *is_kept, void *arg)
{
	unsigned char bytes[BDB_VALUE_LEN];
	uint64_t key;
	DBT at = key_dbt(&key, *hash), value = value_dbt(bytes);
	DBC *cursor;
	int result = table->db->cursor(table->db, NULL, &cursor, 0);

	if (result != 0)
		return result_error(result);
	result = cursor->get(cursor, &at, &value, DB_SET_RANGE);
	while (result == 0 && count-- > 0) {
		if (!is_kept(arg, bytes))
			result = cursor->del(cursor, 0);
		if (result == 0)
			result = cursor->get(cursor, &at, &value, DB_NEXT);
	}
	if (result == 0)
		*hash = be64toh(key);
	(void)cursor->close(cursor);
	return result_error(result);
}
