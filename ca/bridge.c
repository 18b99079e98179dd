/* Opening a bridge, and what all protocols share. */
#include <assert.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge_internal.h"
#include "ca_internal.h"
#include "file.h"
#include "mem.h"
#include "secret.h"
#include "str.h"

#define NAME_MAX_LEN 32

static const struct ca_bridge_kind *const kinds[] = {
    &ca_bridge_est, &ca_bridge_cmp, &ca_bridge_helper};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

const char *const *
ca_bridge_kinds(void)
{
	static const char *names[KINDS + 1];
	size_t i;

	for (i = 0; i < KINDS; i++)
		names[i] = kinds[i]->name;
	return names;
}

const char *
ca_bridge_outcome_name(enum ca_bridge_outcome outcome)
{
	static const char *const names[] = {"issued", "pending", "limited",
	    "rejected", "unreachable", "unknown", "misconfigured"};

	return names[outcome];
}

/* --- answers --- */

void
ca_bridge_answer_init(struct ca_bridge_answer *a)
{
	memset(a, 0, sizeof(*a));
	a->outcome = CA_BRIDGE_UNKNOWN;
	buf_init(&a->leaf, CA_BRIDGE_ANSWER_MAX);
	buf_init(&a->progress, CA_BRIDGE_PROGRESS_MAX);
	buf_init(&a->text, sizeof(((struct err *)NULL)->text));
}

void
ca_bridge_answer_clear(struct ca_bridge_answer *a)
{
	buf_free(&a->leaf);
	buf_free(&a->progress);
	buf_free(&a->text);
}

void
ca_bridge_answer_set(struct ca_bridge_answer *a, enum ca_bridge_outcome outcome,
    const char *fmt, ...)
{
	char text[sizeof(((struct err *)NULL)->text)];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	a->outcome = outcome;
	buf_reset(&a->text);
	buf_str(&a->text, text);
}

int
ca_bridge_test_failed(const struct ca_bridge_answer *a, struct err *err)
{
	enum err_kind kind = ERR_REFUSED;

	if (a->outcome == CA_BRIDGE_UNREACHABLE)
		kind = ERR_UNREACHABLE;
	else if (a->outcome == CA_BRIDGE_UNKNOWN)
		kind = ERR_PROTOCOL;
	return err_set(err, kind, "%s", buf_text(&a->text));
}

/* --- waiting --- */

/* A tenth more or less, the same for the same key each time: what was asked for
 * together does not come back together. */
static int64_t
spread(int64_t span, const char *key)
{
	uint8_t digest[32];
	uint32_t n;

	str_sha256(key, strlen(key), digest);
	memcpy(&n, digest, sizeof(n));
	return span < 10 ? 0 : (int64_t)(n % (uint32_t)(span / 10 + 1));
}

int64_t
ca_bridge_wait(const struct ca_bridge_wait *w)
{
	const int64_t shortest = 60;
	int64_t span = w->first, i, most = w->most;

	/* Near its end the certificate in use is looked after more often, so
	 * that a late decision is not met by a wait that sleeps past it. */
	if (w->left > 0 && w->left / 4 < most)
		most = w->left / 4 > shortest ? w->left / 4 : shortest;
	for (i = 1; i < w->tries && span < most; i++)
		span *= 2;
	if (span > most)
		span = most;
	/* What the CA asks for is a minimum (RFC 7030, 4.2.3). */
	if (w->hint > span)
		span =
		    w->hint < CA_BRIDGE_HINT_MAX ? w->hint : CA_BRIDGE_HINT_MAX;
	return span + spread(span, w->key);
}

/* --- opening --- */

static int
check_conf(const struct ca_bridge_conf *conf, const struct ca_bridge_kind *kind,
    struct err *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t len = conf->name == NULL ? 0 : strlen(conf->name);

	if (len == 0 || len > NAME_MAX_LEN ||
	    strspn(conf->name, letters) != len ||
	    str_eq(conf->name, CA_ISSUER_INTERNAL))
		return err_set(err, ERR_INVALID,
		    "a bridge's name must be 1 to %d of a-z, 0-9 and -, and "
		    "not \"internal\"",
		    NAME_MAX_LEN);
	if (!kind->local && str_empty(conf->url))
		return err_set(err, ERR_INVALID, "url is not set");
	if (!kind->local && conf->command != NULL)
		return err_set(
		    err, ERR_INVALID, "command is for the kind helper");
	if (str_empty(conf->anchors))
		return err_set(err, ERR_INVALID,
		    "anchors is not set: a file with the certificates of the "
		    "issuing CA and those above it");
	if ((conf->certificate == NULL) != (conf->key == NULL))
		return err_set(
		    err, ERR_INVALID, "certificate and key go together");
	if ((conf->user == NULL) != (conf->password_file == NULL))
		return err_set(
		    err, ERR_INVALID, "user and password_file go together");
	return 0;
}

static int
read_pem(const char *path, char **ret_pem, struct err *err)
{
	struct buf text;
	int rc = -1;

	buf_init(&text, CA_BRIDGE_PEM_MAX);
	if (file_read(path, CA_BRIDGE_PEM_MAX, &text, err) == 0) {
		*ret_pem = mem_dup(buf_text(&text));
		rc = 0;
	}
	buf_free(&text);
	return rc;
}

