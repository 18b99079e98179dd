/* What is wrong with a template: one check, one function, one row. */
#include <openssl/x509v3.h>
#include <string.h>

#include "buf.h"
#include "ca.h"
#include "ca_internal.h"
#include "clock.h"
#include "err.h"
#include "str.h"
#include "template_internal.h"

#define LINT_MAX 1024

/* A lint writes a line for each thing it finds. */
struct lint {
	const struct ca *ca;
	const struct ca_template *t;
	int64_t now;
	struct buf line;
};

static bool
validity_ok(const struct ca_template *t)
{
	return t->validity >= CA_VALIDITY_MIN && t->validity <= CA_VALIDITY_MAX;
}

static void
lint_name(struct lint *l)
{
	if (str_empty(l->t->name))
		buf_str(&l->line, "the template has no name");
}

static void
lint_validity(struct lint *l)
{
	char a[CLOCK_TEXT], b[CLOCK_TEXT], c[CLOCK_TEXT];

	if (!validity_ok(l->t))
		buf_printf(&l->line, "validity %s is outside %s to %s",
		    clock_span(l->t->validity, a),
		    clock_span(CA_VALIDITY_MIN, b),
		    clock_span(CA_VALIDITY_MAX, c));
}

static void
lint_renewal(struct lint *l)
{
	char a[CLOCK_TEXT], b[CLOCK_TEXT];

	/* The last second belongs to the validity: one less is due at once. */
	if (l->t->renew_before <= 0 || l->t->renew_before >= l->t->validity - 1)
		buf_printf(&l->line,
		    "renew_before %s is not inside the validity of %s",
		    clock_span(l->t->renew_before, a),
		    clock_span(l->t->validity, b));
}

static void
lint_backdate(struct lint *l)
{
	char a[CLOCK_TEXT];

	if (l->t->backdate < 0 || l->t->backdate > CA_BACKDATE_MAX)
		buf_printf(&l->line, "backdate %s is outside 0 to a day",
		    clock_span(l->t->backdate, a));
}

static bool
key_ok(const struct ca_template *t)
{
	return str_eq(t->key, "auto") || str_eq(t->key, "rsa-2048") ||
	    str_eq(t->key, "rsa-3072") || str_eq(t->key, "ec-p384") ||
	    str_eq(t->key, "ec-p256");
}

static void
lint_key(struct lint *l)
{
	if (!key_ok(l->t))
		buf_printf(&l->line,
		    "key \"%.40s\" is none of auto, rsa-2048, rsa-3072, "
		    "ec-p384",
		    l->t->key != NULL ? l->t->key : "");
}

static void
lint_usages(struct lint *l)
{
	const char *name, *needed;
	struct err err;
	unsigned bits;

	if (ca_usage_parse(l->t->usages, &bits, &err) != 0)
		buf_str(&l->line, err.text);
	else if (ca_usage_lacks(bits, &name, &needed))
		buf_printf(&l->line, "usage %s is worth nothing without %s",
		    name, needed);
}

/* Who is only ever a client is looked up by nobody's address, and a name that
 * is good in one domain alone says nothing about who the client is. */
static void
lint_names(struct lint *l)
{
	unsigned bits;

	if (ca_usage_parse(l->t->usages, &bits, NULL) != 0 ||
	    (bits & CA_USAGE_SERVER) != 0)
		return;
	if (l->t->address || l->t->short_name)
		buf_printf(&l->line,
		    "%s names a server, but usage server is not among %s: set "
		    "it to false",
		    l->t->address ? "address" : "short_name", l->t->usages);
}

/* A domain looks for the account of who logs in. */
static void
lint_account(struct lint *l)
{
	unsigned bits;

	if ((l->t->upn || l->t->sid) &&
	    ca_usage_parse(l->t->usages, &bits, NULL) == 0 &&
	    (bits & CA_USAGE_CLIENT) == 0)
		buf_printf(&l->line,
		    "%s names who logs in, but usage client is not among %s",
		    l->t->upn ? "upn" : "sid",
		    l->t->usages == NULL ? "server" : l->t->usages);
}

/* No leaf may outlive whoever vouches for it. */
static void
lint_ends(struct lint *l)
{
	char a[CLOCK_TEXT], b[CLOCK_TEXT];
	const struct ca_issuer *above;
	int64_t end;
	size_t i;

	/* A validity out of range has been spoken of already. */
	if (l->ca == NULL || !validity_ok(l->t) || l->t->clamp)
		return;
	end = ca_template_period(l->ca, l->t, l->now).not_after;
	for (i = 0; (above = ca_above(l->ca, i)) != NULL; i++) {
		if (end <= above->not_after)
			continue;
		buf_printf(&l->line,
		    "%sa certificate until %s outlives the %s CA (%s)",
		    l->line.len > 0 ? "\n" : "", clock_text(end, a),
		    ca_above_name(l->ca, i), clock_text(above->not_after, b));
	}
}

