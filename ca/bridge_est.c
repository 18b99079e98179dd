/*
 * Enrolment over Secure Transport (RFC 7030): we speak for the devices, as a
 * registration authority, with our own TLS client certificate or a password.
 *
 * A request is known to the server by its CSR; one that is pending is asked
 * after by sending it again (4.2.3), and so is one whose answer was lost.  Only
 * simpleenroll fits: simplereenroll is made by the holder of the old key, which
 * never leaves a device.  The protocol knows no revocation.
 */
#include <openssl/bio.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "bridge_internal.h"
#include "ca_internal.h"
#include "clock.h"
#include "fetch.h"
#include "mem.h"
#include "str.h"

#define SUBJECT_SHOWN 120
#define LABEL_MAX 64

/* RFC 7030, 3.2.2: one path segment, and none of the operations' names. */
static bool
is_label(const char *label)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-._~";
	static const char *const operations[] = {"cacerts", "simpleenroll",
	    "simplereenroll", "fullcmc", "serverkeygen", "csrattrs"};
	size_t i, len = strlen(label);

	for (i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (str_eq(label, operations[i]))
			return false;
	return len > 0 && len <= LABEL_MAX && strspn(label, letters) == len;
}

static int
est_open(struct ca_bridge *b, struct err *err)
{
	size_t len;
	char *slash;

	if (!str_starts(b->url, "https://"))
		return err_set(
		    err, ERR_INVALID, "url must begin with https://");
	slash = strchr(b->url + strlen("https://"), '/');
	if (slash != NULL && slash[1] == '\0')
		*slash = '\0';
	else if (slash != NULL)
		return err_set(err, ERR_INVALID,
		    "url must be https://HOST or https://HOST:PORT; what is "
		    "between /.well-known/est/ and the operation goes into "
		    "label");
	len = strlen(b->url);
	if (strcspn(b->url, " \t\r\n@?#") != len)
		return err_set(
		    err, ERR_INVALID, "url holds more than host and port");
	if (b->label != NULL && !is_label(b->label))
		return err_set(err, ERR_INVALID, "label is no path segment");
	if (b->cert_pem == NULL && b->user == NULL)
		return err_set(err, ERR_INVALID,
		    "neither certificate nor user is set: an EST server gives "
		    "nothing to strangers");
	return 0;
}

/* One operation. 0, or -1 with the outcome set. */
static int
call(struct ca_bridge *b, const char *operation, const struct buf *body,
    struct net_fetched *ret, struct ca_bridge_answer *answer)
{
	static const char *const headers[] = {
	    "Content-Type: application/pkcs10",
	    "Content-Transfer-Encoding: base64", NULL};
	char *url = mem_printf("%s/.well-known/est%s%s/%s", b->url,
	    b->label != NULL ? "/" : "", b->label != NULL ? b->label : "",
	    operation);
	const struct net_fetch f = {
	    .method = body != NULL ? "POST" : "GET",
	    .url = url,
	    .headers = body != NULL ? headers : NULL,
	    .body = body != NULL ? body->data : NULL,
	    .body_len = body != NULL ? body->len : 0,
	    .ca_pem = b->tls_pem,
	    .cert_pem = b->cert_pem,
	    .key_pem = b->key_pem,
	    .user = b->user,
	    .password = b->password,
	    .timeout_ms = (unsigned)(b->timeout * 1000),
	    .answer_max = CA_BRIDGE_ANSWER_MAX,
	};
	enum ca_bridge_outcome outcome = CA_BRIDGE_UNKNOWN;
	struct err err = {.kind = ERR_NONE};
	int rc = net_fetch(&f, ret, &err);

	free(url);
	if (rc == 0)
		return 0;
	if (err.kind == ERR_UNREACHABLE)
		outcome = CA_BRIDGE_UNREACHABLE;
	else if (err.kind == ERR_UNTRUSTED || err.kind == ERR_INVALID)
		outcome = CA_BRIDGE_MISCONFIGURED;
	ca_bridge_answer_set(answer, outcome, "%s: %s", operation, err.text);
	return -1;
}

/* The server's own words, where it has some for people (RFC 7030, 4.2.3). */
static void
add_words(const struct net_fetched *got, struct buf *out)
{
	size_t len = got->body.len;
	const char *text = buf_text(&got->body);

	if (got->content_type == NULL ||
	    strncasecmp(got->content_type, "text/plain", 10) != 0)
		return;
	while (len > 0 && strchr(" \r\n", text[len - 1]) != NULL)
		len--;
	if (len == 0)
		return;
	buf_str(out, ": ");
	str_printable(out, text, len, CA_BRIDGE_WORDS);
}

/* What a status other than 200 means. */
static void
judge_status(const struct net_fetched *got, struct ca_bridge_answer *a)
{
	static const struct {
		int status;
		enum ca_bridge_outcome outcome;
		const char *text;
	} rows[] = {
	    {202, CA_BRIDGE_PENDING, "the CA has not decided yet"},
	    {401, CA_BRIDGE_MISCONFIGURED,
		"the CA refuses our credentials (HTTP 401)"},
	    {403, CA_BRIDGE_MISCONFIGURED,
		"the CA does not let us ask for this (HTTP 403)"},
	    {404, CA_BRIDGE_MISCONFIGURED,
		"there is no EST at this url and label (HTTP 404)"},
	    {405, CA_BRIDGE_MISCONFIGURED,
		"there is no EST at this url and label (HTTP 405)"},
	    {429, CA_BRIDGE_LIMITED, "the CA has too much to do (HTTP 429)"},
	    {503, CA_BRIDGE_LIMITED, "the CA is not ready (HTTP 503)"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].status == got->status)
			break;
	if (i < sizeof(rows) / sizeof(rows[0]))
		ca_bridge_answer_set(a, rows[i].outcome, "%s", rows[i].text);
	else if (got->status >= 400 && got->status < 500)
		ca_bridge_answer_set(a, CA_BRIDGE_REJECTED,
		    "the CA refuses (HTTP %d)", got->status);
	else
		ca_bridge_answer_set(a, CA_BRIDGE_UNKNOWN,
		    "the CA answers with HTTP %d", got->status);
	add_words(got, &a->text);
	a->retry_after = ca_est_retry_after(got->retry_after, clock_now());
}

