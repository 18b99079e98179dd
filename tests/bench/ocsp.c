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
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "ca.h"
#include "clock.h"
#include "err.h"
#include "mem.h"
#include "vault.h"

#define ROUNDS 21
#define COUNT 500
#define SIGNED 200 /* bytes of a ResponseData with one certificate */

static void
need(int ok, const char *what, const struct err *err)
{
	if (ok)
		return;
	(void)fprintf(
	    stderr, "bench_ocsp: %s: %s\n", what, err != NULL ? err->text : "");
	exit(1);
}

static double
cpu_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* --- a CA in a folder --- */

static char folder[] = "/tmp/amtkeeper-bench-XXXXXX";
static const char *const files[] = {"vault.key", "ca.key", "ca.key.root",
    "ca.db", "ca.db-wal", "ca.db-shm", "ca.db.lock"};

static struct ca *
make_ca(struct vault **ret_vault)
{
	struct ca_conf conf = {.url = NULL};
	char *key, *vault_key, *database;
	struct err err;
	struct ca *ca;

	need(mkdtemp(folder) != NULL, folder, NULL);
	vault_key = mem_printf("%s/vault.key", folder);
	database = mem_printf("%s/ca.db", folder);
	key = mem_printf("%s/ca.key", folder);
	need(vault_create(vault_key, &err) == 0 &&
		vault_open(vault_key, ret_vault, &err) == 0,
	    "vault", &err);
	conf.vault = *ret_vault;
	conf.database = database;
	conf.key_file = key;
	need(ca_create(
		 &conf, &(struct ca_new){.organisation = "Bench"}, &err) == 0 &&
		ca_open(&conf, &ca, &err) == 0,
	    "CA", &err);
	free(vault_key);
	free(database);
	free(key);
	return ca;
}

static void
remove_folder(void)
{
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char *path = mem_printf("%s/%s", folder, files[i]);

		(void)unlink(path);
		free(path);
	}
	(void)rmdir(folder);
}

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

	need(ca_ocsp_ready(ca, clock_now(), &next, &err) == 0 &&
		ca_list(ca, NULL, 0, keep_serial, serial, &err) == 0,
	    "responder", &err);
	buf_init(&der, 8192);
	need(ca_certificate(ca, ca_name(ca), &der, &err) == 0, "issuer", &err);
	p = der.data;
	issuer = d2i_X509(NULL, &p, (long)der.len);
	need(issuer != NULL && BN_hex2bn(&bn, serial) > 0, serial, NULL);
	number = BN_to_ASN1_INTEGER(bn, NULL);
	need(OCSP_request_add0_id(request,
		 OCSP_cert_id_new(EVP_sha1(), X509_get_subject_name(issuer),
		     X509_get0_pubkey_bitstr(issuer), number)) != NULL,
	    "request", NULL);
	len = i2d_OCSP_REQUEST(request, &bytes);
	need(len > 0, "encode", NULL);
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
	double start = cpu_us();
	EVP_MD_CTX *ctx;
	size_t len;
	int i;

	for (i = 0; i < COUNT; i++) {
		ctx = EVP_MD_CTX_new();
		len = sizeof(signature);
		need(EVP_DigestSignInit_ex(
			 ctx, NULL, "SHA256", NULL, NULL, key, NULL) == 1 &&
			EVP_DigestSign(
			    ctx, signature, &len, bytes, sizeof(bytes)) == 1,
		    "sign", NULL);
		EVP_MD_CTX_free(ctx);
	}
	return (cpu_us() - start) / COUNT;
}

static double
answers(struct ca *ca, const struct buf *request)
{
	struct ca_ocsp io = {.request = request->data, .len = request->len};
	double start = cpu_us();
	struct buf out;
	struct err err;
	int i;

	buf_init(&out, CA_OCSP_ANSWER_MAX);
	for (i = 0; i < COUNT; i++) {
		buf_reset(&out);
		io.now = clock_now();
		need(ca_ocsp(ca, &io, &out, &err) == 0, "answer", &err);
		need(io.next_update != 0, "no answer", NULL);
	}
	buf_free(&out);
	return (cpu_us() - start) / COUNT;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *values)
{
	qsort(values, ROUNDS, sizeof(*values), by_value);
	return values[ROUNDS / 2];
}

int
main(void)
{
	double bare[ROUNDS], ours[ROUNDS], ratio[ROUNDS];
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	struct vault *vault;
	struct buf request;
	struct ca *ca;
	int i;

	need(key != NULL, "key", NULL);
	ca = make_ca(&vault);
	buf_init(&request, CA_OCSP_REQUEST_MAX);
	make_request(ca, &request);
	for (i = 0; i < ROUNDS; i++) {
		bare[i] = raw(key);
		ours[i] = answers(ca, &request);
		ratio[i] = bare[i] / ours[i];
	}
	printf("P-256 signature %.1f us, OCSP answer %.1f us (%.0f/s on one "
	       "core), %.2f of the bare rate\n",
	    median(bare), median(ours), 1e6 / median(ours), median(ratio));
	buf_free(&request);
	ca_close(ca);
	vault_close(vault);
	EVP_PKEY_free(key);
	remove_folder();
	return 0;
}
