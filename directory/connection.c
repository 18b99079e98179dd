#include <pthread.h>
#include <sasl/sasl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "buf.h"
#include "clock.h"
#include "directory.h"
#include "directory_internal.h"
#include "err.h"
#include "mem.h"
#include "secret.h"
#include "str.h"

#define MESSAGE_MAX ((ber_len_t)16 << 20) /* an entry has a few kB */
#define PORT_LDAP 389
#define PORT_LDAPS 636
#define PORT_CATALOG 3268
#define PORT_CATALOG_TLS 3269
#define SSF_MIN 128	/* MS-ADTS 3.1.1.3.1.5.1: less may not set passwords */
#define REASON_MAX 120	/* characters shown */
#define REASON_ROOM 512 /* each may become four */

/*
 * libldap sets itself up at its first use and does not lock that: a second
 * thread finds the defaults declared valid and half of them NULL.  Asking for
 * a default sets up libldap, and this one libsasl2 as well.
 */
static void
set_up_libraries(void)
{
	char **mechanisms; /* libsasl2's */

	(void)ldap_get_option(NULL, LDAP_OPT_X_SASL_MECHLIST, &mechanisms);
}

static int
set_tls(LDAP *ld, const char *ca_file)
{
	/* libldap counts unlocked whether its TLS is set up, too; that happens
	 * in the first LDAP_OPT_X_TLS_NEWCTX. */
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	int demand = LDAP_OPT_X_TLS_DEMAND, client = 0, code;

	code = ldap_set_option(ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
	if (code == LDAP_OPT_SUCCESS && ca_file != NULL)
		code = ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTFILE, ca_file);
	if (code == LDAP_OPT_SUCCESS) {
		pthread_mutex_lock(&lock);
		code = ldap_set_option(ld, LDAP_OPT_X_TLS_NEWCTX, &client);
		pthread_mutex_unlock(&lock);
	}
	return code;
}

/* Inside TLS the server wants no second sealing, but a proof that both ends see
 * the same TLS (RFC 5929). */
static int
set_sasl(LDAP *ld, bool tls)
{
	int binding = LDAP_OPT_X_SASL_CBINDING_TLS_ENDPOINT, code;

	if (!tls)
		return ldap_set_option(
		    ld, LDAP_OPT_X_SASL_SECPROPS, "minssf=128");
	code = ldap_set_option(ld, LDAP_OPT_X_SASL_SECPROPS, "maxssf=0");
	if (code == LDAP_OPT_SUCCESS)
		code = ldap_set_option(ld, LDAP_OPT_X_SASL_CBINDING, &binding);
	return code;
}

static bool
has_tls(const struct directory_conf *conf)
{
	return conf->ldaps || conf->starttls;
}

/* libldap makes room for as much as a message says it has, before it comes. */
void
directory_bound(LDAP *ld)
{
	ber_len_t most = MESSAGE_MAX;
	Sockbuf *socket = NULL;

	if (ldap_get_option(ld, LDAP_OPT_SOCKBUF, &socket) == LDAP_OPT_SUCCESS)
		(void)ber_sockbuf_ctrl(
		    socket, LBER_SB_OPT_SET_MAX_INCOMING, &most);
}

static int
set_options(
    struct directory *d, const struct directory_conf *conf, struct err *err)
{
	struct timeval limit = {.tv_sec = d->deadline_ms / 1000,
	    .tv_usec = (suseconds_t)(d->deadline_ms % 1000) * 1000};
	int version = LDAP_VERSION3, code = LDAP_OPT_SUCCESS;

