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
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "bridge_internal.h"
#include "ca_internal.h"
#include "corp.h"
#include "identity.h"
#include "mem.h"
#include "str.h"

#define WORDS_MAX 32

static struct corp corp;
static struct identity *root, *signer, *ra;
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
write_identity(const char *cert, const char *key, const struct identity *i)
{
	char *pem = pem_of(i->key, NULL);

	corp_file(&corp, cert, i->pem);
	corp_file(&corp, key, pem);
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
	other_ca_issue(corp.other, wish, corp.csr.data, corp.csr.len, &der);
	p = der.data;
	cert = d2i_X509(NULL, &p, (long)der.len);
	assert_non_null(cert);
	pem = pem_of(NULL, cert);
	corp_file(&corp, "result.pem", pem);
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
	if (chdir(corp.fixture.dir) != 0 || dup2(out, STDOUT_FILENO) < 0)
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
	char *url = mem_printf("http://127.0.0.1:%u/pkix/", port);
	const struct ca_bridge_conf conf = {
	    .kind = "cmp",
	    .url = url,
	    .tls_ca = "root.pem",
	    .certificate = with_secret ? NULL : "ra.pem",
	    .key = with_secret ? NULL : "ra.key",
	    .signer = with_secret ? NULL : "signer.pem",
	    .user = with_secret ? "ra-1" : NULL,
	    .password_file = with_secret ? secret : NULL,
	    .timeout = 10,
	};

	corp_open(&corp, &conf);
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
	corp_start(&corp);
	root = identity_new("Server root", NULL);
	signer = identity_new("cmp.corp.example", root);
	ra = identity_new("ra.corp.example", root);
	corp_file(&corp, "root.pem", root->pem);
	write_identity("signer.pem", "signer.key", signer);
	write_identity("ra.pem", "ra.key", ra);
	corp_file(&corp, "secret", "a secret of some length\n");
	corp_file(&corp, "wrong", "not the server's secret\n");
	write_result(&plain);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	stop();
	identity_free(ra);
	identity_free(signer);
	identity_free(root);
	corp_stop(&corp);
	return 0;
}

/* --- tests --- */

static void
test_sealed(void **state)
{
	static const char *const options[] = {SEALED, NULL};
	const struct ca_bridge_end end = {.reason = 4, .now = corp.fixture.now};
	bool told = false;

	(void)state;
	start(options);
	open_bridge(true, "secret");
	corp_expect(&corp, CA_BRIDGE_ISSUED);
	assert_string_equal(corp.got.cert.serial, "1267");
	if (ca_bridge_revoke(corp.fixture.ca, corp.bridge, "1267", &end, &told,
		&corp.err) != 0)
		fail_msg("%s", corp.err.text);
	assert_true(told);
}

static void
test_signed(void **state)
{
	static const char *const options[] = {SIGNED, NULL};

	(void)state;
	start(options);
	open_bridge(false, "secret");
	corp_expect(&corp, CA_BRIDGE_ISSUED);
}

/* The server has another certificate of the PKI that tls_ca trusts: of another
 * name, then of the signer's with another key. */
static void
test_another_signer(void **state)
{
	static const char *const options[] = {"-srv_cert", "another.pem",
	    "-srv_key", "another.key", "-srv_trusted", "root.pem", NULL};
	struct identity *another = identity_new("pc7.corp.example", root);

	(void)state;
	write_identity("another.pem", "another.key", another);
	identity_free(another);
	start(options);
	open_bridge(false, "secret");
	corp_refused(&corp, ERR_UNKNOWN, "it is not from the signer");
	another = identity_new("cmp.corp.example", root);
	write_identity("another.pem", "another.key", another);
	identity_free(another);
	start(options);
	open_bridge(false, "secret");
	corp.fixture.now += 11000;
	corp_refused(&corp, ERR_UNKNOWN,
	    "signed by CN=cmp.corp.example: another key than signer's");
}

/* Each question by a process of its own, as far as the bridge knows. */
static void
wait_and_get(bool with_secret)
{
	corp_expect(&corp, CA_BRIDGE_PENDING);
	assert_in_range(
	    corp.got.retry_at, corp.fixture.now + 500, corp.fixture.now + 550);
	fixture_reopen(&corp.fixture);
	open_bridge(with_secret, "secret");
	corp.fixture.now = corp.got.retry_at;
	corp_expect(&corp, CA_BRIDGE_PENDING);
	fixture_reopen(&corp.fixture);
	open_bridge(with_secret, "secret");
	corp.fixture.now = corp.got.retry_at;
	corp_expect(&corp, CA_BRIDGE_ISSUED);
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
	corp_refused(
	    &corp, ERR_REFUSED, "the CA refuses (badPOP): not on my list");
	start(busy);
	open_bridge(true, "secret");
	corp.fixture.now += 11000;
	corp_expect(&corp, CA_BRIDGE_LIMITED);
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
	corp_refused(&corp, ERR_REFUSED, "the CA refuses (badRequest)");
	corp.fixture.now += 11000;
	start(bare);
	open_bridge(true, "secret");
	corp_refused(
	    &corp, ERR_UNKNOWN, "cannot be verified (missing protection)");
	start(bare_error);
	open_bridge(true, "secret");
	corp_refused(
	    &corp, ERR_REFUSED, "cannot be verified (missing protection)");
}

static void
test_wrong_secret(void **state)
{
	static const char *const options[] = {SEALED, NULL};

	(void)state;
	start(options);
	open_bridge(true, "wrong");
	corp_refused(
	    &corp, ERR_REFUSED, "cannot be verified (wrong pbm value)");
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
	corp_refused(
	    &corp, ERR_REFUSED, "public key is not the one of the request");
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
	if (ca_bridge_test(corp.bridge, &out, &corp.err) != 0)
		fail_msg("%s", corp.err.text);
	assert_non_null(strstr(buf_text(&out), "the right one"));
	open_bridge(true, "wrong");
	assert_int_equal(ca_bridge_test(corp.bridge, &out, &corp.err), -1);
	assert_non_null(strstr(corp.err.text, "compare the secret"));
	buf_free(&out);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(test_sealed),
	    ROW(test_signed),
	    ROW(test_another_signer),
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
