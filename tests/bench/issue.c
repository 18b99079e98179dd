/*
 * Certificates from our CA beside what no CA can do without: one RSA-3072
 * signature and one check of an RSA-2048 request's.  In turns in one run; CPU
 * time of the thread, and what passed, with each certificate durable before the
 * next.  Then a revocation list of 100,000.
 */
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "ca.h"
#include "ca_bench.h"
#include "clock.h"
#include "db.h"
#include "err.h"

#define ROUNDS 15
#define COUNT 20
#define TBS_BYTES 900 /* of a certificate for a device */
#define REVOKED 100000
#define LIST_MAX (64u << 20)
#define NAME "pc1.corp.example"

static const struct ca_template template = {.name = "tls",
    .validity = 365 * CLOCK_DAY,
    .renew_before = 60 * CLOCK_DAY,
    .backdate = 3600,
    .key = "rsa-2048"};
static const struct ca_subject subject = {
    .device = NAME, .fqdn = NAME, .amt_major = 16};

static EVP_PKEY *key; /* of the device */

static void
make_csr(struct buf *out)
{
	X509_REQ *req = X509_REQ_new();
	STACK_OF(X509_EXTENSION) *exts = sk_X509_EXTENSION_new_null();
	X509_EXTENSION *names =
	    X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:" NAME);
	unsigned char *der = NULL;
	int len;

	bench_need(req != NULL && exts != NULL && names != NULL &&
		sk_X509_EXTENSION_push(exts, names) == 1 &&
		X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), "CN",
		    MBSTRING_ASC, (const unsigned char *)NAME, -1, -1,
		    0) == 1 &&
		X509_REQ_set_pubkey(req, key) == 1 &&
		X509_REQ_add_extensions(req, exts) == 1 &&
		X509_REQ_sign(req, key, EVP_sha256()) > 0,
	    "request", NULL);
	len = i2d_X509_REQ(req, &der);
	bench_need(len > 0, "encode", NULL);
	buf_add(out, der, (size_t)len);
	OPENSSL_free(der);
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	X509_REQ_free(req);
}

/* --- the bound --- */

static void
sign(EVP_PKEY *with, const char *hash, const uint8_t *bytes, size_t len,
    uint8_t *signature, size_t *signature_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	bench_need(EVP_DigestSignInit_ex(
		       ctx, NULL, hash, NULL, NULL, with, NULL) == 1 &&
		EVP_DigestSign(ctx, signature, signature_len, bytes, len) == 1,
	    "sign", NULL);
	EVP_MD_CTX_free(ctx);
}

static void
verify(const uint8_t *bytes, size_t len, const uint8_t *signature,
    size_t signature_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	bench_need(EVP_DigestVerifyInit_ex(
		       ctx, NULL, "SHA256", NULL, NULL, key, NULL) == 1 &&
		EVP_DigestVerify(ctx, signature, signature_len, bytes, len) ==
		    1,
	    "verify", NULL);
	EVP_MD_CTX_free(ctx);
}

static double
bound(EVP_PKEY *ca_key)
{
	static uint8_t bytes[TBS_BYTES];
	uint8_t request[512], certificate[512];
	size_t request_len = sizeof(request), len;
	double start;
	int i;

	sign(key, "SHA256", bytes, sizeof(bytes), request, &request_len);
	start = bench_cpu_us();
	for (i = 0; i < COUNT; i++) {
		verify(bytes, sizeof(bytes), request, request_len);
		len = sizeof(certificate);
		sign(ca_key, "SHA384", bytes, sizeof(bytes), certificate, &len);
	}
	return (bench_cpu_us() - start) / COUNT;
}

/* --- ours --- */

struct cost {
	double cpu, wall;
};

static struct cost
issue(struct ca *ca, const struct buf *csr, int round)
{
	double cpu = bench_cpu_us(), wall = bench_wall_us();
	struct ca_cert cert;
	char name[32];
	struct err err;
	int i;

	for (i = 0; i < COUNT; i++) {
		const struct ca_request request = {.template = &template,
		    .subject = &subject,
		    .csr = csr->data,
		    .csr_len = csr->len,
		    .key = name,
		    .now = clock_now()};

		(void)snprintf(name, sizeof(name), "k%d", round * COUNT + i);
		bench_need(
		    ca_issue(ca, &request, &cert, &err) == 0, "issue", &err);
		ca_cert_clear(&cert);
	}
	return (struct cost){
	    (bench_cpu_us() - cpu) / COUNT, (bench_wall_us() - wall) / COUNT};
}

/* As if so many had been issued and revoked; none of their bytes matter. */
static void
fill(const struct bench_ca *b)
{
	static const char intent[] =
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
	    " WHERE i < ?) INSERT INTO ca_intent (serial, key, device,"
	    " template, subject, names, spki_sha256, csr_sha256, tbs_sha256,"
	    " tbs, not_before, not_after, made_at, line) SELECT"
	    " printf('5%031x', i), 'x' || i, 'd' || i, 't', 's' || i, 'n',"
	    " x'00', x'00', x'00', x'00', 0, ?, 0, 1 FROM n";
	static const char revocation[] =
	    "INSERT INTO ca_revocation (seq, serial, revoked_at, reason)"
	    " SELECT row_number() OVER (), serial, ?, 4 FROM ca_intent"
	    " WHERE key LIKE 'x%'";
	int64_t now = clock_now();
	struct db *db;
	struct err err;

	bench_need(db_open(b->database, false, &db, &err) == 0 &&
		db_run(db, &err, intent, "ii", (int64_t)REVOKED,
		    now + 365 * CLOCK_DAY) == 0 &&
		db_run(db, &err, revocation, "i", now) == 0,
	    "fill", &err);
	db_close(db);
}

static void
list(const struct bench_ca *b)
{
	double start;
	struct buf out;
	struct err err;

	fill(b);
	buf_init(&out, LIST_MAX);
	start = bench_cpu_us();
	bench_need(
	    ca_crl(b->ca, clock_now() + 1, &out, &err) == 0, "CRL", &err);
	printf("revocation list of %d: %.2f s, %zu bytes\n", REVOKED,
	    (bench_cpu_us() - start) / 1e6, out.len);
	buf_free(&out);
}

int
main(void)
{
	double bare[ROUNDS], cpu[ROUNDS], wall[ROUNDS], ratio[ROUNDS];
	EVP_PKEY *ca_key = EVP_RSA_gen(3072);
	struct bench_ca b = {.ca = NULL};
	struct cost cost;
	struct buf csr;
	int i;

	key = EVP_RSA_gen(2048);
	bench_need(key != NULL && ca_key != NULL, "keys", NULL);
	bench_ca_make(&b);
	buf_init(&csr, 16384);
	make_csr(&csr);
	for (i = 0; i < ROUNDS; i++) {
		bare[i] = bound(ca_key);
		cost = issue(b.ca, &csr, i);
		cpu[i] = cost.cpu;
		wall[i] = cost.wall;
		ratio[i] = bare[i] / cost.cpu;
	}
	printf("signature and check %.0f us, certificate %.0f us of CPU: %.2f "
	       "of the bound; durable %.0f/s\n",
	    bench_median(bare, ROUNDS), bench_median(cpu, ROUNDS),
	    bench_median(ratio, ROUNDS), 1e6 / bench_median(wall, ROUNDS));
	list(&b);
	bench_ca_close(&b);
	buf_free(&csr);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
	return 0;
}
