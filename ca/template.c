#include "template_internal.h"

#include "buf.h"
#include "ca.h"
#include "ca_internal.h"
#include "clock.h"
#include "err.h"
#include "str.h"

#define LINT_MAX 256

/* A lint writes one line when it finds something. */
struct lint {
	const struct ca *ca;
	const struct ca_template *t;
	int64_t now;
	struct buf line;
};

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

	if (l->t->validity < CA_VALIDITY_MIN ||
	    l->t->validity > CA_VALIDITY_MAX)
		buf_printf(&l->line, "validity %s is outside %s to %s",
		    clock_span(l->t->validity, a),
		    clock_span(CA_VALIDITY_MIN, b),
		    clock_span(CA_VALIDITY_MAX, c));
}

static void
lint_renewal(struct lint *l)
{
	char a[CLOCK_TEXT], b[CLOCK_TEXT];

	if (l->t->renew_before <= 0 || l->t->renew_before >= l->t->validity)
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

static void
lint_key(struct lint *l)
{
	if (!str_eq(l->t->key, "auto") && !str_eq(l->t->key, "rsa-2048") &&
	    !str_eq(l->t->key, "rsa-3072"))
		buf_printf(&l->line,
		    "key \"%.40s\" is none of auto, rsa-2048, rsa-3072",
		    l->t->key != NULL ? l->t->key : "");
}

/* No leaf may outlive whoever vouches for it. */
static void
lint_end(struct lint *l, const char *issuer, int64_t end)
{
	char a[CLOCK_TEXT], b[CLOCK_TEXT];

	/* A validity out of range has been spoken of already. */
	if (l->t->validity < 0 || l->t->validity > CA_VALIDITY_MAX)
		return;
	if (l->now + l->t->validity > end)
		buf_printf(&l->line,
		    "a certificate until %s outlives the %s CA (%s)",
		    clock_text(l->now + l->t->validity, a), issuer,
		    clock_text(end, b));
}

static void
lint_issuing(struct lint *l)
{
	if (l->ca != NULL)
		lint_end(l, "issuing", l->ca->issuing.not_after);
}

static void
lint_root(struct lint *l)
{
	if (l->ca != NULL)
		lint_end(l, "root", l->ca->root.not_after);
}

int
ca_template_check(const struct ca *ca, const struct ca_template *t, int64_t now,
    struct buf *out, struct err *err)
{
	static void (*const lints[])(struct lint *) = {lint_name, lint_validity,
	    lint_renewal, lint_backdate, lint_key, lint_issuing, lint_root};
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
			rc = err_set(err, ERR_INVALID, "template %.60s: %s",
			    t->name != NULL ? t->name : "-", buf_text(&l.line));
	}
	buf_free(&l.line);
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
