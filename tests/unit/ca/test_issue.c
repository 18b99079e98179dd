#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ca_internal.h"
#include "clock.h"
#include "err.h"
#include "fixture.h"

static int
issue(struct fixture *f, const struct ca_subject *subject,
    const struct csr_spec *spec, const char *key, struct ca_cert *ret,
    struct err *err)
{
	struct ca_request request;
	struct buf csr;
	int rc;

	buf_init(&csr, 16384);
	fixture_csr(spec, &csr);
	request = fixture_request(f, &csr, key);
	request.subject = subject;
	rc = ca_issue(f->ca, &request, ret, err);
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

/* A lost answer is asked for again: the same certificate, nothing new made. */
static void
test_same_key_same_certificate(void **state)
{
	struct fixture *f = *state;
	const struct csr_spec spec = {0};
	struct ca_cert one, two;
	struct err err;

	assert_int_equal(
	    issue(f, &fixture_subject, &spec, "k1", &one, &err), 0);
	fixture_reopen(f);
	assert_int_equal(
	    issue(f, &fixture_subject, &spec, "k1", &two, &err), 0);
	assert_string_equal(one.serial, two.serial);
	assert_int_equal(one.der_len, two.der_len);
	assert_memory_equal(one.der, two.der, one.der_len);
	ca_cert_clear(&one);
	ca_cert_clear(&two);
}

static void
test_same_key_other_csr(void **state)
{
	struct fixture *f = *state;
	const struct csr_spec spec = {0};
	const struct csr_spec other = {.key = fixture_key(1, 2048)};
	struct ca_cert cert;
	struct err err;

	assert_int_equal(
	    issue(f, &fixture_subject, &spec, "k1", &cert, &err), 0);
	ca_cert_clear(&cert);
	assert_int_equal(
	    issue(f, &fixture_subject, &other, "k1", &cert, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
}

static void
test_key_of_a_revoked_one(void **state)
{
	struct fixture *f = *state;
	const struct csr_spec spec = {0};
	struct ca_cert cert;
	struct err err;

	assert_int_equal(
	    issue(f, &fixture_subject, &spec, "k1", &cert, &err), 0);
	assert_int_equal(ca_revoke(f->ca, cert.serial, 4, f->now, &err), 0);
	ca_cert_clear(&cert);
	assert_int_equal(
	    issue(f, &fixture_subject, &spec, "k1", &cert, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_non_null(strstr(err.text, "revoked"));
}

static void
test_bad_idempotency_keys(void **state)
{
	struct fixture *f = *state;
	const struct csr_spec spec = {0};
	struct ca_cert cert;
	struct err err;
	char key[129];

	memset(key, 'k', sizeof(key) - 1);
	key[128] = '\0';
	assert_int_equal(
	    issue(f, &fixture_subject, &spec, "", &cert, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_int_equal(
	    issue(f, &fixture_subject, &spec, key, &cert, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	key[127] = '\0';
	assert_int_equal(
	    issue(f, &fixture_subject, &spec, key, &cert, &err), 0);
	assert_string_equal(cert.key, key);
	ca_cert_clear(&cert);
}

/* One device may renew with its key; another may not have it; nobody a key
 * that was compromised. */
static void
test_key_reuse(void **state)
{
	struct fixture *f = *state;
	const struct csr_spec spec = {0};
	struct ca_subject other = fixture_subject;
	struct ca_cert cert;
	struct err err;

	other.device = "pc2";
	assert_int_equal(
	    issue(f, &fixture_subject, &spec, "k1", &cert, &err), 0);
	ca_cert_clear(&cert);
	assert_int_equal(
	    issue(f, &fixture_subject, &spec, "k2", &cert, &err), 0);
	assert_int_equal(issue(f, &other, &spec, "k3", NULL, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_non_null(strstr(err.text, "key.owner"));
	assert_int_equal(ca_revoke(f->ca, cert.serial, 1, f->now, &err), 0);
	ca_cert_clear(&cert);
	assert_int_equal(
	    issue(f, &fixture_subject, &spec, "k4", NULL, &err), -1);
	assert_non_null(strstr(err.text, "compromised"));
}

/* A name is another device's while it has a valid certificate for it, and free
 * once that is revoked or at its end. */
static void
test_name_reuse(void **state)
{
	struct fixture *f = *state;
	const struct csr_spec mine = {0};
	const struct csr_spec theirs = {.key = fixture_key(3, 2048)};
	const struct csr_spec third = {.key = fixture_key(4, 2048)};
	struct ca_subject other = fixture_subject;
	struct ca_cert cert;
	struct err err;

	assert_int_equal(
	    issue(f, &fixture_subject, &mine, "k1", &cert, &err), 0);
	other.device = "pc2";
	assert_int_equal(issue(f, &other, &theirs, "k2", NULL, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_non_null(strstr(err.text, "names.owner"));
	assert_non_null(strstr(err.text, cert.serial));
	assert_int_equal(ca_revoke(f->ca, cert.serial, 4, f->now, &err), 0);
	ca_cert_clear(&cert);
	assert_int_equal(issue(f, &other, &theirs, "k3", &cert, &err), 0);
	f->now = cert.not_after;
	ca_cert_clear(&cert);
	other.device = "pc3";
	assert_int_equal(issue(f, &other, &third, "k4", NULL, &err), -1);
	assert_non_null(strstr(err.text, "device pc2"));
	f->now++;
	assert_int_equal(issue(f, &other, &third, "k5", &cert, &err), 0);
	ca_cert_clear(&cert);
}

static void
test_clock_that_went_back(void **state)
{
	struct fixture *f = *state;
	const struct csr_spec spec = {0};
	struct ca_cert cert;
	struct err err;

	assert_int_equal(
	    issue(f, &fixture_subject, &spec, "k1", &cert, &err), 0);
	ca_cert_clear(&cert);
	f->now -= 300;
	assert_int_equal(
	    issue(f, &fixture_subject, &spec, "k2", &cert, &err), 0);
	ca_cert_clear(&cert);
	f->now -= 1;
	assert_int_equal(
	    issue(f, &fixture_subject, &spec, "k3", &cert, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_non_null(strstr(err.text, "clock"));
	/* What was issued is still handed out. */
	assert_int_equal(
	    issue(f, &fixture_subject, &spec, "k2", &cert, &err), 0);
	ca_cert_clear(&cert);
}

/* Before anything was issued the CA's own beginning says how late it is: a
 * certificate would end before it begins, or not be valid yet. */
static void
test_clock_before_the_issuer(void **state)
{
	struct fixture *f = *state;
	const struct csr_spec spec = {0};
	int64_t begins = f->ca->issuing.not_before;
	struct ca_cert cert;
	struct err err;

	f->now = begins - 800 * CLOCK_DAY;
	assert_int_equal(
	    issue(f, &fixture_subject, &spec, "k1", &cert, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_non_null(strstr(err.text, "the issuing CA begins at"));
	f->now = begins - 1;
	assert_int_equal(
	    issue(f, &fixture_subject, &spec, "k1", &cert, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	f->now = begins;
	assert_int_equal(
	    issue(f, &fixture_subject, &spec, "k1", &cert, &err), 0);
	assert_int_equal(cert.not_before, begins);
	ca_cert_clear(&cert);
}

/* Nobody outlives the issuing CA: refused, not cut short. */
static void
test_past_the_issuer(void **state)
{
	struct fixture *f = *state;
	const struct csr_spec spec = {0};
	struct ca_cert cert;
	struct err err;

	f->now += (9 * 365 + 1) * CLOCK_DAY;
	assert_int_equal(
	    issue(f, &fixture_subject, &spec, "k1", &cert, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_non_null(strstr(err.text, "outlives"));
	f->now -= 2 * CLOCK_DAY;
	assert_int_equal(
	    issue(f, &fixture_subject, &spec, "k1", &cert, &err), 0);
	ca_cert_clear(&cert);
}

/* A refused CSR leaves no trace. */
static void
test_refused_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	const struct csr_spec spec = {.flip = true};
	struct ca_cert cert;
	struct err err;

	assert_int_equal(
	    issue(f, &fixture_subject, &spec, "k1", &cert, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_int_equal(ca_find(f->ca, "k1", NULL, &cert, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
}

static void
test_find(void **state)
{
	struct fixture *f = *state;
	const struct csr_spec spec = {0};
	struct ca_cert one, two;
	struct err err;

	assert_int_equal(
	    issue(f, &fixture_subject, &spec, "k1", &one, &err), 0);
	assert_int_equal(ca_find(f->ca, NULL, one.serial, &two, &err), 0);
	assert_string_equal(two.key, "k1");
	ca_cert_clear(&two);
	assert_int_equal(ca_find(f->ca, "k1", NULL, &two, &err), 0);
	assert_string_equal(two.serial, one.serial);
	ca_cert_clear(&two);
	assert_int_equal(ca_find(f->ca, "k2", NULL, &two, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	assert_int_equal(ca_find(f->ca, NULL, "00", &two, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	ca_cert_clear(&one);
}

static void
test_revoke(void **state)
{
	struct fixture *f = *state;
	const struct csr_spec spec = {0};
	struct ca_cert cert;
	struct err err;
	char serial[64];

	assert_int_equal(
	    issue(f, &fixture_subject, &spec, "k1", &cert, &err), 0);
	memcpy(serial, cert.serial, sizeof(serial));
	ca_cert_clear(&cert);
	assert_int_equal(ca_revoke(f->ca, serial, 6, f->now, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_int_equal(ca_revoke(f->ca, "beef", 4, f->now, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	assert_int_equal(ca_revoke(f->ca, serial, 4, f->now, &err), 0);
	/* The first one stands. */
	assert_int_equal(ca_revoke(f->ca, serial, 1, f->now + 9, &err), 0);
	assert_int_equal(ca_find(f->ca, NULL, serial, &cert, &err), 0);
	assert_int_equal(cert.revoked_at, f->now);
	assert_int_equal(cert.reason, 4);
	ca_cert_clear(&cert);
}

struct seen {
	char keys[64];
	size_t stop_after;
};

static int
note(void *cookie, const struct ca_cert *cert, struct err *err)
{
	struct seen *seen = cookie;
	size_t len = strlen(seen->keys);

	(void)snprintf(
	    seen->keys + len, sizeof(seen->keys) - len, "%s ", cert->key);
	if (seen->stop_after > 0 && --seen->stop_after == 0)
		return err_set(err, ERR_CANCELLED, "enough");
	return 0;
}

static void
test_list(void **state)
{
	struct fixture *f = *state;
	const struct csr_spec spec = {0};
	static const char *const dns[] = {"pc2.corp.example", NULL};
	const struct csr_spec other_spec = {
	    .key = fixture_key(1, 2048),
	    .cn = dns[0],
	    .dns = dns,
	};
	struct ca_subject other = fixture_subject;
	struct seen all = {"", 0}, mine = {"", 0}, soon = {"", 0};
	struct seen late = {"", 0}, none = {"", 0};
	struct seen one = {"", 1};
	struct ca_cert cert;
	struct err err;

	other.device = "pc2";
	other.fqdn = dns[0];
	assert_int_equal(
	    issue(f, &fixture_subject, &spec, "old", &cert, &err), 0);
	ca_cert_clear(&cert);
	f->now += 1000;
	assert_int_equal(issue(f, &other, &other_spec, "new", &cert, &err), 0);
	assert_int_equal(
	    ca_list(f->ca, &(struct ca_list_of){0}, note, &all, &err), 0);
	assert_string_equal(all.keys, "new old ");
	assert_int_equal(ca_list(f->ca, &(struct ca_list_of){.device = "pc1"},
			     note, &mine, &err),
	    0);
	assert_string_equal(mine.keys, "old ");
	assert_int_equal(
	    ca_list(f->ca, &(struct ca_list_of){.ends_before = cert.not_after},
		note, &soon, &err),
	    0);
	assert_string_equal(soon.keys, "old ");
	assert_int_equal(
	    ca_list(f->ca, &(struct ca_list_of){.ends_from = cert.not_after},
		note, &late, &err),
	    0);
	assert_string_equal(late.keys, "new ");
	assert_int_equal(ca_list(f->ca,
			     &(struct ca_list_of){.device = "pc2",
				 .ends_before = cert.not_after},
			     note, &none, &err),
	    0);
	assert_string_equal(none.keys, "");
	assert_int_equal(
	    ca_list(f->ca, &(struct ca_list_of){0}, note, &one, &err), -1);
	assert_int_equal(err.kind, ERR_CANCELLED);
	ca_cert_clear(&cert);
}

static void
refused(struct fixture *f, const struct ca_cert *c, const char *name,
    int64_t now, const char *says)
{
	struct err err;

	assert_int_equal(
	    ca_verify(f->ca, c->der, c->der_len, name, now, &err), -1);
	assert_int_equal(err.kind, ERR_UNTRUSTED);
	if (strstr(err.text, says) == NULL)
		fail_msg("\"%s\" is not in: %s", says, err.text);
}

static void
test_verify(void **state)
{
	struct fixture *f = *state, stranger;
	const struct csr_spec spec = {0};
	struct ca_cert cert;
	struct err err;

	assert_int_equal(
	    issue(f, &fixture_subject, &spec, "k1", &cert, &err), 0);
	if (ca_verify(f->ca, cert.der, cert.der_len, "PC1.corp.example", f->now,
		&err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(
	    ca_verify(f->ca, cert.der, cert.der_len, NULL, f->now, &err), 0);
	refused(f, &cert, "pc2.corp.example", f->now, "pc2.corp.example");
	refused(f, &cert, NULL, cert.not_after + 1, "expired");
	refused(f, &cert, NULL, cert.not_before - 1, "not yet valid");
	cert.der[cert.der_len - 5] ^= 1;
	refused(f, &cert, NULL, f->now, "signature");
	cert.der[cert.der_len - 5] ^= 1;
	cert.der_len--;
	refused(f, &cert, NULL, f->now, "not a certificate");
	cert.der_len++;
	fixture_open_bare(&stranger);
	assert_int_equal(
	    ca_create(&stranger.conf,
		&(struct ca_new){.organisation = "Stranger"}, &err),
	    0);
	fixture_reopen(&stranger);
	refused(&stranger, &cert, NULL, f->now, "chain");
	fixture_close(&stranger);
	assert_int_equal(ca_revoke(f->ca, cert.serial, 4, f->now, &err), 0);
	refused(f, &cert, NULL, f->now, "revoked");
	ca_cert_clear(&cert);
}

static struct fixture fixture;

#define ROW(test) FIXTURE_TEST(test, fixture_setup, &fixture)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(test_openssl_verifies),
	    ROW(test_same_key_same_certificate),
	    ROW(test_same_key_other_csr),
	    ROW(test_key_of_a_revoked_one),
	    ROW(test_bad_idempotency_keys),
	    ROW(test_key_reuse),
	    ROW(test_name_reuse),
	    ROW(test_clock_that_went_back),
	    ROW(test_clock_before_the_issuer),
	    ROW(test_past_the_issuer),
	    ROW(test_refused_leaves_nothing),
	    ROW(test_find),
	    ROW(test_revoke),
	    ROW(test_list),
	    ROW(test_verify),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
