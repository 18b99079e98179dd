#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "device.h"
#include "err.h"
#include "identity.h"
#include "loop.h"
#include "net.h"
#include "secret.h"
#include "wsman.h"

#define REALM "Digest:727734D63A1FC0423736E48DA554E462"

/* A device and a session with it; tests may change conf before open(). */
struct fixture {
	struct device device;
	struct wsman_conf conf;
	struct secret *password;
	struct loop *loop;
	struct net *net;
	struct wsman *session;
	/* how the latest call ended */
	unsigned calls;
	struct err err;
	unsigned items;
	char text[64]; /* of the body's first element's first child */
};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	device_init(&f->device);
	f->password = secret_new("P@ssw0rd", 8);
	f->loop = loop_new(NULL);
	f->net = net_new(f->loop, NULL);
	f->conf = (struct wsman_conf){.address = "127.0.0.1",
	    .realm = REALM,
	    .user = "admin",
	    .password = f->password,
	    .connect_ms = 120000, /* under valgrind, too */
	    .call_ms = 120000};
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	wsman_free(f->session);
	net_free(f->net);
	loop_free(f->loop);
	if (f->device.peer != NULL)
		device_stop(&f->device);
	secret_free(f->password);
	free(f);
	return 0;
}

static void
open_session(struct fixture *f)
{
	struct err err = {0};

	if (f->device.peer == NULL)
		device_start(&f->device, NULL);
	f->conf.port = http_peer_port(f->device.peer);
	wsman_free(f->session);
	f->session = NULL;
	if (wsman_new(f->net, &f->conf, &f->session, &err) != 0)
		fail_msg("%s", err.text);
}

static void
on_done(void *cookie, const struct wsman_reply *reply, const struct err *err)
{
	struct fixture *f = cookie;
	const struct xml_node *node;

	f->calls++;
	f->err = *err;
	f->items = 0;
	f->text[0] = '\0';
	assert_int_equal(reply == NULL, err->kind != ERR_NONE);
	if (reply != NULL) {
		for (node = wsman_items(reply); node != NULL; node = node->next)
			f->items++;
		node = wsman_body(reply);
		if (node != NULL && node->child != NULL)
			(void)snprintf(
			    f->text, sizeof(f->text), "%s", node->child->text);
	}
	loop_stop(f->loop);
}

static enum err_kind
call(struct fixture *f, enum wsman_verb verb)
{
	struct wsman_request request = {
	    .verb = verb, .class_name = "AMT_GeneralSettings"};
	struct err err = {0};
	unsigned calls = f->calls;

	if (wsman_call(f->session, &request, 0, on_done, f, &err) != 0) {
		f->err = err;
		return err.kind;
	}
	assert_int_equal(f->calls, calls);
	loop_run(f->loop);
	assert_int_equal(f->calls, calls + 1);
	return f->err.kind;
}

static void
expect_text(const struct fixture *f, const char *part)
{
	if (strstr(f->err.text, part) == NULL)
		fail_msg("\"%s\" not in \"%s\"", part, f->err.text);
}

/* --- the ordinary course --- */

static void
authenticates_and_goes_on(void **state)
{
	struct fixture *f = *state;
	int i;

	f->device.other = "Negotiate";
	open_session(f);
	assert_null(wsman_realm(f->session));
	for (i = 0; i < 5; i++) {
		assert_int_equal(call(f, WSMAN_GET), ERR_NONE);
		assert_string_equal(f->text, "42");
	}
	assert_string_equal(wsman_realm(f->session), REALM);
	assert_int_equal(f->device.probes, 1);
	assert_false(f->device.probe_had_body);
	assert_int_equal(f->device.accepted, 5);
	assert_int_equal(f->device.refused, 0);
	assert_string_equal(f->device.last_nc, "00000005");
	assert_string_equal(f->device.last_qop, "auth");
	assert_int_equal(http_peer_links(f->device.peer), 2);
}

/* The nonce goes on over new connections. */
static void
keeps_the_nonce(void **state)
{
	struct fixture *f = *state;
	int i;

	f->device.close_each = true;
	open_session(f);
	for (i = 0; i < 3; i++) {
		assert_int_equal(call(f, WSMAN_GET), ERR_NONE);
		wsman_disconnect(f->session);
	}
	assert_int_equal(f->device.probes, 1);
	assert_string_equal(f->device.last_nc, "00000003");
}

static void
protects_bodies_on_demand(void **state)
{
	struct fixture *f = *state;

	f->device.qop = "auth-int";
	open_session(f);
	assert_int_equal(call(f, WSMAN_GET), ERR_NONE);
	assert_string_equal(f->device.last_qop, "auth-int");
	assert_int_equal(f->device.refused, 0);
}

