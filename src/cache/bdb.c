/*
 * bdb: a table in Berkeley DB 5.3: an environment of its own with a private
 * memory pool, no locks, no log, no transactions. What survives a crash is the
 * business of whoever uses the table.
 */
#include "bdb.h"

#include "bdb_file.h"
#include "log.h"
#include "xalloc.h"

#include <db.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The library takes a quarter more than it is told to, and keeps accounts. */
#define POOL_OF_MEMORY(memory) ((memory) / 4 * 3)
#define POOL_MIN               (256 * 1024)

/* Where the first page of a file says what the file is. */
#define META_MAGIC         12
#define META_VERSION       16
#define META_PAGE_LEN      20
#define META_FLAGS         26
#define META_FLAG_CHECKSUM 1

struct bdb {
	char *name;       /* owned */
	int fd;           /* owned; -1: in memory */
	const char *path; /* what the library calls it; NULL: in memory */
	DBTYPE type;
	uint64_t memory;
	DB_ENV *env; /* NULL: not open */
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
	case ENOMEM: /* a table in memory has filled its pool */
		return ERROR_NO_SPACE;
	default:
		return ERROR_DAMAGED;
	}
}

static void
message_cb(const DB_ENV *env, const char *prefix, const char *message)
{
	(void)env;
	log_debug("%s: %s", prefix != NULL ? prefix : "", message);
}

struct bdb *
bdb_new(const char *name, int fd, enum bdb_method method, uint64_t memory)
{
	struct bdb *table = xcalloc(1, sizeof(*table));

	table->name = xstrdup(name);
	table->fd = fd;
	table->type = method == BDB_HASH ? DB_HASH : DB_BTREE;
	table->memory = memory;
	if (fd >= 0)
		table->path = bdb_file_register(fd, method == BDB_HASH);
	return table;
}

/* Forget the table without writing: after damage nothing of it is wanted. */
static void
table_discard(struct bdb *table)
{
	if (table->db != NULL)
		(void)table->db->close(table->db, DB_NOSYNC);
	if (table->env != NULL)
		(void)table->env->close(table->env, 0);
	table->db = NULL;
	table->env = NULL;
}

void
bdb_free(struct bdb *table)
{
	if (table == NULL)
		return;
	table_discard(table);
	if (table->fd >= 0) {
		bdb_file_unregister(table->path);
		close(table->fd);
	}
	free(table->name);
	free(table);
}

enum error
bdb_lock(struct bdb *table)
{
	if (table->fd < 0 || flock(table->fd, LOCK_EX | LOCK_NB) == 0)
		return ERROR_NONE;
	return errno == EWOULDBLOCK ? ERROR_LOCKED : ERROR_IO;
}

static int
environment_open(struct bdb *table)
{
	uint64_t pool = POOL_OF_MEMORY(table->memory);
	int result;

	if (pool < POOL_MIN)
		pool = POOL_MIN;
	if ((result = db_env_create(&table->env, 0)) != 0)
		return result;
	table->env->set_errcall(table->env, message_cb);
	table->env->set_errpfx(table->env, table->name);
	result = table->env->set_cachesize(table->env, (u_int32_t)(pool >> 30),
	    (u_int32_t)(pool & ((1U << 30) - 1)), 1);
	if (result != 0)
		return result;
	/* With a home, even "/", it would read DB_CONFIG there. */
	return table->env->open(
	    table->env, NULL, DB_PRIVATE | DB_CREATE | DB_INIT_MPOOL, 0);
}

static int
database_open(struct bdb *table, u_int32_t flags)
{
	int result;

	if ((result = db_create(&table->db, table->env, 0)) != 0)
		return result;
	if ((flags & DB_CREATE) != 0) {
		result = table->db->set_pagesize(table->db, BDB_PAGE_LEN);
		if (result == 0)
			result = table->db->set_flags(table->db, DB_CHKSUM);
	}
	/* In memory, more than the pool must not go to a temporary file. */
	if (result == 0 && table->path == NULL)
		result = table->db->get_mpf(table->db)->set_flags(
		    table->db->get_mpf(table->db), DB_MPOOL_NOFILE, 1);
	if (result == 0)
		result = table->db->open(table->db, NULL, table->path, NULL,
		    table->type, flags, 0600);
	return result;
}

static enum error
table_open(struct bdb *table, u_int32_t flags)
{
	int result;

	table_discard(table);
	result = environment_open(table);
	if (result == 0)
		result = database_open(table, flags);
	if (result == 0)
		return ERROR_NONE;
	log_debug("%s: open: %s", table->name, db_strerror(result));
	table_discard(table);
	return result_error(result) == ERROR_NOT_FOUND ? ERROR_DAMAGED
	                                               : result_error(result);
}

