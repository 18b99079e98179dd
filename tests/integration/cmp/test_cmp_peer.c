/*
 * CMP against "openssl cmp -port", which shares libcrypto with us and nothing
 * else: its own process, its own HTTP, and it takes what we send apart by
 * itself.  It issues one certificate, made beforehand for the key that the CSR
 * will have.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "bridge_internal.h"
#include "ca_internal.h"
#include "fixture.h"
#include "identity.h"
#include "mem.h"
#include "other_ca.h"
#include "str.h"

#define WORDS_MAX 32

static struct fixture fixture;
static struct other_ca *other;
static struct identity *root, *signer, *ra;
static struct ca_bridge *bridge;
static struct buf csr;
static struct ca_bridge_result got;
static struct err err;
static pid_t server;
static unsigned port;
static FILE *words; /* of the server; it ends when nobody reads them */

/* --- files --- */

static char *
pem_of(EVP_PKEY *key, X509 *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text, *pem;
	long len;

	assert_non_null(bio);
	assert_int_equal(key != NULL
		? PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL)
		: PEM_write_bio_X509(bio, cert),
	    1);
	len = BIO_get_mem_data(bio, &text);
	pem = mem_dup_len(text, (size_t)len);
	BIO_free(bio);
	return pem;
}

static void
write_text(const char *name, const char *text)
{
	char *path = fixture_path(&fixture, name);

	fixture_write(&fixture, name, text, strlen(text));
	assert_int_equal(chmod(path, 0600), 0);
	free(path);
}

static void
write_identity(const char *cert, const char *key, const struct identity *i)
{
	char *pem = pem_of(i->key, NULL);

	write_text(cert, i->pem);
	write_text(key, pem);
	free(pem);
}

/* What the server will give for the CSR. */
static void
write_result(const struct other_wish *wish)
{
	struct buf der;
	const unsigned char *p;
	X509 *cert;
	char *pem;

	buf_init(&der, 16384);
	other_ca_issue(other, wish, csr.data, csr.len, &der);
	p = der.data;
	cert = d2i_X509(NULL, &p, (long)der.len);
	assert_non_null(cert);
	pem = pem_of(NULL, cert);
	write_text("result.pem", pem);
	free(pem);
	X509_free(cert);
	buf_free(&der);
}

/* --- the server --- */

static void
run_server(int out, const char *const *options)
{
	const char *argv[WORDS_MAX] = {
	    "openssl", "cmp", "-port", "0", "-rsp_cert", "result.pem"};
	union {
		const char *const *given;
		char *const *theirs; /* it does not write to them */
	} list = {.given = argv};
	size_t n = 6;

	while (*options != NULL && n + 1 < WORDS_MAX)
		argv[n++] = *options++;
	if (chdir(fixture.dir) != 0 || dup2(out, STDOUT_FILENO) < 0)
		_exit(1);
	execvp("openssl", list.theirs);
	_exit(1);
}

static void
stop(void)
{
	if (server <= 0)
		return;
	(void)kill(server, SIGKILL);
	(void)waitpid(server, NULL, 0);
	server = 0;
	(void)fclose(words);
}

/* Its own words say where it listens. */
static void
start(const char *const *options)
{
	char line[512];
	const char *at;
	int ends[2];

	stop();
	assert_int_equal(pipe(ends), 0);
	server = fork();
	assert_true(server >= 0);
	if (server == 0)
		run_server(ends[1], options);
	(void)close(ends[1]);
	words = fdopen(ends[0], "r");
	assert_non_null(words);
	for (port = 0; port == 0 && fgets(line, sizeof(line), words) != NULL;) {
		at = strncmp(line, "ACCEPT ", 7) == 0 ? strrchr(line, ':')
						      : NULL;
		if (at != NULL)
			port = (unsigned)strtoul(at + 1, NULL, 10);
	}
	assert_int_not_equal(port, 0);
}

