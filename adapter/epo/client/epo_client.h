#ifndef EPO_CLIENT_H_
#define EPO_CLIENT_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct epo_sync;
struct err;
struct secret;
struct store;

/*
 * Client of an ePO server by its Web API, which knows nothing of us: hosts in,
 * what is wrong with them out, as tags, texts and issues.
 *
 *   1. Nothing leaves before the store has it as UNSURE, committed.
 *   2. An issue is created only after a look whether it is there, unless none
 *      was ever sent; its description carries our mark.
 *   3. What vanished there is reported, and nothing of ours is removed.
 *   4. A server with another unique id or version is not written to before a
 *      person has accepted it.
 *   5. Credentials that are refused are not sent again.
 *
 * Everything blocks: for workers and commands, with a store handle of their
 * own.  No transaction is open while we wait for the server.
 */
#define EPO_ANSWER_MAX ((size_t)32 << 20) /* bytes of one answer */
#define EPO_ROWS_MAX 200000		  /* rows of one answer */
#define EPO_DEPTH_MAX 32		  /* of its JSON */
#define EPO_URL_MAX 6000   /* servers take 8 KB of request line and headers */
#define EPO_BATCH_MAX 500  /* systems in one command */
#define EPO_RULES_MAX 16   /* tags that we give */
#define EPO_ISSUES_MAX 200 /* opened and closed in one sync */
#define EPO_RETRY_AFTER_MAX 3600 /* seconds that a server may ask for */

/* Systems with one of these reason codes get the tag. */
struct epo_rule {
	const char *tag;
	const char *codes; /* by blanks */
};

/* Borrowed for the life of what is made with it. */
struct epo_conf {
	const char *name;
	const char *url;    /* https://HOST:8443 */
	const char *ca_pem; /* whom the server must chain to */
	/* Which systems: rows of a query saved there; NULL: all. And only those
	 * that meet this condition; NULL: no other. */
	const char *query, *where;
	const char *uuid_column; /* "TABLE.COLUMN" of the SMBIOS UUID; NULL */
	bool add;		 /* take in systems that are no device yet */
	bool take_address;	 /* connect to the host's address */
	bool take_groups, take_tags;
	const struct epo_rule *rules;
	size_t rule_count;
	int64_t field;	    /* customField1 to 4; 0: none */
	const char *issues; /* reason codes that get an issue; NULL: none */
	int64_t page;	    /* rows asked for at once */
	int64_t interval;   /* seconds between two syncs */
	int64_t full_every; /* and between two pulls of all systems */
	int64_t timeout;    /* of one exchange */
	int64_t retry_most; /* back-off goes up to this */
	/* What a reason code means, for people; NULL when it is none. */
	const char *(*help)(const char *code);
};
/* "TAG=code code, TAG=code": rules into ret, texts into *ret_texts (given).
 * ERR_INVALID says what is wrong. */
int epo_rules_parse(const char *text, struct epo_rule ret[EPO_RULES_MAX],
    size_t *ret_count, char **ret_texts, struct err *err);
/* Is it one condition in parentheses, all closed? NULL, or what is wrong. */
const char *epo_condition_check(const char *text);

/* What a sync did. */
struct epo_report {
	size_t read, added, changed, unknown, problems, gone, back;
	size_t tagged, untagged, texts, opened, closed;
	bool full; /* it read all systems */
};

/* A sync, a step at a time: each is one exchange (with a login before it, when
 * that has run out) and one transaction.  owner holds the console meanwhile,
 * "serve/123"; ERR_CONFLICT when another does, ERR_REFUSED when the server is
 * another one, ERR_DENIED when it refused our login before, ERR_NOTFOUND
 * without a login. */
int epo_sync_new(const struct epo_conf *conf, struct store *s,
    const char *owner, struct epo_sync **ret, struct err *err);
/* *ret_more: there is another step. -1: it is over, and the store has why and
 * when to try again. */
int epo_sync_step(struct epo_sync *y, bool *ret_more, struct err *err);
const struct epo_report *epo_sync_report(const struct epo_sync *y);
/* In the middle: the next sync goes on from there. NULL is allowed. */
void epo_sync_free(struct epo_sync *y);

/* Does it answer, who is it, may we do what we want to? fn for each finding;
 * problem NULL: it is as it should be. Writes nothing, there or here. */
typedef void epo_finding_fn(
    void *cookie, const char *what, const char *text, const char *problem);
int epo_test(const struct epo_conf *conf, struct store *s, epo_finding_fn *fn,
    void *cookie, struct err *err);

/* A person accepts a server that is another one now: with another unique id all
 * that was known of its systems is forgotten; the next sync reads and publishes
 * anew. ERR_NOTFOUND when nothing is to be accepted. */
int epo_accept(
    struct store *s, const char *name, const char *actor, struct err *err);
/* Take a login, and forget that another was refused. */
int epo_login(struct store *s, const char *name, const char *user,
    const struct secret *password, const char *actor, struct err *err);
#endif
