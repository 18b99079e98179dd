/* Our certificates for others, mostly PEM (RFC 7468). */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "authority_internal.h"
#include "ca_internal.h"
#include "pki_text.h"
#include "str.h"

static int
add_pem(const struct ca_issuer *i, struct buf *out, struct err *err)
{
	return ca_pem_write(PEM_STRING_X509, ca_der_bytes(&i->der), out, err);
}

int
ca_chain_pem(const struct ca *ca, struct buf *out, struct err *err)
{
	size_t i;

	for (i = 0; ca_above(ca, i) != NULL; i++)
		if (add_pem(ca_above(ca, i), out, err) != 0)
			return -1;
	return 0;
}

int
ca_root_pem(const struct ca *ca, struct buf *out, struct err *err)
{
	return add_pem(&ca->root, out, err);
}

int
ca_trust_pem(const struct ca *ca, struct buf *out, struct err *err)
{
	for (; ca != NULL; ca = ca->older)
		if (ca_chain_pem(ca, out, err) != 0)
			return -1;
	return 0;
}

static bool
root_seen(const struct ca *first, const struct ca *ca)
{
	for (; first != ca; first = first->older)
		if (ca_span_equal(ca_der_bytes(&first->root.der),
			ca_der_bytes(&ca->root.der)))
			return true;
	return false;
}

int
ca_roots(const struct ca *ca, ca_root_fn *fn, void *cookie, struct err *err)
{
	const struct ca *line;
	char subject[256];
	int rc = 0;

	for (line = ca; rc == 0 && line != NULL; line = line->older) {
		if (root_seen(ca, line))
			continue;
		ca_name_text(X509_get_subject_name(line->root.x509), subject,
		    sizeof(subject));
		rc = fn(cookie,
		    &(struct ca_root_info){.der = line->root.der.data,
			.len = line->root.der.len,
			.subject = subject},
		    err);
	}
	return rc;
}

const char *
ca_name(const struct ca *ca)
{
	return ca->issuing.name;
}

int
ca_certificate(
    const struct ca *ca, const char *name, struct buf *out, struct err *err)
{
	const struct ca_issuer *one;
	size_t i;

	for (; ca != NULL; ca = ca->older)
		for (i = 0; (one = ca_above(ca, i)) != NULL; i++) {
			if (!str_eq(name, one->name))
				continue;
			buf_add(out, one->der.data, one->der.len);
			return out->over ? err_set(err, ERR_LIMIT,
					       "no room for the certificate")
					 : 0;
		}
	return err_set(err, ERR_NOTFOUND, "no CA certificate of this name");
}

int
ca_cert_pem(const struct ca_cert *cert, struct buf *out, struct err *err)
{
	const struct ca_span der = {cert->der, cert->der_len};

	return ca_pem_write(PEM_STRING_X509, der, out, err);
}

/* --- what others bring --- */

/* Which of several would be meant? */
static bool
holds_another(const struct buf *text)
{
	static const char mark[] = "-----BEGIN ";
	const size_t len = sizeof(mark) - 1;
	const uint8_t *first = memmem(text->data, text->len, mark, len);
	size_t at;

	if (first == NULL)
		return false;
	at = (size_t)(first - text->data) + len;
	return memmem(text->data + at, text->len - at, mark, len) != NULL;
}

static int
read_pem(const struct buf *text, const char *const labels[2],
    const char *problem, struct buf *out, struct err *err)
{
	BIO *bio = BIO_new_mem_buf(text->data, (int)text->len);
	char *name = NULL, *header = NULL;
	unsigned char *data = NULL;
	long len = 0;
	int rc = 0;

	if (bio == NULL ||
	    PEM_read_bio(bio, &name, &header, &data, &len) != 1 ||
	    (!str_eq(name, labels[0]) && !str_eq(name, labels[1])))
		rc = err_set(err, ERR_INVALID, "%s", problem);
	else
		buf_add(out, data, (size_t)len);
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(data);
	BIO_free(bio);
	ERR_clear_error();
	return rc;
}

int
ca_csr_read(const struct buf *text, struct buf *out, struct err *err)
{
	static const char *const labels[2] = {
	    PEM_STRING_X509_REQ, PEM_STRING_X509_REQ_OLD};
	int rc = 0;

	if (text->len > 0 && text->data[0] == CA_TAG_SEQ)
		buf_add(out, text->data, text->len);
	else if (holds_another(text))
		rc = err_set(err, ERR_INVALID,
		    "more than one block of PEM: give the request alone");
	else
		rc = read_pem(text, labels,
		    "no certificate request, in PEM or DER form", out, err);
	if (rc == 0 && out->over)
		rc = err_set(err, ERR_INVALID, "the request is over %zu bytes",
		    out->max);
	return rc;
}

int
ca_cert_read(const struct buf *text, struct buf *out, struct err *err)
{
	static const char *const labels[2] = {
	    PEM_STRING_X509, PEM_STRING_X509_OLD};
	int rc = 0;

	if (text->len > 0 && text->data[0] == CA_TAG_SEQ)
		buf_add(out, text->data, text->len);
	else if (holds_another(text))
		rc = err_set(err, ERR_INVALID,
		    "more than one block of PEM: give the certificate alone");
	else
		rc = read_pem(text, labels,
		    "no certificate, in PEM or DER form", out, err);
	if (rc == 0 && out->over)
		rc = err_set(err, ERR_INVALID,
		    "the certificate is over %zu bytes", out->max);
	return rc;
}