static void
open_bridge(bool with_secret, const char *secret)
{
	char *anchors = fixture_path(&fixture, "anchors.pem");
	char *tls = fixture_path(&fixture, "root.pem");
	char *cert = fixture_path(&fixture, "ra.pem");
	char *key = fixture_path(&fixture, "ra.key");
	char *signs = fixture_path(&fixture, "signer.pem");
	char *password = fixture_path(&fixture, secret);
	char *url = mem_printf("http://127.0.0.1:%u/pkix/", port);
	const struct ca_bridge_conf conf = {
	    .name = "corp",
	    .kind = "cmp",
	    .url = url,
	    .anchors = anchors,
	    .tls_ca = tls,
	    .certificate = with_secret ? NULL : cert,
	    .key = with_secret ? NULL : key,
	    .signer = with_secret ? NULL : signs,
	    .user = with_secret ? "ra-1" : NULL,
	    .password_file = with_secret ? password : NULL,
	    .timeout = 10,
	    .retry_first = 100,
	    .retry_most = 10000,
	};

	ca_bridge_close(bridge);
	bridge = NULL;
	if (ca_bridge_open(&conf, &bridge, &err) != 0)
		fail_msg("%s", err.text);
	free(anchors);
	free(tls);
	free(cert);
	free(key);
	free(signs);
	free(password);
	free(url);
}

#define SEALED "-srv_ref", "ra-1", "-srv_secret", "file:secret"
#define SIGNED                                                                 \
	"-srv_cert", "signer.pem", "-srv_key", "signer.key", "-srv_trusted",   \
	    "root.pem"

/* --- fixture --- */

static int
setup(void **state)
{
	static const struct other_wish plain;

	(void)state;
	fixture_open(&fixture);
	other = other_ca_new("Corp CA");
	root = identity_new("Server root", NULL);
	signer = identity_new("cmp.corp.example", root);
	ra = identity_new("ra.corp.example", root);
	write_text("anchors.pem", other->pem);
	write_text("root.pem", root->pem);
	write_identity("signer.pem", "signer.key", signer);
	write_identity("ra.pem", "ra.key", ra);
	write_text("secret", "a secret of some length\n");
	write_text("wrong", "not the server's secret\n");
	buf_init(&csr, 16384);
	fixture_good_csr(&csr);
	write_result(&plain);
	bridge = NULL;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	stop();
	ca_cert_clear(&got.cert);
	buf_free(&csr);
	ca_bridge_close(bridge);
	identity_free(ra);
	identity_free(signer);
	identity_free(root);
	other_ca_free(other);
	fixture_close(&fixture);
	return 0;
}

static int
ask(void)
{
	return fixture_ask(&fixture, bridge, &csr, &got, &err);
}

static void
expect(enum ca_bridge_outcome outcome)
{
	if (ask() != 0)
		fail_msg("%s", err.text);
	assert_int_equal(got.outcome, outcome);
}

static void
expect_error(enum err_kind kind, const char *text)
{
	fixture_failed(ask(), &err, kind, text);
}

/* --- tests --- */

static void
test_sealed(void **state)
{
	static const char *const options[] = {SEALED, NULL};
	const struct ca_bridge_end end = {.reason = 4, .now = fixture.now};
	bool told = false;

	(void)state;
	start(options);
	open_bridge(true, "secret");
	expect(CA_BRIDGE_ISSUED);
	assert_string_equal(got.cert.serial, "1267");
	if (ca_bridge_revoke(fixture.ca, bridge, "1267", &end, &told, &err) !=
	    0)
		fail_msg("%s", err.text);
	assert_true(told);
}

static void
test_signed(void **state)
{
	static const char *const options[] = {SIGNED, NULL};

	(void)state;
	start(options);
	open_bridge(false, "secret");
	expect(CA_BRIDGE_ISSUED);
}

