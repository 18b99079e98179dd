/*
 * Enrolment over Secure Transport (RFC 7030): we speak for the devices, as a
 * registration authority, with our own TLS client certificate or a password.
 *
 * A request is known to the server by its CSR; one that is pending is asked
 * after by sending it again (4.2.3), and so is one whose answer was lost.  Only
 * simpleenroll fits: simplereenroll is made by the holder of the old key, which
 * never leaves a device.  The protocol knows no revocation.
 */
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "bridge_internal.h"
#include "clock.h"
#include "fetch.h"
#include "mem.h"
#include "str.h"

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
	const char *why = ca_bridge_url_server(b->url);

	if (why != NULL)
		return err_set(err, ERR_INVALID,
		    "%s; what is between /.well-known/est/ and the operation "
		    "goes into label",
		    why);
	if (b->label != NULL && !is_label(b->label))
		return err_set(err, ERR_INVALID, "label is no path segment");
	if (b->signer_pem != NULL)
		return err_set(err, ERR_INVALID, "signer is not for EST");
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
	struct net_fetch f = {
	    .method = body != NULL ? "POST" : "GET",
	    .url = url,
	    .headers = body != NULL ? headers : NULL,
	    .body = body != NULL ? body->data : NULL,
	    .body_len = body != NULL ? body->len : 0,
	    .user = b->user,
	    .password = b->password,
	};
	int rc = ca_bridge_fetch(b, &f, operation, ret, answer);

	free(url);
	return rc;
}

#define NOWHERE "EST at this url and label"

static void
est_submit(struct ca_bridge *b, const struct ca_bridge_ask *ask,
    struct ca_bridge_answer *ret)
{
	struct net_fetched got = {0};
	const char *why;
	struct buf body;

	buf_init(&body, ask->csr_len * 2);
	str_base64(&body, ask->csr, ask->csr_len);
	if (call(b, "simpleenroll", &body, &got, ret) == 0) {
		if (got.status != 200) {
			ca_bridge_judge_status(&got, NOWHERE, ret);
		} else {
			why = ca_est_read_certs(
			    ca_der_bytes(&got.body), ask->spki, &ret->leaf);
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

static int
test_certs(struct ca_bridge *b, struct ca_bridge_answer *a, struct buf *out,
    struct err *err)
{
	struct ca_bridge_shown s = {.b = b, .out = out};
	struct net_fetched got = {0};
	const char *why;
	int rc = -1;

	if (call(b, "cacerts", NULL, &got, a) != 0)
		return ca_bridge_test_failed(a, err);
	if (got.status != 200) {
		ca_bridge_judge_status(&got, NOWHERE, a);
		(void)ca_bridge_test_failed(a, err);
		goto out;
	}
	why = ca_est_each_cert(ca_der_bytes(&got.body), ca_bridge_show, &s);
	if (why != NULL)
		(void)err_set(err, ERR_PROTOCOL, "cacerts: %s", why);
	else
		rc = ca_bridge_shown_end(&s, err);
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
		return ca_bridge_test_failed(a, err);
	/* It need not have any (RFC 7030, 4.5.2). */
	if (got.status == 204 || got.status == 404 || got.status == 501) {
		buf_str(out, "the CA wants nothing particular in requests\n");
	} else if (got.status != 200) {
		ca_bridge_judge_status(&got, NOWHERE, a);
		rc = ca_bridge_test_failed(a, err);
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