static int
read_key(const char *path, struct secret **ret_key, struct err *err)
{
	struct buf pem;
	int rc = -1;

	buf_init(&pem, CA_BRIDGE_KEY_MAX);
	if (file_read_private(path, CA_BRIDGE_KEY_MAX, &pem, err) == 0) {
		*ret_key = secret_new(pem.data, pem.len);
		rc = 0;
	}
	buf_free(&pem);
	return rc;
}

/* Each certificate of the file is an anchor: the file is the administrator's
 * word, and a device sends its leaf only. */
static int
load_anchors(struct ca_bridge *b, const char *path, struct err *err)
{
	BIO *bio = BIO_new_mem_buf(b->anchors_pem, -1);
	unsigned count = 0;
	X509 *cert;

	b->anchors = X509_STORE_new();
	assert(bio != NULL && b->anchors != NULL);
	(void)X509_STORE_set_flags(b->anchors, X509_V_FLAG_PARTIAL_CHAIN);
	while (count <= CA_BRIDGE_ANCHORS_MAX &&
	    (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		(void)X509_STORE_add_cert(b->anchors, cert);
		X509_free(cert);
		count++;
	}
	BIO_free(bio);
	ERR_clear_error();
	if (count == 0 || count > CA_BRIDGE_ANCHORS_MAX)
		return err_set(err, ERR_INVALID,
		    "%s: not 1 to %d certificates in PEM form", path,
		    CA_BRIDGE_ANCHORS_MAX);
	return 0;
}

static int
load_files(
    struct ca_bridge *b, const struct ca_bridge_conf *conf, struct err *err)
{
	if (read_pem(conf->anchors, &b->anchors_pem, err) != 0 ||
	    load_anchors(b, conf->anchors, err) != 0)
		return -1;
	if (conf->tls_ca == NULL)
		b->tls_pem = mem_dup(b->anchors_pem);
	else if (read_pem(conf->tls_ca, &b->tls_pem, err) != 0)
		return -1;
	if (conf->signer != NULL &&
	    read_pem(conf->signer, &b->signer_pem, err) != 0)
		return -1;
	if (conf->certificate != NULL) {
		if (read_pem(conf->certificate, &b->cert_pem, err) != 0)
			return -1;
		if (read_key(conf->key, &b->key_pem, err) != 0)
			return -1;
	}
	if (conf->password_file == NULL)
		return 0;
	b->password = secret_from_file(conf->password_file, err);
	return b->password == NULL ? -1 : 0;
}

static const struct ca_bridge_kind *
find_kind(const char *name)
{
	size_t i;

	for (i = 0; i < KINDS; i++)
		if (str_eq(kinds[i]->name, name))
			return kinds[i];
	return NULL;
}

int
ca_bridge_open_kind(const struct ca_bridge_conf *conf,
    const struct ca_bridge_kind *kind, struct ca_bridge **ret_bridge,
    struct err *err)
{
	struct ca_bridge *b = mem_alloc(sizeof(*b));
	int failed = pthread_mutex_init(&b->mutex, NULL);

	assert(failed == 0);
	(void)failed;
	b->name = mem_dup(conf->name);
	b->url = mem_dup(conf->url);
	b->label = mem_dup(conf->label);
	b->user = mem_dup(conf->user);
	b->command = mem_dup(conf->command);
	b->timeout = conf->timeout;
	b->retry_first = conf->retry_first;
	b->retry_most = conf->retry_most;
	if (check_conf(conf, kind, err) == 0 && load_files(b, conf, err) == 0) {
		b->kind = kind;
		if (kind->open == NULL || kind->open(b, err) == 0) {
			*ret_bridge = b;
			return 0;
		}
	}
	ca_bridge_close(b);
	return err_context(
	    err, "bridge %.40s", conf->name == NULL ? "-" : conf->name);
}

int
ca_bridge_open(const struct ca_bridge_conf *conf, struct ca_bridge **ret_bridge,
    struct err *err)
{
	const struct ca_bridge_kind *kind = find_kind(conf->kind);

	if (kind == NULL)
		return err_set(err, ERR_INVALID,
		    "bridge %.40s: kind \"%.40s\" is not known",
		    conf->name == NULL ? "-" : conf->name,
		    conf->kind == NULL ? "" : conf->kind);
	return ca_bridge_open_kind(conf, kind, ret_bridge, err);
}

void
ca_bridge_close(struct ca_bridge *b)
{
	int failed;

	if (b == NULL)
		return;
	if (b->kind != NULL && b->kind->close != NULL)
		b->kind->close(b);
	failed = pthread_mutex_destroy(&b->mutex);
	assert(failed == 0);
	(void)failed;
	X509_STORE_free(b->anchors);
	secret_free(b->key_pem);
	secret_free(b->password);
	free(b->name);
	free(b->url);
	free(b->label);
	free(b->user);
	free(b->command);
	free(b->anchors_pem);
	free(b->tls_pem);
	free(b->signer_pem);
	free(b->cert_pem);
	free(b);
}

const char *
ca_bridge_name(const struct ca_bridge *b)
{
	return b->name;
}

const char *
ca_bridge_anchors(const struct ca_bridge *b)
{
	return b->anchors_pem;
}

int
ca_bridge_test(struct ca_bridge *b, struct buf *out, struct err *err)
{
	int rc;

	(void)pthread_mutex_lock(&b->mutex);
	rc = b->kind->test(b, out, err);
	(void)pthread_mutex_unlock(&b->mutex);
	return rc == 0 ? 0 : err_context(err, "%s", b->name);
}