/* Each question by a process of its own, as far as the bridge knows. */
static void
wait_and_get(bool with_secret)
{
	expect(CA_BRIDGE_PENDING);
	assert_in_range(got.retry_at, fixture.now + 500, fixture.now + 550);
	fixture_reopen(&fixture);
	open_bridge(with_secret, "secret");
	fixture.now = got.retry_at;
	expect(CA_BRIDGE_PENDING);
	fixture_reopen(&fixture);
	open_bridge(with_secret, "secret");
	fixture.now = got.retry_at;
	expect(CA_BRIDGE_ISSUED);
}

static void
test_polling(void **state)
{
	static const char *const sealed[] = {
	    SEALED, "-poll_count", "3", "-check_after", "500", NULL};

	(void)state;
	start(sealed);
	open_bridge(true, "secret");
	wait_and_get(true);
}

static void
test_polling_signed(void **state)
{
	static const char *const options[] = {
	    SIGNED, "-poll_count", "3", "-check_after", "500", NULL};

	(void)state;
	start(options);
	open_bridge(false, "secret");
	wait_and_get(false);
}

static void
test_rejection(void **state)
{
	static const char *const options[] = {SEALED, "-pkistatus", "2",
	    "-failure", "9", "-statusstring", "not on my list", NULL};
	static const char *const busy[] = {
	    SEALED, "-pkistatus", "2", "-failure", "24", NULL};

	(void)state;
	start(options);
	open_bridge(true, "secret");
	expect_error(ERR_REFUSED, "the CA refuses (badPOP): not on my list");
	start(busy);
	open_bridge(true, "secret");
	fixture.now += 11000;
	expect(CA_BRIDGE_LIMITED);
}

static void
test_errors(void **state)
{
	static const char *const error[] = {SEALED, "-send_error", NULL};
	static const char *const bare[] = {SEALED, "-send_unprotected", NULL};
	static const char *const bare_error[] = {
	    SEALED, "-send_error", "-send_unprot_err", NULL};

	(void)state;
	start(error);
	open_bridge(true, "secret");
	expect_error(ERR_REFUSED, "the CA refuses (badRequest)");
	fixture.now += 11000;
	start(bare);
	open_bridge(true, "secret");
	expect_error(ERR_UNKNOWN, "cannot be verified (missing protection)");
	start(bare_error);
	open_bridge(true, "secret");
	expect_error(ERR_REFUSED, "cannot be verified (missing protection)");
}

static void
test_wrong_secret(void **state)
{
	static const char *const options[] = {SEALED, NULL};

	(void)state;
	start(options);
	open_bridge(true, "wrong");
	expect_error(ERR_REFUSED, "cannot be verified (wrong pbm value)");
}

static void
test_wrong_certificate(void **state)
{
	static const char *const options[] = {SEALED, NULL};
	const struct other_wish wrong = {.key = fixture_key(1, 2048)};

	(void)state;
	write_result(&wrong);
	start(options);
	open_bridge(true, "secret");
	expect_error(ERR_REFUSED, "public key is not the one of the request");
}

static void
test_question(void **state)
{
	static const char *const options[] = {SEALED, NULL};
	struct buf out;

	(void)state;
	start(options);
	open_bridge(true, "secret");
	buf_init(&out, 65536);
	if (ca_bridge_test(bridge, &out, &err) != 0)
		fail_msg("%s", err.text);
	assert_non_null(strstr(buf_text(&out), "the right one"));
	open_bridge(true, "wrong");
	assert_int_equal(ca_bridge_test(bridge, &out, &err), -1);
	assert_non_null(strstr(err.text, "compare the secret"));
	buf_free(&out);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(test_sealed),
	    ROW(test_signed),
	    ROW(test_polling),
	    ROW(test_polling_signed),
	    ROW(test_rejection),
	    ROW(test_errors),
	    ROW(test_wrong_secret),
	    ROW(test_wrong_certificate),
	    ROW(test_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
