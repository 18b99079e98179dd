/*
 * What a CMP message says, read by ourselves: libcrypto tells only what it has
 * verified, and people want to know what an answer said that nobody can prove.
 * Bytes in, words out; RFC 4210, appendix F, with the additions of RFC 9480.
 */
#include <openssl/err.h>
#include <string.h>

#include "cmp_internal.h"
#include "str.h"

#define TEXTS_MAX 16

struct info {
	const char *name;
	enum ca_bridge_outcome outcome;
};
/* PKIFailureInfo (RFC 4210, 5.2.3), by bit. */
static const struct info infos[] = {
    {"badAlg", CA_BRIDGE_REJECTED},
    {"badMessageCheck", CA_BRIDGE_MISCONFIGURED},
    {"badRequest", CA_BRIDGE_REJECTED},
    {"badTime", CA_BRIDGE_MISCONFIGURED},
    {"badCertId", CA_BRIDGE_REJECTED},
    {"badDataFormat", CA_BRIDGE_REJECTED},
    {"wrongAuthority", CA_BRIDGE_MISCONFIGURED},
    {"incorrectData", CA_BRIDGE_REJECTED},
    {"missingTimeStamp", CA_BRIDGE_REJECTED},
    {"badPOP", CA_BRIDGE_REJECTED},
    {"certRevoked", CA_BRIDGE_REJECTED},
    {"certConfirmed", CA_BRIDGE_REJECTED},
    {"wrongIntegrity", CA_BRIDGE_MISCONFIGURED},
    {"badRecipientNonce", CA_BRIDGE_REJECTED},
    {"timeNotAvailable", CA_BRIDGE_REJECTED},
    {"unacceptedPolicy", CA_BRIDGE_REJECTED},
    {"unacceptedExtension", CA_BRIDGE_REJECTED},
    {"addInfoNotAvailable", CA_BRIDGE_REJECTED},
    {"badSenderNonce", CA_BRIDGE_REJECTED},
    {"badCertTemplate", CA_BRIDGE_REJECTED},
    {"signerNotTrusted", CA_BRIDGE_MISCONFIGURED},
    {"transactionIdInUse", CA_BRIDGE_UNKNOWN},
    {"unsupportedVersion", CA_BRIDGE_MISCONFIGURED},
    {"notAuthorized", CA_BRIDGE_MISCONFIGURED},
    {"systemUnavail", CA_BRIDGE_LIMITED},
    {"systemFailure", CA_BRIDGE_LIMITED},
    {"duplicateCertReq", CA_BRIDGE_REJECTED},
};
#define INFOS (sizeof(infos) / sizeof(infos[0]))
#define CERT_REVOKED 10

/* --- reading --- */

static bool
read_texts(struct ca_span list, struct buf *out)
{
	struct ca_tlv text;
	unsigned count = 0;

	while (list.len > 0) {
		if (++count > TEXTS_MAX ||
		    ca_der_take(&list, CA_TAG_UTF8, &text) != 0)
			return false;
		if (out->len > 0)
			buf_str(out, ", ");
		str_printable(out, (const char *)text.body.p, text.body.len,
		    CA_BRIDGE_WORDS);
	}
	return true;
}

static bool
read_bits(struct ca_span bits, uint32_t *ret)
{
	size_t i;

	if (bits.len < 1 || bits.p[0] > 7)
		return false;
	*ret = 0;
	for (i = 0; i < INFOS && 1 + i / 8 < bits.len; i++)
		if ((bits.p[1 + i / 8] & (0x80 >> (i % 8))) != 0)
			*ret |= UINT32_C(1) << i;
	return true;
}

/* PKIStatusInfo's body: status, statusString, failInfo. */
static bool
read_info(struct ca_span in, struct ca_cmp_status *ret)
{
	struct ca_tlv v;

	if (ca_der_take(&in, CA_TAG_INTEGER, &v) != 0)
		return false;
	if (ca_der_take(&in, CA_TAG_SEQ, &v) == 0 &&
	    !read_texts(v.body, &ret->words))
		return false;
	if (ca_der_take(&in, CA_TAG_BITS, &v) == 0 &&
	    !read_bits(v.body, &ret->info))
		return false;
	return in.len == 0;
}

/* ErrorMsgContent: status, errorCode, errorDetails. */
static bool
read_error(struct ca_span in, struct ca_cmp_status *ret)
{
	struct ca_tlv v;

	if (ca_der_take(&in, CA_TAG_SEQ, &v) != 0 || !read_info(v.body, ret))
		return false;
	(void)ca_der_take(&in, CA_TAG_INTEGER, &v);
	return in.len == 0 ||
	    (ca_der_only(in, CA_TAG_SEQ, &v) == 0 &&
		read_texts(v.body, &ret->words));
}

