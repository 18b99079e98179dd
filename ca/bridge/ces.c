/*
 * Microsoft's certificate enrolment web service (MS-WSTEP), and beside it the
 * policy service (MS-XCEP), which is only read when a bridge is tested.  We
 * speak for the devices, with the service account's Kerberos ticket, a user and
 * password in the message, or our own TLS client certificate: which of them is
 * part of the service's address at most installations.
 *
 * The CA gives a request its number, and a pending one is asked after by it.
 * It knows no other name for a request: one whose answer was lost is made
 * again, and the certificate that may have come of the first is nobody's; its
 * key is in the device and nowhere else.  The protocol knows no revocation.
 *
 * What an answer says about where to ask next is not followed: our credentials
 * go to the configured addresses only.
 */
#include <stdlib.h>
#include <string.h>

#include "ces_internal.h"
#include "clock.h"
#include "fetch.h"
#include "mem.h"
#include "str.h"

#define MESSAGE_MAX 65536
#define SCHEME "https://"
#define NOWHERE "enrolment service at this url"
/* A request that no CA has got as far as: asked after in tests. */
#define NO_REQUEST "2147483647"

/* --- configuration --- */

static const char *
check_url(const char *url)
{
	if (!str_starts(url, SCHEME) ||
	    strcspn(url + strlen(SCHEME), ":/") == 0)
		return "must begin with https://HOST";
	return ca_bridge_url_check(url);
}

static bool
by_kerberos(const struct ca_bridge *b)
{
	return b->user == NULL && b->cert_pem == NULL;
}

static int
check_login(const struct ca_bridge *b, struct err *err)
{
	const char *why = NULL;

	if (b->user != NULL && b->cert_pem != NULL)
		why = "set user or certificate or, for Kerberos, neither";
	else if (b->password != NULL)
		why = ca_ces_password_check(b->password);
	else if (b->cert_pem == NULL && b->principal == NULL)
		why = "neither certificate nor user is set, and Kerberos needs "
		      "directory.principal and directory.keytab";
	return why == NULL ? 0 : err_set(err, ERR_INVALID, "%s", why);
}

static int
ces_open(struct ca_bridge *b, struct err *err)
{
	const char *why = check_url(b->url);

	if (why != NULL)
		return err_set(err, ERR_INVALID, "url %s", why);
	why = b->policy == NULL ? NULL : check_url(b->policy);
	if (why != NULL)
		return err_set(err, ERR_INVALID, "policy: url %s", why);
	if (b->signer_pem != NULL)
		return err_set(err, ERR_INVALID, "signer is not for CES");
	return check_login(b, err);
}

/* --- one exchange --- */

struct talk {
	struct ca_bridge *b;
	struct ca_ces_call call;
	char id[CA_CES_ID_MAX];
	struct buf body; /* with a password in it, perhaps */
	struct net_fetched got;
	struct ca_bridge_answer *ret;
};

static void
talk_open(struct talk *t, struct ca_bridge *b, const char *url,
    struct ca_bridge_answer *ret)
{
	memset(t, 0, sizeof(*t));
	ca_ces_name_message(t->id);
	t->b = b;
	t->ret = ret;
	t->call = (struct ca_ces_call){
	    .url = url,
	    .id = t->id,
	    .user = b->user,
	    .password = b->password,
	    .now = clock_now(),
	};
	buf_init(&t->body, MESSAGE_MAX);
}

static void
talk_close(struct talk *t)
{
	buf_free(&t->body);
	net_fetched_clear(&t->got);
}

/* A ticket for the host of the url, bound to its TLS. */
static int
authorize(
    void *cookie, const struct buf *binding, struct buf *value, struct err *err)
{
	const struct talk *t = cookie;
	const char *host = t->call.url + strlen(SCHEME);
	char *spn = mem_printf("HTTP/%.*s", (int)strcspn(host, ":/"), host);
	int rc;

	buf_str(value, "Negotiate ");
	rc = t->b->ticket(t->b->tickets, spn, binding, value, err);
	free(spn);
	return rc;
}

/* 0, or -1 with the outcome set. */
static int
talk_send(struct talk *t, const char *name, size_t most)
{
	static const char *const headers[] = {
	    "Content-Type: application/soap+xml; charset=utf-8", NULL};
	struct net_fetch f = {
	    .method = "POST",
	    .url = t->call.url,
	    .headers = headers,
	    .body = t->body.data,
	    .body_len = t->body.len,
	    .authorize = by_kerberos(t->b) ? authorize : NULL,
	    .cookie = t,
	    .answer_max = most,
	};

	if (t->body.over) {
		ca_bridge_answer_set(t->ret, CA_BRIDGE_MISCONFIGURED,
		    "the message exceeds %d bytes", MESSAGE_MAX);
		return -1;
	}
	return ca_bridge_fetch(t->b, &f, name, &t->got, t->ret);
}

