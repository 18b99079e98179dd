/* What follows from a template. */
#include "template_internal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "ca.h"
#include "ca_internal.h"
#include "clock.h"
#include "mem.h"
#include "names_internal.h"
#include "signer_internal.h"
#include "str.h"

#define TBS_MAX 8192
#define LABEL_MAX 63
/* subjectPublicKey of RSA-3072 (RSAPublicKey) and P-384 (a point). */
#define RSA_ROOM(bits) ((bits) / 8 + 16)
#define P384_ROOM 97

struct ca_key_policy
ca_template_key(const struct ca_template *t, int amt_major)
{
	bool strong = amt_major >= CA_AMT_STRONG;
	struct ca_key_policy policy = {
	    .rsa_bits = 2048, .hash_bits = strong ? 384 : 256};

	if (str_eq(t->key, "ec-p384")) {
		policy.rsa_bits = 0;
		policy.p384 = true;
		policy.hash_bits = 384;
	} else if (str_eq(t->key, "ec-p256")) {
		policy.rsa_bits = 0;
		policy.p256 = true;
		policy.hash_bits = 256;
	} else if (str_eq(t->key, "rsa-3072")) {
		policy.rsa_bits = 3072;
	} else if (str_eq(t->key, "auto") && strong) {
		policy.rsa_bits = 3072;
		policy.p384 = true;
	}
	return policy;
}

void
ca_template_key_text(const struct ca_key_policy *policy, char *out, size_t room)
{
	char rsa[16] = "";

	if (policy->rsa_bits != 0)
		(void)snprintf(rsa, sizeof(rsa), "RSA-%u", policy->rsa_bits);
	(void)snprintf(out, room, "%s%s%s", rsa,
	    policy->rsa_bits != 0 && policy->p384 ? " or " : "",
	    policy->p384       ? "P-384"
		: policy->p256 ? "P-256"
			       : "");
}

unsigned
ca_template_usages(const struct ca_template *t)
{
	unsigned bits = 0;
	int rc = ca_usage_parse(t->usages, &bits, NULL);

	assert(rc == 0);
	(void)rc;
	return bits;
}

size_t
ca_template_max_size(const struct ca_template *t)
{
	return t->max_size == 0 ? CA_SIZE_MAX : (size_t)t->max_size;
}

const struct ca_issuer *
ca_first_to_end(const struct ca *ca, const char **ret_which)
{
	const struct ca_issuer *first = &ca->issuing;
	size_t i;

	if (ret_which != NULL)
		*ret_which = ca_above_name(ca, 0);
	for (i = 1; ca_above(ca, i) != NULL; i++) {
		if (ca_above(ca, i)->not_after >= first->not_after)
			continue;
		first = ca_above(ca, i);
		if (ret_which != NULL)
			*ret_which = ca_above_name(ca, i);
	}
	return first;
}

struct ca_period
ca_template_period(
    const struct ca *ca, const struct ca_template *t, int64_t now)
{
	struct ca_period p = {
	    .not_before = now - t->backdate,
	    /* The end belongs to the validity (RFC 5280, 4.1.2.5). */
	    .not_after = now + t->validity - 1,
	};
	int64_t end;

	if (ca == NULL)
		return p;
	if (p.not_before < ca->issuing.not_before)
		p.not_before = ca->issuing.not_before;
	end = ca_first_to_end(ca, NULL)->not_after;
	if (t->clamp && p.not_after > end)
		p.not_after = end;
	return p;
}

