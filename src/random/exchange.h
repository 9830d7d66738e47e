/*
 * exchange: the PRNG exchange file, 1024 random bytes that carry the state of
 * the pool from one process to the next (tls_random_exchange_name in
 * tlsmgr(8)).
 */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include "error.h"
#include "log.h"

#define EXCHANGE_FILE_LEN 1024

struct exchange_file {
	char *path; /* owned; for messages only; NULL: none */
	int fd;     /* owned; -1: none */
	struct log_limit complaints;
};

/* No file yet. Embedded: pair with exchange_close(). */
void exchange_init(struct exchange_file *);

/*
 * Open or create the file as the effective user; reads nothing. On failure
 * (logged as a warning) there is no file and every update is ERROR_DISABLED.
 */
enum error exchange_open(struct exchange_file *, const char *path);

/*
 * Under an exclusive lock: read, stir the content into the pool,
 * write new output over it, unlock. Never waits: ERROR_LOCKED if another
 * process has the lock, to be tried again soon. ERROR_NOT_FOUND: the file was
 * removed (link count 0). ERROR_IO, ERROR_RANDOM: logged; where the generator
 * fails the file keeps its content. ERROR_DISABLED: not open.
 */
enum error exchange_update(struct exchange_file *);

/* Close the file as it is, if any, and free what belongs to it. */
void exchange_close(struct exchange_file *);

#endif
