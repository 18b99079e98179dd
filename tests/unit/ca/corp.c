#include "corp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void
corp_start(struct corp *c)
{
	memset(c, 0, sizeof(*c));
	fixture_open(&c->fixture);
	c->other = other_ca_new("Corp CA");
	corp_file(c, "anchors.pem", c->other->pem);
	buf_init(&c->csr, 16384);
	fixture_good_csr(&c->csr);
}

void
corp_stop(struct corp *c)
{
	ca_cert_clear(&c->got.cert);
	buf_free(&c->csr);
	ca_bridge_close(c->bridge);
	other_ca_free(c->other);
	fixture_close(&c->fixture);
}

void
corp_file(const struct corp *c, const char *name, const char *text)
{
	fixture_write(&c->fixture, name, text, strlen(text));
}

int
corp_try_open(
    struct corp *c, const struct ca_bridge_conf *conf, struct ca_bridge **ret)
{
	struct ca_bridge_conf whole = *conf;
	const char **const files[] = {&whole.anchors, &whole.tls_ca,
	    &whole.certificate, &whole.key, &whole.signer, &whole.password_file,
	    &whole.token_file};
	const size_t count = sizeof(files) / sizeof(files[0]);
	char *paths[sizeof(files) / sizeof(files[0])] = {NULL};
	size_t i;
	int rc;

	whole.name = "corp";
	if (whole.anchors == NULL)
		whole.anchors = "anchors.pem";
	for (i = 0; i < count; i++)
		if (*files[i] != NULL)
			*files[i] = paths[i] =
			    fixture_path(&c->fixture, *files[i]);
	if (whole.timeout == 0)
		whole.timeout = 120;
	whole.retry_first = 100;
	whole.retry_most = 10000;
	rc = ca_bridge_open(&whole, ret, &c->err);
	for (i = 0; i < count; i++)
		free(paths[i]);
	return rc;
}

void
corp_open(struct corp *c, const struct ca_bridge_conf *conf)
{
	ca_bridge_close(c->bridge);
	c->bridge = NULL;
	if (corp_try_open(c, conf, &c->bridge) != 0)
		fail_msg("%s", c->err.text);
}

int
corp_ask(struct corp *c)
{
	return fixture_ask(&c->fixture, c->bridge, &c->csr, &c->got, &c->err);
}

void
corp_expect(struct corp *c, enum ca_bridge_outcome outcome)
{
	if (corp_ask(c) != 0)
		fail_msg("%s", c->err.text);
	assert_int_equal(c->got.outcome, outcome);
}

void
corp_refused(struct corp *c, enum err_kind kind, const char *text)
{
	fixture_failed(corp_ask(c), &c->err, kind, text);
}

void
corp_test(
    struct corp *c, const char *said, enum err_kind kind, const char *text)
{
	struct buf out;
	int rc;

	buf_init(&out, 65536);
	rc = ca_bridge_test(c->bridge, &out, &c->err);
	if ((rc == 0) != (kind == ERR_NONE) ||
	    strstr(buf_text(&out), said) == NULL)
		fail_msg("%d, \"%s\" is not in: %s (%s)", rc, said,
		    buf_text(&out), c->err.text);
	if (rc != 0)
		fixture_failed(rc, &c->err, kind, text);
	buf_free(&out);
}

static int
keep_row(void *cookie, const struct ca_bridge_row *row, struct err *err)
{
	(void)err;
	(void)snprintf(
	    cookie, CORP_ROW_MAX, "%s %s", row->state, row->request_id);
	return 0;
}

void
corp_on_record(struct corp *c, char row[CORP_ROW_MAX])
{
	(void)snprintf(row, CORP_ROW_MAX, "none ");
	assert_int_equal(
	    ca_bridge_list(c->fixture.ca, keep_row, row, &c->err), 0);
}
