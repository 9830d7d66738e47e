/*
 * bdb_file: the file system as Berkeley DB sees it. For bdb.c only.
 *
 * db_env_set_func_open(3) and its like replace the library's system calls for
 * the whole process. Under them there are only the descriptors registered
 * here; every other name does not exist, and none can be made, renamed or
 * removed.
 *
 * The library can be brought to loop, to wait for seconds or to crash by a
 * full disk or a damaged file (measured with 5.3.28). It copes with one thing
 * only, a page whose checksum is wrong, so that is what it gets to see: of a
 * page that is not where it belongs, and of any page once a write has failed.
 */
#ifndef BDB_FILE_H
#define BDB_FILE_H

#include <stdbool.h>

#define BDB_PAGE_LEN 4096 /* of every table */

/*
 * Register a descriptor (borrowed until bdb_file_unregister). Returns the name
 * under which the library may open it, borrowed for as long. Pages of zeros,
 * and those behind the end of the file, are not checked by the library, and are
 * damage; but a table with a hash has some that are yet to be used.
 */
const char *bdb_file_register(int fd, bool may_have_zeros);
void bdb_file_unregister(const char *name);

/* Let pages of this file be read again, after the table was made anew. */
void bdb_file_forgive(const char *name);

/* The errno of the first write that failed since then; 0: none did. */
int bdb_file_write_error(const char *name);

#endif
