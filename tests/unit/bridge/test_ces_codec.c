/*
 * The messages of Microsoft's enrolment web services without a server: what is
 * written, byte for byte, and what each answer in tests/golden/bridge/ces
 * means.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "ca_internal.h"
#include "ces_internal.h"
#include "csr_internal.h"
#include "file.h"
#include "fixture.h"
#include "mem.h"
#include "secret.h"
#include "str.h"

#define GOLDEN TESTS_DIR "/golden/bridge/ces/"
#define ID "urn:uuid:11111111-2222-4333-8444-555555555555"
#define URL "https://ces.corp.example/Corp_CES_Kerberos/service.svc/CES"
#define NOW INT64_C(1793000000) /* 2026-10-26T07:33:20Z */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct err err;

static void
load(const char *name, struct buf *out)
{
	char *path = mem_printf(GOLDEN "%s", name);

	buf_init(out, CA_CES_POLICY_MAX);
	if (file_read(path, CA_CES_POLICY_MAX, out, &err) != 0)
		fail_msg("%s", err.text);
	free(path);
}

/* --- what is written --- */

static struct ca_ces_call call = {.url = URL, .id = ID, .now = NOW};

/* But for the newline at the end of a file. */
static void
same(const struct buf *written, const char *name)
{
	struct buf golden;
	size_t len = written->len;

	load(name, &golden);
	while (golden.len > 0 && golden.data[golden.len - 1] == '\n')
		golden.data[--golden.len] = '\0';
	while (len > 0 && written->data[len - 1] == '\n')
		written->data[--len] = '\0';
	assert_false(written->over);
	assert_string_equal(buf_text(written), buf_text(&golden));
	buf_free(&golden);
}

static void
messages(void **state)
{
	struct buf csr, out;

	(void)state;
	load("csr.der", &csr);
	buf_init(&out, 65536);
	ca_ces_write_request(&call, ca_der_bytes(&csr), NULL, &out);
	same(&out, "request.xml");
	buf_reset(&out);
	ca_ces_write_request(
	    &call, ca_der_bytes(&csr), "Amt<Device> & \"Co\"", &out);
	same(&out, "request-template.xml");
	buf_reset(&out);
	ca_ces_write_query(&call, "6<5", &out);
	same(&out, "query.xml");
	buf_reset(&out);
	ca_ces_write_policies(&call, &out);
	same(&out, "query-policies.xml");
	buf_free(&csr);
	buf_free(&out);
}

static void
message_of_a_user(void **state)
{
	static const char password[] = "p<a>&ss \xc3\xa4";
	struct ca_ces_call by_user = call;
	struct secret *secret = secret_new(password, strlen(password));
	struct buf out;

	(void)state;
	by_user.user = "CORP\\ra & co";
	by_user.password = secret;
	by_user.url = "https://ces.corp.example/a&b";
	buf_init(&out, 65536);
	ca_ces_write_query(&by_user, "65", &out);
	same(&out, "query-user.xml");
	buf_free(&out);
	secret_free(secret);
}

static void
message_names(void **state)
{
	char a[CA_CES_ID_MAX], b[CA_CES_ID_MAX];

	(void)state;
	ca_ces_name_message(a);
	ca_ces_name_message(b);
	assert_int_equal(strlen(a), strlen(ID));
	assert_string_not_equal(a, b);
	assert_int_equal(strncmp(a, ID, 9), 0);
	assert_int_equal(a[23], '4');
	assert_int_equal(strspn(a + 9, "0123456789abcdef-"), 36);
}

static void
passwords(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
	    {"open sesame", NULL},
	    {"\xc3\xa4", NULL},
	    {"", "empty"},
	    {"a\tb", "control"},
	    {"a\x7f", "control"},
	    {"a\xef\xbf\xbf", "control"},
	    {"\xe4", "UTF-8"},
	};
	struct secret *s;
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		s = secret_new(rows[i].text, strlen(rows[i].text));
		why = ca_ces_password_check(s);
		if (rows[i].why == NULL)
			assert_null(why);
		else
			assert_non_null(strstr(why, rows[i].why));
		secret_free(s);
	}
}

