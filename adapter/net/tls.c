#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "net_internal.h"
#include "str.h"

/*
 * libcurl builds an SSL_CTX per connection and lets us at it before use.  We
 * replace its certificate check by ours, which runs inside the handshake: a
 * refused certificate ends the connection before any HTTP is sent.
 *
 * TLS sessions are kept per peer and address, not in libcurl's cache: ours are
 * only made by connections whose certificate was accepted.  A resumed handshake
 * carries no certificate (RFC 5246, 7.3; RFC 8446, 2.2); the session remembers
 * the one it was made with, and that is compared again.
 */

static bool
leaf_digest(X509 *leaf, uint8_t sha[NET_SHA256])
{
	unsigned len = 0;

	return X509_digest(leaf, EVP_sha256(), sha, &len) == 1 &&
	    len == NET_SHA256;
}

/* Remember what the server presented, trusted or not. */
static void
keep_leaf(struct net_peer *peer, X509 *leaf, const uint8_t sha[NET_SHA256])
{
	char hex[2 * NET_SHA256 + 1];
	unsigned char *der = NULL;
	int len;

	str_hex(sha, NET_SHA256, hex);
	if (strcmp(hex, peer->leaf) == 0)
		return;
	len = i2d_X509(leaf, &der);
	if (len <= 0 || X509_up_ref(leaf) != 1) {
		OPENSSL_free(der);
		return;
	}
	X509_free(peer->leaf_parsed);
	peer->leaf_parsed = leaf;
	free(peer->leaf_der);
	peer->leaf_der = mem_copy(der, (size_t)len);
	peer->leaf_len = (size_t)len;
	memcpy(peer->leaf, hex, sizeof(hex));
	OPENSSL_free(der);
}

static bool
verify_leaf(struct net_peer *peer, X509 *leaf, STACK_OF(X509) *others)
{
	uint8_t sha[NET_SHA256];

	peer->reason[0] = '\0';
	if (leaf == NULL || !leaf_digest(leaf, sha)) {
		(void)snprintf(peer->reason, NET_REASON, "it cannot be read");
		return false;
	}
	keep_leaf(peer, leaf, sha);
	/* Chain building is done once per leaf. */
	if (peer->known && memcmp(peer->verified, sha, NET_SHA256) == 0)
		return true;
	if (!net_policy_accepts(&peer->policy, leaf, sha, others, peer->reason))
		return false;
	memcpy(peer->verified, sha, NET_SHA256);
	peer->known = true;
	return true;
}

/* SSL_CTX_set_cert_verify_callback(): in place of the whole chain check. */
static int
verify(X509_STORE_CTX *ctx, void *cookie)
{
	struct net_link *link = cookie;

	if (link->peer != NULL &&
	    verify_leaf(link->peer, X509_STORE_CTX_get0_cert(ctx),
		X509_STORE_CTX_get0_untrusted(ctx))) {
		link->trusted = true;
		X509_STORE_CTX_set_error(ctx, X509_V_OK);
		return 1;
	}
	X509_STORE_CTX_set_error(ctx, X509_V_ERR_APPLICATION_VERIFICATION);
	return 0;
}

/* SSL_CTX_sess_set_new_cb(): 1 means we keep the reference. */
static int
keep_session(SSL *ssl, SSL_SESSION *session)
{
	struct net_link *link = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	if (link->peer == NULL || !link->trusted)
		return 0;
	if (link->peer->forgets)
		return 0;
	SSL_SESSION_free(link->peer->session);
	link->peer->session = session;
	net_kept_put(link->peer, session);
	return 1;
}

/* The handshake begins, nothing is built yet: offer the kept session.  This is
 * the only moment libcurl leaves between SSL_new() and the ClientHello. */
static void
offer_session(struct net_peer *peer, SSL *ssl)
{
	if (peer->session == NULL)
		return;
	if (SSL_SESSION_is_resumable(peer->session) != 1 ||
	    SSL_set_session(ssl, peer->session) != 1) {
		SSL_SESSION_free(peer->session);
		peer->session = NULL;
	}
}

