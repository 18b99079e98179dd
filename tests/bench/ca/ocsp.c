/*
 * OCSP answers of one worker beside bare P-256 signatures of as many bytes, in
 * turns in one run; CPU time of the thread.  What is asked for is the
 * responder's own certificate: a serial number that is on record.
 */
#include <openssl/evp.h>
#include <stdio.h>

#include "buf.h"
#include "ca.h"
#include "ca_bench.h"
#include "clock.h"
#include "err.h"
#include "ocsp_ask.h"

#define ROUNDS 21
#define COUNT 500
#define SIGNED 200 /* bytes of a ResponseData with one certificate */

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
	bench_ca_make(&b, BENCH_DISK);
	buf_init(&request, CA_OCSP_REQUEST_MAX);
	bench_ocsp_request(b.ca, &request);
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
