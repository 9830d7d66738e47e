/*
 * xalloc: memory, or a logged fatal error. Never returns NULL; never used for
 * a size that a client chose without a bound.
 *
 * xrealloc() may leave a copy of the content behind: not for secrets (see
 * buffer.h for those).
 */
#ifndef XALLOC_H
#define XALLOC_H

#include <stdarg.h>
#include <stddef.h>

/*
 * malloc(3), calloc(3), realloc(3) and strdup(3), which are fatal, with a log
 * line, where there is no memory. Size 0 is memory too. The caller frees it.
 */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *, size_t size);
char *xstrdup(const char *);

/* At most `len` bytes of the string, and a NUL. */
char *xstrndup(const char *, size_t len);

/* asprintf(3) and vasprintf(3) in the same way; the caller frees it. */
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *fmt, va_list ap)
    __attribute__((format(printf, 1, 0)));

#endif