static void
handshake_done(struct net_link *link, const SSL *ssl)
{
	struct net_peer *peer = link->peer;
	uint8_t sha[NET_SHA256];
	X509 *leaf;

	link->shaken = true;
	if (SSL_session_reused(ssl) != 1) {
		link->net->stats.handshakes++;
		return;
	}
	link->net->stats.resumed++;
	leaf = SSL_get0_peer_certificate(ssl);
	link->trusted = peer->known && leaf != NULL && leaf_digest(leaf, sha) &&
	    memcmp(peer->verified, sha, NET_SHA256) == 0;
	if (link->trusted)
		keep_leaf(peer, leaf, sha);
	else
		(void)snprintf(peer->reason, NET_REASON,
		    "the resumed session belongs to another one");
}

/* The first record that came was none. */
static bool
is_no_tls(void)
{
	unsigned long code = ERR_peek_error();

	return ERR_GET_LIB(code) == ERR_LIB_SSL &&
	    ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER;
}

/* SSL_CTX_set_client_cert_cb(): we have none, and remember that it was asked
 * for.  The server ends the handshake then; by TLS 1.3 after ours is done, when
 * a request may have left already. */
static int
have_no_certificate(SSL *ssl, X509 **ret_cert, EVP_PKEY **ret_key)
{
	struct net_link *link = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	(void)ret_cert;
	(void)ret_key;
	link->asked = true;
	return 0;
}

/* SSL_CTX_set_info_callback(); only its type says that ssl is not to be
 * changed: the connection is ours and has not begun. */
static void
watch(const SSL *ssl, int where, int value)
{
	struct net_link *link = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	union {
		const SSL *given;
		SSL *ours;
	} connection = {.given = ssl};

	if (link->peer == NULL || link->shaken)
		return;
	if ((where & SSL_CB_HANDSHAKE_START) != 0)
		offer_session(link->peer, connection.ours);
	else if ((where & SSL_CB_HANDSHAKE_DONE) != 0)
		handshake_done(link, ssl);
	else if ((where & SSL_CB_EXIT) != 0 && value <= 0)
		link->no_tls = is_no_tls();
}

void
net_tls_inherit(struct net_peer *peer)
{
	SSL_SESSION *session = net_kept_get(peer);
	uint8_t sha[NET_SHA256];
	X509 *leaf;

	if (session == NULL)
		return;
	leaf = SSL_SESSION_get0_peer(session);
	/* Who trusts anybody came to look at the certificate: let it. */
	if (leaf == NULL || net_policy_open(&peer->policy) ||
	    !leaf_digest(leaf, sha) ||
	    !net_policy_accepts(&peer->policy, leaf, sha, NULL, peer->reason)) {
		peer->reason[0] = '\0';
		SSL_SESSION_free(session);
		return;
	}
	memcpy(peer->verified, sha, NET_SHA256);
	peer->known = true;
	peer->session = session;
}

/* What firmware up to AMT 11 needs: TLS 1.0 and 1.1 with SHA-1, and servers
 * without secure renegotiation (RFC 5746). */
static bool
allow_legacy(SSL_CTX *ctx)
{
	SSL_CTX_set_security_level(ctx, 0);
	(void)SSL_CTX_set_options(ctx, SSL_OP_LEGACY_SERVER_CONNECT);
	return SSL_CTX_set_cipher_list(ctx, "DEFAULT:@SECLEVEL=0") == 1 &&
	    SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION) == 1;
}

static bool
forbid_legacy(SSL_CTX *ctx)
{
	(void)SSL_CTX_clear_options(ctx, SSL_OP_LEGACY_SERVER_CONNECT);
	return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1;
}

CURLcode
net_tls_prepare(CURL *easy, void *context, void *cookie)
{
	struct net_link *link = cookie;
	SSL_CTX *ctx = context;
	bool good;

	(void)easy;
	if (link->peer == NULL)
		return CURLE_ABORTED_BY_CALLBACK;
	good = link->peer->legacy_tls ? allow_legacy(ctx) : forbid_legacy(ctx);
	if (!good)
		return CURLE_SSL_CIPHER;
	(void)SSL_CTX_set_app_data(ctx, link);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, verify, link);
	(void)SSL_CTX_set_session_cache_mode(
	    ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	/* libcurl declines tickets, without which TLS 1.2 resumes only from a
	 * server's own memory. */
	(void)SSL_CTX_clear_options(ctx, SSL_OP_NO_TICKET);
	SSL_CTX_sess_set_new_cb(ctx, keep_session);
	SSL_CTX_set_info_callback(ctx, watch);
	SSL_CTX_set_client_cert_cb(ctx, have_no_certificate);
	return CURLE_OK;
}
