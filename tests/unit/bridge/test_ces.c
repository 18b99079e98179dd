/*
 * Microsoft's enrolment web services, imitated on loopback: what is sent and to
 * whom, what each answer changes on record, what goes on after a restart.
 */
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bridge_internal.h"
#include "ca_internal.h"
#include "corp.h"
#include "file.h"
#include "http_peer.h"
#include "identity.h"
#include "mem.h"
#include "str.h"

#define GOLDEN TESTS_DIR "/golden/bridge/ces/"
#define GOLDEN_ID "urn:uuid:11111111-2222-4333-8444-555555555555"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SOAP "\r\nContent-Type: application/soap+xml; charset=utf-8"
#define OK "200 OK" SOAP
#define FAULT "500 Internal Server Error" SOAP

static struct corp corp;
static struct identity *root, *server;
static struct http_peer *peer;

/* --- the server --- */

static struct script {
	const char *head;   /* status line and headers; NULL: hang up */
	const char *golden; /* file; NULL: body */
	const char *body;   /* NULL: the certificate that was asked for */
	const char *policy; /* golden file for the policy service */
	bool stranger;
	unsigned requests, queries, policies;
	char last[HTTP_BODY_MAX]; /* message of the last one */
	char path[128], authorization[64], type[64];
} script;

/* The text between two others; "" if it is not there. */
static char *
between(const char *text, const char *from, const char *to)
{
	const char *start = strstr(text, from), *end;

	if (start == NULL)
		return mem_dup("");
	start += strlen(from);
	end = strstr(start, to);
	assert(end != NULL);
	return mem_dup_len(start, (size_t)(end - start));
}

/* A golden answer, to the message that came. */
static void
say_golden(struct http_link *link, const char *name)
{
	char *path = mem_printf(GOLDEN "%s", name), *at;
	char *id = between(script.last, "<a:MessageID>", "<");
	struct buf text;

	buf_init(&text, 262144);
	if (file_read(path, 262144, &text, NULL) != 0)
		abort();
	at = strstr((char *)text.data, GOLDEN_ID);
	assert(strlen(id) == strlen(GOLDEN_ID));
	if (at != NULL)
		memcpy(at, id, strlen(id));
	http_link_answer(link, script.head, text.data, text.len);
	buf_free(&text);
	free(path);
	free(id);
}

static void
enroll(struct http_link *link)
{
	char *text =
	    between(script.last, "secext-1.0.xsd\">", "</BinarySecurityToken>");
	struct other_wish wish = {0};
	struct buf der, leaf, body;

	buf_init(&der, 16384);
	buf_init(&leaf, 16384);
	buf_init(&body, 65536);
	if (script.stranger)
		wish.key = fixture_key(1, 2048);
	if (text[0] != '\0')
		(void)str_unbase64(&der, text);
	else /* a query: it has the request */
		buf_add(&der, corp.csr.data, corp.csr.len);
	other_ca_issue(corp.other, &wish, der.data, der.len, &leaf);
	buf_str(&body,
	    "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope'>"
	    "<e:Body><t:RequestSecurityTokenResponseCollection xmlns:t="
	    "'http://docs.oasis-open.org/ws-sx/ws-trust/200512'>"
	    "<t:RequestSecurityTokenResponse><t:RequestedSecurityToken>"
	    "<b:BinarySecurityToken ValueType='x#X509v3' xmlns:b='http://"
	    "docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-"
	    "secext-1.0.xsd'>");
	str_base64(&body, leaf.data, leaf.len);
	buf_str(&body,
	    "</b:BinarySecurityToken></t:RequestedSecurityToken>"
	    "</t:RequestSecurityTokenResponse>"
	    "</t:RequestSecurityTokenResponseCollection></e:Body>"
	    "</e:Envelope>");
	http_link_answer(link, script.head, body.data, body.len);
	buf_free(&der);
	buf_free(&leaf);
	buf_free(&body);
	free(text);
}

