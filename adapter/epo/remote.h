#ifndef REMOTE_H_
#define REMOTE_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

struct access_identity;
struct err;
struct loop;
struct remote;
struct vault;

/*
 * The server side of ePO's Web API without its HTTP: a command with arguments
 * in, the body of the answer out.  Scripts written for ePO find the commands,
 * spellings, framing and field names they know; what ePO has no word for has
 * the prefix "amt.".  Commands read and write the store through handles of
 * their own on workers, never on the loop.
 *
 *   OK:\r\n<payload>            success
 *   Error <n> :\r\n<text>       failure, with n
 *     0  it went wrong here (store, memory): the same call may work later;
 *        and core.help knows no such command
 *     1  no such command
 *     2  an argument is missing, unknown or wrong
 *     3  the caller has not the right
 *     4  the command was understood and could not be done
 * Of these 0 and 1 are as ePO has them, the others our own.
 */
#define REMOTE_BODY_MAX ((size_t)32 << 20)
#define REMOTE_ARGS_MAX 64
#define REMOTE_NAMES_MAX 10000 /* systems in one command */
#define REMOTE_PARALLEL 2      /* commands at work at once, a worker each */
#define REMOTE_WAITING_MAX 256 /* beyond these: busy */
#define REMOTE_WORK_MS 30000   /* of one command on its worker */

enum remote_code {
	REMOTE_FAILED,
	REMOTE_NO_COMMAND,
	REMOTE_BAD_ARGUMENT,
	REMOTE_NO_RIGHT,
	REMOTE_REFUSED
};

/* ":output"; a caller need not say it. */
enum remote_output {
	REMOTE_TERSE,	/* "Name: value", what is known */
	REMOTE_VERBOSE, /* all fields, with the names of their tables */
	REMOTE_JSON,
	REMOTE_XML
};

/* As decoded from query string or body, in its order. */
struct remote_arg {
	const char *name;
	const char *value; /* followed by a NUL that is not counted */
	size_t len;
};

struct remote_request {
	const char *command; /* "core.help", "core.help.do" */
	const struct remote_arg *args;
	size_t arg_count;
	const struct access_identity *who;
	const char *token; /* what core.getSecurityToken gives; NULL: "" */
};

struct remote_answer {
	struct buf *body; /* its contents may be taken */
	bool busy; /* nothing was done: too much is waiting, or we stop */
	bool failed;
	enum remote_code code;
};
/* Of every output: PowerShell's web cmdlets give text for no other. */
#define REMOTE_TYPE "text/plain;charset=UTF-8"
typedef void remote_done_fn(void *cookie, const struct remote_answer *answer);

/* What is not the store's: done on the loop. */
struct remote_looked {
	size_t completed, failed, expired;
};
typedef void remote_looked_fn(void *cookie, const struct remote_looked *looked);
struct remote_hands {
	void *self;
	/* Read devices, without changing them; done() once, from the loop, when
	 * all have ended or after ms: those that have not are expired. */
	void (*look)(void *self, const int64_t *devices, size_t count,
	    int64_t ms, remote_looked_fn *done, void *cookie);
	/* There is a run in the store that nobody has begun. */
	void (*wake)(void *self);
};

/* Everything is borrowed for its life. */
struct remote_conf {
	struct loop *loop;
	const char *database; /* the store's file */
	struct vault *vault;
	struct remote_hands hands;
};
int remote_new(const struct remote_conf *conf, struct remote **ret_remote,
    struct err *err);
/* The request is borrowed until done(), which is called once, from the loop.
 * Each command is an event "remote.command" of the actor "remote:NAME" before
 * its answer is given. */
void remote_submit(struct remote *r, const struct remote_request *request,
    remote_done_fn *done, void *cookie);
/* Answer what waits with busy, take nothing more; what is at work ends. */
void remote_stop(struct remote *r);
/* All commands are answered; NULL is allowed. */
void remote_free(struct remote *r);
#endif