/* --- what is read --- */

static const struct answer {
	const char *file;
	enum ca_bridge_outcome outcome;
	const char *text;
	const char *id;
	bool ended;
} answers[] = {
    {"issued.xml", CA_BRIDGE_ISSUED, "", "", false},
    {"issued-full.xml", CA_BRIDGE_ISSUED, "", "", false},
    {"issued-message.xml", CA_BRIDGE_ISSUED, "", "", false},
    {"pending.xml", CA_BRIDGE_PENDING,
	"not decided on request 65 yet: Taken Under Submission", "65", false},
    {"control.xml", CA_BRIDGE_PENDING, "yet: \\xC2\\x9B2J Taken\\x09Under",
	"65", false},
    {"denied.xml", CA_BRIDGE_MISCONFIGURED,
	"our account has no right to enroll for this template "
	"(CERTSRV_E_TEMPLATE_DENIED, 0x80094012): Denied by Policy Module.",
	"", false},
    {"manager.xml", CA_BRIDGE_REJECTED,
	"a certificate manager has denied the request "
	"(CERTSRV_E_ADMIN_DENIED_REQUEST, 0x80094014): Denied by CORP\\x5Cpki",
	"", false},
    {"gone.xml", CA_BRIDGE_UNKNOWN, "asked anew (CERTSRV_E_NO_REQUEST", "",
	true},
    {"no-rpc.xml", CA_BRIDGE_LIMITED, "does not reach its CA", "", false},
    {"unknown-code.xml", CA_BRIDGE_REJECTED,
	"the CA refuses (0x80094FFF): Something else.", "", false},
    {"no-code.xml", CA_BRIDGE_REJECTED, "the CA refuses: Not today.", "",
	false},
    {"internal.xml", CA_BRIDGE_UNKNOWN,
	"the service fails at it: The server was unable", "", false},
    {"login.xml", CA_BRIDGE_MISCONFIGURED, "refuses our login", "", false},
    {"address.xml", CA_BRIDGE_MISCONFIGURED, "no such service at this url", "",
	false},
    {"other-key.xml", CA_BRIDGE_UNKNOWN,
	"no certificate in it is for the key of the request", "", false},
    {"two.xml", CA_BRIDGE_UNKNOWN, "no single response", "", false},
    {"empty.xml", CA_BRIDGE_UNKNOWN, "no single response", "", false},
    {"nothing.xml", CA_BRIDGE_UNKNOWN, "neither a certificate nor", "", false},
    {"no-base64.xml", CA_BRIDGE_UNKNOWN, "no base64", "", false},
    {"odd-type.xml", CA_BRIDGE_UNKNOWN, "of a type that is not known", "",
	false},
    {"tail.xml", CA_BRIDGE_UNKNOWN, "no certificate in it", "", false},
    {"pending-nil.xml", CA_BRIDGE_UNKNOWN, "has no id", "", false},
    {"pending-id.xml", CA_BRIDGE_UNKNOWN, "has no id", "", false},
};

/* A golden answer; false: it is no SOAP message, for the reason why. */
static bool
read_golden(const char *name, struct ca_bridge_answer *a, const char **why)
{
	struct buf body, csr;
	struct ca_csr parsed;
	bool soap;

	load(name, &body);
	load("csr.der", &csr);
	assert_null(ca_csr_parse(ca_der_bytes(&csr), &parsed));
	ca_bridge_answer_init(a);
	soap = ca_ces_read(ca_der_bytes(&body), ID, parsed.spki, a, why);
	buf_free(&body);
	buf_free(&csr);
	return soap;
}