static void
joins_all_pulls(void **state)
{
	struct fixture *f = *state;

	f->device.pulls = 4;
	open_session(f);
	assert_int_equal(call(f, WSMAN_ENUMERATE), ERR_NONE);
	assert_int_equal(f->items, 8);
	assert_int_equal(f->device.applied, 5);
	/* The next call is not disturbed. */
	assert_int_equal(call(f, WSMAN_GET), ERR_NONE);
	assert_int_equal(f->items, 0);
}

static void
ends_endless_enumerations(void **state)
{
	struct fixture *f = *state;

	f->device.pulls = 1000;
	open_session(f);
	assert_int_equal(call(f, WSMAN_ENUMERATE), ERR_LIMIT);
	assert_int_equal(f->device.applied, 101);
}

/* --- credentials --- */

static void
sends_a_wrong_password_once(void **state)
{
	struct fixture *f = *state;
	int i;

	f->device.password = "another";
	open_session(f);
	for (i = 0; i < 3; i++) {
		assert_int_equal(call(f, WSMAN_GET), ERR_DENIED);
		assert_int_equal(f->err.domain, ERR_HTTP);
		assert_int_equal(f->err.native, 401);
	}
	assert_int_equal(f->device.refused, 1);
	assert_int_equal(f->device.probes, 1);
	assert_int_equal(f->device.applied, 0);
}

static void
answers_a_stale_nonce_once(void **state)
{
	struct fixture *f = *state;

	open_session(f);
	assert_int_equal(call(f, WSMAN_GET), ERR_NONE);
	f->device.expire = true;
	assert_int_equal(call(f, WSMAN_GET), ERR_NONE);
	assert_int_equal(f->device.refused, 1);
	assert_string_equal(f->device.last_nc, "00000001");
	/* In every call, once. */
	f->device.expire = true;
	assert_int_equal(call(f, WSMAN_GET), ERR_NONE);
	assert_int_equal(f->device.refused, 2);
	f->device.refuse_all = true;
	assert_int_equal(call(f, WSMAN_GET), ERR_DENIED);
	assert_int_equal(f->device.refused, 4);
	/* And then no more. */
	f->device.refuse_all = false;
	assert_int_equal(call(f, WSMAN_GET), ERR_DENIED);
	assert_int_equal(f->device.refused, 4);
}

static void
shows_them_to_the_known_realm_only(void **state)
{
	struct fixture *f = *state;

	f->device.realm = "Digest:00000000000000000000000000000000";
	open_session(f);
	assert_int_equal(call(f, WSMAN_GET), ERR_UNTRUSTED);
	expect_text(f, "Digest:00000000");
	assert_int_equal(f->device.refused + f->device.accepted, 0);
	/* First contact: any AMT device ... */
	f->conf.realm = NULL;
	open_session(f);
	assert_int_equal(call(f, WSMAN_GET), ERR_NONE);
	assert_string_equal(wsman_realm(f->session), f->device.realm);
	/* ... but nothing else. */
	f->device.realm = "printer";
	open_session(f);
	assert_int_equal(call(f, WSMAN_GET), ERR_UNTRUSTED);
	assert_string_equal(wsman_realm(f->session), "printer");
	assert_int_equal(f->device.refused, 0);
}

/* Another device takes over the address in the middle of a session. */
static void
compares_the_realm_again(void **state)
{
	struct fixture *f = *state;

	open_session(f);
	assert_int_equal(call(f, WSMAN_GET), ERR_NONE);
	f->device.realm = "Digest:00000000000000000000000000000000";
	f->device.expire = true;
	assert_int_equal(call(f, WSMAN_GET), ERR_UNTRUSTED);
	assert_int_equal(f->device.accepted, 1);
	assert_int_equal(f->device.refused, 1);
}

static void
learns_without_credentials(void **state)
{
	struct fixture *f = *state;

	f->conf.password = NULL;
	f->conf.user = NULL;
	f->conf.realm = NULL;
	open_session(f);
	assert_int_equal(call(f, WSMAN_IDENTIFY), ERR_DENIED);
	assert_string_equal(wsman_realm(f->session), REALM);
	/* That was no refusal: it may be asked again. */
	assert_int_equal(call(f, WSMAN_IDENTIFY), ERR_DENIED);
	assert_int_equal(f->device.probes, 2);
	assert_false(f->device.probe_had_body);
}