	ldap_set_option(d->ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	/* A referral would be followed with an anonymous bind. */
	ldap_set_option(d->ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	/* The name we were given is the one to trust, not what DNS makes of
	 * it. */
	ldap_set_option(d->ld, LDAP_OPT_X_SASL_NOCANON, LDAP_OPT_ON);
	ldap_set_option(d->ld, LDAP_OPT_RESTART, LDAP_OPT_ON);
	ldap_set_option(d->ld, LDAP_OPT_TIMEOUT, &limit);
	ldap_set_option(d->ld, LDAP_OPT_NETWORK_TIMEOUT, &limit);
	if (set_sasl(d->ld, has_tls(conf)) != LDAP_OPT_SUCCESS)
		return err_set(err, ERR_BUG, "libldap has no SASL");
	if (has_tls(conf))
		code = set_tls(d->ld, conf->ca_file);
	if (code != LDAP_OPT_SUCCESS)
		return err_set(err, ERR_INVALID,
		    "CA file %s cannot be used; is it readable PEM?",
		    conf->ca_file != NULL ? conf->ca_file : "(none)");
	directory_bound(d->ld);
	watchdog_attach(d->dog, d->ld);
	return 0;
}

/* GSSAPI needs nothing from us: the default credentials say it all. */
static int
no_questions(LDAP *ld, unsigned flags, void *defaults, void *questions)
{
	sasl_interact_t *q;

	(void)ld;
	(void)flags;
	(void)defaults;
	for (q = questions; q->id != SASL_CB_LIST_END; q++) {
		q->result = "";
		q->len = 0;
	}
	return LDAP_SUCCESS;
}

static int
bind_simple(struct directory *d, const struct directory_conf *conf,
    int *ret_code, struct err *err)
{
	struct secret *password;
	struct berval value;
	const uint8_t *bytes;
	size_t len;

	if (!has_tls(conf))
		return err_set(
		    err, ERR_INVALID, "a password is sent inside TLS only");
	password = secret_from_file(conf->password_file, err);
	if (password == NULL)
		return -1;
	bytes = secret_bytes(password, &len);
	value.bv_val = mem_copy(bytes, len + 1); /* the NUL too */
	value.bv_len = len;
	*ret_code = ldap_sasl_bind_s(
	    d->ld, conf->bind_dn, LDAP_SASL_SIMPLE, &value, NULL, NULL, NULL);
	secret_wipe(value.bv_val, len);
	free(value.bv_val);
	secret_free(password);
	return 0;
}

/* A bind that failed without an answer from the directory itself. */
static int
fail_untrusted(struct directory *d, const char *diagnostic, struct err *err)
{
	struct buf text;

	d->dead = true;
	buf_init(&text, REASON_ROOM);
	if (diagnostic != NULL)
		str_printable(
		    &text, diagnostic, strlen(diagnostic), REASON_MAX);
	err_native(err, ERR_UNTRUSTED, ERR_LDAP, LDAP_CONNECT_ERROR,
	    "TLS with %s failed: its certificate is not from the configured CA "
	    "or not for this name [%s]",
	    d->dc, buf_text(&text));
	buf_free(&text);
	return -1;
}

static int
bind_result(struct directory *d, bool tls, int code, struct err *err)
{
	struct directory_answer a = {.code = code, .op = DIRECTORY_LOOK};
	char *diagnostic = NULL;

	if (code == LDAP_SUCCESS)
		return 0;
	ldap_get_option(d->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &diagnostic);
	if (tls && watchdog_connected(d->dog) && !watchdog_bitten(d->dog) &&
	    (code == LDAP_SERVER_DOWN || code == LDAP_CONNECT_ERROR)) {
		fail_untrusted(d, diagnostic, err);
	} else {
		a.diagnostic = diagnostic;
		directory_fail(d, &a, err);
	}
	ldap_memfree(diagnostic);
	return -1;
}

/* Trust what was negotiated, not what was asked for. */
static int
check_strength(struct directory *d, struct err *err)
{
	ber_len_t ssf = 0;

	ldap_get_option(d->ld, LDAP_OPT_X_SASL_SSF, &ssf);
	if (ssf < SSF_MIN)
		return err_set(err, ERR_UNTRUSTED,
		    "%s offers encryption of %lu bits only", d->dc,
		    (unsigned long)ssf);
	return 0;
}

static int
log_in(struct directory *d, const struct directory_conf *conf, struct err *err)
{
	bool simple = conf->bind_dn != NULL;
	int code = LDAP_SUCCESS, result = 0;

	directory_begin(d);
	if (conf->starttls)
		code = ldap_start_tls_s(d->ld, NULL, NULL);
	/* Nothing of ours is sent without. */
	if (code == LDAP_SUCCESS && simple)
		result = bind_simple(d, conf, &code, err);
	else if (code == LDAP_SUCCESS)
		code = ldap_sasl_interactive_bind_s(d->ld, NULL, "GSSAPI", NULL,
		    NULL, LDAP_SASL_QUIET, no_questions, NULL);
	watchdog_disarm(d->dog);
	if (result == 0)
		result = bind_result(d, has_tls(conf), code, err);
	if (result == 0 && !has_tls(conf))
		result = check_strength(d, err);
	if (result != 0)
		err_context(err, "login to %s", d->dc);
	return result;
}

static int
find_base(struct directory *d, const char *base, struct err *err)
{
	if (base != NULL) {
		d->base = mem_dup(base);
		return 0;
	}
	if (directory_root_text(d, "defaultNamingContext", &d->base, err) != 0)
		return -1;
	if (d->base == NULL)
		return err_set(err, ERR_PROTOCOL,
		    "%s does not say which domain it holds", d->dc);
	return 0;
}

/* Texts of its own. */
static struct directory_conf
copy_conf(const struct directory_conf *conf)
{
	struct directory_conf own = *conf;

	own.dc = mem_dup(conf->dc);
	own.ca_file = mem_dup(conf->ca_file);
	own.bind_dn = mem_dup(conf->bind_dn);
	own.password_file = mem_dup(conf->password_file);
	own.base = NULL;
	return own;
}

static void
free_conf(struct directory_conf *own)
{
	union {
		const char *text;
		char *given;
	} texts[] = {
	    {own->dc}, {own->ca_file}, {own->bind_dn}, {own->password_file}};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free(texts[i].given);
}

/* Connected and logged in. */
static int
open_port(const struct directory_conf *conf, unsigned port,
    struct directory **ret_directory, struct err *err)
{
	static pthread_once_t set_up = PTHREAD_ONCE_INIT;
	struct directory *d = mem_alloc(sizeof(*d));
	char *uri = mem_printf(
	    "%s://%s:%u", conf->ldaps ? "ldaps" : "ldap", conf->dc, port);
	int code;

	pthread_once(&set_up, set_up_libraries);
	d->conf = copy_conf(conf);
	d->dc = mem_dup(conf->dc);
	d->deadline_ms = conf->deadline_ms;
	d->dog = watchdog_new();
	code = ldap_initialize(&d->ld, uri);
	free(uri);
	if (code != LDAP_SUCCESS) {
		d->ld = NULL;
		err_native(err, ERR_INVALID, ERR_LDAP, code,
		    "'%s' is not the name of a server", conf->dc);
		goto out;
	}
	if (set_options(d, conf, err) != 0 || log_in(d, conf, err) != 0)
		goto out;
	*ret_directory = d;
	return 0;
out:
	directory_close(d);
	return -1;
}

int
directory_open(const struct directory_conf *conf,
    struct directory **ret_directory, struct err *err)
{
	struct directory *d = NULL;

	if (open_port(conf, conf->ldaps ? PORT_LDAPS : PORT_LDAP, &d, err) != 0)
		return -1;
	if (find_base(d, conf->base, err) != 0 ||
	    directory_ask_netlogon(d, err) != 0) {
		directory_close(d);
		return -1;
	}
	*ret_directory = d;
	return 0;
}

struct directory *
directory_catalog(struct directory *d)
{
	struct err err;

	if (d->catalog != NULL && !directory_alive(d->catalog)) {
		directory_close(d->catalog);
		d->catalog = NULL;
	}
	if (d->catalog != NULL || d->no_catalog || !d->netlogon.catalog)
		return d->catalog;
	if (open_port(&d->conf, d->conf.ldaps ? PORT_CATALOG_TLS : PORT_CATALOG,
		&d->catalog, &err) == 0)
		d->catalog->base = mem_dup("");
	d->no_catalog = d->catalog == NULL;
	return d->catalog;
}

void
directory_close(struct directory *d)
{
	if (d == NULL)
		return;
	/* Saying good-bye must not wait either. */
	directory_begin(d);
	if (d->ld != NULL)
		ldap_unbind_ext(d->ld, NULL, NULL);
	watchdog_free(d->dog);
	directory_close(d->catalog);
	free_conf(&d->conf);
	free(d->dc);
	free(d->base);
	free(d);
}

const char *
directory_controller(const struct directory *d)
{
	return d->dc;
}

bool
directory_alive(const struct directory *d)
{
	return !d->dead;
}

static int
take_time(
    void *cookie, struct directory *d, LDAPMessage *entry, struct err *err)
{
	char *text = directory_text(d, entry, "currentTime");
	int result = 0;

	if (text == NULL || directory_parse_time(text, cookie) != 0)
		result = err_set(err, ERR_PROTOCOL, "%s tells no time", d->dc);
	free(text);
	return result;
}

int
directory_time(struct directory *d, int64_t *ret_offset_ms, struct err *err)
{
	static const char *const attributes[] = {"currentTime", NULL};
	struct directory_query q = {.base = "",
	    .scope = LDAP_SCOPE_BASE,
	    .filter = "(objectClass=*)",
	    .attributes = attributes};
	int64_t sent, got, theirs = 0;

	sent = clock_now_ms();
	if (directory_search(d, &q, take_time, &theirs, err) != 0)
		return -1;
	got = clock_now_ms();
	if (theirs == 0)
		return err_set(err, ERR_PROTOCOL, "%s tells no time", d->dc);
	/* It cuts the fraction off: half a second in the mean. */
	*ret_offset_ms = theirs * 1000 + 500 - (sent + (got - sent) / 2);
	return 0;
}
