/*
 * secret: memory for sessions and keys. What is reserved here is in no core
 * file, and is wiped when it is given back. For buffers that are large and
 * live long: each takes pages of its own, and system calls.
 */
#ifndef SECRET_H
#define SECRET_H

#include <stddef.h>

/* Zeros; fatal, and logged, if there is no memory. Pair with secret_free(). */
void *secret_alloc(size_t size);

/* Of this size, as allocated. NULL allowed. */
void secret_free(void *, size_t size);

/*
 * At the start, where there is still a /proc: keep all memory of this process
 * out of core files, should one be written all the same; and find out whether
 * the stack may be small.
 */
void secret_prepare(void);

/*
 * Wipe what functions that have returned left on the stack, where compilers and
 * the dynamic linker keep copies of registers, and in the vector registers:
 * memcpy(3) leaves bytes of sessions in some that little else uses. Where the
 * stack is limited to less than 192 kB, of it only the next 8 kB.
 */
void secret_wipe_leftovers(void);

#endif
