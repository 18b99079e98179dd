/*
 * Every rule has at least one CSR that it, and no rule before it, refuses.
 */
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ca_internal.h"
#include "csr_internal.h"
#include "csr_vectors.h"
#include "err.h"
#include "str.h"

struct fixture csr_fixture;

static const struct csr_vectors *const groups[] = {
    &csr_form_vectors, &csr_key_vectors, &csr_names_vectors};
#define GROUPS (sizeof(groups) / sizeof(groups[0]))

/* As if the root had been told to vouch for corp.example alone. */
static void
constrain_root(void)
{
	GENERAL_SUBTREE *tree = GENERAL_SUBTREE_new();
	NAME_CONSTRAINTS *nc = NAME_CONSTRAINTS_new();
	ASN1_IA5STRING *name = ASN1_IA5STRING_new();

	assert_int_equal(ASN1_STRING_set(name, "corp.example", -1), 1);
	GENERAL_NAME_set0_value(tree->base, GEN_DNS, name);
	nc->permittedSubtrees = sk_GENERAL_SUBTREE_new_null();
	assert_true(sk_GENERAL_SUBTREE_push(nc->permittedSubtrees, tree) == 1);
	csr_fixture.ca->root.constraints = nc;
}

static int
check(const struct csr_vector *v, struct err *err)
{
	struct ca_request request;
	struct csr_spec spec = {0};
	struct buf der;
	int rc;

	err_clear(err);
	buf_init(&der, 32768);
	if (v->spec != NULL)
		v->spec(&spec);
	fixture_csr(&spec, &der);
	if (v->bytes != NULL)
		v->bytes(&der);
	request = fixture_request(&csr_fixture, &der, NULL);
	if (v->t != NULL)
		request.template = v->t;
	if (v->subject != NULL)
		request.subject = v->subject;
	if (v->constrained)
		constrain_root();
	rc = ca_csr_check(csr_fixture.ca, &request, err);
	NAME_CONSTRAINTS_free(csr_fixture.ca->root.constraints);
	csr_fixture.ca->root.constraints = NULL;
	buf_free(&der);
	return rc;
}

static void
must_refuse(const struct csr_vector *v)
{
	char prefix[64];
	struct err err;

	if (check(v, &err) == 0)
		fail_msg("%s, %s: passed", v->rule, v->says);
	(void)snprintf(prefix, sizeof(prefix), "CSR rule %s: ", v->rule);
	if (strncmp(err.text, prefix, strlen(prefix)) != 0 ||
	    strstr(err.text, v->says) == NULL)
		fail_msg("%s, %s: gave %s", v->rule, v->says, err.text);
	if (err.kind != ERR_INVALID && err.kind != ERR_REFUSED)
		fail_msg(
		    "%s, %s: is %s", v->rule, v->says, err_kind_name(err.kind));
}

static void
must_pass(const struct csr_vectors *group, const struct csr_vector *v)
{
	struct err err;

	if (check(v, &err) != 0)
		fail_msg("number %td of %zu: %s", v - group->list, group->count,
		    err.text);
}

/* Each vector is refused by its rule, in words that name rule and value; those
 * without a rule pass. */
static void
check_all(const struct csr_vectors *group)
{
	size_t i, good = 0;

	for (i = 0; i < group->count; i++) {
		if (group->list[i].rule != NULL) {
			must_refuse(&group->list[i]);
		} else {
			must_pass(group, &group->list[i]);
			good++;
		}
	}
	assert_true(good > 0);
}

static void
test_form(void **state)
{
	(void)state;
	check_all(&csr_form_vectors);
}

static void
test_key(void **state)
{
	(void)state;
	check_all(&csr_key_vectors);
}

static void
test_names(void **state)
{
	(void)state;
	check_all(&csr_names_vectors);
}

static bool
has_vector(const char *rule)
{
	size_t i, k;

	for (i = 0; i < GROUPS; i++)
		for (k = 0; k < groups[i]->count; k++)
			if (str_eq(groups[i]->list[k].rule, rule))
				return true;
	return false;
}

/* A rule without a vector is a rule nobody has seen work. */
static void
test_every_rule_has_a_vector(void **state)
{
	const char *name;
	size_t i;

	(void)state;
	for (i = 0; (name = ca_csr_rule_name(i)) != NULL; i++)
		if (!has_vector(name))
			fail_msg("rule %s has no vector", name);
}

/* Rules without a CA behind them: nothing of ours is asked. */
static void
test_without_a_ca(void **state)
{
	struct ca_request request;
	struct buf der;
	struct err err;

	(void)state;
	buf_init(&der, 16384);
	fixture_good_csr(&der);
	request = fixture_request(&csr_fixture, &der, NULL);
	request.subject = &csr_other_device;
	assert_int_equal(ca_csr_check(NULL, &request, &err), 0);
	buf_free(&der);
}

