#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "err.h"
#include "fixture.h"
#include "mem.h"

static int
setup(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));

	fixture_open(f);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	fixture_close(*state);
	free(*state);
	return 0;
}

static int
issue(struct fixture *f, const struct ca_subject *subject,
    const struct csr_spec *spec, const char *key, struct ca_cert *ret,
    struct err *err)
{
	struct buf csr;
	int rc;

	buf_init(&csr, 16384);
	fixture_csr(spec, &csr);
	rc = ca_issue(f->ca, &fixture_template, subject, csr.data, csr.len, key,
	    f->now, ret, err);
	buf_free(&csr);
	return rc;
}

/* Run openssl(1); its words on failure. */
static void openssl(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void
openssl(const char *fmt, ...)
{
	char command[1024], words[4096] = "";
	va_list args;
	size_t got;
	FILE *p;
	int len;

	len = snprintf(command, sizeof(command), "exec openssl ");
	va_start(args, fmt);
	(void)vsnprintf(
	    command + len, sizeof(command) - (size_t)len, fmt, args);
	va_end(args);
	p = popen(command, "r");
	assert_non_null(p);
	got = fread(words, 1, sizeof(words) - 1, p);
	words[got] = '\0';
	if (pclose(p) != 0)
		fail_msg("%s\n%s", command, words);
}

static void
write_pem(struct fixture *f)
{
	struct buf pem;

	buf_init(&pem, 16384);
	assert_int_equal(ca_root_pem(f->ca, &pem, NULL), 0);
	fixture_write(f, "root.pem", pem.data, pem.len);
	buf_reset(&pem);
	assert_int_equal(ca_chain_pem(f->ca, &pem, NULL), 0);
	fixture_write(f, "chain.pem", pem.data, pem.len);
	buf_free(&pem);
}

/* An independent program likes what we made, strictly. */
static void
test_openssl_verifies(void **state)
{
	struct fixture *f = *state;
	const struct csr_spec spec = {0};
	struct ca_cert cert;
	struct err err;

	if (issue(f, &fixture_subject, &spec, "k1", &cert, &err) != 0)
		fail_msg("%s", err.text);
	write_pem(f);
	fixture_write(f, "leaf.der", cert.der, cert.der_len);
	openssl("x509 -inform DER -in %s/leaf.der -out %s/leaf.pem 2>&1",
	    f->dir, f->dir);
	openssl("verify -x509_strict -purpose sslserver -verify_hostname "
		"pc1.corp.example -CAfile %s/root.pem -untrusted %s/chain.pem "
		"%s/leaf.pem 2>&1",
	    f->dir, f->dir, f->dir);
	assert_string_equal(cert.subject, "CN=pc1.corp.example");
	assert_string_equal(cert.names, "dns:pc1.corp.example");
	assert_string_equal(cert.device, "pc1");
	assert_string_equal(cert.template_name, "amt-tls");
	assert_string_equal(cert.key, "k1");
	assert_int_equal(cert.not_before, f->now - 3600);
	assert_int_equal(cert.not_after, f->now + 365 * CLOCK_DAY - 1);
	assert_int_equal(cert.revoked_at, 0);
	assert_int_equal(strlen(cert.serial), 32);
	ca_cert_clear(&cert);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_openssl_verifies, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
