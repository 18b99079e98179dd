#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/pem.h>

#include "err.h"
#include "identity.h"
#include "port_device_internal.h"

static struct identity *root, *issuing, *device, *stranger;
static struct device_port port;

/* Signed by root from here on, and in pem. */
static void
put_under_root(struct identity *ca)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *bytes;
	long len;

	assert_int_equal(
	    X509_set_issuer_name(ca->cert, X509_get_subject_name(root->cert)),
	    1);
	assert_true(X509_sign(ca->cert, root->key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509(bio, ca->cert), 1);
	len = BIO_get_mem_data(bio, &bytes);
	free(ca->pem);
	ca->pem = strndup(bytes, (size_t)len);
	BIO_free(bio);
}

static int
setup(void **state)
{
	struct err err;

	(void)state;
	root = identity_new("Root", NULL);
	issuing = identity_new("Issuing", NULL);
	put_under_root(issuing);
	device = identity_new("pc1.corp.example", issuing);
	stranger = identity_new("pc2.corp.example", NULL);
	port.certs = cert_memory_new();
	port.roots = cert_roots(issuing->pem, &err);
	assert_non_null(port.roots);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	X509_STORE_free(port.roots);
	cert_memory_free(port.certs);
	identity_free(root);
	identity_free(issuing);
	identity_free(device);
	identity_free(stranger);
	return 0;
}

static void
describe(const struct identity *identity, struct cert_facts *ret)
{
	unsigned char *der = NULL;
	struct err err = {0};
	int len = i2d_X509(identity->cert, &der);

	memset(ret, 0, sizeof(*ret));
	assert_int_equal(
	    cert_describe(&port, der, (size_t)len, NULL, ret, &err), 0);
	OPENSSL_free(der);
	assert_string_equal(ret->sha256, identity->sha256);
}

/* The root is elsewhere; and whatever else signed, it is not ours. */
static void
ours_is_what_our_issuer_signed(void **state)
{
	struct cert_facts facts;

	(void)state;
	describe(device, &facts);
	assert_true(facts.ours);
	cert_facts_clear(&facts);
	describe(stranger, &facts);
	assert_false(facts.ours);
	cert_facts_clear(&facts);
	describe(root, &facts);
	assert_false(facts.ours);
	cert_facts_clear(&facts);
}

static void
says_the_same_again(void **state)
{
	struct cert_facts first, second;

	(void)state;
	describe(device, &first);
	describe(stranger, &second);
	cert_facts_clear(&second);
	describe(device, &second);
	assert_string_equal(second.names, "dns:pc1.corp.example");
	assert_string_equal(second.names, first.names);
	assert_string_equal(second.serial, first.serial);
	assert_string_equal(second.subject, first.subject);
	assert_string_equal(second.issuer, first.issuer);
	assert_true(second.not_after == first.not_after);
	assert_true(second.not_before == first.not_before);
	assert_true(second.ours);
	cert_facts_clear(&first);
	cert_facts_clear(&second);
}

static void
remembers_no_nonsense(void **state)
{
	static const uint8_t nonsense[] = {0x30, 0x03, 0x02, 0x01, 0x00};
	struct cert_facts facts = {0};
	struct err err = {0};
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		assert_int_equal(cert_describe(&port, nonsense,
				     sizeof(nonsense), NULL, &facts, &err),
		    -1);
		assert_int_equal(err.kind, ERR_PROTOCOL);
		assert_null(facts.sha256);
	}
}

/* Many, of which some want the same place: none is taken for another. */
static void
tells_many_apart(void **state)
{
	struct identity *many[100];
	struct cert_facts facts;
	char name[64];
	size_t i, round;

	(void)state;
	for (i = 0; i < sizeof(many) / sizeof(many[0]); i++) {
		(void)snprintf(name, sizeof(name), "pc%zu.corp.example", i);
		many[i] = identity_new(name, issuing);
	}
	for (round = 0; round < 2; round++)
		for (i = 0; i < sizeof(many) / sizeof(many[0]); i++) {
			describe(many[i], &facts);
			(void)snprintf(
			    name, sizeof(name), "dns:pc%zu.corp.example", i);
			assert_string_equal(facts.names, name);
			cert_facts_clear(&facts);
		}
	for (i = 0; i < sizeof(many) / sizeof(many[0]); i++)
		identity_free(many[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ours_is_what_our_issuer_signed),
	    cmocka_unit_test(says_the_same_again),
	    cmocka_unit_test(remembers_no_nonsense),
	    cmocka_unit_test(tells_many_apart),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
