#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "digest_internal.h"
#include "err.h"
#include "secret.h"
#include "wsman.h"

#define REALM "Digest:727734D63A1FC0423736E48DA554E462"
#define NONCE "B9AX94iAAAAAAAAAx6rrSfPHGUrx/3uA"

static struct secret *
make_secret(const char *text)
{
	return secret_new(text, strlen(text));
}

/* --- responses --- */

/* RFC 2617, 3.5. */
static void
computes_the_rfc_example(void **state)
{
	struct secret *password = make_secret("Circle Of Life");
	struct wsman_digest_request request = {.user = "Mufasa",
	    .password = password,
	    .method = "GET",
	    .uri = "/dir/index.html"};
	struct digest_input in = {.request = &request,
	    .realm = "testrealm@host.com",
	    .nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093",
	    .nc = "00000001",
	    .cnonce = "0a4f113b"};
	char out[DIGEST_HEX];
	struct err err = {0};

	(void)state;
	assert_int_equal(wsman_digest_response(&in, out, &err), 0);
	assert_string_equal(out, "6629fae49393a05397450978507c4ef1");
	secret_free(password);
}

/* Expected values from another implementation of RFC 2617. */
static void
protects_the_body_when_asked(void **state)
{
	struct secret *password = make_secret("P@ssw0rd");
	struct wsman_digest_request request = {.user = "admin",
	    .password = password,
	    .method = "POST",
	    .uri = "/wsman",
	    .body = "<a>\xc3\xa4</a>",
	    .body_len = 9};
	struct digest_input in = {.request = &request,
	    .realm = REALM,
	    .nonce = NONCE,
	    .nc = "0000000a",
	    .cnonce = "00112233",
	    .auth_int = true};
	char out[DIGEST_HEX];
	struct err err = {0};

	(void)state;
	assert_int_equal(wsman_digest_response(&in, out, &err), 0);
	assert_string_equal(out, "782d198d45559cb570f80f52a9b8016f");
	request.body = NULL;
	request.body_len = 0;
	assert_int_equal(wsman_digest_response(&in, out, &err), 0);
	assert_string_equal(out, "954094cb437c251b924ffd84c0611d4c");
	in.auth_int = false;
	assert_int_equal(wsman_digest_response(&in, out, &err), 0);
	assert_string_equal(out, "77045993628664274a9b2ae3ddf99f8e");
	secret_free(password);
}

static void
makes_the_stored_form(void **state)
{
	struct secret *password = make_secret("P@ssw0rd");
	struct buf out;
	struct err err = {0};

	(void)state;
	buf_init(&out, 100);
	assert_int_equal(
	    wsman_digest_ha1(&out, "admin", REALM, password, &err), 0);
	assert_string_equal(buf_text(&out), "edPukgCbddZr2Beb+OEUUA==");
	buf_free(&out);
	secret_free(password);
}

/* --- challenges --- */

/* What answers to the challenge say; freed by the next call. */
static const char *
answer_to(const char *challenge, unsigned times)
{
	static char text[1024];
	struct secret *password = make_secret("P@ssw0rd");
	struct wsman_digest_request request = {.user = "ad\"min\\",
	    .password = password,
	    .method = "POST",
	    .uri = "/wsman"};
	struct wsman_digest *d = NULL;
	struct buf out;
	struct err err = {0};

	buf_init(&out, sizeof(text) - 1);
	if (wsman_digest_parse(challenge, &d, &err) != 0)
		fail_msg("%s: %s", challenge, err.text);
	while (times-- > 0) {
		buf_reset(&out);
		assert_int_equal(
		    wsman_digest_answer(d, &request, &out, &err), 0);
	}
	(void)snprintf(text, sizeof(text), "%s", buf_text(&out));
	wsman_digest_free(d);
	buf_free(&out);
	secret_free(password);
	return text;
}

static void
expect_in(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" not in \"%s\"", part, text);
}

