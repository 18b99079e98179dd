#include "pki_text.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "buf.h"

int
ca_openssl_err(struct err *err, enum err_kind kind, const char *what)
{
	unsigned long code = ERR_peek_last_error();
	const char *why = ERR_reason_error_string(code);

	ERR_clear_error();
	return err_native(err, kind, ERR_OPENSSL, (long)code, "%s%s%s", what,
	    why != NULL ? ": " : "", why != NULL ? why : "");
}

int
ca_pem_write(
    const char *label, struct ca_span der, struct buf *out, struct err *err)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;
	int rc = 0;

	if (bio == NULL ||
	    PEM_write_bio(bio, label, "", der.p, (long)der.len) <= 0)
		rc = ca_openssl_err(err, ERR_BUG, "write PEM");
	else {
		len = BIO_get_mem_data(bio, &text);
		buf_add(out, text, (size_t)len);
		if (out->over)
			rc = err_set(err, ERR_LIMIT, "no room for the PEM");
	}
	BIO_free(bio);
	return rc;
}

void
ca_name_text(const X509_NAME *name, char *out, size_t room)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	out[0] = '\0';
	if (bio != NULL &&
	    X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0) {
		len = BIO_get_mem_data(bio, &text);
		if ((size_t)len >= room)
			len = (long)room - 1;
		memcpy(out, text, (size_t)len);
		out[len] = '\0';
	}
	BIO_free(bio);
	ERR_clear_error();
}
