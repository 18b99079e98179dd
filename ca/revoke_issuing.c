/*
 * The end of an issuing CA before its time.  Its certificates by our roots, the
 * cross-certificates among them, are put on record as revoked, in one commit;
 * then each root whose key is here signs a new list, and answers.  A crash
 * between the two leaves a list that does not cover what is on record: it is
 * due then, and made by who asks for it next.
 */
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "ca_internal.h"
#include "clock.h"
#include "crl_internal.h"
#include "fault.h"
#include "record_internal.h"
#include "rollover.h"
#include "root_internal.h"
#include "signer_internal.h"
#include "str.h"

#define TARGETS_MAX (CA_LINES_MAX * 2)
#define KEY_COMPROMISE 1
#define CA_COMPROMISE 2 /* the same of a CA's key (RFC 5280, 5.3.1) */

/* One certificate, and the root of ours that signed it. */
struct target {
	char serial[CA_ISSUER_SERIAL];
	const struct ca_issuer *root; /* borrowed from a line */
	struct ca_signer *signer;     /* the root's; NULL: it is elsewhere */
};

struct revoking {
	struct ca *ca; /* the newest */
	const struct ca_conf *conf;
	struct ca_fall *io;
	const struct ca *line;	/* whose key it is; NULL: another's */
	struct ca_issuer given; /* io->cert, taken apart */
	struct target target[TARGETS_MAX];
	size_t count;
};

/* --- what is meant --- */

static int
add_target(struct revoking *r, const struct ca_issuer *cert,
    const struct ca_issuer *root, struct err *err)
{
	struct target *t = &r->target[r->count];
	struct err why;

	if (r->count == TARGETS_MAX || !ca_issuer_serial(cert, t->serial))
		return err_set(
		    err, ERR_LIMIT, "the issuing CA has too many certificates");
	t->root = root;
	r->count++;
	/* Not here is no failure; one that is here and does not open is. */
	if (ca_root_open(r->conf, root, &t->signer, &why) == 0)
		return 0;
	r->io->elsewhere++;
	if (why.kind == ERR_NOTFOUND)
		return 0;
	*err = why;
	return -1;
}

/* All that vouches for a line's key, by roots. */
static int
add_line(struct revoking *r, const struct ca *line, struct err *err)
{
	size_t i;

	r->line = line;
	if (line->between_count == 0 &&
	    add_target(r, &line->issuing, &line->root, err) != 0)
		return -1;
	for (i = 0; i < line->cross_count; i++)
		if (line->cross[i].count == 2 &&
		    add_target(r, &line->cross[i].place[0],
			&line->cross[i].place[1], err) != 0)
			return -1;
	return 0;
}

static bool
has_serial(const struct ca *line, const char *serial)
{
	char own[CA_ISSUER_SERIAL];
	size_t i;

	if (ca_issuer_serial(&line->issuing, own) && str_eq(own, serial))
		return true;
	for (i = 0; i < line->cross_count; i++)
		if (ca_issuer_serial(&line->cross[i].place[0], own) &&
		    str_eq(own, serial))
			return true;
	return false;
}

static int
find_serial(struct revoking *r, struct err *err)
{
	const struct ca *line;

	for (line = r->ca; line != NULL; line = line->older)
		if (has_serial(line, r->io->serial))
			return add_line(r, line, err);
	return err_set(err, ERR_NOTFOUND,
	    "no issuing CA of ours has a certificate of this serial number");
}

static bool
is_by(const struct ca_issuer *cert, const struct ca_issuer *root)
{
	bool is = X509_check_issued(root->x509, cert->x509) == X509_V_OK &&
	    X509_verify(cert->x509, X509_get0_pubkey(root->x509)) == 1;

	ERR_clear_error();
	return is;
}

/* Of whomever: it is enough that a root of ours signed it. */
static int
find_given(struct revoking *r, struct err *err)
{
	const struct ca *line, *by = NULL;

	if (ca_issuer_load(
		&r->given, r->io->cert->data, r->io->cert->len, err) != 0)
		return err_set(err, ERR_INVALID, "the certificate is damaged");
	for (line = r->ca; line != NULL; line = line->older) {
		if (ca_span_equal(line->root.spki, r->given.spki))
			return err_set(err, ERR_REFUSED,
			    "that is a root, which only those who trust it can "
			    "end: take it from them after \"ca rollover\"");
		if (ca_span_equal(line->issuing.spki, r->given.spki))
			r->line = line;
		if (by == NULL && is_by(&r->given, &line->root))
			by = line;
	}
	if (by == NULL)
		return err_set(err, ERR_NOTFOUND,
		    "the certificate is not signed by a root of ours (that of a "
		    "device is revoked by its serial number)");
	return add_target(r, &r->given, &by->root, err);
}

/* --- whether --- */

