/*
 * The certificate of a new issuing key comes home.  Everything is looked at
 * first; then one commit makes the new line the one that issues and the one
 * before it old.  A crash on either side of that commit leaves one of the two.
 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authority_internal.h"
#include "ca_internal.h"
#include "chain.h"
#include "clock.h"
#include "fault.h"
#include "import_internal.h"
#include "line_internal.h"
#include "record_internal.h"
#include "rollover.h"
#include "signer_internal.h"
#include "str.h"
#include "template_internal.h"

#define KEY_ID_MAX 64

/* --- what was given --- */

static int
take_cert(struct ca_importing *im, const char *label, const unsigned char *der,
    size_t len, struct err *err)
{
	size_t number = im->given_count + 1;
	struct err why;

	if (!str_eq(label, PEM_STRING_X509))
		return err_set(err, ERR_INVALID,
		    "block %zu is a \"%.40s\", not a certificate", number,
		    label);
	if (im->given_count == CA_IMPORT_MAX)
		return err_set(err, ERR_INVALID, "more than %d certificates",
		    CA_IMPORT_MAX);
	if (ca_issuer_load(&im->given[im->given_count++], der, len, &why) != 0)
		return err_set(
		    err, ERR_INVALID, "certificate %zu cannot be read", number);
	return 0;
}

int
ca_import_read(struct ca_importing *im, struct err *err)
{
	const struct buf *pem = im->io->pem;
	BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
	char *label, *header;
	unsigned char *der;
	long len;
	int rc = 0;

	while (bio != NULL && rc == 0 &&
	    PEM_read_bio(bio, &label, &header, &der, &len) == 1) {
		rc = take_cert(im, label, der, (size_t)len, err);
		OPENSSL_free(label);
		OPENSSL_free(header);
		OPENSSL_free(der);
	}
	BIO_free(bio);
	ERR_clear_error();
	if (rc == 0 && im->given_count == 0)
		rc = err_set(err, ERR_INVALID, "no certificate in PEM form");
	return rc;
}

/* --- the chain --- */

static int
find_own(struct ca_importing *im, struct err *err)
{
	struct ca_span spki = ca_signer_spki(im->line.signer);
	size_t i;

	for (i = 0; i < im->given_count; i++)
		if (ca_span_equal(im->given[i].spki, spki))
			return ca_issuer_copy(
			    &im->given[i], &im->line.issuing, err);
	return err_set(err, ERR_INVALID,
	    "none of %zu certificates is for the key of our request",
	    im->given_count);
}

static bool
signed_by(const struct ca_issuer *cert, const struct ca_issuer *issuer)
{
	bool is = X509_NAME_cmp(X509_get_issuer_name(cert->x509),
		      X509_get_subject_name(issuer->x509)) == 0 &&
	    X509_verify(cert->x509, X509_get0_pubkey(issuer->x509)) == 1;

	ERR_clear_error();
	return is;
}

/* Among what we know: any certificate of any line. 1, 0, -1. */
static int
find_known(struct ca_importing *im, const struct ca_issuer *cert,
    struct ca_issuer *ret, struct err *err)
{
	struct ca_line_row rows[CA_LINES_MAX];
	size_t count, i, k;
	int rc = 0;

	if (ca_store_lines(im->store, rows, &count, err) != 0)
		return -1;
	for (i = 0; rc == 0 && i < count; i++) {
		struct ca line = {.store = im->store};

		if (rows[i].state == CA_LINE_WAITING)
			continue;
		if (ca_line_load(&line, rows[i].id, err) != 0)
			return -1;
		for (k = 0; rc == 0 && ca_above(&line, k) != NULL; k++)
			if (signed_by(cert, ca_above(&line, k)))
				rc = ca_issuer_copy(
					 ca_above(&line, k), ret, err) == 0
				    ? 1
				    : -1;
		ca_line_clear(&line);
	}
	return rc;
}

static bool
is_given(const struct ca_importing *im, const X509_NAME *name)
{
	size_t i;

	for (i = 0; i < im->given_count; i++)
		if (X509_NAME_cmp(
			X509_get_subject_name(im->given[i].x509), name) == 0)
			return true;
	return false;
}

