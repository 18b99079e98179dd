/* A batch of requests and renewals, on a worker. */
#include "revocation_batch_internal.h"

#include "clock.h"
#include "http.h"
#include "str.h"

static void
answer_ocsp(struct revocation_batch *b, struct revocation_ask *ask)
{
	struct buf decoded;
	size_t len;

	buf_init(&decoded, CA_OCSP_REQUEST_MAX + 1);
	if (ask->get) {
		/* No base64 at all becomes a request of no bytes. */
		if (str_unbase64(&decoded, http_request_rest(ask->request)) !=
		    0)
			buf_reset(&decoded);
		ask->ocsp.request = decoded.data;
		ask->ocsp.len = decoded.len;
	} else {
		ask->ocsp.request = http_request_body(ask->request, &len);
		ask->ocsp.len = len;
	}
	ask->ocsp.now = clock_now();
	if (ca_ocsp(b->ca, &ask->ocsp, &ask->der, &ask->err) == 0)
		err_clear(&ask->err);
	buf_free(&decoded);
}

static void
renew_list(struct revocation_renewal *n)
{
	int rc = n->root
	    ? ca_root_crl_since(n->ca, clock_now(), &n->info, &n->der, &n->err)
	    : ca_crl_since(n->ca, clock_now(), &n->info, &n->der, &n->err);

	if (rc == 0)
		err_clear(&n->err);
}

static void
want_list(struct revocation_batch *b, const char *name)
{
	size_t i;

	for (i = 0; i < b->count; i++)
		if (str_eq(name, b->renewals[i].name))
			b->renewals[i].wanted = true;
}

void
revocation_work(void *arg)
{
	struct revocation_batch *b = arg;
	struct revocation_ask *ask;
	int64_t next;
	size_t i;

	for (ask = b->first; ask != NULL; ask = ask->next) {
		if (ask->crl[0] != '\0')
			want_list(b, ask->crl);
		else
			answer_ocsp(b, ask);
	}
	for (i = 0; i < b->count; i++)
		if (b->upkeep || b->renewals[i].wanted)
			renew_list(&b->renewals[i]);
	if (b->upkeep && b->listens &&
	    ca_ocsp_ready(b->ca, clock_now(), &next, &b->responder_err) == 0)
		err_clear(&b->responder_err);
}
