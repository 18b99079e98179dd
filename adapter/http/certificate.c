/* What a client's certificate says of its holder. */
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "front_internal.h"
#include "mem.h"

#define NAMES_MAX 16
#define NAME_BYTES_MAX 1024 /* of the subject, and of each other name */

struct http_certificate {
	struct http_client client;
	char *names[NAMES_MAX];
	char *subject;
	uint8_t *der;
};

static char *
subject_of(const X509 *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL, *bytes;
	long len;

	if (X509_NAME_print_ex(bio, X509_get_subject_name(cert), 0,
		XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0) {
		len = BIO_get_mem_data(bio, &bytes);
		if (len <= NAME_BYTES_MAX)
			text = mem_dup_len(bytes, (size_t)len);
	}
	BIO_free(bio);
	return text;
}

static void
add_name(struct http_certificate *c, const char *kind, const ASN1_STRING *text)
{
	const unsigned char *bytes = ASN1_STRING_get0_data(text);
	int len = ASN1_STRING_length(text);

	/* One with a NUL in it is no name (and an old trick). */
	if (c->client.name_count >= NAMES_MAX || len <= 0 ||
	    len > NAME_BYTES_MAX || memchr(bytes, '\0', (size_t)len) != NULL)
		return;
	c->names[c->client.name_count++] =
	    mem_printf("%s:%.*s", kind, len, (const char *)bytes);
}

static void
add_other(struct http_certificate *c, const OTHERNAME *other)
{
	if (OBJ_obj2nid(other->type_id) == NID_ms_upn &&
	    other->value->type == V_ASN1_UTF8STRING)
		add_name(c, "upn", other->value->value.utf8string);
}

static void
add_names(struct http_certificate *c, const X509 *cert)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	const GENERAL_NAME *name;
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		name = sk_GENERAL_NAME_value(names, i);
		if (name->type == GEN_EMAIL)
			add_name(c, "email", name->d.rfc822Name);
		else if (name->type == GEN_DNS)
			add_name(c, "dns", name->d.dNSName);
		else if (name->type == GEN_URI)
			add_name(c, "uri", name->d.uniformResourceIdentifier);
		else if (name->type == GEN_OTHERNAME)
			add_other(c, name->d.otherName);
	}
	GENERAL_NAMES_free(names);
}

struct http_certificate *
http_certificate_new(SSL *ssl)
{
	X509 *cert = SSL_get0_peer_certificate(ssl);
	struct http_certificate *c;
	unsigned char *der = NULL;
	int len;

	if (cert == NULL || SSL_get_verify_result(ssl) != X509_V_OK)
		return NULL;
	c = mem_alloc(sizeof(*c));
	len = i2d_X509(cert, &der);
	if (len > 0) {
		c->der = mem_copy(der, (size_t)len);
		c->client.der_len = (size_t)len;
	}
	OPENSSL_free(der);
	c->subject = subject_of(cert);
	add_names(c, cert);
	c->client.subject = c->subject == NULL ? "" : c->subject;
	c->client.names = (const char *const *)c->names;
	c->client.der = c->der;
	return c;
}

const struct http_client *
http_certificate_client(const struct http_certificate *c)
{
	return c == NULL ? NULL : &c->client;
}

void
http_certificate_free(struct http_certificate *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->client.name_count; i++)
		free(c->names[i]);
	free(c->subject);
	free(c->der);
	free(c);
}
