#include "askers.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca_bench.h"
#include "clock.h"
#include "mem.h"

#define PRIMES_MAX 128
#define PRIME_BITS 1024
#define EXPONENT 65537

static const struct ca_template template = {.name = "tls",
    .validity = 365 * CLOCK_DAY,
    .renew_before = 60 * CLOCK_DAY,
    .backdate = 3600,
    .key = "rsa-2048"};

/* --- keys --- */

static BIGNUM *primes[PRIMES_MAX];
static size_t prime_count;

static BIGNUM *
new_prime(void)
{
	BIGNUM *p = BN_new();

	do
		bench_need(p != NULL &&
			BN_generate_prime_ex(
			    p, PRIME_BITS, 0, NULL, NULL, NULL) == 1,
		    "prime", NULL);
	while (BN_mod_word(p, EXPONENT) == 1);
	return p;
}

/* So many that there is a pair for each key. */
static void
need_primes(size_t keys)
{
	while (prime_count * (prime_count - (prime_count > 0)) / 2 < keys) {
		bench_need(prime_count < PRIMES_MAX, "too many keys", NULL);
		primes[prime_count++] = new_prime();
	}
}

/* n, e, d, p, q, d mod (p - 1), d mod (q - 1), 1 / q mod p */
static void
numbers_of(const BIGNUM *p, const BIGNUM *q, BIGNUM *out[8], BN_CTX *ctx)
{
	BIGNUM *p1 = BN_dup(p), *q1 = BN_dup(q), *phi = BN_new();

	bench_need(BN_sub_word(p1, 1) == 1 && BN_sub_word(q1, 1) == 1 &&
		BN_mul(phi, p1, q1, ctx) == 1 &&
		BN_mul(out[0], p, q, ctx) == 1 &&
		BN_set_word(out[1], EXPONENT) == 1 &&
		BN_mod_inverse(out[2], out[1], phi, ctx) != NULL &&
		BN_copy(out[3], p) != NULL && BN_copy(out[4], q) != NULL &&
		BN_mod(out[5], out[2], p1, ctx) == 1 &&
		BN_mod(out[6], out[2], q1, ctx) == 1 &&
		BN_mod_inverse(out[7], q, p, ctx) != NULL,
	    "numbers of a key", NULL);
	BN_free(p1);
	BN_free(q1);
	BN_free(phi);
}

static EVP_PKEY *
make_key(const BIGNUM *p, const BIGNUM *q)
{
	static const char *const names[8] = {OSSL_PKEY_PARAM_RSA_N,
	    OSSL_PKEY_PARAM_RSA_E, OSSL_PKEY_PARAM_RSA_D,
	    OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2,
	    OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2,
	    OSSL_PKEY_PARAM_RSA_COEFFICIENT1};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	BN_CTX *bn = BN_CTX_new();
	BIGNUM *numbers[8];
	OSSL_PARAM *params;
	EVP_PKEY *key = NULL;
	size_t i;

	for (i = 0; i < 8; i++)
		numbers[i] = BN_new();
	numbers_of(p, q, numbers, bn);
	for (i = 0; i < 8; i++)
		bench_need(OSSL_PARAM_BLD_push_BN(bld, names[i], numbers[i]),
		    "key", NULL);
	params = OSSL_PARAM_BLD_to_param(bld);
	bench_need(EVP_PKEY_fromdata_init(ctx) == 1 &&
		EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) == 1,
	    "key", NULL);
	for (i = 0; i < 8; i++)
		BN_free(numbers[i]);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	BN_CTX_free(bn);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* --- requests --- */

static X509_EXTENSION *
alternative_name(const char *name)
{
	char *text = mem_printf("DNS:%s", name);
	X509_EXTENSION *ext =
	    X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, text);

	free(text);
	return ext;
}

static void
make_csr(const char *name, EVP_PKEY *key, struct buf *out)
{
	X509_REQ *req = X509_REQ_new();
	STACK_OF(X509_EXTENSION) *exts = sk_X509_EXTENSION_new_null();
	X509_EXTENSION *names = alternative_name(name);
	unsigned char *der = NULL;
	int len;

	bench_need(req != NULL && exts != NULL && names != NULL &&
		sk_X509_EXTENSION_push(exts, names) == 1 &&
		X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), "CN",
		    MBSTRING_ASC, (const unsigned char *)name, -1, -1,
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

void
bench_askers_make(struct bench_askers *a, size_t count)
{
	struct bench_asker *one;
	size_t p = 1, q = 0, i;
	EVP_PKEY *key;

	need_primes(count);
	*a = (struct bench_askers){
	    .list = mem_array(count, sizeof(*a->list)), .count = count};
	for (i = 0; i < count; i++) {
		one = &a->list[i];
		(void)snprintf(
		    one->name, sizeof(one->name), "pc%zu.corp.example", i);
		one->subject = (struct ca_subject){
		    .device = one->name, .fqdn = one->name, .amt_major = 16};
		buf_init(&one->csr, 16384);
		key = make_key(primes[p], primes[q]);
		make_csr(one->name, key, &one->csr);
		EVP_PKEY_free(a->key);
		a->key = key;
		if (++q == p) {
			p++;
			q = 0;
		}
	}
}

void
bench_askers_free(struct bench_askers *a)
{
	size_t i;

	for (i = 0; i < a->count; i++)
		buf_free(&a->list[i].csr);
	free(a->list);
	EVP_PKEY_free(a->key);
	while (prime_count > 0)
		BN_free(primes[--prime_count]);
}

void
bench_ask(struct bench_askers *a, struct ca_issuance *list,
    char (*keys)[BENCH_KEY], size_t count)
{
	const struct bench_asker *one;
	size_t i;

	for (i = 0; i < count; i++) {
		one = &a->list[a->next++ % a->count];
		(void)snprintf(keys[i], BENCH_KEY, "k%llu",
		    (unsigned long long)a->number++);
		list[i].request = (struct ca_request){.template = &template,
		    .subject = &one->subject,
		    .csr = one->csr.data,
		    .csr_len = one->csr.len,
		    .key = keys[i],
		    .now = clock_now()};
	}
}