/* A certificate cut so short that it is due at once would be renewed, and cut
 * short again, for ever. */
static void
lint_clamp(struct lint *l)
{
	char a[CLOCK_TEXT], b[CLOCK_TEXT];
	const char *which;
	int64_t left;

	if (l->ca == NULL || !l->t->clamp || !validity_ok(l->t))
		return;
	left = ca_first_to_end(l->ca, &which)->not_after - l->now;
	if (left <= l->t->renew_before)
		buf_printf(&l->line,
		    "the %s CA lives %s more, which is not longer than "
		    "renew_before %s",
		    which, clock_span(left < 0 ? 0 : left, a),
		    clock_span(l->t->renew_before, b));
}

/* A host's name alone lies in no domain that an issuer was limited to. */
static void
lint_constraints(struct lint *l)
{
	size_t i;

	if (l->ca == NULL || !l->t->short_name)
		return;
	for (i = 0; ca_above(l->ca, i) != NULL; i++) {
		if (!ca_issuer_limits_dns(ca_above(l->ca, i)))
			continue;
		buf_printf(&l->line,
		    "short_name: the %s CA may vouch for names in some "
		    "domains only",
		    ca_above_name(l->ca, i));
		return;
	}
}

/* An issuer's extended key usages limit those below it, as most readers have it
 * (RFC 5280 leaves it open). */
static void
lint_issuers(struct lint *l)
{
	const struct ca_issuer *above;
	uint32_t may;
	unsigned bits, lacks;
	size_t i;

	if (l->ca == NULL || ca_usage_parse(l->t->usages, &bits, NULL) != 0)
		return;
	for (i = 0; (above = ca_above(l->ca, i)) != NULL; i++) {
		may = X509_get_extended_key_usage(above->x509);
		lacks = (may & XKU_ANYEKU) != 0 ? 0
						: bits &
			(((may & XKU_SSL_SERVER) != 0 ? 0 : CA_USAGE_SERVER) |
			    ((may & XKU_SSL_CLIENT) != 0 ? 0
							 : CA_USAGE_CLIENT));
		if (lacks == 0)
			continue;
		buf_printf(&l->line,
		    "usage %s: the %s CA may not vouch for such (extKeyUsage)",
		    (lacks & CA_USAGE_SERVER) != 0 ? "server" : "client",
		    ca_above_name(l->ca, i));
		return;
	}
}

static void
lint_max_size(struct lint *l)
{
	if (l->t->max_size != 0 &&
	    (l->t->max_size < CA_SIZE_MIN || l->t->max_size > CA_SIZE_MAX))
		buf_printf(&l->line,
		    "max_size %lld is outside %d to %d, which is what "
		    "firmware takes",
		    (long long)l->t->max_size, CA_SIZE_MIN, CA_SIZE_MAX);
}

static void
lint_largest(struct lint *l)
{
	unsigned bits;
	size_t largest;

	if (l->ca == NULL || !key_ok(l->t) || l->t->max_size < 0 ||
	    ca_usage_parse(l->t->usages, &bits, NULL) != 0)
		return;
	largest = ca_template_largest(l->ca, l->t);
	if (largest > ca_template_max_size(l->t))
		buf_printf(&l->line,
		    "a certificate may get %zu bytes long, max_size is %zu",
		    largest, ca_template_max_size(l->t));
}

int
ca_template_check(const struct ca *ca, const struct ca_template *t, int64_t now,
    struct buf *out, struct err *err)
{
	static void (*const lints[])(struct lint *) = {lint_name, lint_validity,
	    lint_renewal, lint_backdate, lint_key, lint_usages, lint_names,
	    lint_account, lint_ends, lint_constraints, lint_issuers, lint_clamp,
	    lint_max_size, lint_largest};
	struct lint l = {.ca = ca, .t = t, .now = now};
	int rc = 0;
	size_t i;

	buf_init(&l.line, LINT_MAX);
	for (i = 0; i < sizeof(lints) / sizeof(lints[0]); i++) {
		buf_reset(&l.line);
		lints[i](&l);
		if (l.line.len == 0)
			continue;
		if (out != NULL)
			buf_printf(out, "%s\n", buf_text(&l.line));
		/* The error tells the first. */
		if (rc == 0)
			rc = err_set(err, ERR_INVALID, "template %.60s: %.*s",
			    t->name != NULL ? t->name : "-",
			    (int)strcspn(buf_text(&l.line), "\n"),
			    buf_text(&l.line));
	}
	buf_free(&l.line);
	return rc;
}