/* Where a key lies in a CSR that has passed our rules. */
static struct ca_span
spki_of(const struct ca_bridge_ask *ask)
{
	struct ca_csr csr;
	struct ca_span der = {ask->csr, ask->csr_len}, none = {NULL, 0};

	return ca_csr_parse(der, &csr) == NULL ? csr.spki : none;
}

static void
est_submit(struct ca_bridge *b, const struct ca_bridge_ask *ask,
    struct ca_bridge_answer *ret)
{
	struct net_fetched got = {0};
	const char *why;
	struct buf body;

	buf_init(&body, CA_CSR_MAX * 2);
	str_base64(&body, ask->csr, ask->csr_len);
	if (call(b, "simpleenroll", &body, &got, ret) == 0) {
		if (got.status != 200) {
			judge_status(&got, ret);
		} else {
			why = ca_est_read_certs(
			    ca_der_bytes(&got.body), spki_of(ask), &ret->leaf);
			if (why == NULL)
				ret->outcome = CA_BRIDGE_ISSUED;
			else
				ca_bridge_answer_set(ret, CA_BRIDGE_UNKNOWN,
				    "the CA's answer cannot be read: %s", why);
		}
	}
	net_fetched_clear(&got);
	buf_free(&body);
}

/* --- test --- */

struct shown {
	const struct ca_bridge *b;
	struct buf *out;
	unsigned strangers;
};

static void
show_cert(void *cookie, X509 *cert)
{
	struct shown *s = cookie;
	const char *why = ca_bridge_chain(s->b, cert, 0, clock_now());
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	if (bio == NULL)
		return;
	(void)X509_NAME_print_ex(
	    bio, X509_get_subject_name(cert), 0, XN_FLAG_RFC2253);
	len = BIO_get_mem_data(bio, &text);
	buf_str(s->out, "CA certificate: ");
	str_printable(s->out, text, (size_t)len, SUBJECT_SHOWN);
	buf_printf(s->out, ": %s\n", why == NULL ? "chains to anchors" : why);
	BIO_free(bio);
	if (why != NULL)
		s->strangers++;
}

/* 0, or -1 with *err: what an operation that only reads ended with. */
static int
fail_test(const struct ca_bridge_answer *a, struct err *err)
{
	enum err_kind kind = ERR_REFUSED;

	if (a->outcome == CA_BRIDGE_UNREACHABLE)
		kind = ERR_UNREACHABLE;
	else if (a->outcome == CA_BRIDGE_UNKNOWN)
		kind = ERR_PROTOCOL;
	return err_set(err, kind, "%s", buf_text(&a->text));
}

static int
test_certs(struct ca_bridge *b, struct ca_bridge_answer *a, struct buf *out,
    struct err *err)
{
	struct shown s = {.b = b, .out = out};
	struct net_fetched got = {0};
	const char *why;
	int rc = -1;

	if (call(b, "cacerts", NULL, &got, a) != 0)
		return fail_test(a, err);
	if (got.status != 200) {
		judge_status(&got, a);
		(void)fail_test(a, err);
		goto out;
	}
	why = ca_est_each_cert(ca_der_bytes(&got.body), show_cert, &s);
	if (why != NULL)
		(void)err_set(err, ERR_PROTOCOL, "cacerts: %s", why);
	else if (s.strangers > 0)
		(void)err_set(err, ERR_REFUSED,
		    "%u of the CA's certificates do not chain to the anchors: "
		    "add them to the file, if they are right",
		    s.strangers);
	else
		rc = 0;
out:
	net_fetched_clear(&got);
	return rc;
}

static int
test_attributes(struct ca_bridge *b, struct ca_bridge_answer *a,
    struct buf *out, struct err *err)
{
	struct net_fetched got = {0};
	const char *why, *barred = NULL;
	int rc = 0;

	if (call(b, "csrattrs", NULL, &got, a) != 0)
		return fail_test(a, err);
	/* It need not have any (RFC 7030, 4.5.2). */
	if (got.status == 204 || got.status == 404 || got.status == 501) {
		buf_str(out, "the CA wants nothing particular in requests\n");
	} else if (got.status != 200) {
		judge_status(&got, a);
		rc = fail_test(a, err);
	} else {
		why = ca_est_read_attributes(
		    ca_der_bytes(&got.body), out, &barred);
		if (why != NULL)
			rc = err_set(err, ERR_PROTOCOL, "csrattrs: %s", why);
		else if (barred != NULL)
			rc = err_set(err, ERR_REFUSED, "%s", barred);
	}
	net_fetched_clear(&got);
	return rc;
}

static int
est_test(struct ca_bridge *b, struct buf *out, struct err *err)
{
	struct ca_bridge_answer a;
	int rc;

	ca_bridge_answer_init(&a);
	rc = test_certs(b, &a, out, err);
	if (rc == 0)
		rc = test_attributes(b, &a, out, err);
	ca_bridge_answer_clear(&a);
	return rc;
}

const struct ca_bridge_kind ca_bridge_est = {
    .name = "est",
    .open = est_open,
    .submit = est_submit,
    .poll = est_submit,
    .test = est_test,
};
