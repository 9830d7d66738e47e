/*
 * shared_password: the credentials for an engine: the text of a file with one
 * line, PASSWORD or USER PASSWORD. Pure.
 */
#ifndef SHARED_PASSWORD_H
#define SHARED_PASSWORD_H

#include "error.h"

#include <stddef.h>

/*
 * Read the text of such a file, which came from `path`. *user (NULL: none) and
 * *password are for shared_password_free(). ERROR_INVALID: *cause is "PATH:
 * what is wrong", never what stands there, for the caller to free.
 */
enum error shared_password_parse(const char *path, const unsigned char *text,
    size_t len, char **user, char **password, char **cause);

/* Wipe and free one of them; NULL allowed. */
void shared_password_free(char *);

#endif
