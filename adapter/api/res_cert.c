/* certificates: those that the CA's records have, and their revocation. */
#include <stdlib.h>
#include <string.h>

#include "api_internal.h"
#include "bridge_issue.h"
#include "ca.h"
#include "mem.h"
#include "records_ca.h"
#include "store.h"
#include "str.h"

static int
write_cert(struct api_call *c, const struct ca_cert *cert, struct err *err)
{
	record_cert(&c->row, cert);
	return api_row_end(c, err);
}

int
api_need_ca(const struct api_call *c, struct err *err)
{
	if (c->ca != NULL)
		return 0;
	return err_set(err, ERR_STORAGE, "the CA's records are not open");
}

/* --- the list --- */

struct listing {
	struct api_page page;
	const char *after; /* a serial that is passed over, as those before */
};

static int
list_cert(void *cookie, const struct ca_cert *cert, struct err *err)
{
	struct listing *l = cookie;

	if (l->after != NULL) {
		if (str_eq(cert->serial, l->after))
			l->after = NULL;
		return 0;
	}
	if (!api_page_takes(&l->page, cert->serial))
		return err_set(err, ERR_CANCELLED, "the page is full");
	return write_cert(l->page.c, cert, err);
}

int
api_certs_list(struct api_call *c, struct err *err)
{
	int64_t within = api_int(c, "expiring", 0);
	const struct ca_list_of of = {.device = api_text(c, "device"),
	    .ends_from = within == 0 ? 0 : c->now,
	    .ends_before = within == 0 ? 0 : c->now + within};
	struct listing l = {
	    .page = api_page_new(c), .after = api_text(c, "cursor")};
	int r;

	if (api_need_ca(c, err) != 0)
		return -1;
	api_page_begin(c, &api_cert_row);
	r = ca_list(c->ca, &of, list_cert, &l, err);
	if (r != 0 && l.page.more) {
		err_clear(err);
		r = 0;
	}
	return api_page_close(&l.page, r);
}

/* --- one --- */

static int
answer_cert(struct api_call *c, const char *serial, struct err *err)
{
	struct ca_cert cert = {.der = NULL};
	int r;

	if (api_need_ca(c, err) != 0 ||
	    ca_find(c->ca, NULL, serial, &cert, err) != 0)
		return -1;
	api_row_begin(c, &api_cert_row);
	r = write_cert(c, &cert, err);
	ca_cert_clear(&cert);
	return r;
}

int
api_certs_get(struct api_call *c, struct err *err)
{
	return answer_cert(c, c->match.segments[0], err);
}

int
api_certs_pem(struct api_call *c, struct err *err)
{
	struct ca_cert cert = {.der = NULL};
	struct buf pem;
	int r;

	if (api_need_ca(c, err) != 0 ||
	    ca_find(c->ca, NULL, c->match.segments[0], &cert, err) != 0)
		return -1;
	buf_init(&pem, API_ANSWER_MAX);
	r = ca_cert_pem(&cert, &pem, err);
	if (r == 0)
		(void)fwrite(pem.data, 1, pem.len, c->out);
	buf_free(&pem);
	ca_cert_clear(&cert);
	return r;
}

/* Only our own: what came over a bridge is its CA's to revoke. */
static int
check_issuer(const struct ca_cert *cert, struct err *err)
{
	if (str_eq(cert->issuer, CA_ISSUER_INTERNAL))
		return 0;
	return err_set(err, ERR_REFUSED,
	    "it was issued over the bridge %s: \"amtkeeper ca revoke\" asks "
	    "there",
	    cert->issuer);
}

static int
tell(
    struct api_call *c, const struct ca_cert *cert, int reason, struct err *err)
{
	char *detail = mem_printf(
	    "{\"serial\":\"%s\",\"reason\":%d}", cert->serial, reason);
	const struct store_event event = {.at = c->now,
	    .kind = "certificate.revoked",
	    .actor = c->actor,
	    .detail = detail};
	int r = store_event_add(c->store, &event, err);

	free(detail);
	return r;
}

/* The event is written before and committed behind: a crash in between leaves a
 * revocation that can be asked for again. */
int
api_certs_revoke(struct api_call *c, struct err *err)
{
	const char *word = api_body_text(c, "reason");
	const int reason = word == NULL ? 0 : ca_reason_number(word);
	struct ca_cert cert = {.der = NULL};
	int r;

	if (api_need_ca(c, err) != 0 ||
	    ca_find(c->ca, NULL, c->match.segments[0], &cert, err) != 0)
		return -1;
	r = check_issuer(&cert, err);
	if (r == 0)
		r = tell(c, &cert, reason, err);
	if (r == 0)
		r = ca_revoke(c->ca, cert.serial, reason, c->now, err);
	if (r == 0)
		r = answer_cert(c, cert.serial, err);
	ca_cert_clear(&cert);
	return r;
}
