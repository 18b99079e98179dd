/* Certificates of the CA behind a bridge: those that vouch, and the one asked
 * for among several. */
#include <assert.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include "bridge_internal.h"
#include "chain.h"
#include "clock.h"
#include "pem.h"
#include "str.h"

#define SUBJECT_SHOWN 120

const char *
ca_bridge_chain(const struct ca_bridge *b, X509 *cert, int purpose, int64_t now)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	const char *why = "verification cannot start";

	if (ctx == NULL ||
	    X509_STORE_CTX_init(ctx, b->anchors, cert, b->between) != 1)
		goto out;
	param = X509_STORE_CTX_get0_param(ctx);
	ca_chain_rules(param, now);
	if (purpose != 0)
		(void)X509_VERIFY_PARAM_set_purpose(param, purpose);
	why = X509_verify_cert(ctx) == 1
	    ? NULL
	    : X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx));
out:
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
	return why;
}

bool
ca_bridge_has_key(X509 *cert, struct ca_span spki)
{
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	bool same =
	    len > 0 && ca_span_equal((struct ca_span){der, (size_t)len}, spki);

	OPENSSL_free(der);
	return same;
}

void
ca_bridge_pick(void *pick, X509 *cert)
{
	struct ca_bridge_pick *p = pick;
	unsigned char *der = NULL;
	int len;

	if (!ca_bridge_has_key(cert, p->spki) || p->found++ > 0)
		return;
	len = i2d_X509(cert, &der);
	if (len > 0)
		buf_add(p->leaf, der, (size_t)len);
	OPENSSL_free(der);
}

void
ca_bridge_each_pem(
    const char *text, size_t len, ca_bridge_cert_fn *fn, void *cookie)
{
	BIO *bio = BIO_new_mem_buf(text, (int)len);
	unsigned count = 0;
	X509 *cert;

	assert(bio != NULL);
	while (count++ < CA_BRIDGE_CERTS_MAX &&
	    (cert = PEM_read_bio_X509(bio, NULL, pem_no_password, NULL)) !=
		NULL) {
		fn(cookie, cert);
		X509_free(cert);
	}
	BIO_free(bio);
	ERR_clear_error();
}

void
ca_bridge_show(void *shown, X509 *cert)
{
	struct ca_bridge_shown *s = shown;
	const char *why = ca_bridge_chain(s->b, cert, 0, clock_now());
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	assert(bio != NULL);
	(void)X509_NAME_print_ex(
	    bio, X509_get_subject_name(cert), 0, XN_FLAG_RFC2253);
	len = BIO_get_mem_data(bio, &text);
	buf_str(s->out, "CA certificate: ");
	str_printable(s->out, text, (size_t)len, SUBJECT_SHOWN);
	buf_printf(s->out, ": %s\n", why == NULL ? "chains to anchors" : why);
	BIO_free(bio);
	if (why != NULL)
		s->strangers++;
}

int
ca_bridge_shown_end(const struct ca_bridge_shown *s, struct err *err)
{
	if (s->strangers == 0)
		return 0;
	return err_set(err, ERR_REFUSED,
	    "%u of the CA's certificates do not chain to the anchors: add them "
	    "to the file, if they are right",
	    s->strangers);
}