static void
serve(struct http_link *link, void *cookie)
{
	static struct http_request request;
	char *path;

	(void)cookie;
	if (!http_link_read(link, &request))
		return;
	memcpy(script.last, request.body, request.body_len + 1);
	(void)http_request_header(&request, "Authorization",
	    script.authorization, sizeof(script.authorization));
	(void)http_request_header(
	    &request, "Content-Type", script.type, sizeof(script.type));
	path = between(request.head, "POST ", " HTTP/");
	(void)snprintf(script.path, sizeof(script.path), "%s", path);
	free(path);
	if (strstr(script.last, "<GetPolicies ") != NULL)
		script.policies++;
	else if (strstr(script.last, "/QueryTokenStatus<") != NULL)
		script.queries++;
	else
		script.requests++;
	if (strstr(script.last, "<GetPolicies ") != NULL)
		say_golden(link, script.policy);
	else if (script.head != NULL && script.golden != NULL)
		say_golden(link, script.golden);
	else if (script.head != NULL && script.body != NULL)
		http_link_answer(
		    link, script.head, script.body, strlen(script.body));
	else if (script.head != NULL)
		enroll(link);
}

/* --- fixture --- */

static void
open_bridge(const char *host, const char *tls_ca, bool policy)
{
	unsigned port = http_peer_port(peer);
	char *url = mem_printf("https://%s:%u/CES", host, port);
	char *cep = mem_printf("https://%s:%u/CEP", host, port);
	const struct ca_bridge_conf conf = {
	    .kind = "ces",
	    .url = url,
	    .policy = policy ? cep : NULL,
	    .label = "AmtDevice",
	    .tls_ca = tls_ca,
	    .user = "CORP\\ra",
	    .password_file = "password",
	};

	corp_open(&corp, &conf);
	free(url);
	free(cep);
}

static int
setup(void **state)
{
	struct http_peer_conf conf = {.serve = serve};

	(void)state;
	memset(&script, 0, sizeof(script));
	script.head = OK;
	corp_start(&corp);
	root = identity_new("TLS root", NULL);
	server = identity_new("localhost", root);
	conf.identity = server;
	peer = http_peer_start(&conf);
	corp_file(&corp, "tls.pem", root->pem);
	corp_file(&corp, "password", "geheim<&>\n");
	open_bridge("localhost", "tls.pem", true);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	http_peer_stop(peer);
	identity_free(server);
	identity_free(root);
	corp_stop(&corp);
	return 0;
}

static void
said(const char *text)
{
	if (strstr(script.last, text) == NULL)
		fail_msg("\"%s\" is not in: %s", text, script.last);
}

/* --- certificates --- */

static void
test_enroll(void **state)
{
	(void)state;
	corp_expect(&corp, CA_BRIDGE_ISSUED);
	assert_string_equal(script.path, "/CES");
	assert_string_equal(script.type, "application/soap+xml; charset=utf-8");
	assert_string_equal(script.authorization, "");
	said("/Issue</RequestType>");
	said("Name=\"CertificateTemplate\"><Value>AmtDevice</Value>");
	said("<o:Username>CORP\\ra</o:Username>");
	said("#PasswordText\">geheim&lt;&amp;&gt;</o:Password>");
}

/* The request's own word on the template is the only one then. */
static void
test_template_in_request(void **state)
{
	static const uint8_t name[] = {0x1e, 0x06, 0, 'A', 0, 'm', 0, 't'};
	struct csr_spec spec = {0};
	struct buf ext;
	size_t mark;

	(void)state;
	buf_init(&ext, 100);
	mark = ca_der_open(&ext, CA_TAG_SEQ);
	ca_der_span(&ext, ca_oids.template_name);
	ca_der_tlv(&ext, CA_TAG_OCTETS, name, sizeof(name));
	ca_der_close(&ext, mark);
	spec.exts = ca_der_bytes(&ext);
	buf_reset(&corp.csr);
	fixture_csr(&spec, &corp.csr);
	buf_free(&ext);
	corp_expect(&corp, CA_BRIDGE_ISSUED);
	assert_null(strstr(script.last, "CertificateTemplate"));
}

/* What is on record of the one request. */
static void
on_record(const char *want)
{
	char have[CORP_ROW_MAX];

	corp_on_record(&corp, have);
	assert_string_equal(have, want);
}

static void
test_pending(void **state)
{
	(void)state;
	script.golden = "pending.xml";
	corp_expect(&corp, CA_BRIDGE_PENDING);
	on_record("pending 65");
	/* Asked after by its number, by another process. */
	ca_bridge_close(corp.bridge);
	corp.bridge = NULL;
	http_peer_settle(peer);
	fixture_reopen(&corp.fixture);
	open_bridge("localhost", "tls.pem", false);
	corp.fixture.now = corp.got.retry_at;
	corp_expect(&corp, CA_BRIDGE_PENDING);
	said("/QueryTokenStatus</RequestType>");
	said("pki/2009/01/enrollment\">65</RequestID>");
	assert_null(strstr(script.last, "BinarySecurityToken"));
	corp.fixture.now = corp.got.retry_at;
	script.golden = NULL;
	corp_expect(&corp, CA_BRIDGE_ISSUED);
	assert_int_equal(script.requests, 1);
	assert_int_equal(script.queries, 2);
	on_record("none ");
}

