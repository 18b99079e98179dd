#include "cert_internal.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ca.h"
#include "clock.h"
#include "conf.h"
#include "daemon.h"
#include "err.h"
#include "file.h"
#include "log.h"
#include "secret.h"
#include "store.h"
#include "str.h"
#include "users.h"

#define OWN DAEMON_CONSOLE
#define VALIDITY (90 * CLOCK_DAY)
#define RENEW_BEFORE (30 * CLOCK_DAY)
#define BACKDATE 3600
#define CHAIN_MAX 65536
#define CLIENTS_MAX (1u << 20)
#define KEY_MAX 16384

/* --- credentials --- */

static void
init(struct console_credentials *c)
{
	memset(c, 0, sizeof(*c));
	buf_init(&c->chain, CHAIN_MAX);
	buf_init(&c->clients, CLIENTS_MAX);
}

void
console_credentials_clear(struct console_credentials *c)
{
	buf_free(&c->chain);
	buf_free(&c->clients);
	secret_free(c->key);
	c->key = NULL;
}

struct http_tls
console_credentials_tls(const struct console_credentials *c)
{
	return (struct http_tls){.chain = &c->chain,
	    .key = c->key,
	    .clients = c->with_clients ? &c->clients : NULL};
}

/* --- names --- */

/* As the system's resolver has it. */
static bool
own_name(char out[CONSOLE_NAME])
{
	const struct addrinfo hints = {
	    .ai_socktype = SOCK_STREAM, .ai_flags = AI_CANONNAME};
	struct addrinfo *found = NULL;
	char host[256] = "";
	bool good = false;

	if (gethostname(host, sizeof(host) - 1) != 0 ||
	    getaddrinfo(host, NULL, &hints, &found) != 0)
		return false;
	if (found->ai_canonname != NULL && str_is_fqdn(found->ai_canonname) &&
	    strchr(found->ai_canonname, '.') != NULL &&
	    strlen(found->ai_canonname) < CONSOLE_NAME) {
		memcpy(
		    out, found->ai_canonname, strlen(found->ai_canonname) + 1);
		good = true;
	}
	freeaddrinfo(found);
	return good;
}

/* One that clients may use: not all of them, not this host's alone. */
static bool
is_for_clients(const char *address)
{
	return strchr(address, ':') == NULL && !str_eq(address, "0.0.0.0") &&
	    !str_starts(address, "127.");
}

int
console_source_names(struct console_source *s, struct err *err)
{
	char host[STR_ADDRESS] = "";
	uint16_t port;

	s->address[0] = '\0';
	if (str_address(s->conf->console_listen, host, &port) == 0 &&
	    is_for_clients(host))
		memcpy(s->address, host, sizeof(host));
	if (s->conf->console_name != NULL) /* str_is_fqdn() bounds it */
		memcpy(s->dns, s->conf->console_name,
		    strlen(s->conf->console_name) + 1);
	else if (s->conf->console_certificate != NULL)
		s->dns[0] = '\0';
	else if (!own_name(s->dns))
		return err_set(err, ERR_INVALID,
		    "console.name: this host does not know its own name with "
		    "its domain; set the name that clients use");
	return 0;
}

/* --- of our own CA --- */

static struct http_names
names_of(const struct console_source *s)
{
	return (struct http_names){.dns = s->dns,
	    .address = s->address[0] == '\0' ? NULL : s->address};
}

static int
issue(const struct console_source *s, int64_t now, const struct buf *csr,
    struct buf *chain, struct err *err)
{
	const struct http_names names = names_of(s);
	const struct ca_template template = {.name = OWN,
	    .validity = VALIDITY,
	    .renew_before = RENEW_BEFORE,
	    .backdate = BACKDATE,
	    .key = "ec-p256",
	    .address = names.address != NULL,
	    .clamp = true};
	const struct ca_subject subject = {
	    .device = OWN, .fqdn = names.dns, .address = names.address};
	struct ca_request request = {.template = &template,
	    .subject = &subject,
	    .csr = csr->data,
	    .csr_len = csr->len,
	    .now = now};
	struct ca_cert cert;
	char key[80], sha[65];
	int rc;

