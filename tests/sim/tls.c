#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "transport_internal.h"

/*
 * One SSL_CTX per age of firmware, not per device: the certificate is put on
 * each connection, and the session id context (the device and its leaf) keeps
 * one device's sessions from being resumed on another or after a new
 * certificate.
 */
static const struct profile {
	int up_to; /* major version */
	int min, max;
	const char *ciphers;
} profiles[SIM_PROFILES] = {
    /* Security level 0 for the protocols before 1.2.  RSA key transport is
     * what these releases have. */
    {11, TLS1_VERSION, TLS1_2_VERSION,
	"AES128-GCM-SHA256:AES128-SHA:AES256-SHA:DHE-RSA-AES256-GCM-SHA384:"
	"@SECLEVEL=0"},
    {15, TLS1_2_VERSION, TLS1_2_VERSION,
	"AES128-GCM-SHA256:AES128-SHA:AES256-SHA:DHE-RSA-AES256-GCM-SHA384:"
	"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256"},
    {20, TLS1_2_VERSION, TLS1_2_VERSION,
	"ECDHE+AESGCM:DHE+AESGCM:AES128-GCM-SHA256:AES256-GCM-SHA384"},
    {21, TLS1_2_VERSION, TLS1_3_VERSION, "ECDHE+AESGCM:AES256-GCM-SHA384"},
    /* Conjecture, see fw_hardened(). */
    {INT32_MAX, TLS1_2_VERSION, TLS1_3_VERSION,
	"ECDHE+AES256+AESGCM:AES256-GCM-SHA384"},
};
#define FIRST_WITHOUT_AES128 (SIM_PROFILES - 1)

static SSL_CTX *
make_context(const struct profile *p)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (ctx == NULL)
		return NULL;
	SSL_CTX_set_options(ctx,
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF |
		SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(ctx,
	    SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
	/* Tickets only: no table of sessions that grows with the fleet. */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 1);
	SSL_CTX_set_dh_auto(ctx, 1);
	if (SSL_CTX_set_cipher_list(ctx, p->ciphers) != 1 ||
	    SSL_CTX_set_min_proto_version(ctx, p->min) != 1 ||
	    SSL_CTX_set_max_proto_version(ctx, p->max) != 1) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	if (p == &profiles[FIRST_WITHOUT_AES128])
		(void)SSL_CTX_set_ciphersuites(ctx, "TLS_AES_256_GCM_SHA384");
	return ctx;
}

int
tls_start(struct sim *s)
{
	size_t i;

	for (i = 0; i < SIM_PROFILES; i++) {
		s->tls[i] = make_context(&profiles[i]);
		if (s->tls[i] == NULL) {
			sim_say("OpenSSL refuses the TLS profile of AMT %d",
			    profiles[i].up_to);
			return -1;
		}
	}
	return 0;
}

void
tls_stop(struct sim *s)
{
	size_t i;

	for (i = 0; i < SIM_PROFILES; i++)
		SSL_CTX_free(s->tls[i]);
	memset(s->tls, 0, sizeof(s->tls));
}

void
tls_reload(struct sim_port *p)
{
	X509_free(p->leaf);
	EVP_PKEY_free(p->key);
	p->leaf = NULL;
	p->key = NULL;
}

static const struct sim_cert *
committed_cert(const struct sim_state *s)
{
	size_t i;

	for (i = 0; i < SIM_MAX_CERTS; i++)
		if (s->certs[i].used &&
		    s->certs[i].handle == s->committed.cert_handle)
			return &s->certs[i];
	return NULL;
}

static EVP_PKEY *
key_of(const struct sim_state *s, X509 *leaf)
{
	size_t i;

	for (i = 0; i < SIM_MAX_KEYS; i++) {
		EVP_PKEY *key;

		if (!s->keys[i].used)
			continue;
		key = sim_key_load(&s->keys[i]);
		if (key != NULL && X509_check_private_key(leaf, key) == 1)
			return key;
		EVP_PKEY_free(key);
	}
	return NULL;
}

static int
load(struct sim_port *p)
{
	const struct sim_cert *cert = committed_cert(&p->dev->state);
	const unsigned char *der;

	if (p->key != NULL)
		return 0;
	if (cert == NULL)
		return -1;
	der = cert->der;
	p->leaf = d2i_X509(NULL, &der, (long)cert->der_len);
	if (p->leaf != NULL)
		p->key = key_of(&p->dev->state, p->leaf);
	ERR_clear_error();
	if (p->key != NULL)
		return 0;
	tls_reload(p);
	return -1;
}

