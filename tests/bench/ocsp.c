/*
 * OCSP answers of one worker beside bare P-256 signatures of as many bytes, in
 * turns in one run; CPU time of the thread.  What is asked for is the
 * responder's own certificate: a serial number that is on record.
 */
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "ca.h"
#include "ca_bench.h"
#include "clock.h"
#include "err.h"

#define ROUNDS 21
#define COUNT 500
#define SIGNED 200 /* bytes of a ResponseData with one certificate */

static int
keep_serial(void *cookie, const struct ca_cert *cert, struct err *err)
{
	(void)err;
	memcpy(cookie, cert->serial, sizeof(cert->serial));
	return 0;
}

/* An encoded request for one certificate of the issuing CA's. */
static void
make_request(struct ca *ca, struct buf *out)
{
	static const struct ca_list_of all = {.device = NULL};
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
		ca_list(ca, &all, keep_serial, serial, &err) == 0,
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

/* --- the two --- */

static double
raw(EVP_PKEY *key)
{
	uint8_t bytes[SIGNED] = {0}, signature[128];
	double start = bench_cpu_us();
	EVP_MD_CTX *ctx;
	size_t len;
	int i;

	for (i = 0; i < COUNT; i++) {
		ctx = EVP_MD_CTX_new();
		len = sizeof(signature);
		bench_need(EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL,
			       NULL, key, NULL) == 1 &&
			EVP_DigestSign(
			    ctx, signature, &len, bytes, sizeof(bytes)) == 1,
		    "sign", NULL);
		EVP_MD_CTX_free(ctx);
	}
	return (bench_cpu_us() - start) / COUNT;
}

static double
answers(struct ca *ca, const struct buf *request)
{
	struct ca_ocsp io = {.request = request->data, .len = request->len};
	double start = bench_cpu_us();
	struct buf out;
	struct err err;
	int i;

	buf_init(&out, CA_OCSP_ANSWER_MAX);
	for (i = 0; i < COUNT; i++) {
		buf_reset(&out);
		io.now = clock_now();
		bench_need(ca_ocsp(ca, &io, &out, &err) == 0, "answer", &err);
		bench_need(io.next_update != 0, "no answer", NULL);
	}
	buf_free(&out);
	return (bench_cpu_us() - start) / COUNT;
}

int
main(void)
{
	double bare[ROUNDS], ours[ROUNDS], ratio[ROUNDS];
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	struct buf request;
	struct bench_ca b = {.ca = NULL};
	int i;

	bench_need(key != NULL, "key", NULL);
	bench_ca_make(&b);
	buf_init(&request, CA_OCSP_REQUEST_MAX);
	make_request(b.ca, &request);
	for (i = 0; i < ROUNDS; i++) {
		bare[i] = raw(key);
		ours[i] = answers(b.ca, &request);
		ratio[i] = bare[i] / ours[i];
	}
	printf("P-256 signature %.1f us, OCSP answer %.1f us (%.0f/s on one "
	       "core), %.2f of the bare rate\n",
	    bench_median(bare, ROUNDS), bench_median(ours, ROUNDS),
	    1e6 / bench_median(ours, ROUNDS), bench_median(ratio, ROUNDS));
	buf_free(&request);
	bench_ca_close(&b);
	EVP_PKEY_free(key);
	return 0;
}