/* SOAP has words for what went wrong, and HTTP two numbers for all of it. */
static bool
may_have_words(int status)
{
	return status == 200 || status == 202 || status == 400 || status == 500;
}

/* An answer that is not SOAP, for the reason why. */
static void
judge_http(struct talk *t, const char *why)
{
	if (t->got.status == 200 || t->got.status == 202) {
		ca_bridge_answer_set(t->ret, CA_BRIDGE_UNKNOWN,
		    "the answer cannot be read: %s", why);
		return;
	}
	ca_bridge_judge_status(&t->got, NOWHERE, t->ret);
	if (t->got.status == 401 && by_kerberos(t->b))
		buf_str(&t->ret->text,
		    "; is HTTP/HOST of the url a service name of the account "
		    "that the service runs as?");
}

static void
conclude(struct talk *t, struct ca_span spki)
{
	const char *why = NULL;

	if (!may_have_words(t->got.status) ||
	    !ca_ces_read(ca_der_bytes(&t->got.body), t->id, spki, t->ret, &why))
		judge_http(t, why);
}

/* --- certificates --- */

static void
ces_submit(struct ca_bridge *b, const struct ca_bridge_ask *ask,
    struct ca_bridge_answer *ret)
{
	struct talk t;

	talk_open(&t, b, b->url, ret);
	ca_ces_write_request(&t.call, (struct ca_span){ask->csr, ask->csr_len},
	    ask->names_template ? NULL : b->label, &t.body);
	if (talk_send(&t, "request", CA_BRIDGE_ANSWER_MAX) == 0)
		conclude(&t, ask->spki);
	talk_close(&t);
}

static void
ces_poll(struct ca_bridge *b, const struct ca_bridge_ask *ask,
    struct ca_bridge_answer *ret)
{
	struct talk t;

	talk_open(&t, b, b->url, ret);
	ca_ces_write_query(&t.call, ask->request_id, &t.body);
	if (talk_send(&t, "query", CA_BRIDGE_ANSWER_MAX) == 0)
		conclude(&t, ask->spki);
	talk_close(&t);
}

/* --- test --- */

static void
show_login(const struct ca_bridge *b, struct buf *out)
{
	buf_str(out, "the enrolment service answers for its CA, to ");
	if (by_kerberos(b))
		buf_printf(out, "%s by Kerberos", b->principal);
	else if (b->user != NULL)
		str_printable(out, b->user, strlen(b->user), CA_BRIDGE_WORDS);
	else
		buf_str(out, "our certificate");
	buf_char(out, '\n');
}

/* Asked after what is not there, it has to have asked its CA. */
static int
test_service(struct ca_bridge *b, struct buf *out, struct err *err)
{
	const struct ca_bridge_ask ask = {.request_id = NO_REQUEST};
	struct ca_bridge_answer a;
	int rc = 0;

	ca_bridge_answer_init(&a);
	ces_poll(b, &ask, &a);
	if (a.ended || a.outcome == CA_BRIDGE_REJECTED ||
	    a.outcome == CA_BRIDGE_PENDING)
		show_login(b, out);
	else
		rc = ca_bridge_test_failed(&a, err);
	ca_bridge_answer_clear(&a);
	return rc;
}

static int
test_policy(struct ca_bridge *b, struct buf *out, struct err *err)
{
	struct ca_bridge_answer a;
	struct talk t;
	int rc = -1;

	ca_bridge_answer_init(&a);
	talk_open(&t, b, b->policy, &a);
	ca_ces_write_policies(&t.call, &t.body);
	if (talk_send(&t, "policy", CA_CES_POLICY_MAX) != 0) {
		(void)ca_bridge_test_failed(&a, err);
	} else if (may_have_words(t.got.status)) {
		rc = ca_ces_read_policies(
		    b, ca_der_bytes(&t.got.body), t.id, out, err);
	} else {
		judge_http(&t, "");
		(void)ca_bridge_test_failed(&a, err);
		(void)err_context(err, "policy service");
	}
	talk_close(&t);
	ca_bridge_answer_clear(&a);
	return rc;
}

static int
ces_test(struct ca_bridge *b, struct buf *out, struct err *err)
{
	if (test_service(b, out, err) != 0)
		return -1;
	if (b->policy != NULL)
		return test_policy(b, out, err);
	buf_str(out,
	    "its templates and certificates are not known: policy is not "
	    "set\n");
	return 0;
}

const struct ca_bridge_kind ca_bridge_ces = {
    .name = "ces",
    .open = ces_open,
    .submit = ces_submit,
    .poll = ces_poll,
    .test = ces_test,
};
