#ifndef EPO_CALL_INTERNAL_H_
#define EPO_CALL_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "access.h"
#include "args_internal.h"
#include "err.h"
#include "out_internal.h"
#include "remote.h"

struct command;
struct device;
struct query_text;
struct store;

/* One command under way; on one thread at a time. */
struct call {
	const struct command *command;
	const struct remote_request *request;
	struct args args;
	struct store *store; /* while on a worker */
	struct out out;
	int64_t now;
	char actor[272]; /* "remote:NAME" */
	bool told;	 /* its event is committed, with what it changed */
	/* For the loop, once the worker is done. */
	int64_t *devices; /* to be looked at */
	size_t device_count;
	size_t unknown; /* systems asked for that are not here */
	int64_t look_ms;
	bool wake;
	bool generic; /* its failure is error 0, as ePO's is known to be */
};

/* On a worker: writes the payload; what it changes is committed behind it. */
typedef int command_fn(struct call *c, struct err *err);
/* On the loop, after the look at c->devices. */
typedef void command_looked_fn(
    struct call *c, const struct remote_looked *looked);

/* A row is all there is to a command: core.help is made of it, arguments are
 * mapped by it, rights are asked by it. */
struct command {
	const char *name;
	const char *args; /* args_internal.h */
	enum access_right right;
	const char *help;
	command_fn *run;
	command_looked_fn *looked; /* NULL: nothing on the loop */
	bool hidden;		   /* from core.help, as ePO does */
};
/* As a right: whoever is known. */
#define ANYBODY ACCESS_RIGHTS
/* NULL behind the last. */
const struct command *remote_command_at(size_t i);
/* In any case, with or without ".do"; NULL. */
const struct command *remote_command_find(const char *name);
/* May this caller run it? */
bool remote_command_allowed(
    const struct command *command, const struct access_identity *who);

static inline const char *
call_text(const struct call *c, const char *name)
{
	return args_text(&c->args, name);
}
/* Has the name "searchText" in it, in any case? Also when that was left out. */
static inline bool
call_finds(const struct call *c, const char *name)
{
	const char *text = call_text(c, "searchText");

	return text == NULL || strcasestr(name, text) != NULL;
}
/* A whole number, or that when it was left out. ERR_INVALID. */
int call_int(const struct call *c, const char *name, int64_t min, int64_t max,
    int64_t *ret, struct err *err);
/* "true", "yes", "1"; *ret stays when it was left out. */
int call_bool(
    const struct call *c, const char *name, bool *ret, struct err *err);

/* Rows of a query as the payload (run_query.c). */
int call_query(struct call *c, const struct query_text *text, struct err *err);
/* A text in quotes for a condition. */
void call_quote(struct buf *out, const char *text);

/* An event of this caller; the detail is {key: value} (remote.c). */
int call_event(struct call *c, const struct device *d, const char *kind,
    const char *key, const char *value, struct err *err);
/* What was changed so far lasts: so that no other writer waits for long. */
int call_commit(struct call *c, struct err *err);

/* Numbers of the systems that "names" has, each once, in their order (names.c):
 * by number, name, UUID, IP or MAC address, or what the host calls itself. What
 * is not there is counted. ERR_NOTFOUND when nothing is, ERR_CONFLICT when a
 * word means several. Given. */
struct systems {
	int64_t *ids;
	size_t count, unknown;
};
int call_systems(struct call *c, struct systems *ret, struct err *err);
#endif