/* A number that the CA has forgotten: the next one is a new request. */
static void
test_forgotten(void **state)
{
	(void)state;
	script.golden = "pending.xml";
	corp_expect(&corp, CA_BRIDGE_PENDING);
	corp.fixture.now = corp.got.retry_at;
	script.head = FAULT;
	script.golden = "gone.xml";
	corp_refused(&corp, ERR_UNKNOWN, "CERTSRV_E_NO_REQUEST");
	on_record("asked ");
	script.head = OK;
	script.golden = NULL;
	corp_expect(&corp, CA_BRIDGE_ISSUED);
	assert_int_equal(script.requests, 2);
	assert_int_equal(script.queries, 1);
}

static void
test_denied_by_a_manager(void **state)
{
	(void)state;
	script.golden = "pending.xml";
	corp_expect(&corp, CA_BRIDGE_PENDING);
	corp.fixture.now = corp.got.retry_at;
	script.head = FAULT;
	script.golden = "manager.xml";
	corp_refused(&corp, ERR_REFUSED, "certificate manager");
	on_record("rejected 65");
	/* Not asked again at once; and then anew. */
	corp_refused(&corp, ERR_REFUSED, "asked again after");
	assert_int_equal(script.requests + script.queries, 2);
	corp.fixture.now += 11000;
	script.head = OK;
	script.golden = NULL;
	corp_expect(&corp, CA_BRIDGE_ISSUED);
	assert_int_equal(script.requests, 2);
}

/* --- what changes nothing --- */

static const struct bad {
	const char *head, *golden, *body;
	enum err_kind kind;
	const char *text;
} bad[] = {
    {OK, "truncated.xml", NULL, ERR_UNKNOWN, "cannot be read: it is no XML"},
    {OK, "dtd.xml", NULL, ERR_UNKNOWN, "cannot be read: it is no XML"},
    {OK, "html.xml", NULL, ERR_UNKNOWN, "no SOAP message"},
    {OK, "soap11.xml", NULL, ERR_UNKNOWN, "no SOAP message"},
    {OK, "other-message.xml", NULL, ERR_UNKNOWN, "answers another message"},
    {OK, "issued.xml", NULL, ERR_UNKNOWN, "for the key of the request"},
    {OK, "two.xml", NULL, ERR_UNKNOWN, "no single response"},
    {OK, "no-base64.xml", NULL, ERR_UNKNOWN, "no base64"},
    {OK, "odd-type.xml", NULL, ERR_UNKNOWN, "not known"},
    {OK, "pending-nil.xml", NULL, ERR_UNKNOWN, "has no id"},
    {FAULT, "internal.xml", NULL, ERR_UNKNOWN, "the service fails at it"},
    {FAULT, "login.xml", NULL, ERR_REFUSED, "refuses our login"},
    {FAULT, "address.xml", NULL, ERR_REFUSED, "no such service"},
    {FAULT, "denied.xml", NULL, ERR_REFUSED, "CERTSRV_E_TEMPLATE_DENIED"},
    {FAULT, "html.xml", NULL, ERR_UNKNOWN, "HTTP 500"},
    {FAULT, "truncated.xml", NULL, ERR_UNKNOWN, "HTTP 500"},
    {OK, NULL, "", ERR_UNKNOWN, "no XML"},
    {"202 Accepted", NULL, "", ERR_UNKNOWN, "cannot be read: it is no XML"},
    {"401 Unauthorized", NULL, "", ERR_REFUSED, "credentials (HTTP 401)"},
    {"403 Forbidden", NULL, "", ERR_REFUSED, "HTTP 403"},
    {"404 Not Found", NULL, "", ERR_REFUSED, "no enrolment service at this"},
    {"302 Found\r\nLocation: https://127.0.0.1/", NULL, "", ERR_UNKNOWN,
	"HTTP 302"},
    {NULL, NULL, NULL, ERR_UNKNOWN, "request: "},
};