static void
all_answers(void **state)
{
	const struct answer *row;
	struct ca_bridge_answer a;
	const char *why;
	struct buf leaf;
	size_t i;

	(void)state;
	load("leaf.der", &leaf);
	for (i = 0; i < COUNT(answers); i++) {
		row = &answers[i];
		if (!read_golden(row->file, &a, &why))
			fail_msg("%s: %s", row->file, why);
		if (a.outcome != row->outcome ||
		    strstr(buf_text(&a.text), row->text) == NULL)
			fail_msg("%s: %d: %s", row->file, (int)a.outcome,
			    buf_text(&a.text));
		assert_string_equal(a.request_id, row->id);
		assert_int_equal(a.ended, row->ended);
		if (row->outcome == CA_BRIDGE_ISSUED) {
			assert_int_equal(a.leaf.len, leaf.len);
			assert_memory_equal(a.leaf.data, leaf.data, leaf.len);
		}
		ca_bridge_answer_clear(&a);
	}
	buf_free(&leaf);
}

static void
no_messages(void **state)
{
	static const struct {
		const char *file, *why;
	} rows[] = {
	    {"truncated.xml", "no XML"},
	    {"dtd.xml", "what is refused"},
	    {"html.xml", "no SOAP message"},
	    {"soap11.xml", "no SOAP message"},
	    {"other-message.xml", "answers another message"},
	    {"csr.der", "no XML"},
	};
	struct ca_bridge_answer a;
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		assert_false(read_golden(rows[i].file, &a, &why));
		assert_non_null(strstr(why, rows[i].why));
		assert_int_equal(a.outcome, CA_BRIDGE_UNKNOWN);
		assert_int_equal(a.text.len, 0);
		assert_int_equal(a.leaf.len, 0);
		ca_bridge_answer_clear(&a);
	}
}

static void
count_cert(void *cookie, X509 *cert)
{
	unsigned *count = cookie;

	assert_non_null(cert);
	(*count)++;
}

/* The CA's full answer is no certs-only message, as EST wants them. */
static void
full_answer(void **state)
{
	unsigned count = 0;
	struct buf der;

	(void)state;
	load("full.der", &der);
	assert_null(
	    ca_bridge_each_cert(ca_der_bytes(&der), true, count_cert, &count));
	assert_int_equal(count, 2); /* the CA's and the device's */
	assert_string_equal(
	    ca_bridge_each_cert(ca_der_bytes(&der), false, count_cert, &count),
	    "it is no certs-only message: it has signers");
	buf_char(&der, '\0');
	assert_string_equal(
	    ca_bridge_each_cert(ca_der_bytes(&der), true, count_cert, &count),
	    "there are bytes behind the message");
	assert_int_equal(count, 2);
	buf_free(&der);
}

/* Every prefix of a good answer: nothing is read out of a part of it. */
static void
cut_anywhere(void **state)
{
	const struct ca_span none = {NULL, 0};
	struct ca_bridge_answer a;
	struct buf body;
	const char *why;
	size_t n;

	(void)state;
	load("pending.xml", &body);
	while (body.len > 0 && body.data[body.len - 1] == '\n')
		body.len--;
	ca_bridge_answer_init(&a);
	for (n = 0; n < body.len; n++)
		assert_false(ca_ces_read(
		    (struct ca_span){body.data, n}, ID, none, &a, &why));
	assert_true(ca_ces_read(
	    (struct ca_span){body.data, body.len}, ID, none, &a, &why));
	ca_bridge_answer_clear(&a);
	buf_free(&body);
}

/* --- policies --- */

static struct fixture fixture;

/* label NULL: none; the url's host is as in the golden answer. */
static struct ca_bridge *
open_bridge(const char *label, const char *url, const char *anchors)
{
	char *password = fixture_path(&fixture, "password");
	const struct ca_bridge_conf conf = {
	    .name = "corp",
	    .kind = "ces",
	    .url = url,
	    .label = label,
	    .anchors = anchors,
	    .user = "ra",
	    .password_file = password,
	    .timeout = 5,
	    .retry_first = 100,
	    .retry_most = 10000,
	};
	struct ca_bridge *b = NULL;

	if (ca_bridge_open(&conf, &b, &err) != 0)
		fail_msg("%s", err.text);
	free(password);
	return b;
}

