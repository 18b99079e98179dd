#include "ocsp_ask.h"

#include <openssl/ocsp.h>
#include <openssl/x509.h>
#include <string.h>

#include "buf.h"
#include "ca.h"
#include "ca_bench.h"
#include "clock.h"

static int
keep_serial(void *cookie, const struct ca_cert *cert, struct err *err)
{
	(void)err;
	memcpy(cookie, cert->serial, sizeof(cert->serial));
	return 0;
}

void
bench_ocsp_request(struct ca *ca, struct buf *out)
{
	const struct ca_list_of responders = {.device = ""};
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	unsigned char *bytes = NULL;
	const unsigned char *p;
	char serial[64] = "";
	ASN1_INTEGER *number;
	BIGNUM *bn = NULL;
	struct err err;
	struct buf der;
	int64_t next;
	X509 *issuer;
	int len;

	bench_need(ca_ocsp_ready(ca, clock_now(), &next, &err) == 0 &&
		ca_list(ca, &responders, keep_serial, serial, &err) == 0,
	    "responder", &err);
	buf_init(&der, 8192);
	bench_need(
	    ca_certificate(ca, ca_name(ca), &der, &err) == 0, "issuer", &err);
	p = der.data;
	issuer = d2i_X509(NULL, &p, (long)der.len);
	bench_need(issuer != NULL && BN_hex2bn(&bn, serial) > 0, serial, NULL);
	number = BN_to_ASN1_INTEGER(bn, NULL);
	bench_need(
	    OCSP_request_add0_id(request,
		OCSP_cert_id_new(EVP_sha1(), X509_get_subject_name(issuer),
		    X509_get0_pubkey_bitstr(issuer), number)) != NULL,
	    "request", NULL);
	len = i2d_OCSP_REQUEST(request, &bytes);
	bench_need(len > 0, "encode", NULL);
	buf_add(out, bytes, (size_t)len);
	OPENSSL_free(bytes);
	ASN1_INTEGER_free(number);
	BN_free(bn);
	X509_free(issuer);
	OCSP_REQUEST_free(request);
	buf_free(&der);
}
