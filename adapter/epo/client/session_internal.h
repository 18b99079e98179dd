#ifndef EPO_SESSION_INTERNAL_H_
#define EPO_SESSION_INTERNAL_H_
#include <stdbool.h>
#include <stdint.h>

#include "body_internal.h"
#include "buf.h"

struct epo_conf;
struct err;
struct secret;

/*
 * One login at a server: its connection, cookies and security token.  The token
 * belongs to the session that the cookies name; a server that has forgotten
 * either is asked for a new one, once per call.
 */
struct epo_session;

/* user and password are borrowed. */
struct epo_session *epo_session_new(const struct epo_conf *conf,
    const char *user, const struct secret *password);
void epo_session_free(struct epo_session *s); /* NULL is allowed */
/* Seconds that the server asked us to wait, 0: it did not. */
int64_t epo_session_retry_after(const struct epo_session *s);

/* A command and its arguments as the rest of a URL. */
struct epo_command {
	const char *name; /* "system.applyTag"; borrowed */
	struct buf args;
};
void epo_command_init(struct epo_command *c, const char *name);
/* Values are encoded; NULL adds nothing. */
void epo_command_add(
    struct epo_command *c, const char *name, const char *value);
void epo_command_add_int(
    struct epo_command *c, const char *name, int64_t value);
/* Room for so many bytes more, when they need no encoding? */
bool epo_command_has_room(const struct epo_command *c, size_t bytes);
void epo_command_free(struct epo_command *c);

/*
 * Send it and read the answer, *ret to be cleared; an "Error" is a failure.
 * Certainly not done: ERR_NOTFOUND (no such command), ERR_REFUSED (another
 * error; native is its number), ERR_DENIED, ERR_UNREACHABLE, ERR_UNTRUSTED,
 * ERR_INVALID, ERR_LIMIT (too long).  Perhaps done: ERR_UNKNOWN, ERR_PROTOCOL.
 */
int epo_call(struct epo_session *s, const struct epo_command *c,
    struct epo_body *ret, struct err *err);
#endif
