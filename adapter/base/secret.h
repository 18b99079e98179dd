#ifndef SECRET_H_
#define SECRET_H_
#include <stddef.h>
#include <stdint.h>

struct err;

/*
 * Plaintext that must not be swapped, dumped, logged or copied by accident:
 * its own locked pages outside core dumps, wiped when freed.  There is no way
 * to format one.
 */
struct secret;

/* bytes are copied; the caller wipes its own. len may be 0. */
struct secret *secret_new(const void *bytes, size_t len);
/* From the file's first line (trailing newline removed), at most 1024 bytes;
 * refuses files that others may read. */
struct secret *secret_from_file(const char *path, struct err *err);
/* len characters drawn uniformly from alphabet (at most 256 characters). */
struct secret *secret_random_text(const char *alphabet, size_t len);
struct secret *secret_copy(const struct secret *s);
/* Borrowed, followed by a NUL that is not counted; valid until freed. */
const uint8_t *secret_bytes(const struct secret *s, size_t *ret_len);
/* The same as a C string. */
const char *secret_text(const struct secret *s);
/* 1 if equal, in constant time for equal lengths. */
int secret_equal(const struct secret *a, const struct secret *b);
/* Wipe and free; NULL is allowed. */
void secret_free(struct secret *s);
/* Wipe any memory, never optimised away. */
void secret_wipe(void *bytes, size_t len);
/* Once at start: no core dumps of this process, no ptrace by others. */
void secret_process_init(void);
#endif
