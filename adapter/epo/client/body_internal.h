#ifndef EPO_BODY_INTERNAL_H_
#define EPO_BODY_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct json_object;

/*
 * The body of an answer: "OK:", a line's end or blanks, and the payload; or
 * "Error <n> :" and a text.  Tolerant as clients of many versions have to be:
 * LF or CRLF, blanks and a byte order mark around, numbers as texts, texts that
 * are no JSON.
 */
#define EPO_ERROR_TEXT 160

struct epo_body {
	bool ok;
	int64_t code;		    /* of an error; -1: it has none */
	char error[EPO_ERROR_TEXT]; /* printable */
	struct json_object *value;  /* NULL: none. A text that is no JSON is a
				     * string */
};
/* Pure. ERR_PROTOCOL: it is neither, or the JSON is broken off or too large. */
int epo_body_read(
    const void *bytes, size_t len, struct epo_body *ret, struct err *err);
void epo_body_clear(struct epo_body *b); /* a zeroed one is allowed */
/* The error says that there is no such command. */
bool epo_body_no_command(const struct epo_body *b);

/* Of a row: a text, or number as text; NULL when it is not there, null, blank,
 * or longer than EPO_VALUE_MAX. Borrowed. The name's case does not matter. */
#define EPO_VALUE_MAX 4096
const char *epo_value(struct json_object *row, const char *name);
/* A number, or a text that is one; 0 or -1. */
int epo_number(struct json_object *row, const char *name, int64_t *ret);
/* The same of a value by itself. */
const char *epo_text_of(struct json_object *value);
int epo_number_of(struct json_object *value, int64_t *ret);
#endif
