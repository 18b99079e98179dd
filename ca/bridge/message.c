/* Certificates out of PKCS#7 messages, whatever the protocol. */
#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>

#include "bridge_internal.h"

/* The list inside p7, borrowed; NULL with *ret_why. */
static STACK_OF(X509) *
certs_of(PKCS7 *p7, bool full, const char **ret_why)
{
	STACK_OF(X509) *certs;

	*ret_why = NULL;
	if (p7 == NULL)
		*ret_why = "it is no PKCS#7 message";
	else if (!PKCS7_type_is_signed(p7) || p7->d.sign == NULL)
		*ret_why = "it is no PKCS#7 message of type signedData";
	else if (!full && sk_PKCS7_SIGNER_INFO_num(p7->d.sign->signer_info) > 0)
		*ret_why = "it is no certs-only message: it has signers";
	if (*ret_why != NULL)
		return NULL;
	certs = p7->d.sign->cert;
	if (sk_X509_num(certs) < 1)
		*ret_why = "it holds no certificate";
	else if (sk_X509_num(certs) > CA_BRIDGE_CERTS_MAX)
		*ret_why = "it holds too many certificates";
	return *ret_why == NULL ? certs : NULL;
}

const char *
ca_bridge_each_cert(
    struct ca_span der, bool full, ca_bridge_cert_fn *fn, void *cookie)
{
	const unsigned char *p = der.p;
	PKCS7 *p7 = d2i_PKCS7(NULL, &p, (long)der.len);
	STACK_OF(X509) *certs;
	const char *why;
	int i;

	certs = certs_of(p7, full, &why);
	if (certs != NULL && p != der.p + der.len)
		why = "there are bytes behind the message";
	for (i = 0; why == NULL && i < sk_X509_num(certs); i++)
		fn(cookie, sk_X509_value(certs, i));
	PKCS7_free(p7);
	ERR_clear_error();
	return why;
}