/* A SubjectPublicKeyInfo of the right length, or longer, with nothing in it. */
static void
write_key(struct buf *out, const struct ca_key_policy *policy)
{
	static const uint8_t nothing[RSA_ROOM(3072)];
	bool rsa = policy->rsa_bits != 0;
	size_t spki = ca_der_open(out, CA_TAG_SEQ);
	size_t algorithm = ca_der_open(out, CA_TAG_SEQ);

	ca_der_span(out, rsa ? ca_oids.rsa : ca_oids.ec);
	if (rsa)
		ca_der_tlv(out, CA_TAG_NULL, NULL, 0);
	else
		ca_der_span(out, ca_oids.p384);
	ca_der_close(out, algorithm);
	ca_der_bits(out, nothing,
	    rsa ? RSA_ROOM(policy->rsa_bits) : (size_t)P384_ROOM, 0);
	ca_der_close(out, spki);
}

static char *
longest_text(size_t len)
{
	char *text = mem_alloc(len + 1);

	memset(text, 'a', len);
	return text;
}

/* The longest names there can be. */
static void
longest_names(const struct ca_template *t, struct ca_names *ret)
{
	char name[CA_CN_MAX + 1];

	memset(name, 'a', CA_CN_MAX);
	name[CA_CN_MAX] = '\0';
	ca_names_add(ret, name, CA_CN_MAX);
	if (t->short_name)
		ca_names_add(ret, name, LABEL_MAX);
	ret->with_address = t->address;
	ret->upn = t->upn ? longest_text(CA_UPN_MAX) : NULL;
	ret->sid = t->sid ? longest_text(CA_SID_MAX) : NULL;
}

size_t
ca_template_largest(const struct ca *ca, const struct ca_template *t)
{
	struct ca_key_policy policy = ca_template_key(t, CA_AMT_STRONG);
	struct ca_names names = {.count = 0};
	struct buf key, name, tbs;
	struct ca_tbs cert = {
	    .algorithm = ca_signer_algorithm(ca->signer),
	    .issuer = ca->issuing.subject,
	    .authority_key = ca->issuing.subject_key,
	    .names = &names,
	    .places = &ca->places,
	    .usages = ca_template_usages(t),
	};
	size_t size;

	buf_init(&key, TBS_MAX);
	buf_init(&name, TBS_MAX);
	buf_init(&tbs, TBS_MAX);
	longest_names(t, &names);
	write_key(&key, &policy);
	ca_tbs_name(&name, NULL, names.dns[0]);
	memset(cert.serial, 0x7f, sizeof(cert.serial));
	cert.spki = ca_der_bytes(&key);
	cert.subject = ca_der_bytes(&name);
	ca_tbs_write(&cert, &tbs);
	size = ca_signer_size(ca->signer, tbs.len);
	ca_names_clear(&names);
	buf_free(&key);
	buf_free(&name);
	buf_free(&tbs);
	return size;
}

void
ca_template_facts(const struct ca *ca, const struct ca_template *t, int64_t now,
    struct ca_template_facts *ret)
{
	struct ca_key_policy old = ca_template_key(t, 0);
	struct ca_key_policy strong = ca_template_key(t, CA_AMT_STRONG);
	char a[32], b[32];
	unsigned bits;

	memset(ret, 0, sizeof(*ret));
	ca_template_key_text(&old, a, sizeof(a));
	ca_template_key_text(&strong, b, sizeof(b));
	if (str_eq(a, b))
		(void)snprintf(ret->key, sizeof(ret->key), "%s", a);
	else
		(void)snprintf(ret->key, sizeof(ret->key),
		    "%s to AMT %d, %s from AMT %d on", a, CA_AMT_STRONG - 1, b,
		    CA_AMT_STRONG);
	if (ca_usage_parse(t->usages, &bits, NULL) != 0)
		return;
	(void)snprintf(ret->usage, sizeof(ret->usage), "digitalSignature%s",
	    (bits & CA_USAGE_SERVER) == 0 || strong.rsa_bits == 0
		? ""
		: ", with RSA also keyEncipherment");
	if (t->validity > 0 && t->validity <= CA_VALIDITY_MAX)
		ret->ends = ca_template_period(ca, t, now).not_after;
	if (ca != NULL)
		ret->largest = (int64_t)ca_template_largest(ca, t);
}
