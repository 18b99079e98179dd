#include "revocation_answer_internal.h"

#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "http.h"
#include "str.h"

#define CERT_MAX 8192
#define CERT_KEEP "public, max-age=86400"
/* Less than the week and the day that CRL and answers are good for: who can ask
 * us again is to see a revocation soon. */
#define CRL_KEEP "public, max-age=3600"
#define OCSP_KEEP_S 3600
#define RETRY_AFTER_S 5

void
revocation_refuse(struct http_request *request, int status)
{
	struct http_answer answer = {.status = status,
	    .cache = "no-store",
	    .retry_after = status == 503 ? RETRY_AFTER_S : 0};

	http_answer(request, &answer);
}

void
revocation_give_crl(struct http_request *request,
    const struct ca_crl_info *info, struct http_body *crl)
{
	struct http_answer answer = {.status = 200,
	    .type = "application/pkix-crl",
	    .body = crl,
	    .cache = CRL_KEEP,
	    .modified = info->this_update};
	char etag[32];

	(void)snprintf(etag, sizeof(etag), "\"%lld\"", (long long)info->number);
	answer.etag = etag;
	http_answer(request, &answer);
}

bool
revocation_name(
    const struct http_request *request, const char *end, char ret_name[CA_NAME])
{
	const char *rest = http_request_rest(request);
	size_t len = strlen(rest), tail = strlen(end);

	if (len != CA_NAME - 1 + tail || !str_eq(rest + len - tail, end))
		return false;
	memcpy(ret_name, rest, CA_NAME - 1);
	ret_name[CA_NAME - 1] = '\0';
	return true;
}

void
revocation_give_cert(struct http_request *request, const struct ca *ca)
{
	struct http_answer answer = {
	    .status = 200, .type = "application/pkix-cert", .cache = CERT_KEEP};
	char name[CA_NAME];
	struct buf der;

	buf_init(&der, CERT_MAX);
	if (revocation_name(request, ".cer", name) &&
	    ca_certificate(ca, name, &der, NULL) == 0) {
		answer.body = http_body_new(&der);
		http_answer(request, &answer);
		http_body_drop(answer.body);
	} else {
		revocation_refuse(request, 404);
	}
	buf_free(&der);
}

/* RFC 5019, 6.2: who asks by GET may keep what has no nonce in it. */
static void
let_keep(const struct ca_ocsp *ocsp, struct http_answer *answer, char *cache,
    size_t size)
{
	int64_t life = ocsp->next_update - ocsp->now;

	if (life > OCSP_KEEP_S)
		life = OCSP_KEEP_S;
	(void)snprintf(cache, size,
	    "public, no-transform, must-revalidate, max-age=%lld",
	    (long long)life);
	answer->cache = cache;
	answer->modified = ocsp->this_update;
	answer->expires = ocsp->next_update;
}

/* A quoted hash of the answer. */
static void
tag_of(const struct buf *der, char etag[2 * 32 + 3])
{
	uint8_t digest[32];

	str_sha256(der->data, der->len, digest);
	etag[0] = '"';
	str_hex(digest, sizeof(digest), etag + 1);
	etag[2 * sizeof(digest) + 1] = '"';
	etag[2 * sizeof(digest) + 2] = '\0';
}

void
revocation_give_ocsp(struct http_request *request, const struct ca_ocsp *ocsp,
    bool get, struct buf *der)
{
	struct http_answer answer = {.status = 200,
	    .type = "application/ocsp-response",
	    .cache = "no-store"};
	char cache[80], etag[2 * 32 + 3];

	if (get && ocsp->next_update != 0) {
		let_keep(ocsp, &answer, cache, sizeof(cache));
		tag_of(der, etag);
		answer.etag = etag;
	}
	answer.body = http_body_new(der);
	http_answer(request, &answer);
	http_body_drop(answer.body);
}
