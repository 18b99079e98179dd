#include "api_peer.h"

#include <assert.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "file.h"
#include "identity.h"
#include "json_internal.h"
#include "mem.h"
#include "str.h"

/* --- the server --- */

/* The DER of the CSR in a request. */
static bool
read_csr(const struct http_request *request, struct buf *der)
{
	struct json_object *whole = ca_json_read((struct ca_span){
	    (const uint8_t *)request->body, request->body_len});
	const char *pem = ca_json_text(whole, "csr");
	BIO *bio = BIO_new_mem_buf(pem == NULL ? "" : pem, -1);
	X509_REQ *csr = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);
	unsigned char *bytes = NULL;
	int len = csr == NULL ? -1 : i2d_X509_REQ(csr, &bytes);

	if (len > 0)
		buf_add(der, bytes, (size_t)len);
	OPENSSL_free(bytes);
	X509_REQ_free(csr);
	BIO_free(bio);
	(void)json_object_put(whole);
	return len > 0;
}

static void
add_cert(struct api *a, const struct http_request *request, struct buf *out)
{
	struct buf csr, leaf, text;
	size_t i;

	buf_init(&csr, 16384);
	buf_init(&leaf, 16384);
	buf_init(&text, 32768);
	if (!read_csr(request, &csr))
		buf_add(&csr, a->csr.data, a->csr.len);
	other_ca_issue(a->other, &a->wish, csr.data, csr.len, &leaf);
	str_base64(&text, leaf.data, leaf.len);
	buf_str(out, "-----BEGIN CERTIFICATE-----");
	for (i = 0; i < text.len; i++) {
		if (i % 64 == 0)
			buf_str(out, "\\n");
		buf_char(out, (char)text.data[i]);
	}
	buf_str(out, "\\n-----END CERTIFICATE-----\\n");
	buf_free(&csr);
	buf_free(&leaf);
	buf_free(&text);
}

static void
say(struct api *a, struct http_link *link, const struct http_request *request,
    const struct api_row *row)
{
	const char *cert = strstr(row->body, "@CERT@");
	struct buf body;

	buf_init(&body, 1U << 20);
	if (cert == NULL) {
		buf_str(&body, row->body);
	} else {
		buf_add(&body, row->body, (size_t)(cert - row->body));
		add_cert(a, request, &body);
		buf_str(&body, cert + strlen("@CERT@"));
	}
	http_link_answer(link, row->head, body.data, body.len);
	buf_free(&body);
}

