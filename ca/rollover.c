/*
 * From one root to the next: a new root and a new issuing CA, and between the
 * two worlds cross-certificates, so that who trusts only one of the roots goes
 * on verifying what hangs on the other.
 *
 *   old root ---------> old issuing CA <-.
 *            `-.                          :  the same name and key,
 *               :                         :  another issuer
 *   new root ---:-----> new issuing CA    :
 *            `--:-------------------------'
 *               `-----> (new issuing CA)
 *
 * It is issuing CAs that are cross-signed, not roots: the path stays as long as
 * it was, and a root's path length holds.  Keys are on disk, sealed, before the
 * one commit that makes the new line the one that issues; a crash before it
 * leaves files that nothing refers to.
 */
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "authority_internal.h"
#include "ca_internal.h"
#include "clock.h"
#include "crl_internal.h"
#include "fault.h"
#include "line_internal.h"
#include "mem.h"
#include "record_internal.h"
#include "rollover.h"
#include "root_internal.h"
#include "signer_internal.h"
#include "str.h"

struct rolling {
	struct ca *ca;
	const struct ca_conf *conf;
	struct ca_roll *io;
	struct ca_signer *root;
	struct ca next; /* what is new */
	struct ca_line_row row;
	char *root_path, *path;
	bool wrote_root, wrote_key, done;
	/* Lines there are, which are under the new root, too. */
	int64_t line[CA_LINES_MAX];
	struct ca_cross back[CA_LINES_MAX];
	size_t back_count;
};

/* --- what is new --- */

static int
make_keys(struct rolling *r, struct err *err)
{
	const struct ca_key_file root = {CA_KEY_ROOT, &r->io->root_key, NULL};
	const struct ca_key_file issuing = {CA_KEY_ISSUING, &r->io->key, NULL};
	struct ca_span first, second;

	if (ca_signer_make(&root, &r->root, err) != 0 ||
	    ca_signer_make(&issuing, &r->next.signer, err) != 0)
		return -1;
	first = ca_signer_spki(r->root);
	second = ca_signer_spki(r->next.signer);
	if (ca_span_equal(first, second))
		return err_set(err, ERR_INVALID,
		    "root and issuing CA must not share a key");
	r->root_path = ca_root_key_file(r->conf, first);
	ca_line_suffix(second, r->row.key_file);
	r->path = ca_line_key_file(r->conf, &r->row);
	return 0;
}

static int
make_cert(
    struct rolling *r, const char *organisation, bool root, struct err *err)
{
	struct ca_authority a = {
	    .signer = r->root,
	    .issuer = root ? NULL : &r->next.root,
	    .spki = ca_signer_spki(root ? r->root : r->next.signer),
	    .path_len = root ? 1 : 0,
	    .url = r->conf->url,
	    .not_after = clock_now() + (root ? CA_ROOT_LIFE : CA_ISSUING_LIFE),
	};
	struct buf name;
	int rc;

	buf_init(&name, 512);
	rc = ca_authority_name(&name, organisation, root, err);
	a.subject = ca_der_bytes(&name);
	if (rc == 0)
		rc = ca_authority_make(
		    &a, root ? &r->next.root : &r->next.issuing, err);
	buf_free(&name);
	return rc;
}

static int
make_certs(struct rolling *r, struct err *err)
{
	const char *organisation = r->io->organisation;
	char *found = NULL;
	int rc = -1;

	if (organisation == NULL)
		organisation = found =
		    ca_organisation(X509_get_subject_name(r->ca->issuing.x509));
	if (ca_authority_check_organisation(organisation, err) == 0 &&
	    make_cert(r, organisation, true, err) == 0)
		rc = make_cert(r, organisation, false, err);
	free(found);
	return rc;
}

/* --- between old and new --- */

/* One of ours under a root, into a zeroed *ret. */
static int
cross(const struct ca_crossing *how, const struct ca_issuer *of,
    struct ca_cross *ret, struct err *err)
{
	ret->count = 2;
	if (ca_cross_make(how, of, &ret->place[0], err) != 0)
		return -1;
	return ca_issuer_copy(how->root, &ret->place[1], err);
}

/* The new issuing CA under the newest of our roots. */
static int
cross_forth(struct rolling *r, struct err *err)
{
	struct ca_signer *signer = NULL;
	const struct ca_issuer *root =
	    ca_root_ours(r->ca, r->conf, &signer, err);
	struct ca_cross made = {.count = 0};
	int rc;

	if (root == NULL)
		return err_context(err,
		    "the present root cannot sign here, and without it there "
		    "is no rollover (\"ca csr\" and \"ca cross\" work with "
		    "a root elsewhere)");
	rc = cross(&(struct ca_crossing){root, signer, r->conf->url},
	    &r->next.issuing, &made, err);
	if (rc == 0)
		ca_cross_add(&r->next, &made);
	ca_cross_clear(&made);
	ca_signer_free(signer);
	return rc;
}

/* Whose names are limited is left out: it would not be, under ours. And one
 * that is revoked. */