static int
find_issuer(struct ca_importing *im, const struct ca_issuer *cert,
    struct ca_issuer *ret, struct err *err)
{
	char name[160];
	size_t i;
	int got;

	for (i = 0; i < im->given_count; i++)
		if (signed_by(cert, &im->given[i]))
			return ca_issuer_copy(&im->given[i], ret, err);
	got = find_known(im, cert, ret, err);
	if (got != 0)
		return got == 1 ? 0 : -1;
	ca_name_text(X509_get_issuer_name(cert->x509), name, sizeof(name));
	if (is_given(im, X509_get_issuer_name(cert->x509)))
		return err_set(err, ERR_INVALID,
		    "a certificate says that %s signed it, but the key of the "
		    "one given did not",
		    name);
	return err_set(err, ERR_INVALID,
	    "the chain lacks the certificate of %s: give it too", name);
}

static int
build_chain(struct ca_importing *im, struct err *err)
{
	struct ca *line = &im->line;
	struct ca_issuer next;

	if (signed_by(&line->issuing, &line->issuing))
		return err_set(err, ERR_INVALID,
		    "the certificate for our key is signed by itself");
	for (;;) {
		const struct ca_issuer *top =
		    ca_above(line, line->between_count);

		memset(&next, 0, sizeof(next));
		if (find_issuer(im, top, &next, err) != 0) {
			ca_issuer_clear(&next);
			return -1;
		}
		if (signed_by(&next, &next))
			break;
		if (line->between_count == CA_BETWEEN_MAX) {
			ca_issuer_clear(&next);
			return err_set(err, ERR_INVALID,
			    "more than %d CAs between ours and the root",
			    CA_BETWEEN_MAX);
		}
		line->between[line->between_count++] = next;
	}
	line->root = next;
	return 0;
}

/* --- what it must be --- */

/* Name and key are those that were asked for. */
static int
check_name(struct ca_importing *im, struct err *err)
{
	char have[100], want[100];
	const unsigned char *p;
	struct buf der;
	X509_REQ *req = NULL;
	int rc = -1;

	buf_init(&der, CA_REQUEST_MAX);
	if (ca_store_line_request(im->store, im->row.id, &der, err) != 0)
		goto out;
	p = der.data;
	req = d2i_X509_REQ(NULL, &p, (long)der.len);
	if (req == NULL) {
		ca_openssl_err(err, ERR_STORAGE, "the request on record");
		goto out;
	}
	rc = 0;
	if (X509_NAME_cmp(X509_get_subject_name(im->line.issuing.x509),
		X509_REQ_get_subject_name(req)) != 0) {
		ca_name_text(X509_get_subject_name(im->line.issuing.x509), have,
		    sizeof(have));
		ca_name_text(
		    X509_REQ_get_subject_name(req), want, sizeof(want));
		rc = err_set(err, ERR_INVALID,
		    "it names %s, but the request was for %s", have, want);
	}
out:
	X509_REQ_free(req);
	buf_free(&der);
	return rc;
}

/* Would a leaf of ours have to be of a certificate policy? They are of none.
 * Of the CAs after this one each takes one off the number (RFC 5280, 6.1.4 and
 * 6.1.5), a self-issued one here too. */
static bool
demands_policy(X509 *cert, size_t place)
{
	POLICY_CONSTRAINTS *c =
	    X509_get_ext_d2i(cert, NID_policy_constraints, NULL, NULL);
	bool demands = c != NULL && c->requireExplicitPolicy != NULL &&
	    ASN1_INTEGER_get(c->requireExplicitPolicy) <= (long)place + 1;

	POLICY_CONSTRAINTS_free(c);
	return demands;
}