/* Good keys are not called bad: a rule that always fires would pass above. */
static void
test_good_keys(void **state)
{
	struct ca_csr csr;
	struct buf der;

	(void)state;
	buf_init(&der, 16384);
	fixture_good_csr(&der);
	assert_null(ca_csr_parse(ca_der_bytes(&der), &csr));
	assert_int_equal(
	    ca_csr_rsa(csr.key_bits, &csr.modulus, &csr.exponent), 0);
	assert_int_equal(ca_key_bits(csr.modulus), 2048);
	assert_int_equal(ca_key_small_factor(csr.modulus), 0);
	assert_null(ca_key_roca(csr.modulus));
	assert_null(ca_key_close_primes(csr.modulus));
	buf_free(&der);
}

/* Every prime that is to be found is, alone. */
static void
test_each_small_factor(void **state)
{
	uint8_t bytes[256];
	BIGNUM *n = BN_new();
	BN_ULONG p, d;
	int len;

	(void)state;
	for (p = 3; p < 760; p += 2) {
		for (d = 3; d * d <= p && p % d != 0; d += 2)
			;
		if (d * d <= p)
			continue;
		assert_int_equal(BN_one(n), 1);
		assert_int_equal(BN_lshift(n, n, 1279), 1);
		assert_int_equal(BN_sub_word(n, 1), 1); /* a prime */
		assert_int_equal(BN_mul_word(n, p), 1);
		len = BN_bn2bin(n, bytes);
		assert_int_equal(
		    ca_key_small_factor((struct ca_span){bytes, (size_t)len}),
		    p < 752 ? p : 0);
	}
	BN_free(n);
}

/* a^2 - b^2 with a = 2^1023 and b = x/1000 * 2^512: found in the step that is
 * the next whole number above (x/1000)^2. */
static bool
fermat_finds(BN_ULONG x)
{
	uint8_t bytes[256];
	BIGNUM *n = BN_new(), *b = BN_new();
	BN_CTX *ctx = BN_CTX_new();
	int len;

	assert_int_equal(BN_set_word(b, x), 1);
	assert_int_equal(BN_lshift(b, b, 512), 1);
	assert_int_not_equal(BN_div_word(b, 1000), (BN_ULONG)-1);
	assert_int_equal(BN_sqr(b, b, ctx), 1);
	assert_int_equal(BN_one(n), 1);
	assert_int_equal(BN_lshift(n, n, 2046), 1);
	assert_int_equal(BN_sub(n, n, b), 1);
	len = BN_bn2bin(n, bytes);
	BN_free(n);
	BN_free(b);
	BN_CTX_free(ctx);
	return ca_key_close_primes((struct ca_span){bytes, (size_t)len}) !=
	    NULL;
}

static void
test_fermat_steps(void **state)
{
	(void)state;
	assert_true(fermat_finds(707));	   /* 1 */
	assert_true(fermat_finds(1224));   /* 2 */
	assert_true(fermat_finds(7382));   /* 55 */
	assert_true(fermat_finds(10464));  /* 110 */
	assert_false(fermat_finds(10511)); /* 111 */
}

/* Primes a little further apart than Fermat's method reaches are let through:
 * the rule looks at 110 steps, not at everything. */
static void
test_fermat_finds_no_more_than_it_says(void **state)
{
	uint8_t bytes[256];
	BIGNUM *n, *p = BN_new(), *q = BN_new();
	BN_CTX *ctx = BN_CTX_new();

	(void)state;
	n = BN_new();
	assert_int_equal(
	    BN_rand(p, 1024, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD), 1);
	assert_int_equal(
	    BN_rand(q, 1024, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD), 1);
	assert_int_equal(BN_mul(n, p, q, ctx), 1);
	assert_int_equal(BN_bn2bin(n, bytes), 256);
	assert_null(ca_key_close_primes((struct ca_span){bytes, 256}));
	BN_free(n);
	BN_free(p);
	BN_free(q);
	BN_CTX_free(ctx);
}

static void
block_key(EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	char hex[65];
	struct ca_blocked b = {hex, "found in a drawer", csr_fixture.now};
	uint8_t hash[32];

	assert_true(len > 0);
	str_sha256(der, (size_t)len, hash);
	str_hex(hash, sizeof(hash), hex);
	assert_int_equal(ca_block_add(csr_fixture.ca, &b, NULL, NULL), 1);
	OPENSSL_free(der);
}

/* The key of slot 0 belongs to pc1 from here on. */
static int
open_ca(void **state)
{
	struct ca_request request;
	struct ca_cert cert;
	struct buf der;
	struct err err;

	(void)state;
	fixture_open(&csr_fixture);
	block_key(fixture_key(4, 2048));
	buf_init(&der, 16384);
	fixture_good_csr(&der);
	request = fixture_request(&csr_fixture, &der, "first");
	if (ca_issue(csr_fixture.ca, &request, &cert, &err) != 0)
		fail_msg("%s", err.text);
	ca_cert_clear(&cert);
	buf_free(&der);
	return 0;
}

static int
close_ca(void **state)
{
	(void)state;
	fixture_close(&csr_fixture);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_form),
	    cmocka_unit_test(test_key),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_every_rule_has_a_vector),
	    cmocka_unit_test(test_without_a_ca),
	    cmocka_unit_test(test_good_keys),
	    cmocka_unit_test(test_each_small_factor),
	    cmocka_unit_test(test_fermat_steps),
	    cmocka_unit_test(test_fermat_finds_no_more_than_it_says),
	};

	return cmocka_run_group_tests(tests, open_ca, close_ca);
}