static void
serve(struct http_link *link, void *cookie)
{
	struct api *a = cookie;
	size_t i, used = strlen(a->lines), len;

	if (!http_link_read(link, &a->last))
		return;
	len = (size_t)(strstr(a->last.head, " HTTP/") - a->last.head);
	assert(used + len + 2 <= sizeof(a->lines));
	memcpy(a->lines + used, a->last.head, len);
	memcpy(a->lines + used + len, ";", 2);
	for (i = 0; i < API_ROWS && a->rows[i].line != NULL; i++)
		if (str_starts(a->last.head, a->rows[i].line)) {
			if (a->rows[i].body != NULL)
				say(a, link, &a->last, &a->rows[i]);
			return;
		}
	(void)http_link_say(
	    link, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
}

/* --- fixture --- */

void
api_start(struct api *a)
{
	struct http_peer_conf conf = {.serve = serve, .cookie = a};

	memset(a, 0, sizeof(*a));
	fixture_open(&a->fixture);
	a->other = other_ca_new("Corp CA");
	a->root = identity_new("TLS root", NULL);
	a->server = identity_new("localhost", a->root);
	a->client = identity_new("ra", a->root);
	conf.identity = a->server;
	a->peer = http_peer_start(&conf);
	free(api_file(a, "anchors.pem", a->other->pem));
	free(api_file(a, "tls.pem", a->root->pem));
	free(api_file(a, "secret", "geheim\n"));
	buf_init(&a->csr, 16384);
	fixture_good_csr(&a->csr);
}

void
api_stop(struct api *a)
{
	ca_cert_clear(&a->got.cert);
	buf_free(&a->csr);
	ca_bridge_close(a->bridge);
	http_peer_stop(a->peer);
	identity_free(a->client);
	identity_free(a->server);
	identity_free(a->root);
	other_ca_free(a->other);
	fixture_close(&a->fixture);
}

void
api_row(struct api *a, const char *line, const char *head, const char *body)
{
	assert(a->rows[API_ROWS - 1].line == NULL);
	memmove(a->rows + 1, a->rows, sizeof(a->rows) - sizeof(a->rows[0]));
	a->rows[0] = (struct api_row){line, head, body};
}

void
api_forget(struct api *a)
{
	memset(a->rows, 0, sizeof(a->rows));
	a->lines[0] = '\0';
}

char *
api_url(const struct api *a, const char *host)
{
	return mem_printf(
	    "https://%s:%u", host, (unsigned)http_peer_port(a->peer));
}

char *
api_file(const struct api *a, const char *name, const char *text)
{
	char *path = fixture_path(&a->fixture, name);

	fixture_write(&a->fixture, name, text, strlen(text));
	assert_int_equal(chmod(path, 0600), 0);
	return path;
}

/* What every bridge has; the rest is the test's. */
static int
open_with(
    struct api *a, const struct ca_bridge_conf *conf, struct ca_bridge **ret)
{
	char *anchors = fixture_path(&a->fixture, "anchors.pem");
	char *tls = fixture_path(&a->fixture, "tls.pem");
	char *url = api_url(a, "localhost");
	struct ca_bridge_conf whole = *conf;
	int rc;

	whole.name = "corp";
	whole.url = conf->url == NULL ? url : conf->url;
	whole.anchors = anchors;
	whole.tls_ca = conf->tls_ca == NULL ? tls : conf->tls_ca;
	whole.timeout = 120;
	whole.retry_first = 100;
	whole.retry_most = 10000;
	rc = ca_bridge_open(&whole, ret, &a->err);
	free(anchors);
	free(tls);
	free(url);
	return rc;
}

void
api_open(struct api *a, const struct ca_bridge_conf *conf)
{
	ca_bridge_close(a->bridge);
	a->bridge = NULL;
	if (open_with(a, conf, &a->bridge) != 0)
		fail_msg("%s", a->err.text);
}

void
api_open_fails(
    struct api *a, const struct ca_bridge_conf *conf, const char *text)
{
	struct ca_bridge *b = NULL;

	if (open_with(a, conf, &b) == 0)
		fail_msg("opened, not \"%s\"", text);
	if (strstr(a->err.text, text) == NULL)
		fail_msg("\"%s\" is not in: %s", text, a->err.text);
}

/* --- asking --- */

int
api_ask(struct api *a)
{
	memset(&a->err, 0, sizeof(a->err));
	a->bridge->held_until = 0;
	return fixture_ask(&a->fixture, a->bridge, &a->csr, &a->got, &a->err);
}

void
api_expect(struct api *a, enum ca_bridge_outcome outcome)
{
	if (api_ask(a) != 0)
		fail_msg("%s", a->err.text);
	assert_int_equal(a->got.outcome, outcome);
}

void
api_fails(struct api *a, int rc, enum err_kind kind, const char *text)
{
	fixture_failed(rc, &a->err, kind, text);
}

void
api_test(struct api *a, const char *said, enum err_kind kind, const char *text)
{
	struct buf out;
	int rc;

	buf_init(&out, 65536);
	memset(&a->err, 0, sizeof(a->err));
	rc = ca_bridge_test(a->bridge, &out, &a->err);
	if ((rc == 0) != (kind == ERR_NONE) ||
	    strstr(buf_text(&out), said) == NULL)
		fail_msg("%d, \"%s\" is not in: %s (%s)", rc, said,
		    buf_text(&out), a->err.text);
	if (rc != 0)
		fixture_failed(rc, &a->err, kind, text);
	buf_free(&out);
}

struct state {
	char state[32], id[160];
	unsigned count;
};

static int
keep_state(void *cookie, const struct ca_bridge_row *row, struct err *err)
{
	struct state *s = cookie;

	(void)err;
	(void)snprintf(s->state, sizeof(s->state), "%s", row->state);
	(void)snprintf(s->id, sizeof(s->id), "%s", row->request_id);
	s->count++;
	return 0;
}

void
api_state(struct api *a, const char *state, char id[160])
{
	struct state s = {.count = 0};

	assert_int_equal(
	    ca_bridge_list(a->fixture.ca, keep_state, &s, &a->err), 0);
	assert_int_equal(s.count, 1);
	assert_string_equal(s.state, state);
	if (id != NULL)
		memcpy(id, s.id, sizeof(s.id));
}

int
api_revoke(struct api *a, bool *ret_told)
{
	const struct ca_bridge_end end = {.reason = 4, .now = a->fixture.now};

	memset(&a->err, 0, sizeof(a->err));
	return ca_bridge_revoke(
	    a->fixture.ca, a->bridge, "1267", &end, ret_told, &a->err);
}

/* --- golden files --- */

char *
api_golden(const char *name)
{
	char *path = mem_printf("%s/golden/bridge/%s", TESTS_DIR, name), *text;
	struct err err;
	struct buf got;

	buf_init(&got, 65536);
	if (file_read(path, 65536, &got, &err) != 0)
		fail_msg("%s", err.text);
	text = mem_dup(buf_text(&got));
	buf_free(&got);
	free(path);
	return text;
}

void
api_key_of(const char *pem, struct buf *spki)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	unsigned char *der = NULL;
	int len;

	assert_non_null(cert);
	len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	assert_true(len > 0);
	buf_add(spki, der, (size_t)len);
	OPENSSL_free(der);
	X509_free(cert);
	BIO_free(bio);
}
