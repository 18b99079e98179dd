#ifndef DAEMON_H_
#define DAEMON_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf;
struct device;
struct engine;
struct err;
struct loop;
struct net;
struct ports;
struct profile;
struct store;
struct vault;
struct ca;
struct ca_conf;
struct ca_new;
struct ca_bridge;
struct desk_tickets;

/*
 * Sets the parts up in order and plugs the real modules into the engine's
 * ports.  Any part that does not answer stops the start: nothing is made in its
 * place, and no device is touched before all parts are there.
 */
struct daemon {
	struct conf *conf;
	struct profile *profile;
	struct vault *vault;
	struct store *store;
	struct ca *ca;
	struct ca_bridge **bridges; /* as in conf */
	size_t bridge_count;
	struct desk_tickets *tickets; /* for those; NULL: no Kerberos */
	struct loop *loop;
	struct net *net;
	struct ports *ports;
	struct engine *engine;
};

/* Configuration and profile only. */
int daemon_load(
    const char *conf_file, struct daemon *ret_daemon, struct err *err);

enum daemon_parts {   /* each with those before it */
	DAEMON_STORE, /* vault and store */
	DAEMON_CA,    /* and the bridges to others */
	DAEMON_ENGINE /* loop, ports, engine */
};

/* Open the parts of a loaded one. actor names us in events ("run", "serve");
 * borrowed until daemon_close(), which is the caller's also after a failure. */
int daemon_open(struct daemon *d, enum daemon_parts parts, const char *actor,
    struct err *err);
/* The bridges alone, which reads their files, and asks nobody: can they be
 * used?  Not before daemon_open(). */
int daemon_open_bridges(struct daemon *d, struct err *err);
void daemon_close(struct daemon *d); /* a zeroed one is allowed */

/* How a CA is made. */
struct daemon_ca_new {
	const struct ca_new *how;
	bool offline; /* no root: a request for somebody else's (ca.h) */
};

/* Make what the configuration names and nobody has yet: vault key, store and
 * CA; they stay closed. ERR_CONFLICT when any of them exists; nothing is left
 * behind on failure. */
int daemon_create(
    struct daemon *d, const struct daemon_ca_new *ca, struct err *err);
/* The CA alone, beside a vault and a store that exist. */
int daemon_create_ca(
    struct daemon *d, const struct daemon_ca_new *ca, struct err *err);
/* Where the CA's files are; needs the store open, for its vault. */
struct ca_conf daemon_ca_conf(const struct daemon *d);
/* The bridge of this name; NULL. */
struct ca_bridge *daemon_bridge(const struct daemon *d, const char *name);

/*
 * `serve`: recover, then work on what is due until SIGTERM or SIGINT; parks or
 * finishes every device before it returns.  After a second signal it returns at
 * once with ERR_CANCELLED: the process must then end without daemon_close(),
 * and the next start recovers what was under way.
 */
int daemon_serve(struct daemon *d, struct err *err);

/* Own clock against the KDC's, when a directory is configured: ERR_REFUSED when
 * off by more than conf->clock_limit. Blocking; before a run. */
int daemon_check_clock(
    struct daemon *d, int64_t *ret_offset_ms, struct err *err);

/* Ask at conf->revocation_url for what certificates name there: the CRL, the
 * issuing certificate and OCSP. fn is told of each place; problem is NULL when
 * it is as it should be. Blocking, with DAEMON_CA open. ERR_NOTFOUND when no
 * URL is set, ERR_UNREACHABLE when its name does not resolve. */
struct daemon_place {
	const char *what; /* "crl", "ca", "ocsp" */
	const char *url;
	const char *problem;
};
typedef void daemon_place_fn(void *cookie, const struct daemon_place *place);
int daemon_check_revocation(
    struct daemon *d, daemon_place_fn *fn, void *cookie, struct err *err);

/* ca_health() with the profile's templates and what devices show. With
 * DAEMON_CA open. */
struct ca_finding;
typedef int daemon_finding_fn(
    void *cookie, const struct ca_finding *f, struct err *err);
int daemon_ca_health(
    struct daemon *d, daemon_finding_fn *fn, void *cookie, struct err *err);

/*
 * One WS-Man call to a device with its stored password and trust (its known
 * certificate, or one of our CA in its name); blocking, with all parts open.
 * done() gets the reply, borrowed, only after success.  A device of which
 * neither certificate nor realm is known yet must be discovered first.  It is
 * held as by engine_hold() meanwhile, with the same refusals.
 */
struct wsman_reply;
struct wsman_request;
typedef void daemon_reply_fn(void *cookie, const struct wsman_reply *reply);
int daemon_call(struct daemon *d, int64_t device,
    const struct wsman_request *request, daemon_reply_fn *done, void *cookie,
    struct err *err);

/* The CA's roots in the engine's words, to be cleared. */
struct port_roots;
void daemon_roots(const struct ca *ca, struct port_roots *ret);
void daemon_roots_clear(struct port_roots *roots);

/* A profile's template in the CA's words; texts borrowed from it. */
struct ca_template;
struct profile_template;
struct ca_template daemon_template(const struct profile_template *t);

/*
 * For a CSR that a person brings, by the same door as a device's: names as the
 * device should be called now.  Issued when ret_cert is not NULL (clear it; the
 * same CSR again gets the same one until that is revoked or due for renewal),
 * else only checked.  With DAEMON_CA open.
 * As ca_issue(); ERR_REFUSED for another CA's template.
 */