static void
test_bad_answers(void **state)
{
	struct err none;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		script.head = bad[i].head;
		script.golden = bad[i].golden;
		script.body = bad[i].body;
		corp_refused(&corp, bad[i].kind, bad[i].text);
		on_record("asked ");
		assert_int_equal(
		    ca_bridge_look(corp.fixture.ca, "k1", &corp.got, &none),
		    -1);
		assert_int_equal(none.kind, ERR_NOTFOUND);
		corp.fixture.now += 600;
	}
	assert_int_equal(script.queries, 0);
}

static void
test_busy(void **state)
{
	(void)state;
	script.head = FAULT;
	script.golden = "no-rpc.xml";
	corp_expect(&corp, CA_BRIDGE_LIMITED);
	corp.fixture.now = corp.got.retry_at;
	script.head = "503 Service Unavailable\r\nRetry-After: 60";
	script.golden = NULL;
	script.body = "";
	corp_expect(&corp, CA_BRIDGE_LIMITED);
	on_record("asked ");
}

static void
test_wrong_key(void **state)
{
	(void)state;
	script.stranger = true;
	corp_refused(&corp, ERR_UNKNOWN, "for the key of the request");
	on_record("asked ");
}

/* What comes is not believed: this CA is nobody we know. */
static void
test_wrong_issuer(void **state)
{
	(void)state;
	other_ca_free(corp.other);
	corp.other = other_ca_new("Other CA");
	corp_refused(&corp, ERR_REFUSED, "does not chain");
	on_record("rejected ");
}

static void
test_flood(void **state)
{
	char *flood = mem_alloc(CA_BRIDGE_ANSWER_MAX + 2);

	(void)state;
	memset(flood, ' ', CA_BRIDGE_ANSWER_MAX + 1);
	script.body = flood;
	corp_refused(&corp, ERR_UNKNOWN, "exceeds 65536 bytes");
	on_record("asked ");
	free(flood);
}

/* The password goes to nobody who is not proven. */
static void
test_untrusted_server(void **state)
{
	(void)state;
	open_bridge("localhost", "anchors.pem", false);
	corp_refused(&corp, ERR_REFUSED, "request: ");
	open_bridge("127.0.0.1", "tls.pem", false);
	corp_refused(&corp, ERR_REFUSED, "request: ");
	assert_int_equal(http_peer_requests(peer), 0);
}

static void
test_nobody_there(void **state)
{
	struct http_peer_conf conf = {.serve = serve, .identity = server};

	(void)state;
	http_peer_stop(peer);
	corp_refused(&corp, ERR_UNREACHABLE, "request: ");
	peer = http_peer_start(&conf);
}

/* --- Kerberos --- */

static struct tickets {
	enum err_kind fail;
	unsigned asked;
	char spn[64], binding[64];
} tickets;

static int
give_ticket(void *cookie, const char *spn, const struct buf *binding,
    struct buf *value, struct err *e)
{
	struct tickets *t = cookie;

	t->asked++;
	(void)snprintf(t->spn, sizeof(t->spn), "%s", spn);
	(void)snprintf(
	    t->binding, sizeof(t->binding), "%.21s", buf_text(binding));
	if (t->fail != ERR_NONE)
		return err_set(e, t->fail, "no ticket for %s", spn);
	buf_str(value, "VElDS0VU");
	return 0;
}

static void
open_by_kerberos(void)
{
	char *url = mem_printf(
	    "https://localhost:%u/CES", (unsigned)http_peer_port(peer));
	const struct ca_bridge_conf conf = {
	    .kind = "ces",
	    .url = url,
	    .tls_ca = "tls.pem",
	    .principal = "svc-amt@CORP.EXAMPLE",
	    .ticket = give_ticket,
	    .tickets = &tickets,
	};

	memset(&tickets, 0, sizeof(tickets));
	corp_open(&corp, &conf);
	free(url);
}

static void
test_kerberos(void **state)
{
	(void)state;
	open_by_kerberos();
	corp_expect(&corp, CA_BRIDGE_ISSUED);
	assert_string_equal(script.authorization, "Negotiate VElDS0VU");
	assert_null(strstr(script.last, "Security "));
	/* No template is told of, without a label. */
	assert_null(strstr(script.last, "CertificateTemplate"));
	assert_int_equal(tickets.asked, 1);
	assert_string_equal(tickets.spn, "HTTP/localhost");
	assert_string_equal(tickets.binding, "tls-server-end-point:");
}

