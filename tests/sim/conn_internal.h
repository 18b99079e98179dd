#ifndef CONN_INTERNAL_H_
#define CONN_INTERNAL_H_
#include "http_internal.h"
#include "transport_internal.h"

/* What happens to a connection once its answer went out. */
enum conn_after {
	CONN_KEEP,
	CONN_CLOSE,  /* orderly: TLS alert, FIN, wait for the peer's */
	CONN_RESET,  /* RST */
	CONN_ENDLESS /* more answer, until the peer gives up */
};

enum conn_state {
	CONN_HANDSHAKE,
	CONN_READ,
	CONN_HOLD, /* the answer waits for its time */
	CONN_WRITE,
	CONN_DRAIN, /* everything said, the peer has not closed */
	CONN_DEAD
};

/* Who has logged in on this connection. */
struct conn_login {
	struct sim_login who;
	bool digest, kerberos;
	uint64_t generation; /* of the ACL, when it did */
};

struct conn {
	struct loop_watch watch;
	struct loop_timer timer;
	struct sim_port *port;
	struct conn *next;
	uint64_t id;
	SSL *ssl; /* NULL: plain */
	enum conn_state state;
	enum conn_after after;
	struct conn_login login;
	struct text in, out;
	size_t written, endless;
};

/* Takes fd. */
void conn_start(struct sim_port *p, int which, int fd);
/* Sends c->out, after delay_ms, and then does what after says. */
void conn_send(struct conn *c, enum conn_after after, int64_t delay_ms);
/* Sends in the next turn what a device's connections hold back. */
void conn_release(struct sim_port *p);
void conn_close(struct conn *c);
void conn_reset(struct conn *c);
/* Resets all of a device's connections but one (or NULL). */
void conn_reset_all(struct sim_port *p, const struct conn *but);
/* Frees what was closed; only at the end of a turn. */
void conn_bury(struct sim *s);

/* serve.c: a whole request is there; answers with conn_send() or closes. */
void serve_request(struct conn *c, const struct http_request *r);
/* The bytes were no request. */
void serve_bad_request(struct conn *c, const char *problem);

/* trace.c: nothing without --trace. */
void trace_word(const struct conn *c, const char *word);
void trace_request(const struct conn *c, const struct http_request *r);

/* digest.c, kerberos.c: the verdict on an Authorization header. */
enum auth_verdict {
	AUTH_OK,
	AUTH_REFUSED, /* wrong credentials: counted */
	AUTH_STALE,   /* right, but not with this nonce or session */
	AUTH_TICKET,  /* a Kerberos ticket that does not do */
	AUTH_BROKEN   /* the client broke a rule; text says which */
};

enum auth_verdict digest_check(struct conn *c, const struct http_request *r,
    struct sim_login *ret_login, const char **ret_problem);
/* The value of a Digest WWW-Authenticate header with a fresh nonce. */
void digest_challenge(
    struct sim_port *p, const char *realm, bool stale, struct text *out);
/* ret_answer: the base64 token of the 200, owned by the caller. */
enum auth_verdict kerberos_check(struct conn *c, const struct http_request *r,
    struct sim_login *ret_login, struct text *ret_answer,
    const char **ret_problem);
/* impostor.c: kerberos_check(), or what a rule wants instead. */
enum auth_verdict ticket_check(struct conn *c, const struct http_request *r,
    struct sim_login *ret_login, struct text *ret_answer,
    const char **ret_problem);
#endif
