#include "template_internal.h"

#include <stdarg.h>
#include <stdio.h>

#include "buf.h"
#include "ca.h"
#include "ca_internal.h"
#include "clock.h"
#include "err.h"
#include "str.h"

struct lint {
	const struct ca *ca;
	const struct ca_template *t;
	int64_t now;
	struct buf *out;
	size_t problems;
	struct buf first; /* for the error text */
};

static void problem(struct lint *l, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
problem(struct lint *l, const char *fmt, ...)
{
	char text[200];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (l->out != NULL)
		buf_printf(l->out, "%s\n", text);
	if (l->problems++ == 0)
		buf_str(&l->first, text);
}

static void
lint_name(struct lint *l)
{
	if (str_empty(l->t->name))
		problem(l, "the template has no name");
}

static void
lint_validity(struct lint *l)
{
	char a[CLOCK_TEXT], b[CLOCK_TEXT], c[CLOCK_TEXT];

	if (l->t->validity < CA_VALIDITY_MIN ||
	    l->t->validity > CA_VALIDITY_MAX)
		problem(l, "validity %s is outside %s to %s",
		    clock_span(l->t->validity, a),
		    clock_span(CA_VALIDITY_MIN, b),
		    clock_span(CA_VALIDITY_MAX, c));
}

static void
lint_renewal(struct lint *l)
{
	char a[CLOCK_TEXT], b[CLOCK_TEXT];

	if (l->t->renew_before <= 0 || l->t->renew_before >= l->t->validity)
		problem(l, "renew_before %s is not inside the validity of %s",
		    clock_span(l->t->renew_before, a),
		    clock_span(l->t->validity, b));
}

static void
lint_backdate(struct lint *l)
{
	char a[CLOCK_TEXT];

	if (l->t->backdate < 0 || l->t->backdate > CA_BACKDATE_MAX)
		problem(l, "backdate %s is outside 0 to a day",
		    clock_span(l->t->backdate, a));
}

static void
lint_key(struct lint *l)
{
	if (!str_eq(l->t->key, "auto") && !str_eq(l->t->key, "rsa-2048") &&
	    !str_eq(l->t->key, "rsa-3072"))
		problem(l, "key \"%.40s\" is none of auto, rsa-2048, rsa-3072",
		    l->t->key != NULL ? l->t->key : "");
}

/* No leaf may outlive whoever vouches for it. */
static void
lint_issuers(struct lint *l)
{
	char a[CLOCK_TEXT], b[CLOCK_TEXT];

	if (l->ca == NULL || l->t->validity < 0 ||
	    l->t->validity > CA_VALIDITY_MAX)
		return;
	if (l->now + l->t->validity > l->ca->issuing.not_after)
		problem(l,
		    "a certificate until %s outlives the issuing CA (%s)",
		    clock_text(l->now + l->t->validity, a),
		    clock_text(l->ca->issuing.not_after, b));
	if (l->now + l->t->validity > l->ca->root.not_after)
		problem(l, "a certificate until %s outlives the root CA (%s)",
		    clock_text(l->now + l->t->validity, a),
		    clock_text(l->ca->root.not_after, b));
}

int
ca_template_check(const struct ca *ca, const struct ca_template *t, int64_t now,
    struct buf *out, struct err *err)
{
	static void (*const lints[])(struct lint *) = {lint_name, lint_validity,
	    lint_renewal, lint_backdate, lint_key, lint_issuers};
	struct lint l = {.ca = ca, .t = t, .now = now, .out = out};
	int rc = 0;
	size_t i;

	buf_init(&l.first, 256);
	for (i = 0; i < sizeof(lints) / sizeof(lints[0]); i++)
		lints[i](&l);
	if (l.problems > 0)
		rc = err_set(err, ERR_INVALID, "template %.60s: %s",
		    t->name != NULL ? t->name : "-", buf_text(&l.first));
	buf_free(&l.first);
	return rc;
}

struct ca_key_policy
ca_template_key(const struct ca_template *t, int amt_major)
{
	bool strong = amt_major >= CA_AMT_STRONG;
	struct ca_key_policy policy = {2048, 256};

	if (str_eq(t->key, "rsa-3072") || (str_eq(t->key, "auto") && strong))
		policy.bits = 3072;
	if (strong)
		policy.hash_bits = 384;
	return policy;
}
