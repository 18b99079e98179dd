#ifndef DIRECTORY_INTERNAL_H_
#define DIRECTORY_INTERNAL_H_
#include <ldap.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "directory.h"

struct buf;
struct err;
struct secret;
struct watchdog;

#define DIRECTORY_SITE_SIZE 64 /* a label and its end */
struct directory_netlogon {
	bool writable;			/* not a read-only controller */
	bool near;			/* in our site, or the nearest to it */
	bool catalog;			/* has the forest's global catalogue */
	char site[DIRECTORY_SITE_SIZE]; /* ours; "": it does not know */
	char of[DIRECTORY_SITE_SIZE];	/* its own; "": it does not say */
};

struct directory {
	LDAP *ld;
	char *dc;
	char *base;
	unsigned deadline_ms;
	bool dead; /* nothing more will come over this connection */
	struct directory_netlogon netlogon;
	/* How it was opened, with texts of its own, for the second connection:
	 * to the global catalogue, from its first use on. */
	struct directory_conf conf;
	struct directory *catalog;
	bool no_catalog; /* it does not answer */
	struct watchdog *dog;
};

/* --- connection.c --- */

/* Refuse messages of the server's that are longer than any has to be. */
void directory_bound(LDAP *ld);

/* --- connection.c -----------------------------------------------------------
 */

/* The global catalogue of the same controller, whose base is "": the whole
 * forest. NULL when there is none, or it does not answer. Borrowed. */
struct directory *directory_catalog(struct directory *d);

/* --- watchdog.c: cuts a connection that is not done in time ----------------
 */

/* A thread that sleeps until it is needed. */
struct watchdog *watchdog_new(void);
void watchdog_free(struct watchdog *w); /* NULL is allowed */
/* Learn the sockets of ld from libldap itself. */
void watchdog_attach(struct watchdog *w, LDAP *ld);
/* From now on ms milliseconds, then every socket call on ld fails. */
void watchdog_arm(struct watchdog *w, unsigned ms);
void watchdog_disarm(struct watchdog *w);
/* Did TCP connect? Did the time run out, since the last watchdog_arm()? */
bool watchdog_connected(struct watchdog *w);
bool watchdog_bitten(struct watchdog *w);

/* --- exchange.c: one request, one answer -----------------------------------
 */

enum directory_op { DIRECTORY_LOOK, DIRECTORY_WRITE };

/* Start the deadline of an exchange. */
void directory_begin(struct directory *d);
/* The answer to msgid, or the failure of sending (sent is what the sending call
 * returned); ends the deadline. *ret_result (NULL when not wanted) is given. */
int directory_end(struct directory *d, enum directory_op op, int sent,
    int msgid, LDAPMessage **ret_result, struct err *err);

/* An LDAP result code in kind and words; returns -1. */
struct directory_answer {
	int code;
	const char *diagnostic; /* the server's text; may be NULL */
	enum directory_op op;
	bool sent;
};
int directory_fail(
    struct directory *d, const struct directory_answer *a, struct err *err);
/* The words for "data 52e" and its like in a bind's answer; NULL if unknown. */
const char *directory_logon_words(const char *diagnostic);

/* --- search.c ---------------------------------------------------------------
 */

struct directory_query {
	const char *base;
	int scope; /* LDAP_SCOPE_... */
	const char *filter;
	const char *const *attributes; /* NULL at the end */
	bool dacl; /* of nTSecurityDescriptor that part alone */
};
/* Called for each entry; not 0 ends the search with that result. */
typedef int directory_entry_fn(
    void *cookie, struct directory *d, LDAPMessage *entry, struct err *err);
/* Page by page (RFC 2696). fn is called once at most when the scope is
 * LDAP_SCOPE_BASE: a second entry is ERR_PROTOCOL. */
int directory_search(struct directory *d, const struct directory_query *q,
    directory_entry_fn *fn, void *cookie, struct err *err);