static void
refuses_odd_challenges(void **state)
{
	struct fixture *f = *state;

	f->device.qop = "none";
	open_session(f);
	assert_int_equal(call(f, WSMAN_GET), ERR_PROTOCOL);
	expect_text(f, "qop");
	f->device.act = DEVICE_WANTS_NOTHING;
	open_session(f);
	assert_int_equal(call(f, WSMAN_GET), ERR_PROTOCOL);
	expect_text(f, "HTTP 200");
	assert_int_equal(f->device.applied, 0);
}

/* --- tickets --- */

static void
sends_a_ticket_once(void **state)
{
	struct fixture *f = *state;
	int i;

	f->device.token = "YIIabc+/==";
	f->conf.token = "YIIabc+/==";
	f->conf.password = NULL;
	open_session(f);
	for (i = 0; i < 3; i++)
		assert_int_equal(call(f, WSMAN_GET), ERR_NONE);
	assert_int_equal(f->device.accepted, 3);
	assert_int_equal(http_peer_links(f->device.peer), 1);
	/* The connection was what was authenticated. */
	wsman_disconnect(f->session);
	assert_int_equal(call(f, WSMAN_GET), ERR_UNREACHABLE);
	expect_text(f, "new ticket");
	assert_int_equal(f->device.applied, 3);
}

static void
gives_up_a_refused_ticket(void **state)
{
	struct fixture *f = *state;

	f->conf.token = "YIIwrong";
	f->conf.password = NULL;
	open_session(f);
	assert_int_equal(call(f, WSMAN_GET), ERR_DENIED);
	expect_text(f, "ticket");
	assert_int_equal(call(f, WSMAN_GET), ERR_DENIED);
	assert_int_equal(f->device.refused, 1);
}

/* --- what went wrong, truthfully --- */

static void
tells_lost_from_never_sent(void **state)
{
	struct fixture *f = *state;

	/* The probe asks for nothing. */
	f->device.act = DEVICE_LOSES_PROBE;
	open_session(f);
	assert_int_equal(call(f, WSMAN_GET), ERR_UNREACHABLE);
	/* The first authenticated request, on a new connection ... */
	f->device.act = DEVICE_LOSES_ANSWER;
	assert_int_equal(call(f, WSMAN_GET), ERR_UNKNOWN);
	assert_int_equal(f->device.applied, 1);
	/* ... and a later one, on a kept one: executed once all the same. */
	f->device.act = DEVICE_ANSWERS;
	assert_int_equal(call(f, WSMAN_GET), ERR_NONE);
	f->device.act = DEVICE_LOSES_ANSWER;
	assert_int_equal(call(f, WSMAN_GET), ERR_UNKNOWN);
	assert_int_equal(f->device.applied, 3);
	f->device.act = DEVICE_ANSWERS;
	assert_int_equal(call(f, WSMAN_GET), ERR_NONE);
}

static void
reports_a_closed_port(void **state)
{
	struct fixture *f = *state;

	open_session(f);
	f->conf.port = http_peer_closed_port();
	wsman_free(f->session);
	f->session = NULL;
	assert_int_equal(wsman_new(f->net, &f->conf, &f->session, NULL), 0);
	assert_int_equal(call(f, WSMAN_GET), ERR_UNREACHABLE);
}

static void
reports_answers(void **state)
{
	static const struct {
		enum device_act act;
		enum err_kind kind;
		enum err_domain domain;
		long native;
	} cases[] = {
	    {DEVICE_FAULTS, ERR_LIMIT, ERR_SOAP, WSMAN_FAULT_QUOTA},
	    {DEVICE_SENDS_HTML, ERR_PROTOCOL, ERR_HTTP, 400},
	    {DEVICE_SENDS_403, ERR_DENIED, ERR_HTTP, 403},
	    {DEVICE_SENDS_500, ERR_PROTOCOL, ERR_HTTP, 500},
	    {DEVICE_SENDS_HALF, ERR_PROTOCOL, ERR_CURL, 18},
	    {DEVICE_SENDS_JUNK, ERR_PROTOCOL, ERR_OURS, 0},
	};
	struct fixture *f = *state;
	size_t i;

	open_session(f);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		f->device.act = cases[i].act;
		assert_int_equal(call(f, WSMAN_GET), cases[i].kind);
		assert_int_equal(f->err.domain, cases[i].domain);
		if (cases[i].domain != ERR_OURS)
			assert_int_equal(f->err.native, cases[i].native);
		/* None of them ends the session. */
		f->device.act = DEVICE_ANSWERS;
		assert_int_equal(call(f, WSMAN_GET), ERR_NONE);
	}
	assert_int_equal(f->device.probes, 1);
}

/* --- TLS --- */