static int
cross_back(struct rolling *r, struct err *err)
{
	const struct ca_crossing how = {&r->next.root, r->root, r->conf->url};
	struct ca_status status;
	const struct ca *line;
	int rc = 0;

	for (line = r->ca; rc == 0 && line != NULL; line = line->older) {
		if (line->issuing.constraints != NULL ||
		    line->cross_count == CA_CROSS_MAX)
			continue;
		rc = ca_line_revoked(line, &status, err);
		if (rc != 0) {
			rc = rc == 1 ? 0 : -1;
			continue;
		}
		r->line[r->back_count] = line->line;
		rc =
		    cross(&how, &line->issuing, &r->back[r->back_count++], err);
	}
	return rc;
}

/* --- the change --- */

static int
save_keys(struct rolling *r, struct err *err)
{
	const struct ca_key_file root = {
	    CA_KEY_ROOT, &r->io->root_key, r->root_path};
	const struct ca_key_file issuing = {
	    CA_KEY_ISSUING, &r->io->key, r->path};

	if (ca_signer_file_save(r->root, &root, r->conf->vault, err) != 0)
		return -1;
	r->wrote_root = true;
	fault_point("ca.rollover.after-root-key");
	if (ca_signer_file_save(
		r->next.signer, &issuing, r->conf->vault, err) != 0)
		return -1;
	r->wrote_key = true;
	fault_point("ca.rollover.after-key");
	return 0;
}

static int
put_back(struct rolling *r, struct err *err)
{
	const struct ca *line = r->ca;
	size_t i;

	for (i = 0; i < r->back_count; i++) {
		while (line->line != r->line[i])
			line = line->older;
		if (ca_store_cross_put(line->store, line->line,
			line->cross_count, &r->back[i], err) != 0)
			return -1;
	}
	return 0;
}

static int
put_all(struct rolling *r, struct err *err)
{
	struct ca_store *store = r->ca->store;
	struct ca_line_row active;
	int got;

	/* Again, now that nobody else can change it. */
	got = ca_store_line_in(store, CA_LINE_ACTIVE, &active, err);
	if (got < 0)
		return -1;
	if (got == 0 || active.id != r->ca->line)
		return err_set(
		    err, ERR_CONFLICT, "another CA issues since a moment ago");
	if (ca_store_line_set(store, active.id, CA_LINE_OLD, err) != 0 ||
	    ca_store_line_add(store, &r->row, NULL, err) != 0 ||
	    ca_store_line_put(store, r->row.id, 0, &r->next.issuing, err) !=
		0 ||
	    ca_store_line_put(store, r->row.id, 1, &r->next.root, err) != 0 ||
	    ca_store_cross_put(store, r->row.id, 0, &r->next.cross[0], err) !=
		0)
		return -1;
	return put_back(r, err);
}

static int
commit(struct rolling *r, struct err *err)
{
	if (ca_store_begin(r->ca->store, err) != 0)
		return -1;
	if (put_all(r, err) != 0) {
		ca_store_rollback(r->ca->store);
		return -1;
	}
	fault_point("ca.rollover.before-commit");
	if (ca_store_commit(r->ca->store, err) != 0)
		return -1;
	r->done = true;
	fault_point("ca.rollover.after-commit");
	return 0;
}

/* The first lists, which else would be made when they are asked for. */
static void
make_lists(struct rolling *r)
{
	struct ca_crl_row first;
	struct err none;

	r->next.store = r->ca->store;
	r->next.line = r->row.id;
	(void)ca_crl_renew(&r->next, clock_now(), &first, NULL, NULL);
	(void)ca_root_crl_make(
	    &(struct ca_root_by){r->ca->store, &r->next.root, r->root},
	    clock_now(), &none);
}

static int
roll_locked(struct rolling *r, struct err *err)
{
	if (save_keys(r, err) != 0 || commit(r, err) != 0)
		return -1;
	make_lists(r);
	return 0;
}

static void
tell(const struct rolling *r)
{
	struct ca_roll *io = r->io;
	const struct ca_issuer *root = &r->next.root;

	ca_name_text(X509_get_subject_name(r->next.issuing.x509), io->subject,
	    sizeof(io->subject));
	ca_name_text(
	    X509_get_subject_name(root->x509), io->root, sizeof(io->root));
	str_sha256_hex(root->der.data, root->der.len, io->root_sha256);
	io->not_after = r->next.issuing.not_after;
}

static void
undo(struct rolling *r)
{
	if (r->wrote_root)
		(void)unlink(r->root_path);
	if (r->wrote_key)
		(void)unlink(r->path);
}

int
ca_rollover(struct ca *ca, const struct ca_conf *conf, struct ca_roll *io,
    struct err *err)
{
	struct rolling r = {
	    .ca = ca, .conf = conf, .io = io, .row = {.state = CA_LINE_ACTIVE}};
	int rc = -1;
	size_t i;

	if (make_keys(&r, err) == 0 && make_certs(&r, err) == 0 &&
	    cross_forth(&r, err) == 0) {
		ca_store_lock(ca->store);
		if (cross_back(&r, err) == 0)
			rc = roll_locked(&r, err);
		ca_store_unlock(ca->store);
	}
	if (rc == 0)
		tell(&r);
	else if (!r.done)
		undo(&r);
	for (i = 0; i < r.back_count; i++)
		ca_cross_clear(&r.back[i]);
	ca_line_clear(&r.next);
	ca_signer_free(r.root);
	free(r.root_path);
	free(r.path);
	return rc;
}
