/* Certificates from keys in tokens; test_token.sh provides them, and names
 * them in the environment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "err.h"
#include "file.h"
#include "fixture.h"
#include "mem.h"
#include "rollover.h"
#include "secret.h"

static struct fixture fixture;
static struct secret *pin;
static struct err err;

static struct ca_new
new_in(const char *variable)
{
	const char *uri = getenv(variable);

	assert_non_null(uri);
	return (struct ca_new){
	    .organisation = "Example", .key = {.uri = uri, .pin = pin}};
}

static int
setup(void **state)
{
	const char *file = getenv("TOKEN_PIN");

	(void)state;
	fixture_open_bare(&fixture);
	pin = file != NULL ? secret_from_file(file, NULL) : NULL;
	return pin == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	secret_free(pin);
	fixture_close(&fixture);
	return 0;
}

/* A leaf for this idempotency key that our own door and OpenSSL accept. */
static void
issue(const char *key, const char *signature)
{
	struct ca_request request;
	struct ca_cert cert;
	const unsigned char *p;
	struct buf csr;
	X509 *x;

	buf_init(&csr, 8192);
	fixture_good_csr(&csr);
	request = fixture_request(&fixture, &csr, key);
	memset(&cert, 0, sizeof(cert));
	if (ca_issue(fixture.ca, &request, &cert, &err) != 0)
		fail_msg("%s", err.text);
	if (ca_verify(fixture.ca, cert.der, cert.der_len, "pc1.corp.example",
		fixture.now, &err) != 0)
		fail_msg("%s", err.text);
	p = cert.der;
	x = d2i_X509(NULL, &p, (long)cert.der_len);
	assert_non_null(x);
	assert_string_equal(OBJ_nid2sn(X509_get_signature_nid(x)), signature);
	X509_free(x);
	ca_cert_clear(&cert);
	buf_free(&csr);
}

/* Made, used, opened again as after a restart, used again. */
static void
live(const char *variable, const char *signature)
{
	struct ca_new how = new_in(variable);
	struct buf key;

	if (ca_create(&fixture.conf, &how, &err) != 0)
		fail_msg("%s", err.text);
	fixture_reopen(&fixture);
	issue("k1", signature);
	fixture_reopen(&fixture);
	issue("k2", signature);

	/* Neither URI nor PIN can be read in the file. */
	buf_init(&key, 65536);
	assert_int_equal(file_read(fixture.key_file, 65536, &key, NULL), 0);
	assert_null(memmem(key.data, key.len, how.key.uri, 6));
	assert_null(memmem(
	    key.data, key.len, secret_text(pin), strlen(secret_text(pin))));
	buf_free(&key);
}

static void
test_pkcs11_rsa(void **state)
{
	(void)state;
	live("TOKEN_RSA", "RSA-SHA384");
}

static void
test_pkcs11_ec(void **state)
{
	(void)state;
	live("TOKEN_EC", "ecdsa-with-SHA384");
}

static void
test_tpm_rsa(void **state)
{
	(void)state;
	live("TOKEN_TPM_RSA", "RSA-SHA384");
}

static void
test_tpm_ec(void **state)
{
	(void)state;
	live("TOKEN_TPM_EC", "ecdsa-with-SHA384");
}

/* A CA that cannot be made leaves nothing behind. */
static void
refuses(const struct ca_new *how, enum err_kind kind, const char *word)
{
	memset(&err, 0, sizeof(err));
	assert_int_equal(ca_create(&fixture.conf, how, &err), -1);
	if (err.kind != kind || strstr(err.text, word) == NULL)
		fail_msg("%s: %s", err_kind_name(err.kind), err.text);
	assert_int_equal(fixture_count(&fixture, "ca."), 0);
}

static void
test_uri(void **state)
{
	static const struct {
		const char *uri, *word;
	} wrong[] = {
	    {"", "begins with"},
	    {"/etc/key.pem", "begins with"},
	    {"file:key.pem", "begins with"},
	    {"pkcs11:token=a", "which key"},
	    {"pkcs11:object=a b", "space"},
	    {"pkcs11:object=a\n", "space"},
	    {"pkcs11:object=a;pin-value=1234", "PIN"},
	    {"pkcs11:object=a?pin-value=1234", "PIN"},
	    {"pkcs11:object=a?pin-source=/etc/pin", "PIN"},
	    {"pkcs11:object=a?module-name=x", "module-path"},
	    {"pkcs11:object=a?module-path=x.so", "module-path"},
	    {"pkcs11:object=a?module-path=/x&y=1", "module-path"},
	};
	struct ca_new how = {.organisation = "Example"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		how.key.uri = wrong[i].uri;
		refuses(&how, ERR_INVALID, wrong[i].word);
	}
}

static void
test_weak(void **state)
{
	struct ca_new rsa = new_in("TOKEN_RSA_2048"), ec = new_in("TOKEN_P192");

	(void)state;
	refuses(&rsa, ERR_INVALID, "2048 bits");
	refuses(&ec, ERR_INVALID, "neither");
}