static int
setup(void **state)
{
	char *path;

	(void)state;
	fixture_open_bare(&fixture);
	fixture_write(&fixture, "password", "geheim\n", 7);
	path = fixture_path(&fixture, "password");
	assert_int_equal(chmod(path, 0600), 0);
	free(path);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fixture_close(&fixture);
	return 0;
}

static int
read_policies(const char *file, const char *label, const char *url,
    const char *anchors, struct buf *out)
{
	struct ca_bridge *b = open_bridge(label, url, anchors);
	struct buf body;
	int rc;

	load(file, &body);
	buf_init(out, 65536);
	memset(&err, 0, sizeof(err));
	rc = ca_ces_read_policies(b, ca_der_bytes(&body), ID, out, &err);
	buf_free(&body);
	ca_bridge_close(b);
	return rc;
}

#define ANCHORS GOLDEN "anchors.pem"

static void
policies_are_shown(void **state)
{
	struct buf out;

	(void)state;
	if (read_policies("policies.xml", "amtdevice", URL, ANCHORS, &out) != 0)
		fail_msg("%s", err.text);
	same(&out, "policies.txt");
	buf_free(&out);
	/* Without a label, none is ours, and nothing is wrong. */
	assert_int_equal(
	    read_policies("policies.xml", NULL, URL, ANCHORS, &out), 0);
	assert_null(strstr(buf_text(&out), "note: "));
	buf_free(&out);
	/* At another address. */
	assert_int_equal(read_policies("policies.xml", "AmtDevice",
			     "https://alias.corp.example/CES", ANCHORS, &out),
	    0);
	assert_non_null(strstr(buf_text(&out), "note: by the policy no CA"));
	assert_null(strstr(buf_text(&out), "as this bridge does"));
	buf_free(&out);
}

static void
policies_that_will_not_do(void **state)
{
	static const struct {
		const char *file, *label;
		enum err_kind kind;
		const char *text;
	} rows[] = {
	    {"policies.xml", "Missing", ERR_REFUSED, "no template Missing"},
	    {"policies.xml", "Machine", ERR_REFUSED, "from the directory"},
	    {"policies.xml", "NotForUs", ERR_REFUSED, "no right to enroll"},
	    {"policies.xml", "Signed", ERR_REFUSED, "wants 2 signatures"},
	    {"policies.xml", "Huge", ERR_REFUSED, "keys of 4096 bits"},
	    {"policies.xml", "Archived", ERR_REFUSED, "the private key"},
	    {"policies.xml", "Attested", ERR_REFUSED, "key attestation"},
	    /* Its CA is not ours. */
	    {"policies.xml", "Elsewhere", ERR_REFUSED, "do not chain"},
	    {"policies-none.xml", "AmtDevice", ERR_REFUSED, "no template"},
	    {"policies-hollow.xml", "AmtDevice", ERR_PROTOCOL, "no policy"},
	    {"policies-fault.xml", "AmtDevice", ERR_REFUSED, "our login"},
	    {"issued.xml", "AmtDevice", ERR_PROTOCOL, "no policies"},
	    {"internal.xml", "AmtDevice", ERR_PROTOCOL, "fails at it"},
	    {"other-message.xml", NULL, ERR_PROTOCOL, "another message"},
	    {"truncated.xml", NULL, ERR_PROTOCOL, "policy service: not XML"},
	    {"dtd.xml", NULL, ERR_PROTOCOL, "document type"},
	    {"html.xml", NULL, ERR_PROTOCOL, "no SOAP message"},
	};
	struct buf out;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		rc = read_policies(
		    rows[i].file, rows[i].label, URL, ANCHORS, &out);
		fixture_failed(rc, &err, rows[i].kind, rows[i].text);
		buf_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(messages),
	    cmocka_unit_test(message_of_a_user),
	    cmocka_unit_test(message_names),
	    cmocka_unit_test(passwords),
	    cmocka_unit_test(all_answers),
	    cmocka_unit_test(no_messages),
	    cmocka_unit_test(full_answer),
	    cmocka_unit_test(cut_anywhere),
	    cmocka_unit_test_setup_teardown(
		policies_are_shown, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		policies_that_will_not_do, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