/* NULL, or why a certificate in this place (0: ours) is no CA for us. */
static const char *
check_ca(const struct ca_issuer *i, size_t place)
{
	uint32_t flags = X509_get_extension_flags(i->x509);
	uint32_t usage = X509_get_key_usage(i->x509);
	uint32_t purpose = X509_get_extended_key_usage(i->x509);
	long path_len = X509_get_pathlen(i->x509);

	if ((flags & EXFLAG_INVALID) != 0)
		return "has an extension that cannot be read";
	if ((flags & EXFLAG_CRITICAL) != 0)
		return "has a critical extension that is not known here";
	if (i->subject_key.len == 0 || i->subject_key.len > KEY_ID_MAX)
		return "has no key identifier, or one that is too long";
	if ((usage & KU_KEY_CERT_SIGN) == 0 ||
	    (place == 0 && (usage & KU_CRL_SIGN) == 0))
		return "may not sign certificates and revocation lists "
		       "(keyUsage)";
	if (X509_check_ca(i->x509) != 1)
		return "is no CA (basicConstraints)";
	if (purpose != UINT32_MAX &&
	    (purpose & (XKU_SSL_SERVER | XKU_ANYEKU)) == 0)
		return "may not vouch for servers (extKeyUsage)";
	if (path_len >= 0 && (size_t)path_len < place)
		return "allows fewer CAs below it (path length)";
	if (demands_policy(i->x509, place))
		return "demands a certificate policy of what we issue, which "
		       "has none (policyConstraints)";
	return NULL;
}

static int
check_cas(struct ca_importing *im, struct err *err)
{
	const struct ca_issuer *i;
	const char *why;
	char name[120];
	size_t place;

	for (place = 0; (i = ca_above(&im->line, place)) != NULL; place++) {
		why = check_ca(i, place);
		if (why == NULL)
			continue;
		ca_name_text(
		    X509_get_subject_name(i->x509), name, sizeof(name));
		return err_set(err, ERR_INVALID, "%s %s", name, why);
	}
	return 0;
}

static int
check_period(struct ca_importing *im, struct err *err)
{
	const struct ca_issuer *i;
	char name[100], from[CLOCK_TEXT], to[CLOCK_TEXT];
	int64_t now = im->io->now;
	size_t place;

	for (place = 0; (i = ca_above(&im->line, place)) != NULL; place++) {
		if (i->not_before <= now &&
		    i->not_after >= now + CA_VALIDITY_MIN)
			continue;
		ca_name_text(
		    X509_get_subject_name(i->x509), name, sizeof(name));
		return err_set(err, ERR_INVALID,
		    "%s is valid from %s to %s, which leaves nothing now", name,
		    clock_text(i->not_before, from),
		    clock_text(i->not_after, to));
	}
	return 0;
}

static int
check_revoked(struct ca_importing *im, struct err *err)
{
	struct ca_status status;
	char at[CLOCK_TEXT];
	int got;

	im->line.store = im->store;
	got = ca_line_revoked(&im->line, &status, err);
	im->line.store = NULL;
	return got != 1
	    ? got
	    : err_set(err, ERR_UNTRUSTED,
		  "the chain holds a certificate that its issuer revoked %s",
		  clock_text(status.at, at));
}