static void
test_absent(void **state)
{
	struct ca_new none = new_in("TOKEN_NONE");
	struct ca_new module = new_in("TOKEN_OTHER_MODULE");
	struct ca_new tpm = new_in("TOKEN_TPM_NONE");

	(void)state;
	refuses(&none, ERR_NOTFOUND, "no private key");
	refuses(&module, ERR_REFUSED, "another PKCS#11 module");
	refuses(&tpm, ERR_NOTFOUND, "no private key");
}

static void
test_clear(void **state)
{
	struct ca_new how = new_in("TOKEN_CLEAR");

	(void)state;
	refuses(&how, ERR_INVALID, "in the clear");
}

static void
test_pin(void **state)
{
	/* In a token that no other test logs in to. */
	struct ca_new key = new_in("TOKEN_OTHER");
	struct ca_new tpm = new_in("TOKEN_TPM_RSA");
	struct secret *wrong = secret_new("9999", 4);

	(void)state;
	key.key.pin = tpm.key.pin = wrong;
	refuses(&key, ERR_NOTFOUND, "the PIN");
	refuses(&tpm, ERR_STORAGE, "sign");
	key.key.pin = NULL; /* nobody is asked for it */
	refuses(&key, ERR_INVALID, "needs the token's PIN");
	secret_free(wrong);
}

/* The certificate for the open request, by our own root. */
static void
certify(const struct buf *request, struct ca_import *io)
{
	struct buf pem;

	buf_init(&pem, 65536);
	if (ca_certify(fixture.ca, &fixture.conf, request, &pem, &err) != 0)
		fail_msg("%s", err.text);
	*io = (struct ca_import){.pem = &pem, .now = fixture.now};
	if (ca_import(&fixture.conf, io, &err) != 0)
		fail_msg("%s", err.text);
	buf_free(&pem);
}

/* From a key in a file to one in a token, and from there to another. */
static void
test_rollover(void **state)
{
	const struct ca_new file = {.organisation = "Example"};
	struct ca_request_new how = {0};
	struct ca_import io;
	struct buf request;

	(void)state;
	assert_int_equal(ca_create(&fixture.conf, &file, &err), 0);
	fixture_reopen(&fixture);
	issue("k1", "RSA-SHA384");

	buf_init(&request, 65536);
	how.key = new_in("TOKEN_EC").key;
	if (ca_request(&fixture.conf, &how, &request, &err) != 0)
		fail_msg("%s", err.text);
	certify(&request, &io);
	fixture_reopen(&fixture);
	issue("k2", "ecdsa-with-SHA384");

	/* The same key again is no rollover. */
	memset(&err, 0, sizeof(err));
	assert_int_equal(ca_request(&fixture.conf, &how, &request, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_non_null(strstr(err.text, "make a new one"));
	assert_int_equal(ca_request(&fixture.conf, &(struct ca_request_new){0},
			     &request, &err),
	    0);
	assert_int_equal(ca_request(&fixture.conf, &how, &request, &err), -1);
	assert_non_null(strstr(err.text, "--new"));
	how.anew = true;

	buf_reset(&request);
	how.key = new_in("TOKEN_RSA").key;
	if (ca_request(&fixture.conf, &how, &request, &err) != 0)
		fail_msg("%s", err.text);
	certify(&request, &io);
	fixture_reopen(&fixture);
	issue("k3", "RSA-SHA384");
	buf_free(&request);
}

/* The root's key in a token: it certifies, cross-signs and makes its list
 * there, and the next root may be in another token. */
static void
test_root(void **state)
{
	struct ca_new how = new_in("TOKEN_RSA");
	struct ca_roll roll = {.root_key = new_in("TOKEN_TPM_EC").key};
	struct ca_crl_info info = {.number = 0};
	struct ca_import io;
	struct buf bytes;

	(void)state;
	how.root_key = how.key;
	refuses(&how, ERR_INVALID, "must not share a key");
	how.root_key = new_in("TOKEN_EC").key;
	if (ca_create(&fixture.conf, &how, &err) != 0)
		fail_msg("%s", err.text);
	fixture_reopen(&fixture);
	issue("k1", "RSA-SHA384");
	buf_init(&bytes, 65536);
	if (ca_request(
		&fixture.conf, &(struct ca_request_new){0}, &bytes, &err) != 0)
		fail_msg("%s", err.text);
	certify(&bytes, &io);
	fixture_reopen(&fixture);
	issue("k2", "RSA-SHA384");
	if (ca_rollover(fixture.ca, &fixture.conf, &roll, &err) != 0)
		fail_msg("%s", err.text);
	fixture_reopen(&fixture);
	issue("k3", "RSA-SHA384");
	buf_reset(&bytes);
	if (ca_cross_pem(fixture.ca, 1, &bytes, &err) != 0)
		fail_msg("%s", err.text);
	buf_reset(&bytes);
	/* Half a year later, by the TPM. */
	if (ca_root_crl_since(fixture.ca, fixture.now + 200 * 86400, &info,
		&bytes, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(info.number, 2);
	assert_int_equal(file_read(fixture.key_file, 65536, &bytes, NULL), 0);
	assert_null(memmem(
	    bytes.data, bytes.len, secret_text(pin), strlen(secret_text(pin))));
	buf_free(&bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_pkcs11_rsa, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_pkcs11_ec, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_tpm_rsa, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_tpm_ec, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_uri, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_weak, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_absent, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_clear, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_pin, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_rollover, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_root, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