static void
test_no_ticket(void **state)
{
	static const struct {
		enum err_kind fail, kind;
	} rows[] = {
	    {ERR_DENIED, ERR_REFUSED},
	    {ERR_NOTFOUND, ERR_REFUSED},
	    {ERR_UNREACHABLE, ERR_UNREACHABLE},
	};
	size_t i;

	(void)state;
	open_by_kerberos();
	for (i = 0; i < COUNT(rows); i++) {
		tickets.fail = rows[i].fail;
		corp_refused(&corp, rows[i].kind,
		    "request: no ticket for HTTP/localhost");
		on_record("asked ");
	}
	assert_int_equal(http_peer_requests(peer), 0);
	/* And one that the service does not take. */
	tickets.fail = ERR_NONE;
	script.head = "401 Unauthorized\r\nWWW-Authenticate: Negotiate";
	script.body = "";
	corp_refused(&corp, ERR_REFUSED,
	    "(HTTP 401); is HTTP/HOST of the url a service name");
}

/* --- test --- */

static void
test_test(void **state)
{
	(void)state;
	script.head = FAULT;
	script.golden = "gone.xml";
	/* Its CA is not this fixture's: in the answer it is the golden one. */
	script.policy = "policies.xml";
	corp_test(&corp, "answers for its CA, to CORP\\x5Cra\n", ERR_REFUSED,
	    "do not chain to the anchors");
	assert_string_equal(script.path, "/CEP");
	script.policy = "policies-none.xml";
	corp_test(&corp, "policy Corp enrolment", ERR_REFUSED, "no template");
	script.golden = "login.xml";
	corp_test(&corp, "", ERR_REFUSED, "refuses our login");
	script.golden = "no-rpc.xml";
	corp_test(&corp, "", ERR_REFUSED, "does not reach its CA");
	script.golden = "gone.xml";
	open_bridge("localhost", "tls.pem", false);
	corp_test(&corp, "policy is not set", ERR_NONE, "");
	/* A test only reads. */
	assert_int_equal(script.requests, 0);
	assert_int_equal(script.queries, 5);
	assert_int_equal(script.policies, 2);
}

/* --- configuration --- */

static const struct wrong {
	const char *url, *policy, *user, *password, *signer;
	enum err_kind kind;
	const char *text;
} wrongs[] = {
    {"http://ces.example/CES", NULL, "ra", "password", NULL, ERR_INVALID,
	"url must begin with https://HOST"},
    {"https:///CES", NULL, "ra", "password", NULL, ERR_INVALID,
	"url must begin with https://HOST"},
    {"https://ces.example/CES?x", NULL, "ra", "password", NULL, ERR_INVALID,
	"query"},
    {"https://ces.example/CES", "http://ces.example/", "ra", "password", NULL,
	ERR_INVALID, "policy: url must begin"},
    {"https://ces.example/CES", NULL, "ra", "password", "anchors.pem",
	ERR_INVALID, "signer is not for CES"},
    {"https://ces.example/CES", NULL, "ra", "odd", NULL, ERR_INVALID,
	"control character"},
    {"https://ces.example/CES", NULL, NULL, NULL, NULL, ERR_INVALID,
	"Kerberos needs directory.principal"},
};

static void
try_conf(const struct wrong *row)
{
	const struct ca_bridge_conf conf = {
	    .kind = "ces",
	    .url = row->url,
	    .policy = row->policy,
	    .user = row->user,
	    .password_file = row->password,
	    .signer = row->signer,
	};
	struct ca_bridge *b = NULL;

	fixture_failed(
	    corp_try_open(&corp, &conf, &b), &corp.err, row->kind, row->text);
	assert_null(b);
}

static void
test_configurations(void **state)
{
	size_t i;

	(void)state;
	corp_file(&corp, "odd", "a\tb\n");
	for (i = 0; i < COUNT(wrongs); i++)
		try_conf(&wrongs[i]);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(test_enroll),
	    ROW(test_template_in_request),
	    ROW(test_pending),
	    ROW(test_forgotten),
	    ROW(test_denied_by_a_manager),
	    ROW(test_bad_answers),
	    ROW(test_busy),
	    ROW(test_wrong_key),
	    ROW(test_wrong_issuer),
	    ROW(test_flood),
	    ROW(test_untrusted_server),
	    ROW(test_nobody_there),
	    ROW(test_kerberos),
	    ROW(test_no_ticket),
	    ROW(test_test),
	    ROW(test_configurations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