static void
checks_the_certificate(void **state)
{
	struct fixture *f = *state;
	struct identity *identity = identity_new("pc1.corp.example", NULL);
	struct net_trust trust = {.leaf_sha256 = identity->sha256};
	struct net_stats stats;
	size_t len = 0;

	device_start(&f->device, identity);
	f->conf.tls = true;
	f->conf.trust = &trust;
	open_session(f);
	assert_null(wsman_leaf(f->session));
	assert_int_equal(call(f, WSMAN_GET), ERR_NONE);
	assert_string_equal(wsman_leaf(f->session), identity->sha256);
	assert_non_null(wsman_leaf_der(f->session, &len));
	assert_true(len > 100);
	/* The connection after the 401 is resumed. */
	net_stats(f->net, &stats);
	assert_int_equal(stats.handshakes, 1);
	assert_int_equal(stats.resumed, 1);
	trust.leaf_sha256 = "00000000000000000000000000000000"
			    "00000000000000000000000000000000";
	open_session(f);
	assert_int_equal(call(f, WSMAN_GET), ERR_UNTRUSTED);
	assert_string_equal(wsman_leaf(f->session), identity->sha256);
	assert_int_equal(f->device.probes, 1);
	/* Without trust: the certificate may be seen, nothing shown. */
	f->conf.trust = NULL;
	open_session(f);
	assert_int_equal(call(f, WSMAN_GET), ERR_UNTRUSTED);
	assert_int_equal(f->device.accepted, 1);
	identity_free(identity);
}

/* --- use --- */

static void
takes_one_call_at_a_time(void **state)
{
	struct fixture *f = *state;
	struct wsman_request request = {
	    .verb = WSMAN_GET, .class_name = "AMT_GeneralSettings"};
	struct err err = {0};

	open_session(f);
	request.class_name = "Win32_Process";
	assert_int_equal(
	    wsman_call(f->session, &request, 0, on_done, f, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	request.class_name = "AMT_GeneralSettings";
	assert_int_equal(
	    wsman_call(f->session, &request, 0, on_done, f, &err), 0);
	assert_int_equal(
	    wsman_call(f->session, &request, 0, on_done, f, &err), -1);
	assert_int_equal(err.kind, ERR_BUG);
	loop_run(f->loop);
	assert_int_equal(f->calls, 1);
	assert_int_equal(f->err.kind, ERR_NONE);
	/* Freed with a call under way: not a word. */
	assert_int_equal(
	    wsman_call(f->session, &request, 0, on_done, f, &err), 0);
	wsman_free(f->session);
	f->session = NULL;
	assert_int_equal(f->calls, 1);
}

static void
free_in_done(
    void *cookie, const struct wsman_reply *reply, const struct err *err)
{
	struct fixture *f = cookie;

	assert_int_equal(err->kind, ERR_NONE);
	wsman_free(f->session);
	f->session = NULL;
	assert_string_equal(wsman_body(reply)->child->text, "42");
	loop_stop(f->loop);
}

static void
may_be_freed_in_done(void **state)
{
	struct fixture *f = *state;
	struct wsman_request request = {
	    .verb = WSMAN_GET, .class_name = "AMT_GeneralSettings"};
	struct err err = {0};

	open_session(f);
	assert_int_equal(
	    wsman_call(f->session, &request, 0, free_in_done, f, &err), 0);
	loop_run(f->loop);
	assert_null(f->session);
}

static void
refuses_bad_configurations(void **state)
{
	struct fixture *f = *state;
	struct wsman *session = NULL;
	struct err err = {0};

	f->conf.port = 1;
	f->conf.user = NULL;
	assert_int_equal(wsman_new(f->net, &f->conf, &session, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	f->conf.user = "admin";
	f->conf.address = "pc1.corp.example";
	assert_int_equal(wsman_new(f->net, &f->conf, &session, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_null(session);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(authenticates_and_goes_on),
	    TEST(keeps_the_nonce),
	    TEST(protects_bodies_on_demand),
	    TEST(joins_all_pulls),
	    TEST(ends_endless_enumerations),
	    TEST(sends_a_wrong_password_once),
	    TEST(answers_a_stale_nonce_once),
	    TEST(shows_them_to_the_known_realm_only),
	    TEST(compares_the_realm_again),
	    TEST(learns_without_credentials),
	    TEST(refuses_odd_challenges),
	    TEST(sends_a_ticket_once),
	    TEST(gives_up_a_refused_ticket),
	    TEST(tells_lost_from_never_sent),
	    TEST(reports_a_closed_port),
	    TEST(reports_answers),
	    TEST(checks_the_certificate),
	    TEST(takes_one_call_at_a_time),
	    TEST(may_be_freed_in_done),
	    TEST(refuses_bad_configurations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