static int
check_use(struct revoking *r, struct err *err)
{
	struct ca_line_use use = {.count = 0};
	char end[CLOCK_TEXT];

	if (r->line == NULL)
		return 0;
	r->io->active = r->line == r->ca;
	if (ca_store_line_use(
		r->ca->store, r->line->line, r->io->now, &use, err) != 0)
		return -1;
	r->io->used = use.count;
	if (use.count == 0 || r->io->force)
		return 0;
	return err_set(err, ERR_REFUSED,
	    "%lld valid certificate%s of devices, the last until %s, %s by it "
	    "and would be worth nothing: first \"ca rollover\" and \"run "
	    "reissue-certificates\", or --force",
	    (long long)use.count, use.count == 1 ? "" : "s",
	    clock_text(use.last_end, end), use.count == 1 ? "is" : "are");
}

static int
check_keys(const struct revoking *r, struct err *err)
{
	char name[160];

	if (r->io->elsewhere < r->count)
		return 0;
	if (r->count == 0)
		return err_set(err, ERR_REFUSED,
		    "it is not of a root of ours: only its issuer can revoke "
		    "it");
	ca_name_text(
	    X509_get_subject_name(r->target[0].root->x509), name, sizeof(name));
	return err_set(err, ERR_REFUSED,
	    "the key of %s is not here: \"ca revoke FILE\" and \"ca crl "
	    "--root\" where it is, then \"ca crl --import\" here",
	    name);
}

/* --- doing it --- */

static int
put_all(struct revoking *r, struct err *err)
{
	const struct target *t;
	size_t i;

	for (i = 0; i < r->count; i++) {
		t = &r->target[i];
		if (t->signer != NULL &&
		    ca_store_root_revoke(r->ca->store, t->root->name,
			&(struct ca_root_entry){
			    t->serial, r->io->now, r->io->reason, true},
			err) != 0)
			return -1;
	}
	return 0;
}

static int
record(struct revoking *r, struct err *err)
{
	struct ca_store *store = r->ca->store;

	if (ca_store_begin(store, err) != 0)
		return -1;
	if (put_all(r, err) != 0) {
		ca_store_rollback(store);
		return -1;
	}
	fault_point("ca.revoke-issuing.before-commit");
	if (ca_store_commit(store, err) != 0)
		return -1;
	fault_point("ca.revoke-issuing.after-commit");
	return 0;
}

static int
sign_lists(struct revoking *r, struct err *err)
{
	const struct target *t;
	size_t i;

	for (i = 0; i < r->count; i++) {
		t = &r->target[i];
		if (t->signer == NULL)
			continue;
		if (ca_root_crl_refresh(
			&(struct ca_root_by){r->ca->store, t->root, t->signer},
			r->io->now, err) != 0)
			return err_context(err,
			    "it is revoked and issues no more, but the root's "
			    "list could not be made (\"ca crl --root\" makes "
			    "it)");
	}
	return 0;
}

static int
revoke_locked(struct revoking *r, struct err *err)
{
	const struct ca_issuer *named;

	if ((r->io->cert != NULL ? find_given(r, err) : find_serial(r, err)) !=
		0 ||
	    check_keys(r, err) != 0 || check_use(r, err) != 0)
		return -1;
	named = r->io->cert != NULL ? &r->given : &r->line->issuing;
	ca_name_text(X509_get_subject_name(named->x509), r->io->subject,
	    sizeof(r->io->subject));
	memcpy(r->io->number, r->target[0].serial, sizeof(r->io->number));
	if (r->io->dry)
		return 0;
	return record(r, err) == 0 ? sign_lists(r, err) : -1;
}

int
ca_revoke_issuing(struct ca *ca, const struct ca_conf *conf, struct ca_fall *io,
    struct err *err)
{
	struct revoking r = {.ca = ca, .conf = conf, .io = io};
	struct err own;
	size_t i;
	int rc;

	io->elsewhere = 0;
	io->used = 0;
	io->active = false;
	if (io->reason == KEY_COMPROMISE)
		io->reason = CA_COMPROMISE;
	if (!ca_reason_known(io->reason))
		return err_set(err, ERR_INVALID,
		    "revocation reason %d is none of 0-5, 9, 10", io->reason);
	ca_store_lock(ca->store);
	rc = revoke_locked(&r, &own);
	ca_store_unlock(ca->store);
	for (i = 0; i < r.count; i++)
		ca_signer_free(r.target[i].signer);
	ca_issuer_clear(&r.given);
	if (rc != 0 && err != NULL)
		*err = own;
	return rc;
}

/* --- what it means for the rest --- */

/* By the way that is its own: cross-certificates are for others' sake. */
int
ca_line_revoked(const struct ca *line, struct ca_status *ret, struct err *err)
{
	char serial[CA_ISSUER_SERIAL];
	const struct ca_issuer *by;
	size_t i;
	int got = 0;

	for (i = 0; got == 0 && (by = ca_above(line, i + 1)) != NULL; i++)
		if (ca_issuer_serial(ca_above(line, i), serial))
			got = ca_store_root_status(
			    line->store, by->name, serial, ret, err);
	return got;
}

int
ca_line_check(const struct ca *line, struct err *err)
{
	struct ca_status status;
	char at[CLOCK_TEXT];
	int got = ca_line_revoked(line, &status, err);

	if (got != 1)
		return got;
	return err_set(err, ERR_REFUSED,
	    "the issuing CA was revoked %s: \"ca rollover\", or \"ca csr\" and "
	    "\"ca import\", bring the next",
	    clock_text(status.at, at));
}