/* First value of an attribute, given; NULL when absent, longer than
 * DIRECTORY_VALUE_MAX or with a NUL inside. */
#define DIRECTORY_VALUE_MAX 4096
char *directory_text(
    struct directory *d, LDAPMessage *entry, const char *attribute);
/* The same of the rootDSE (MS-ADTS 3.1.1.3.2), given; NULL when absent. */
int directory_root_text(struct directory *d, const char *attribute,
    char **ret_text, struct err *err);
/* The same as number; absent_value when there is none. */
int64_t directory_number(struct directory *d, LDAPMessage *entry,
    const char *attribute, int64_t absent_value);
/* All values, sorted, separated by blanks; given, "" when absent. */
char *directory_list(
    struct directory *d, LDAPMessage *entry, const char *attribute);

/* --- object.c ----------------------------------------------------------------
 */

extern const char *const directory_object_attributes[];
/* Fill from an entry; max_age is left alone. */
void directory_object_fill(
    struct directory *d, LDAPMessage *entry, struct directory_object *ret);
/* In seconds from maxPwdAge's unit; 0 = never. */
int64_t directory_age(int64_t interval);
/* Unix seconds from a FILETIME; 0 stays 0. */
int64_t directory_filetime(int64_t filetime);

/* --- owner.c ----------------------------------------------------------------
 */

struct directory_wish;
struct directory_found {
	struct directory_object object; /* dn NULL: none */
	char *description;
};
void directory_found_clear(struct directory_found *f);
/* Into *ret, zeroed before; its dn stays NULL when there is none. */
int directory_find_account(struct directory *d, const char *base, int scope,
    const char *account, struct directory_found *ret, struct err *err);
/* In the whole domain, and marked as this device's: ERR_NOTFOUND, ERR_CONFLICT.
 */
int directory_find_ours(struct directory *d, const struct directory_wish *wish,
    struct directory_found *ret, struct err *err);
bool directory_is_mark(
    const char *description, const struct directory_wish *wish);
/* ERR_CONFLICT "what dn; advice"; returns -1. */
int directory_conflict(
    struct err *err, const char *what, const char *dn, const char *advice);

/* --- template.c ------------------------------------------------------------
 */

/* Seconds of pKIExpirationPeriod's form: a negative count of 100 ns, little
 * endian, 8 bytes (MS-CRTD 2.11). 0, or -1 (*ret unchanged). */
int directory_period(const uint8_t *bytes, size_t len, int64_t *ret);

/* --- name.c ------------------------------------------------------------------
 */

/* Append text as assertion value (RFC 4515 3) or RDN value (RFC 4514 2.4). */
void directory_escape_filter(struct buf *out, const char *text);
void directory_escape_rdn(struct buf *out, const char *text);
/* Behind the first comma that is not part of a value (RFC 4514); borrowed, ""
 * above the top. */
const char *directory_parent(const char *dn);
/* GeneralizedTime "20261124103000.0Z" as unix seconds; 0 or -1. */
int directory_parse_time(const char *text, int64_t *ret);

/* --- password.c
 * ---------------------------------------------------------------- */

/* unicodePwd's form: quoted, UTF-16LE. */
int directory_quote_password(
    struct buf *out, const struct secret *password, struct err *err);

/* --- netlogon.c -------------------------------------------------------------
 */

/* The controller's answer; 0 or -1 (*ret unchanged). */
int directory_parse_netlogon(
    const uint8_t *bytes, size_t len, struct directory_netlogon *ret);
/* Into d->netlogon. */
int directory_ask_netlogon(struct directory *d, struct err *err);

/* --- locate.c
 * -------------------------------------------------------------------- */

/* The targets of a DNS answer's SRV records, best first, separated by blanks
 * (RFC 2782; equal ones in the order given). 0 or -1. */
int directory_parse_srv(const uint8_t *answer, size_t len, struct buf *out);
#endif
