#ifndef EPO_PULL_INTERNAL_H_
#define EPO_PULL_INTERNAL_H_
#include <stdbool.h>
#include <stdint.h>

#include "session_internal.h"

struct buf;
struct epo_conf;
struct err;
struct json_object;

/* What is asked for: systems after this one in the order of their numbers, a
 * page of them, seen within the last newer_ms (0: whenever). */
struct epo_ask {
	int64_t after, page, newer_ms;
	const char *condition; /* of the saved query, in parentheses; or NULL */
	bool old_path;	       /* the group's path by its older name */
};
/* core.executeQuery of it. Pure. */
void epo_ask_command(const struct epo_conf *conf, const struct epo_ask *ask,
    struct epo_command *ret);
/* The condition within "(where ...)", or in parentheses by itself, appended;
 * false when it is neither, or not closed. Pure. */
bool epo_ask_condition(const char *text, struct buf *out);

/* A system as a row tells of it. Texts owned; NULL: not said. */
struct epo_row {
	int64_t remote;
	char *node;	     /* its name in the tree */
	char *name;	     /* FQDN, or host name alone; lower case */
	char *host, *domain; /* the two parts of it */
	char *uuid, *address, *group, *tags;
	bool has_tags; /* the row said which it has, if only none */
	char *problem; /* why it cannot be taken */
};
/* ERR_PROTOCOL: it has no number, so nothing can be said of it. Pure. */
int epo_row_read(const struct epo_conf *conf, struct json_object *row,
    struct epo_row *ret, struct err *err);
void epo_row_clear(struct epo_row *r);
/* Is the name in the list "a, b"? */
bool epo_has_tag(const char *list, const char *name);
#endif