static void
reads_recorded_challenges(void **state)
{
	/* AMT 15, 8.0.3, 11.8.50, 16.1.25, and two shapes seen on small
	 * desktops. */
	static const struct {
		const char *text, *realm, *nonce, *qop;
	} cases[] = {
	    {"Digest realm=\"" REALM "\", nonce=\"" NONCE
	     "\",stale=\"false\",qop=\"auth\"",
		REALM, NONCE, "auth"},
	    {"Digest realm=\"Digest:A4070000000000000000000000000000\", "
	     "nonce=\"wlbEK1EtAAAAAAAAWW5aUHFp+mQQ1j63\",stale=\"false\","
	     "qop=\"auth\"",
		"Digest:A4070000000000000000000000000000",
		"wlbEK1EtAAAAAAAAWW5aUHFp+mQQ1j63", "auth"},
	    {"Digest realm=\"" REALM "\", nonce=\"" NONCE
	     "\",stale=\"false\",qop=\"auth-int, auth\"",
		REALM, NONCE, "auth"},
	    {"Digest realm=\"" REALM "\" nonce=\"" NONCE
	     "\" stale=\"false\" qop=\"auth auth-int  auth\"",
		REALM, NONCE, "auth"},
	    {"digest REALM=\"" REALM "\",NONCE=\"" NONCE
	     "\",QOP=auth-int,algorithm=MD5",
		REALM, NONCE, "auth-int"},
	    {"Negotiate, Digest realm=\"" REALM "\", nonce=\"" NONCE
	     "\", qop=\"auth\", Basic realm=\"x\"",
		REALM, NONCE, "auth"},
	};
	char part[200];
	const char *text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text = answer_to(cases[i].text, 1);
		(void)snprintf(
		    part, sizeof(part), "realm=\"%s\"", cases[i].realm);
		expect_in(text, part);
		(void)snprintf(
		    part, sizeof(part), "nonce=\"%s\"", cases[i].nonce);
		expect_in(text, part);
		(void)snprintf(part, sizeof(part), "qop=%s,", cases[i].qop);
		expect_in(text, part);
	}
}

static void
counts_in_eight_digits(void **state)
{
	static const char challenge[] =
	    "Digest realm=\"r\", nonce=\"n\", qop=\"auth\"";

	(void)state;
	expect_in(answer_to(challenge, 1), ", nc=00000001,");
	expect_in(answer_to(challenge, 2), ", nc=00000002,");
	expect_in(answer_to(challenge, 17), ", nc=00000011,");
}

static void
quotes_what_needs_it(void **state)
{
	const char *text = answer_to("Digest realm=\"a \\\"b\\\\\", "
				     "nonce=\"n\", qop=\"auth\", "
				     "opaque=\"o,p\"",
	    1);

	(void)state;
	expect_in(text, "username=\"ad\\\"min\\\\\"");
	expect_in(text, "realm=\"a \\\"b\\\\\"");
	expect_in(text, "opaque=\"o,p\"");
}

static void
refuse(const char *challenge, enum err_kind kind)
{
	struct wsman_digest *d = NULL;
	struct err err = {0};

	assert_int_equal(wsman_digest_parse(challenge, &d, &err), -1);
	if (err.kind != kind)
		fail_msg("%s: %s", challenge, err.text);
	assert_null(d);
}

static void
refuses_other_challenges(void **state)
{
	static char long_one[4000] = "Digest realm=\"";

	(void)state;
	refuse("", ERR_NOTFOUND);
	refuse("Negotiate", ERR_NOTFOUND);
	refuse("Basic realm=\"x\"", ERR_NOTFOUND);
	refuse("DigestX realm=\"x\"", ERR_NOTFOUND);
	refuse("Digest", ERR_PROTOCOL);
	refuse("Digest realm=\"x\", qop=\"auth\"", ERR_PROTOCOL);
	refuse("Digest realm=\"x\", nonce=\"\", qop=\"auth\"", ERR_PROTOCOL);
	refuse("Digest nonce=\"x\", qop=\"auth\"", ERR_PROTOCOL);
	refuse("Digest realm=\"x\", nonce=\"n\"", ERR_PROTOCOL);
	refuse("Digest realm=\"x\", nonce=\"n\", qop=\"author\"", ERR_PROTOCOL);
	refuse("Digest realm=\"x\", nonce=\"n\", qop=\"auth\", "
	       "algorithm=SHA-256",
	    ERR_PROTOCOL);
	refuse(
	    "Digest realm=\"x\ty\", nonce=\"n\", qop=\"auth\"", ERR_PROTOCOL);
	refuse(
	    "Digest realm=\"x\", nonce=\"\x80\", qop=\"auth\"", ERR_PROTOCOL);
	memset(long_one + 14, 'x', 300);
	refuse(long_one, ERR_PROTOCOL);
	memset(long_one + 14, 'x', sizeof(long_one) - 15);
	refuse(long_one, ERR_PROTOCOL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(computes_the_rfc_example),
	    cmocka_unit_test(protects_the_body_when_asked),
	    cmocka_unit_test(makes_the_stored_form),
	    cmocka_unit_test(reads_recorded_challenges),
	    cmocka_unit_test(counts_in_eight_digits),
	    cmocka_unit_test(quotes_what_needs_it),
	    cmocka_unit_test(refuses_other_challenges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