/* The rest is OpenSSL's word: signatures, strengths, names, strict form. */
static int
check_chain(struct ca_importing *im, struct err *err)
{
	X509_STORE *trust = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *between = sk_X509_new_null();
	X509_VERIFY_PARAM *param;
	int rc = 0, why;
	size_t i;

	for (i = 0; between != NULL && i < im->line.between_count; i++)
		(void)sk_X509_push(between, im->line.between[i].x509);
	if (trust == NULL || ctx == NULL || between == NULL ||
	    X509_STORE_add_cert(trust, im->line.root.x509) != 1 ||
	    X509_STORE_CTX_init(ctx, trust, im->line.issuing.x509, between) !=
		1) {
		rc = ca_openssl_err(err, ERR_BUG, "prepare verification");
		goto out;
	}
	param = X509_STORE_CTX_get0_param(ctx);
	ca_chain_rules(param, im->io->now);
	(void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
	if (X509_verify_cert(ctx) != 1) {
		why = X509_STORE_CTX_get_error(ctx);
		rc = err_native(err, ERR_UNTRUSTED, ERR_OPENSSL, why,
		    "the chain does not verify: %s",
		    X509_verify_cert_error_string(why));
	}
out:
	ERR_clear_error();
	sk_X509_free(between);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(trust);
	return rc;
}

int
ca_import_check(struct ca_importing *im, struct err *err)
{
	if (build_chain(im, err) != 0 || check_cas(im, err) != 0 ||
	    check_period(im, err) != 0 || check_revoked(im, err) != 0)
		return -1;
	return check_chain(im, err);
}

void
ca_import_clear(struct ca_importing *im)
{
	size_t i;

	for (i = 0; i < im->given_count; i++)
		ca_issuer_clear(&im->given[i]);
	ca_line_clear(&im->line);
}

/* --- the change --- */

static int
put_line(struct ca_importing *im, struct err *err)
{
	struct ca_line_row waiting, active;
	size_t place;
	int got;

	/* Again, now that nobody else can change it. */
	got = ca_store_line_in(im->store, CA_LINE_WAITING, &waiting, err);
	if (got < 0)
		return -1;
	if (got == 0 || waiting.id != im->row.id)
		return err_set(err, ERR_CONFLICT,
		    "the request was answered or given up meanwhile");
	got = ca_store_line_in(im->store, CA_LINE_ACTIVE, &active, err);
	if (got < 0 ||
	    (got == 1 &&
		ca_store_line_set(im->store, active.id, CA_LINE_OLD, err) != 0))
		return -1;
	for (place = 0; ca_above(&im->line, place) != NULL; place++)
		if (ca_store_line_put(im->store, im->row.id, place,
			ca_above(&im->line, place), err) != 0)
			return -1;
	return ca_store_line_set(im->store, im->row.id, CA_LINE_ACTIVE, err);
}

static int
commit(struct ca_importing *im, struct err *err)
{
	if (ca_store_begin(im->store, err) != 0)
		return -1;
	if (put_line(im, err) != 0) {
		ca_store_rollback(im->store);
		return -1;
	}
	fault_point("ca.import.before-commit");
	if (ca_store_commit(im->store, err) != 0)
		return -1;
	fault_point("ca.import.after-commit");
	return 0;
}

static int
open_request(struct ca_importing *im, struct err *err)
{
	char *path;
	int got, rc;

	got = ca_store_line_in(im->store, CA_LINE_WAITING, &im->row, err);
	if (got == 0)
		return err_set(err, ERR_NOTFOUND,
		    "no request is open: \"ca csr\" makes one");
	if (got < 0)
		return -1;
	path = ca_line_key_file(im->conf, &im->row);
	rc = ca_signer_file_open(
	    CA_KEY_ISSUING, im->conf->vault, path, &im->line.signer, err);
	free(path);
	return rc;
}

void
ca_import_tell(const struct ca_importing *im)
{
	struct ca_import *io = im->io;

	ca_name_text(X509_get_subject_name(im->line.issuing.x509), io->subject,
	    sizeof(io->subject));
	ca_name_text(X509_get_subject_name(im->line.root.x509), io->root,
	    sizeof(io->root));
	str_sha256_hex(
	    im->line.root.der.data, im->line.root.der.len, io->root_sha256);
	io->not_after = ca_first_to_end(&im->line, NULL)->not_after;
}

static int
import_locked(struct ca_importing *im, struct err *err)
{
	if (open_request(im, err) != 0 || ca_import_read(im, err) != 0 ||
	    find_own(im, err) != 0 || check_name(im, err) != 0 ||
	    ca_import_check(im, err) != 0 ||
	    (!im->io->dry && commit(im, err) != 0))
		return -1;
	ca_import_tell(im);
	return 0;
}

int
ca_import(const struct ca_conf *conf, struct ca_import *io, struct err *err)
{
	struct ca_importing im = {.conf = conf, .io = io};
	int rc;

	if (ca_store_open(conf->database, &im.store, err) != 0)
		return -1;
	ca_store_lock(im.store);
	rc = import_locked(&im, err);
	ca_store_unlock(im.store);
	ca_import_clear(&im);
	ca_store_close(im.store);
	return rc;
}