bool
tls_leaf(struct sim_port *p, uint8_t ret[32])
{
	const struct sim_cert *cert = committed_cert(&p->dev->state);

	if (!p->dev->state.committed.enabled || cert == NULL)
		return false;
	SHA256(cert->der, cert->der_len, ret);
	return true;
}

/* The roots the device was given, for clients' certificates. */
static X509_STORE *
trusted_roots(const struct sim_state *s)
{
	X509_STORE *store = X509_STORE_new();
	size_t i;

	for (i = 0; store != NULL && i < SIM_MAX_CERTS; i++) {
		const unsigned char *der = s->certs[i].der;
		X509 *root;

		if (!s->certs[i].used || !s->certs[i].trusted_root)
			continue;
		root = d2i_X509(NULL, &der, (long)s->certs[i].der_len);
		if (root != NULL)
			X509_STORE_add_cert(store, root);
		X509_free(root);
	}
	return store;
}

static int
session_context(struct sim_port *p, SSL *ssl)
{
	uint8_t id[SHA256_DIGEST_LENGTH];
	struct text what = {.data = NULL};

	text_add(&what, p->dev->state.uuid, sizeof(p->dev->state.uuid));
	if (!tls_leaf(p, id)) {
		text_free(&what);
		return -1;
	}
	text_add(&what, id, sizeof(id));
	SHA256((const unsigned char *)what.data, what.len, id);
	text_free(&what);
	return SSL_set_session_id_context(ssl, id, sizeof(id)) == 1 ? 0 : -1;
}

static int
want_client(struct sim_port *p, SSL *ssl)
{
	X509_STORE *store = trusted_roots(&p->dev->state);

	if (store == NULL || SSL_set1_verify_cert_store(ssl, store) != 1) {
		X509_STORE_free(store);
		return -1;
	}
	X509_STORE_free(store);
	/* Its purpose is judged in tls_refuses(), with the reason said. */
	(void)SSL_set_purpose(ssl, X509_PURPOSE_ANY);
	SSL_set_verify(
	    ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return 0;
}

SSL *
tls_accept(struct sim_port *p, int fd)
{
	const struct sim_state *s = &p->dev->state;
	size_t i = 0;
	SSL *ssl;

	if (load(p) < 0)
		return NULL;
	while (s->major > profiles[i].up_to)
		i++;
	ssl = SSL_new(p->sim->tls[i]);
	if (ssl == NULL)
		return NULL;
	if (SSL_use_certificate(ssl, p->leaf) != 1 ||
	    SSL_use_PrivateKey(ssl, p->key) != 1 ||
	    session_context(p, ssl) < 0 || SSL_set_fd(ssl, fd) != 1 ||
	    (s->committed.mutual && want_client(p, ssl) < 0)) {
		ERR_clear_error();
		SSL_free(ssl);
		return NULL;
	}
	SSL_set_accept_state(ssl);
	return ssl;
}

/* clientAuth alone does not make a console: Intel's purpose for remote use,
 * 2.16.840.1.113741.1.2.1, has to be there too. */
static bool
may_manage(X509 *cert)
{
	EXTENDED_KEY_USAGE *uses =
	    X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	bool client = false, amt = false;
	char oid[64];
	int i;

	for (i = 0; i < sk_ASN1_OBJECT_num(uses); i++) {
		const ASN1_OBJECT *use = sk_ASN1_OBJECT_value(uses, i);

		(void)OBJ_obj2txt(oid, sizeof(oid), use, 1);
		client |= OBJ_obj2nid(use) == NID_client_auth;
		amt |= strcmp(oid, "2.16.840.1.113741.1.2.1") == 0;
	}
	EXTENDED_KEY_USAGE_free(uses);
	return client && amt;
}

const char *
tls_refuses(const struct sim_port *p, SSL *ssl)
{
	X509 *peer;
	bool ok;

	if (!p->dev->state.committed.mutual)
		return NULL;
	peer = SSL_get1_peer_certificate(ssl);
	ok = peer != NULL && may_manage(peer);
	X509_free(peer);
	return ok ? NULL : "client certificate without AMT's purpose";
}