/* CertRepMessage: caPubs, and the first CertResponse. */
static bool
read_response(struct ca_span in, struct ca_cmp_status *ret)
{
	struct ca_tlv v, one;

	(void)ca_der_take(&in, CA_TAG_CONTEXT_SEQ(1), &v);
	return ca_der_only(in, CA_TAG_SEQ, &v) == 0 &&
	    ca_der_take(&v.body, CA_TAG_SEQ, &one) == 0 &&
	    ca_der_take(&one.body, CA_TAG_INTEGER, &v) == 0 &&
	    ca_der_take(&one.body, CA_TAG_SEQ, &v) == 0 &&
	    read_info(v.body, ret);
}

/* RevRepContent: the first status. */
static bool
read_revocation(struct ca_span in, struct ca_cmp_status *ret)
{
	struct ca_tlv v;

	return ca_der_take(&in, CA_TAG_SEQ, &v) == 0 &&
	    ca_der_take(&v.body, CA_TAG_SEQ, &v) == 0 && read_info(v.body, ret);
}

const char *
ca_cmp_read_status(struct ca_span message, struct ca_cmp_status *ret)
{
	struct ca_tlv v, body;
	bool good;

	*ret = (struct ca_cmp_status){.body = CA_CMP_NONE};
	buf_init(&ret->words, sizeof(((struct err *)NULL)->text));
	if (ca_der_only(message, CA_TAG_SEQ, &v) != 0 ||
	    ca_der_take(&v.body, CA_TAG_SEQ, &body) != 0 ||
	    ca_der_next(&v.body, &body) != 0 ||
	    (body.tag & 0xe0) != CA_TAG_CONTEXT_SEQ(0))
		return "it is no CMP message";
	ret->body = (enum ca_cmp_body)(body.tag & 0x1f);
	if (ca_der_only(body.body, CA_TAG_SEQ, &v) != 0)
		return "its body is not one element";
	if (ret->body == CA_CMP_ERROR)
		good = read_error(v.body, ret);
	else if (ret->body == CA_CMP_CP)
		good = read_response(v.body, ret);
	else if (ret->body == CA_CMP_RP)
		good = read_revocation(v.body, ret);
	else
		return "it has no status";
	return good ? NULL : "its status cannot be read";
}

void
ca_cmp_status_clear(struct ca_cmp_status *s)
{
	buf_free(&s->words);
}

const char *
ca_cmp_each_cert(struct ca_span value, ca_cmp_cert_fn *fn, void *cookie)
{
	const unsigned char *p;
	struct ca_tlv list, one;
	unsigned count = 0;
	X509 *cert;

	if (ca_der_only(value, CA_TAG_SEQ, &list) != 0)
		return "it is no list";
	while (list.body.len > 0) {
		if (++count > CA_BRIDGE_CERTS_MAX)
			return "it holds too many certificates";
		if (ca_der_take(&list.body, CA_TAG_SEQ, &one) != 0)
			return "an entry is no certificate";
		p = one.whole.p;
		cert = d2i_X509(NULL, &p, (long)one.whole.len);
		ERR_clear_error();
		if (cert == NULL)
			return "an entry is no certificate";
		fn(cookie, cert);
		X509_free(cert);
	}
	return count > 0 ? NULL : "it is empty";
}

/* --- judging --- */

bool
ca_cmp_is_revoked(uint32_t info)
{
	return (info & UINT32_C(1) << CERT_REVOKED) != 0;
}

/* Of several reasons, the one that says most about what to do. */
static enum ca_bridge_outcome
outcome_of(uint32_t info)
{
	static const enum ca_bridge_outcome order[] = {
	    CA_BRIDGE_LIMITED, CA_BRIDGE_MISCONFIGURED, CA_BRIDGE_UNKNOWN};
	size_t i, k;

	for (k = 0; k < sizeof(order) / sizeof(order[0]); k++)
		for (i = 0; i < INFOS; i++)
			if ((info & UINT32_C(1) << i) != 0 &&
			    infos[i].outcome == order[k])
				return order[k];
	return CA_BRIDGE_REJECTED;
}

void
ca_cmp_judge(uint32_t info, const char *words, struct ca_bridge_answer *ret)
{
	struct buf names;
	size_t i;

	buf_init(&names, sizeof(((struct err *)NULL)->text));
	for (i = 0; i < INFOS; i++)
		if ((info & UINT32_C(1) << i) != 0)
			buf_printf(&names, "%s%s", names.len > 0 ? ", " : " (",
			    infos[i].name);
	if (names.len > 0)
		buf_char(&names, ')');
	ca_bridge_answer_set(ret, outcome_of(info), "the CA refuses%s%s%s",
	    buf_text(&names), words[0] != '\0' ? ": " : "", words);
	buf_free(&names);
}
