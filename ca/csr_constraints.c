/*
 * Name constraints of those who vouch for us (RFC 5280, 4.2.1.10).  Our own two
 * have none; a certificate imported from an enterprise's CA often has.  OpenSSL
 * judges a draft of the certificate: the names are the record's, the signature
 * is nobody's.
 */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "ca_internal.h"
#include "csr_internal.h"
#include "signer_internal.h"
#include "template_internal.h"

#define DRAFT_MAX 8192

static X509 *
draft(const struct ca_csr_case *c)
{
	static const uint8_t nobody = 0;
	const struct ca *ca = c->ca;
	struct ca_tbs tbs = {
	    .serial = {1},
	    .algorithm = ca_signer_algorithm(ca->signer),
	    .issuer = ca->issuing.subject,
	    .spki = c->csr.spki,
	    .authority_key = ca->issuing.subject_key,
	    .names = &c->want,
	    .usages = ca_template_usages(c->t),
	};
	struct buf name, der;
	const unsigned char *p;
	size_t mark;
	X509 *x;

	buf_init(&name, 512);
	buf_init(&der, DRAFT_MAX);
	ca_tbs_name(&name, NULL, c->want.dns[0]);
	tbs.subject = ca_der_bytes(&name);
	mark = ca_der_open(&der, CA_TAG_SEQ);
	ca_tbs_write(&tbs, &der);
	ca_der_span(&der, tbs.algorithm);
	ca_der_bits(&der, &nobody, 1, 0);
	ca_der_close(&der, mark);
	p = der.data;
	x = der.over ? NULL : d2i_X509(NULL, &p, (long)der.len);
	buf_free(&name);
	buf_free(&der);
	return x;
}

static int
check_against(const struct ca_issuer *issuer, X509 *x, struct err *err)
{
	int why = X509_V_OK;

	if (issuer->constraints == NULL)
		return 0;
	why = NAME_CONSTRAINTS_check(x, issuer->constraints);
	if (why == X509_V_OK)
		return 0;
	return err_native(err, ERR_REFUSED, ERR_OPENSSL, why,
	    "an issuer of ours must not vouch for this name: %s",
	    X509_verify_cert_error_string(why));
}

static bool
any_constraints(const struct ca *ca)
{
	size_t i;

	for (i = 0; ca_above(ca, i) != NULL; i++)
		if (ca_above(ca, i)->constraints != NULL)
			return true;
	return false;
}

int
ca_rule_names_constraints(struct ca_csr_case *c, struct err *err)
{
	int rc = 0;
	size_t i;
	X509 *x;

	if (c->ca == NULL || !any_constraints(c->ca))
		return 0;
	x = draft(c);
	/* Fills in what the check looks at. */
	if (x == NULL || X509_check_purpose(x, -1, 0) != 1)
		rc = ca_openssl_err(err, ERR_BUG, "draft of the certificate");
	for (i = 0; rc == 0 && ca_above(c->ca, i) != NULL; i++)
		rc = check_against(ca_above(c->ca, i), x, err);
	X509_free(x);
	ERR_clear_error();
	return rc;
}
