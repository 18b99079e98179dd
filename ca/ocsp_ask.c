/*
 * The other side of OCSP: a question about one of our certificates, what an
 * answer says, and whether it is one that readers will believe.
 */
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "ca_internal.h"
#include "ocsp_internal.h"
#include "pki_text.h"
#include "str.h"

/* --- asking --- */

/* Who issued it, of those we answer for. */
static const struct ca_issuer *
issuer_of(const struct ca *ca, X509 *x509)
{
	const struct ca *line;

	for (line = ca; line != NULL; line = line->older)
		if (X509_check_issued(line->issuing.x509, x509) == X509_V_OK)
			return &line->issuing;
	for (line = ca; line != NULL; line = line->older)
		if (X509_check_issued(line->root.x509, x509) == X509_V_OK &&
		    X509_cmp(line->root.x509, x509) != 0)
			return &line->root;
	return NULL;
}

/* The same by a serial number: the CA that issues, if it is none of ours. */
static const struct ca_issuer *
issuer_by_serial(struct ca *ca, const char *serial)
{
	char own[CA_ISSUER_SERIAL];
	const struct ca *line;
	struct ca_cert cert;

	for (line = ca; line != NULL; line = line->older)
		if (ca_issuer_serial(&line->issuing, own) &&
		    strcasecmp(own, serial) == 0)
			return ca_above(line, 1);
	if (ca_find(ca, NULL, serial, &cert, NULL) != 0)
		return &ca->issuing;
	line = ca_line_of(ca, &cert);
	ca_cert_clear(&cert);
	return &line->issuing;
}

/* Who issued it, and its serial number; given. */
static const struct ca_issuer *
find_issuer(struct ca *ca, const struct ca_ocsp_about *about,
    ASN1_INTEGER **ret_serial, struct err *err)
{
	const unsigned char *p = about->der;
	const struct ca_issuer *issuer = NULL;
	BIGNUM *number = NULL;
	X509 *x509 = NULL;

	if (about->der != NULL)
		x509 = d2i_X509(NULL, &p, (long)about->len);
	if (x509 != NULL) {
		*ret_serial = ASN1_INTEGER_dup(X509_get0_serialNumber(x509));
		issuer = issuer_of(ca, x509);
	} else if (about->der == NULL && about->serial[0] != '\0' &&
	    BN_hex2bn(&number, about->serial) == (int)strlen(about->serial)) {
		*ret_serial = BN_to_ASN1_INTEGER(number, NULL);
		issuer = issuer_by_serial(ca, about->serial);
	}
	if (*ret_serial == NULL)
		err_set(err, ERR_INVALID, "neither certificate nor serial");
	else if (issuer == NULL)
		err_set(err, ERR_REFUSED,
		    "the certificate is not of an issuing CA of ours");
	BN_free(number);
	X509_free(x509);
	ERR_clear_error();
	return *ret_serial == NULL ? NULL : issuer;
}

int
ca_ocsp_ask(struct ca *ca, const struct ca_ocsp_about *about, struct buf *out,
    struct err *err)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	ASN1_INTEGER *serial = NULL;
	const struct ca_issuer *issuer = find_issuer(ca, about, &serial, err);
	OCSP_CERTID *id = NULL;
	unsigned char *der = NULL;
	int len = -1, rc = -1;

	if (issuer == NULL)
		goto out;
	/* SHA-1, as RFC 5019 has it: it names the issuer, and proves nothing.
	 */
	id = OCSP_cert_id_new(EVP_sha1(), X509_get_subject_name(issuer->x509),
	    X509_get0_pubkey_bitstr(issuer->x509), serial);
	if (request != NULL && id != NULL &&
	    OCSP_request_add0_id(request, id) != NULL)
		len = i2d_OCSP_REQUEST(request, &der);
	if (len > 0) {
		buf_add(out, der, (size_t)len);
		rc = 0;
	} else {
		ca_openssl_err(err, ERR_BUG, "make an OCSP request");
	}
	OPENSSL_free(der);
out:
	ASN1_INTEGER_free(serial);
	OCSP_REQUEST_free(request);
	return rc;
}

/* --- reading --- */

static int64_t
time_of(const ASN1_GENERALIZEDTIME *t)
{
	struct tm tm;

	return t != NULL && ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm)
							 : 0;
}