	str_sha256_hex(csr->data, csr->len, sha);
	(void)snprintf(key, sizeof(key), OWN "/%s", sha);
	request.key = key;
	memset(&cert, 0, sizeof(cert));
	if (ca_issue(s->ca, &request, &cert, err) != 0)
		return err_context(err, "the console's certificate");
	rc = ca_cert_pem(&cert, chain, err);
	if (rc == 0)
		rc = ca_chain_pem(s->ca, chain, err);
	ca_cert_clear(&cert);
	return rc;
}

static int
make_own(const struct console_source *s, struct store *store, int64_t now,
    struct console_credentials *ret, struct err *err)
{
	const struct http_names names = names_of(s);
	struct buf csr;
	int rc;

	buf_init(&csr, KEY_MAX);
	rc = http_key_new(&names, &ret->key, &csr, err);
	if (rc == 0)
		rc = issue(s, now, &csr, &ret->chain, err);
	if (rc == 0)
		rc = store_own_put(
		    store, s->dns, &ret->chain, ret->key, now, err);
	if (rc == 0)
		rc = store_commit(store, err);
	buf_free(&csr);
	return rc;
}

/* The one there is, if it will do. */
static bool
is_good(const struct console_source *s, const struct console_credentials *c,
    int64_t now, struct http_chain *ret)
{
	const struct http_names names = names_of(s);

	return http_chain_read(&c->chain, &names, ret, NULL) == 0 &&
	    ret->fits && now >= ret->not_before &&
	    ret->not_after - now > RENEW_BEFORE;
}

static int
get_own(const struct console_source *s, struct store *store, int64_t now,
    struct console_credentials *ret, struct err *err)
{
	struct http_chain before = {.not_after = 0};
	struct err why = {.kind = ERR_NONE};

	if (store_own_get(store, s->dns, &ret->chain, &ret->key, &why) == 0) {
		if (is_good(s, ret, now, &before))
			return 0;
		buf_reset(&ret->chain);
		secret_free(ret->key);
		ret->key = NULL;
	} else if (why.kind != ERR_NOTFOUND) {
		if (err != NULL)
			*err = why;
		return -1;
	}
	if (make_own(s, store, now, ret, err) != 0)
		return -1;
	/* The new one is kept: nobody shows the one before any more. That it
	 * is not ours any longer is no reason to do without. */
	if (before.serial[0] != '\0' &&
	    ca_revoke(s->ca, before.serial, 4, now, &why) != 0)
		log_line(LOG_WARN, "console.certificate",
		    "revoke=%s kind=%s error=\"%s\"", before.serial,
		    err_kind_name(why.kind), why.text);
	return 0;
}

/* --- of files --- */

static int
get_files(
    const struct conf *conf, struct console_credentials *ret, struct err *err)
{
	struct buf key;
	int rc;

	if (conf->console_key == NULL)
		return err_set(err, ERR_INVALID,
		    "console.key: the key of console.certificate is needed");
	buf_init(&key, KEY_MAX);
	rc = file_read(conf->console_certificate, CHAIN_MAX, &ret->chain, err);
	if (rc == 0)
		rc = file_read_private(conf->console_key, KEY_MAX, &key, err);
	if (rc == 0)
		ret->key = secret_new(key.data, key.len);
	buf_wipe(&key);
	buf_free(&key);
	return rc;
}

static int
get_clients(
    const struct conf *conf, struct console_credentials *ret, struct err *err)
{
	if (conf->console_client_ca == NULL)
		return 0;
	ret->with_clients = true;
	return file_read(
	    conf->console_client_ca, CLIENTS_MAX, &ret->clients, err);
}

int
console_credentials_get(const struct console_source *s, int64_t now,
    struct console_credentials *ret, struct err *err)
{
	struct http_chain chain = {.not_after = 0};
	struct store *store = NULL;
	int rc;

	init(ret);
	if (s->conf->console_certificate != NULL) {
		rc = get_files(s->conf, ret, err);
	} else {
		rc = store_open(s->conf->database, s->vault, &store, err);
		if (rc == 0)
			rc = get_own(s, store, now, ret, err);
		store_close(store);
	}
	if (rc == 0)
		rc = get_clients(s->conf, ret, err);
	if (rc == 0)
		rc = http_chain_read(&ret->chain, NULL, &chain, err);
	ret->not_after = chain.not_after;
	if (rc != 0)
		console_credentials_clear(ret);
	return rc;
}
