#ifndef JSON_INTERNAL_H_
#define JSON_INTERNAL_H_
#include <json-c/json.h>
#include <stdint.h>

#include "buf.h"
#include "der.h"
#include "err.h"

/*
 * Answers in JSON (RFC 8259) of a CA that may say anything: one object and
 * nothing behind it, so deep at most, in UTF-8.  Looking into it never fails
 * hard: what is not there, or is something else, is NULL or 0.
 */
#define CA_JSON_DEPTH 16

/* To be given to json_object_put(); NULL: it is no such object. */
struct json_object *ca_json_read(struct ca_span body);
/* Borrowed, each of the type that it says. */
struct json_object *ca_json_object(
    const struct json_object *in, const char *name);
struct json_object *ca_json_array(
    const struct json_object *in, const char *name);
/* Of at least one character, and no NUL in it. */
const char *ca_json_text(const struct json_object *in, const char *name);
int64_t ca_json_int(const struct json_object *in, const char *name);
bool ca_json_bool(const struct json_object *in, const char *name);
/* The same of the i-th element of an array. */
const char *ca_json_text_at(const struct json_object *array, size_t i);

/* To write: name and text go into *in. */
void ca_json_add(struct json_object *in, const char *name, const char *text);
/* A CSR as "csr", in PEM; a length of time, as Go reads it: "3600s". */
int ca_json_add_csr(
    struct json_object *in, struct ca_span csr, struct err *err);
void ca_json_add_seconds(
    struct json_object *in, const char *name, int64_t seconds);
/* Append a text in quotes: for secrets, which nothing else should copy. */
void ca_json_quote(struct buf *out, const char *text);
/* The whole, without white space, appended to *out. */
void ca_json_write(struct json_object *object, struct buf *out);
#endif
