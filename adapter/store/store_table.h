#ifndef STORE_TABLE_H_
#define STORE_TABLE_H_
/*
 * For modules below adapter/store that keep tables of their own in the store's
 * file: they write within its group commit and read as its own parts do. What
 * they keep is part of its schema (schema.c); nobody else includes this.
 */
#include <stddef.h>
#include <stdint.h>

#include "rows.h"

struct db;
struct err;
struct store;

#define STORE_TEXT_MAX 65536 /* any one text of a record, intent or event */
#define STORE_NAME_MAX 255

/* Where the tables are; the store's. */
struct db *store_db(struct store *s);
/* Open the group's transaction if it is not open; before every write. */
int store_begin(struct store *s, struct err *err);
/* A write of several statements broke off in the middle: the group cannot be
 * committed any more. Returns -1. */
int store_break(struct store *s);
/* Did the last write change a row? If not: ERR_NOTFOUND when there is no such
 * device, else ERR_CONFLICT with this text. */
int store_check_device(
    struct store *s, int64_t device, const char *conflict, struct err *err);
/* Text from outside, within STORE_TEXT_MAX; NULL is fine. */
int store_check_text(const char *text, const char *what, struct err *err);
/* Has it more bytes than that (NULL has none)? ERR_LIMIT. */
int store_check_length(
    const char *text, size_t max, const char *what, struct err *err);
/* A name that people give and see: 1 to STORE_NAME_MAX visible bytes, no blanks
 * around them, and no number, which stands for an id. */
int store_check_name(const char *name, const char *what, struct err *err);
#endif