/*
 * What the library does not check before it believes it. A checksum protects
 * the rest, the first page as well, if this says that there is one.
 */
static bool
is_table_file(const struct bdb *table)
{
	uint32_t magic, version, page_len;
	unsigned char meta[512];
	struct stat st;

	if (pread(table->fd, meta, sizeof(meta), 0) != (ssize_t)sizeof(meta) ||
	    fstat(table->fd, &st) < 0)
		return false;
	memcpy(&magic, meta + META_MAGIC, sizeof(magic));
	memcpy(&version, meta + META_VERSION, sizeof(version));
	memcpy(&page_len, meta + META_PAGE_LEN, sizeof(page_len));
	if (table->type == DB_HASH) {
		if (magic != DB_HASHMAGIC || version != DB_HASHVERSION)
			return false;
	} else if (magic != DB_BTREEMAGIC || version != DB_BTREEVERSION) {
		return false;
	}
	return page_len == BDB_PAGE_LEN &&
	       (meta[META_FLAGS] & META_FLAG_CHECKSUM) != 0 &&
	       st.st_size >= 2 * BDB_PAGE_LEN && st.st_size % BDB_PAGE_LEN == 0;
}

enum error
bdb_open(struct bdb *table)
{
	if (table->fd < 0 || !is_table_file(table))
		return ERROR_DAMAGED;
	return table_open(table, 0);
}

enum error
bdb_create(struct bdb *table)
{
	table_discard(table);
	if (table->fd < 0)
		return table_open(table, DB_CREATE);
	bdb_file_forgive(table->path);
	/* There is nothing yet that could be damaged. */
	if (table_open(table, DB_CREATE | DB_TRUNCATE) == ERROR_NONE &&
	    bdb_file_write_error(table->path) == 0)
		return ERROR_NONE;
	table_discard(table);
	return bdb_file_write_error(table->path) == ENOSPC ? ERROR_NO_SPACE
	                                                   : ERROR_IO;
}

enum error
bdb_get(struct bdb *table, const void *key, size_t key_len, void *out,
    size_t size, size_t *len)
{
	DBT key_dbt = { .data = (void *)key, .size = (u_int32_t)key_len };
	DBT value_dbt = {
		.data = out, .ulen = (u_int32_t)size, .flags = DB_DBT_USERMEM
	};
	int result;

	if (table->db == NULL)
		return ERROR_IO;
	result = table->db->get(table->db, NULL, &key_dbt, &value_dbt, 0);
	*len = value_dbt.size;
	return result_error(result);
}

enum error
bdb_put(struct bdb *table, const void *key, size_t key_len, const void *value,
    size_t len)
{
	DBT key_dbt = { .data = (void *)key, .size = (u_int32_t)key_len };
	DBT value_dbt = { .data = (void *)value, .size = (u_int32_t)len };

	if (table->db == NULL)
		return ERROR_IO;
	return result_error(
	    table->db->put(table->db, NULL, &key_dbt, &value_dbt, 0));
}

enum error
bdb_remove(struct bdb *table, const void *key, size_t key_len)
{
	DBT key_dbt = { .data = (void *)key, .size = (u_int32_t)key_len };

	if (table->db == NULL)
		return ERROR_IO;
	return result_error(table->db->del(table->db, NULL, &key_dbt, 0));
}

enum error
bdb_sync(struct bdb *table, bool durable)
{
	enum error error;

	if (table->db == NULL)
		return ERROR_IO;
	error = result_error(table->db->sync(table->db, 0));
	if (error == ERROR_NONE && table->fd >= 0 &&
	    bdb_file_write_error(table->path) != 0)
		error = ERROR_IO;
	if (error == ERROR_NONE && durable && table->fd >= 0 &&
	    fdatasync(table->fd) < 0)
		error = ERROR_IO;
	return error;
}

enum error
bdb_file_identity(const struct bdb *table, uint64_t *len, int64_t *modified_ns)
{
	struct stat st;

	if (table->fd < 0 || fstat(table->fd, &st) < 0)
		return ERROR_IO;
	*len = (uint64_t)st.st_size;
	*modified_ns =
	    (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	return ERROR_NONE;
}

uint64_t
bdb_file_len(const struct bdb *table)
{
	uint64_t len;
	int64_t modified_ns;

	return bdb_file_identity(table, &len, &modified_ns) == ERROR_NONE ? len
	                                                                  : 0;
}