struct daemon_csr {
	const struct device *device;
	const struct profile_template *template;
	const uint8_t *der;
	size_t len;
};
struct ca_cert;
int daemon_sign(struct daemon *d, const struct daemon_csr *csr,
    struct ca_cert *ret_cert, struct err *err);

/* A certificate template of the forest as a person compares it with ours; texts
 * borrowed, periods in seconds, 0: unknown. */
struct daemon_ad_template {
	const char *name;
	int64_t validity, renew_before, key_bits;
	const char *usages;  /* our words, OIDs else; by comma */
	const char *problem; /* why devices cannot use it; NULL: they can */
	bool approval;
};
typedef int daemon_ad_template_fn(
    void *cookie, const struct daemon_ad_template *t, struct err *err);
/* By name. Blocking, with all parts open. ERR_NOTFOUND when Active Directory is
 * not configured. */
int daemon_ad_templates(
    struct daemon *d, daemon_ad_template_fn *fn, void *cookie, struct err *err);

/*
 * The domain's Kerberos as a person looks at it: each controller, our ticket,
 * our account, our keytab, and the clocks; texts borrowed.  A row without code
 * is as it should be.
 */
enum daemon_level { DAEMON_GOOD, DAEMON_WARNING, DAEMON_BAD };
struct daemon_krb_row {
	enum daemon_level level;
	const char *part; /* "kdc", "ldap", "clock", "ticket", "account",
			   * "keytab" */
	const char *name; /* controller or principal */
	bool timed;
	int64_t offset_ms;    /* its clock minus ours */
	int64_t error_ms;     /* known to this */
	int64_t kvno;	      /* 0: none */
	const char *enctypes; /* by comma; NULL */
	int64_t until;	      /* unix seconds; 0: no end, or unknown */
	int64_t renew_until;
	const char *code; /* of the finding; NULL: none */
	const char *text; /* and what to do */
};
typedef int daemon_krb_row_fn(
    void *cookie, const struct daemon_krb_row *row, struct err *err);
/* Blocking, with all parts open. One attempt to log in. ERR_NOTFOUND when
 * Active Directory is not configured, ERR_UNREACHABLE and so on when it is not
 * known whom to ask; all else is a row. */
int daemon_krb_status(
    struct daemon *d, daemon_krb_row_fn *fn, void *cookie, struct err *err);

/*
 * The chain from a device's object to a login on it by Negotiate, each link by
 * itself; texts borrowed, and say what to do.  Blocking, with all parts open.
 * The device is held as by engine_hold() meanwhile, with the same refusals.
 */
enum daemon_link {
	DAEMON_LINK_GOOD,
	DAEMON_LINK_BROKEN,
	DAEMON_LINK_SKIPPED /* it cannot be told */
};
struct daemon_krb_line {
	enum daemon_link link;
	const char *what; /* "object", "ticket", "login", ... */
	const char *subject, *text;
};
typedef void daemon_krb_line_fn(
    void *cookie, const struct daemon_krb_line *line);
int daemon_krb_check(struct daemon *d, int64_t device, daemon_krb_line_fn *fn,
    void *cookie, struct err *err);

/* Append the keys of the device's object, of the types it uses, for all its
 * names, to a keytab. Only keys that open fresh tickets: ERR_CONFLICT when the
 * domain has another password than we. Blocking, with all parts open; whoever
 * gives them away tells the audit chain first. */
#define DAEMON_TYPES 64
struct daemon_exported {
	int64_t kvno;
	size_t principals;
	char enctypes[DAEMON_TYPES]; /* by comma */
};
struct buf;
int daemon_krb_export(struct daemon *d, const struct device *device,
    struct buf *out, struct daemon_exported *ret, struct err *err);

/* The object of a device that leaves: *ret_dn (given) is which it was.
 * Blocking, with nothing open.  ERR_NOTFOUND when there is none; ERR_CONFLICT
 * when it does not carry the device's mark; ERR_REFUSED when others are below
 * it; ERR_INVALID when Active Directory is not configured. */
enum daemon_retirement { DAEMON_DISABLE_OBJECT, DAEMON_DELETE_OBJECT };
int daemon_retire_object(struct daemon *d, const struct device *device,
    enum daemon_retirement how, char **ret_dn, struct err *err);

/* For port_*.c, called by daemon_open(). */
int port_device_new(struct loop *loop, struct net *net, const struct conf *conf,
    struct ca *ca, struct ports *ports, struct err *err);
void port_device_free(struct ports *ports);
/* Go on with this CA, which is borrowed in place of the one before; on the
 * loop, between two calls. On failure nothing is changed. */
int port_device_use(struct ports *ports, struct ca *ca, struct err *err);
/* Everything is borrowed. */
struct port_ca_parts {
	struct loop *loop;
	struct ca *ca;
	struct ca_bridge *const *bridges;
	size_t bridge_count;
};
int port_ca_new(
    const struct port_ca_parts *parts, struct ports *ports, struct err *err);
/* Likewise; calls under way hold the one before until they are done. */
void port_ca_use(struct ports *ports, struct ca *ca);
/* Begin nothing more: calls that wait are dropped without an answer, those at
 * work are waited for (they bound their own time) and answered. */
void port_ca_stop(struct ports *ports);
void port_ca_free(struct ports *ports); /* when none is under way */
/* Directory and KDC together: both run on workers with connections of their
 * own. Leaves self NULL when conf->directory is false. */
int port_directory_new(struct loop *loop, const struct conf *conf,
    struct ports *ports, struct err *err);
/* As port_ca_stop(). */
void port_directory_stop(struct ports *ports);
void port_directory_free(struct ports *ports); /* when none is under way */
#endif
