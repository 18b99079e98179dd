/*
 * Cross-certificates: one of our issuing CAs under a further root.  Name, key
 * and key identifier are those that its certificates name as their issuer, so
 * they, its revocation list and its OCSP answers hold under either.
 */
#include <openssl/x509.h>
#include <string.h>

#include "authority_internal.h"
#include "ca_internal.h"
#include "fault.h"
#include "import_internal.h"
#include "line_internal.h"
#include "record_internal.h"
#include "rollover.h"

static bool
same_ca(const struct ca_issuer *a, const struct ca_issuer *b)
{
	return ca_span_equal(a->spki, b->spki) &&
	    ca_span_equal(a->subject, b->subject) &&
	    ca_span_equal(a->subject_key, b->subject_key);
}

static bool
same_bytes(const struct ca_issuer *a, const struct ca_issuer *b)
{
	return ca_span_equal(ca_der_bytes(&a->der), ca_der_bytes(&b->der));
}

static bool
known(const struct ca *line, const struct ca_issuer *cert)
{
	size_t i;

	for (i = 0; i < line->cross_count; i++)
		if (same_bytes(&line->cross[i].place[0], cert))
			return true;
	return same_bytes(&line->issuing, cert);
}

/* --- taking one --- */

struct taking {
	struct ca_importing im;
	int64_t line;
	size_t number; /* of other chains the line has */
};

/* Which of what was given is of this line, and new? Into im.line.issuing. */
static int
look_in_line(struct taking *t, const struct ca *line, struct err *err)
{
	struct ca_importing *im = &t->im;
	const struct ca_issuer *one;
	size_t i;

	for (i = 0; i < im->given_count; i++) {
		one = &im->given[i];
		if (!same_ca(one, &line->issuing) || known(line, one))
			continue;
		if (t->line != 0)
			return err_set(err, ERR_INVALID,
			    "more than one cross-certificate: give them one "
			    "after the other");
		t->line = line->line;
		t->number = line->cross_count;
		if (ca_issuer_copy(one, &im->line.issuing, err) != 0)
			return -1;
	}
	return 0;
}

static int
find_line(struct taking *t, struct err *err)
{
	struct ca_line_row rows[CA_LINES_MAX];
	size_t count, i;
	int rc = 0;

	if (ca_store_lines(t->im.store, rows, &count, err) != 0)
		return -1;
	for (i = 0; rc == 0 && i < count; i++) {
		struct ca line = {.store = t->im.store};

		if (rows[i].state == CA_LINE_WAITING)
			continue;
		rc = ca_line_load(&line, rows[i].id, err);
		if (rc == 0)
			rc = look_in_line(t, &line, err);
		ca_line_clear(&line);
	}
	if (rc == 0 && t->line == 0)
		rc = err_set(err, ERR_NOTFOUND,
		    "no certificate for name and key of one of our issuing CAs "
		    "that is not here already");
	if (rc == 0 && t->number == CA_CROSS_MAX)
		rc = err_set(err, ERR_LIMIT,
		    "this issuing CA has %d other chains already",
		    CA_CROSS_MAX);
	return rc;
}

/* The chain in im.line, borrowed by *ret. */
static void
as_cross(const struct ca *line, struct ca_cross *ret)
{
	memset(ret, 0, sizeof(*ret));
	while (ca_above(line, ret->count) != NULL) {
		ret->place[ret->count] = *ca_above(line, ret->count);
		ret->count++;
	}
}

static int
commit(struct taking *t, struct err *err)
{
	struct ca_store *store = t->im.store;
	struct ca_cross chain;

	as_cross(&t->im.line, &chain);
	if (ca_store_begin(store, err) != 0)
		return -1;
	if (ca_store_cross_put(store, t->line, t->number, &chain, err) != 0) {
		ca_store_rollback(store);
		return -1;
	}
	fault_point("ca.cross.before-commit");
	if (ca_store_commit(store, err) != 0)
		return -1;
	fault_point("ca.cross.after-commit");
	return 0;
}

static int
take_locked(struct taking *t, struct err *err)
{
	if (ca_import_read(&t->im, err) != 0 || find_line(t, err) != 0 ||
	    ca_import_check(&t->im, err) != 0 ||
	    (!t->im.io->dry && commit(t, err) != 0))
		return -1;
	ca_import_tell(&t->im);
	return 0;
}

int
ca_cross_import(
    const struct ca_conf *conf, struct ca_import *io, struct err *err)
{
	struct taking t = {.im = {.conf = conf, .io = io}};
	int rc;

	if (ca_store_open(conf->database, &t.im.store, err) != 0)
		return -1;
	ca_store_lock(t.im.store);
	rc = take_locked(&t, err);
	ca_store_unlock(t.im.store);
	ca_import_clear(&t.im);
	ca_store_close(t.im.store);
	return rc;
}

/* --- handing them out --- */

int
ca_cross_pem(
    const struct ca *ca, size_t number, struct buf *out, struct err *err)
{
	const struct ca_cross *cross;
	size_t i;

	if (number < 1 || number > ca->cross_count)
		return err_set(err, ERR_NOTFOUND,
		    "%zu further roots vouch for this issuing CA: see \"ca "
		    "show\"",
		    ca->cross_count);
	cross = &ca->cross[number - 1];
	for (i = 0; i < cross->count; i++)
		if (ca_pem_write("CERTIFICATE",
			ca_der_bytes(&cross->place[i].der), out, err) != 0)
			return -1;
	return 0;
}