static OCSP_BASICRESP *
decode(const struct buf *answer, int *ret_status)
{
	const unsigned char *p = answer->data;
	OCSP_RESPONSE *response =
	    d2i_OCSP_RESPONSE(NULL, &p, (long)answer->len);
	OCSP_BASICRESP *basic = NULL;

	*ret_status = -1;
	if (response != NULL && p == answer->data + answer->len) {
		*ret_status = OCSP_response_status(response);
		basic = OCSP_response_get1_basic(response);
	}
	OCSP_RESPONSE_free(response);
	ERR_clear_error();
	return basic;
}

static int
read_one(OCSP_SINGLERESP *one, ca_ocsp_fn *fn, void *cookie, struct err *err)
{
	static const char *const words[] = {
	    [V_OCSP_CERTSTATUS_GOOD] = "good",
	    [V_OCSP_CERTSTATUS_REVOKED] = "revoked",
	    [V_OCSP_CERTSTATUS_UNKNOWN] = "unknown",
	};
	ASN1_GENERALIZEDTIME *at = NULL, *from, *to;
	OCSP_CERTID *id = OCSP_CERTID_dup(OCSP_SINGLERESP_get0_id(one));
	struct ca_ocsp_verdict v = {.reason = -1};
	ASN1_INTEGER *serial;
	char hex[64] = "";
	int status;

	if (id == NULL)
		return ca_openssl_err(err, ERR_BUG, "read an OCSP answer");
	status = OCSP_single_get0_status(one, &v.reason, &at, &from, &to);
	(void)OCSP_id_get0_info(NULL, NULL, NULL, &serial, id);
	if (ASN1_STRING_length(serial) < (int)sizeof(hex) / 2)
		str_hex(ASN1_STRING_get0_data(serial),
		    (size_t)ASN1_STRING_length(serial), hex);
	OCSP_CERTID_free(id);
	v.serial = hex;
	v.status = status >= 0 && status <= V_OCSP_CERTSTATUS_UNKNOWN
	    ? words[status]
	    : words[V_OCSP_CERTSTATUS_UNKNOWN];
	v.good = status == V_OCSP_CERTSTATUS_GOOD;
	v.revoked_at = time_of(at);
	v.this_update = time_of(from);
	v.next_update = time_of(to);
	return fn(cookie, &v, err);
}

int
ca_ocsp_read(
    const struct buf *answer, ca_ocsp_fn *fn, void *cookie, struct err *err)
{
	OCSP_BASICRESP *basic;
	int i, status, rc = 0;

	basic = decode(answer, &status);
	if (basic == NULL)
		return err_set(err, ERR_REFUSED, "the answer is: %s",
		    status < 0 ? "none" : OCSP_response_status_str(status));
	for (i = 0; rc == 0 && i < OCSP_resp_count(basic); i++)
		rc = read_one(OCSP_resp_get0(basic, i), fn, cookie, err);
	OCSP_BASICRESP_free(basic);
	return rc;
}

/* --- believing --- */

/* The certificate that came with the answer, if its key signed that; NULL. */
static X509 *
signer_of(OCSP_BASICRESP *basic)
{
	X509 *signer = NULL;

	/* The signature alone; who may sign is looked at by us. */
	if (OCSP_basic_verify(basic, NULL, NULL, OCSP_NOVERIFY) != 1 ||
	    OCSP_resp_get0_signer(basic, &signer, NULL) != 1)
		return NULL;
	return signer;
}

static bool
in_time(OCSP_BASICRESP *basic, const struct ca_ocsp_signer *s)
{
	ASN1_GENERALIZEDTIME *from, *to;
	int i;

	for (i = 0; i < OCSP_resp_count(basic); i++) {
		(void)OCSP_single_get0_status(
		    OCSP_resp_get0(basic, i), NULL, NULL, &from, &to);
		if (time_of(from) > s->now || time_of(to) <= s->now ||
		    time_of(to) > s->not_after)
			return false;
	}
	return true;
}

const char *
ca_ocsp_flaw(const struct buf *answer, const struct ca_ocsp_signer *s)
{
	const char *why = NULL;
	OCSP_BASICRESP *basic;
	X509 *signer;
	int status;

	basic = decode(answer, &status);
	if (basic == NULL)
		return "it cannot be read";
	signer = signer_of(basic);
	if (signer == NULL)
		why = "its signature is not the responder's";
	else if (X509_verify(signer, X509_get0_pubkey(s->issuer->x509)) != 1 ||
	    (X509_get_extended_key_usage(signer) & XKU_OCSP_SIGN) == 0)
		why = "the responder may not answer for the issuing CA";
	else if (s->now >= s->not_after || !in_time(basic, s))
		why = "it is out of its time";
	OCSP_BASICRESP_free(basic);
	ERR_clear_error();
	return why;
}
