/* The CA itself: its issuers, what is wrong, what is never certified. */
#include "ca.h"

#include <stdlib.h>
#include <string.h>

#include "api_internal.h"
#include "ca_health.h"
#include "conf.h"
#include "mem.h"
#include "plan.h"
#include "records_ca.h"
#include "store.h"
#include "str.h"

/* --- issuers --- */

static int
write_line(void *cookie, const struct ca_line_info *info, struct err *err)
{
	struct api_call *c = cookie;

	record_issuer(&c->row, info, c->now);
	return api_row_end(c, err);
}

int
api_issuers_list(struct api_call *c, struct err *err)
{
	const struct ca_conf files = {.database = c->conf->ca_database,
	    .key_file = c->conf->ca_key,
	    .vault = c->vault,
	    .url = c->conf->revocation_url};

	api_page_begin(c, &api_issuer_row);
	if (ca_lines(&files, write_line, c, err) != 0)
		return -1;
	api_page_end(c, NULL);
	return 0;
}

typedef int write_fn(const struct ca *ca, struct buf *out, struct err *err);

static int
answer_pem(struct api_call *c, write_fn *write, struct err *err)
{
	struct buf pem;
	int r;

	if (api_need_ca(c, err) != 0)
		return -1;
	buf_init(&pem, API_ANSWER_MAX);
	r = write(c->ca, &pem, err);
	if (r == 0)
		(void)fwrite(pem.data, 1, pem.len, c->out);
	buf_free(&pem);
	return r;
}

int
api_ca_chain(struct api_call *c, struct err *err)
{
	const char *part = api_text(c, "part");

	if (str_eq(part, "root"))
		return answer_pem(c, ca_root_pem, err);
	return answer_pem(
	    c, str_eq(part, "all") ? ca_trust_pem : ca_chain_pem, err);
}

int
api_ca_crl(struct api_call *c, struct err *err)
{
	struct ca_crl_info info = {.number = 0};
	struct buf der;
	int r;

	if (api_need_ca(c, err) != 0)
		return -1;
	buf_init(&der, API_ANSWER_MAX);
	r = str_eq(api_text(c, "issuer"), "root")
	    ? ca_root_crl_since(c->ca, c->now, &info, &der, err)
	    : ca_crl(c->ca, c->now, &der, err);
	if (r == 0)
		(void)fwrite(der.data, 1, der.len, c->out);
	buf_free(&der);
	return r;
}

/* --- health --- */

static int
write_finding(void *cookie, const struct ca_finding *f, struct err *err)
{
	struct api_call *c = cookie;

	record_health(&c->row, f);
	return api_row_end(c, err);
}

int
api_ca_health(struct api_call *c, struct err *err)
{
	const struct daemon_ca_health j = {
	    c->store, c->ca, c->conf, c->policy->profile};

	if (api_need_ca(c, err) != 0)
		return -1;
	api_page_begin(c, &api_health_row);
	if (daemon_ca_health(&j, write_finding, c, err) != 0)
		return -1;
	api_page_end(c, NULL);
	return 0;
}

/* --- keys that are never certified --- */

struct listing {
	struct api_page page;
	const char *after;
};

static int
write_blocked(void *cookie, const struct ca_blocked *b, struct err *err)
{
	struct listing *l = cookie;
	struct api_call *c = l->page.c;

	if ((l->after != NULL && strcmp(b->sha256, l->after) <= 0) ||
	    !api_page_takes(&l->page, b->sha256))
		return 0;
	record_blocked(&c->row, b);
	return api_row_end(c, err);
}

int
api_blocks_list(struct api_call *c, struct err *err)
{
	struct listing l = {
	    .page = api_page_new(c), .after = api_text(c, "cursor")};

	if (api_need_ca(c, err) != 0)
		return -1;
	api_page_begin(c, &api_blocked_row);
	return api_page_close(
	    &l.page, ca_block_list(c->ca, write_blocked, &l, err));
}

struct adding {
	struct api_call *c;
	char first[65]; /* for the event */
	int64_t added, known;
	struct buf devices; /* that have a valid certificate of such a key */
};

static int
add_one(void *cookie, const struct ca_blocked *read, struct err *err)
{
	struct adding *a = cookie;
	const char *note = api_body_text(a->c, "note");
	struct ca_blocked b = *read;
	char *device = NULL;
	int rc;

	b.at = a->c->now;
	if (str_empty(b.note) && note != NULL)
		b.note = note;
	rc = ca_block_add(a->c->ca, &b, &device, err);
	if (rc == 0)
		a->known++;
	else if (rc == 1 && a->added++ == 0)
		(void)snprintf(a->first, sizeof(a->first), "%s", b.sha256);
	if (device != NULL)
		buf_printf(&a->devices, "%s%s", a->devices.len == 0 ? "" : ",",
		    device);
	free(device);
	return rc < 0 ? -1 : 0;
}

static int
tell(struct adding *a, struct err *err)
{
	char *detail = mem_printf(
	    "{\"keys\":%lld,\"first\":\"%s\"}", (long long)a->added, a->first);
	const struct store_event event = {.at = a->c->now,
	    .kind = "key.blocked",
	    .actor = a->c->actor,
	    .detail = detail};
	int r = store_event_add(a->c->store, &event, err);

	free(detail);
	return r;
}

/* All lines are read before the first is added: a bad one adds none. */
static int
count_one(void *cookie, const struct ca_blocked *b, struct err *err)
{
	(void)b;
	(void)err;
	++*(size_t *)cookie;
	return 0;
}

int
api_blocks_add(struct api_call *c, struct err *err)
{
	struct adding a = {.c = c};
	struct buf text;
	size_t count = 0;
	int r;

	if (api_need_ca(c, err) != 0)
		return -1;
	buf_init(&text, API_BODY_MAX);
	buf_init(&a.devices, API_BODY_MAX);
	buf_str(&text, api_body_text(c, "keys"));
	r = ca_block_read(&text, count_one, &count, err);
	if (r == 0)
		r = ca_block_read(&text, add_one, &a, err);
	if (r == 0 && a.added > 0)
		r = tell(&a, err);
	if (r == 0) {
		api_row_begin(c, &api_blocking_row);
		api_put_int(c, a.added);
		api_put_int(c, a.known);
		api_put_text(c, buf_text(&a.devices));
		r = api_row_end(c, err);
	}
	buf_free(&a.devices);
	buf_free(&text);
	return r;
}

/* The event is committed behind: after a crash in between the key is to be
 * taken out once more, which says so again. */
int
api_blocks_remove(struct api_call *c, struct err *err)
{
	const char *sha256 = c->match.segments[0];

	if (api_need_ca(c, err) != 0 ||
	    api_event(c, NULL, "key.unblocked", "first", sha256, err) != 0)
		return -1;
	return ca_block_remove(c->ca, sha256, err);
}
