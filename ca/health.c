#include "health.h"

#include <openssl/objects.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authority_internal.h"
#include "bridge_issue.h"
#include "ca_internal.h"
#include "clock.h"
#include "mem.h"
#include "record_internal.h"
#include "str.h"
#include "template_internal.h"

#define STRENGTH_MIN 112 /* bits: RSA-2048, SHA-256 (SP 800-57, 5.6.1) */
#define LINES_MAX 8192
/* A device gets its new certificate within a run, and the old one is revoked
 * as soon as the new one was seen. */
#define SETTLED (2 * CLOCK_DAY)
/* Ended longer ago than this is history. */
#define PAST (90 * CLOCK_DAY)
#define BRIDGE_PATIENCE (7 * CLOCK_DAY)
/* So long before its end an old issuing CA with valid certificates is told. */
#define LINE_NOTICE (90 * CLOCK_DAY)
/* Where the root's key is its list is made anew after half a year. */
#define ROOT_CRL_NOTICE (30 * CLOCK_DAY)

static const struct {
	const char *name;
	bool bad;
} kinds[CA_FINDINGS] = {
    [CA_FINDING_ISSUER_ENDED] = {"issuer-ended", true},
    [CA_FINDING_ISSUER_ENDS] = {"issuer-ends", false},
    [CA_FINDING_ISSUER_WEAK] = {"issuer-weak", true},
    [CA_FINDING_ISSUER_REVOKED] = {"issuer-revoked", true},
    [CA_FINDING_LINE_REVOKED] = {"line-revoked", true},
    [CA_FINDING_LINE_ENDS] = {"line-ends", false},
    [CA_FINDING_CRL_LAPSED] = {"crl-lapsed", true},
    [CA_FINDING_CRL_LATE] = {"crl-late", false},
    [CA_FINDING_ROOT_CRL_LAPSED] = {"root-crl-lapsed", true},
    [CA_FINDING_ROOT_CRL_LATE] = {"root-crl-late", false},
    [CA_FINDING_TEMPLATE] = {"template", true},
    [CA_FINDING_ENDED] = {"certificate-ended", true},
    [CA_FINDING_RENEWAL_LATE] = {"renewal-late", false},
    [CA_FINDING_UNSEEN] = {"certificate-unseen", false},
    [CA_FINDING_DUPLICATE] = {"certificate-duplicate", false},
    [CA_FINDING_ORPHAN] = {"certificate-orphan", false},
    [CA_FINDING_KEY_WEAK] = {"key-weak", true},
    [CA_FINDING_KEY_BLOCKED] = {"key-blocked", true},
    [CA_FINDING_BRIDGE_WAITS] = {"bridge-waits", false},
};

struct checkup {
	struct ca *ca;
	const struct ca_health *h;
	struct ca_cert before; /* the one before in the list; or zeroed */
};

/* About whom. */
struct who {
	const char *subject, *serial;
};

static int
tell(const struct checkup *c, enum ca_finding_code code, struct who who,
    const char *text, struct err *err)
{
	const struct ca_finding f = {.code = code,
	    .bad = kinds[code].bad,
	    .name = kinds[code].name,
	    .subject = who.subject,
	    .serial = who.serial,
	    .text = text};

	return c->h->found(c->h->found_cookie, &f, err);
}

/* --- the CA --- */

/* Signature and key of a certificate. */
static bool
is_weak(X509 *x509)
{
	const EVP_PKEY *key = X509_get0_pubkey(x509);
	int bits = 0;

	if (key == NULL || EVP_PKEY_get_security_bits(key) < STRENGTH_MIN)
		return true;
	return X509_get_signature_info(x509, NULL, NULL, &bits, NULL) != 1 ||
	    bits < STRENGTH_MIN;
}

static int64_t
longest(const struct ca_health *h)
{
	int64_t result = 0;
	size_t i;

	for (i = 0; i < h->template_count; i++)
		if (h->templates[i].validity > result)
			result = h->templates[i].validity;
	return result;
}

static int
check_end(const struct checkup *c, const struct ca_issuer *i, struct who who,
    struct err *err)
{
	char text[200], end[CLOCK_TEXT], left[CLOCK_TEXT];
	int64_t now = c->h->now;

	(void)clock_text(i->not_after, end);
	if (i->not_after <= now) {
		(void)snprintf(text, sizeof(text),
		    "ended %s; \"ca csr\" and \"ca import\" bring the next",
		    end);
		return tell(c, CA_FINDING_ISSUER_ENDED, who, text, err);
	}
	if (i->not_after - now >= 2 * longest(c->h))
		return 0;
	(void)snprintf(text, sizeof(text),
	    "ends %s, in %s: soon certificates cannot live their validity; "
	    "\"ca csr\" and \"ca import\" bring the next",
	    end, clock_span(i->not_after - now, left));
	return tell(c, CA_FINDING_ISSUER_ENDS, who, text, err);
}

/* The active one issues nothing then; what an old one issued is good for
 * nothing. */
static int
check_revoked(const struct checkup *c, const struct ca *line, struct err *err)
{
	char name[200], text[200], at[CLOCK_TEXT];
	struct who who = {.subject = name};
	struct ca_line_use use = {.count = 0};
	struct ca_status status;
	int got = ca_line_revoked(line, &status, err);

	if (got != 1)
		return got;
	ca_name_text(
	    X509_get_subject_name(line->issuing.x509), name, sizeof(name));
	(void)clock_text(status.at, at);
	if (line == c->ca) {
		(void)snprintf(text, sizeof(text),
		    "was revoked %s and issues nothing; \"ca rollover\", or "
		    "\"ca csr\" and \"ca import\", bring the next",
		    at);
		return tell(c, CA_FINDING_ISSUER_REVOKED, who, text, err);
	}
	if (ca_store_line_use(line->store, line->line, c->h->now, &use, err) !=
	    0)
		return -1;
	if (use.count == 0)
		return 0;
	(void)snprintf(text, sizeof(text),
	    "was revoked %s, and devices have %lld valid certificate%s by it "
	    "that readers refuse: \"run reissue-certificates\"",
	    at, (long long)use.count, use.count == 1 ? "" : "s");
	return tell(c, CA_FINDING_LINE_REVOKED, who, text, err);
}

static int
check_issuers(const struct checkup *c, struct err *err)
{
	const struct ca_issuer *i;
	char name[200];
	size_t place;
	struct who who = {.subject = name};

	for (place = 0; (i = ca_above(c->ca, place)) != NULL; place++) {
		ca_name_text(
		    X509_get_subject_name(i->x509), name, sizeof(name));
		if (check_end(c, i, who, err) != 0)
			return -1;
		if (is_weak(i->x509) &&
		    tell(c, CA_FINDING_ISSUER_WEAK, who,
			"its key or signature has less than 112 bits of "
			"strength; \"ca csr --new\" makes the next",
			err) != 0)
			return -1;
	}
	return 0;
}

/* One that issues no more, and how long it still has to be there. */
static int
check_old_line(const struct checkup *c, const struct ca *line, struct err *err)
{
	char name[200], text[300], end[CLOCK_TEXT], left[CLOCK_TEXT];
	struct who who = {.subject = name};
	int64_t ends = ca_first_to_end(line, NULL)->not_after;
	struct ca_line_use use = {.count = 0};

	if (ends <= c->h->now || ends - c->h->now > LINE_NOTICE)
		return 0;
	if (ca_store_line_use(line->store, line->line, c->h->now, &use, err) !=
	    0)
		return -1;
	if (use.count == 0)
		return 0;
	ca_name_text(
	    X509_get_subject_name(line->issuing.x509), name, sizeof(name));
	(void)snprintf(text, sizeof(text),
	    "issues no more and ends %s, in %s: %lld valid certificate%s of "
	    "devices %s by it: \"run reissue-certificates\"",
	    clock_text(ends, end), clock_span(ends - c->h->now, left),
	    (long long)use.count, use.count == 1 ? "" : "s",
	    use.count == 1 ? "is" : "are");
	return tell(c, CA_FINDING_LINE_ENDS, who, text, err);
}

static int
check_lines(const struct checkup *c, struct err *err)
{
	const struct ca *line;

	if (check_revoked(c, c->ca, err) != 0)
		return -1;
	for (line = c->ca->older; line != NULL; line = line->older)
		if (check_revoked(c, line, err) != 0 ||
		    check_old_line(c, line, err) != 0)
			return -1;
	return 0;
}

/* The list of one line, as it is stored. */
static int
check_crl(const struct checkup *c, const struct ca *line, struct err *err)
{
	char name[200], text[200], at[CLOCK_TEXT];
	struct who who = {.subject = name};
	struct ca_crl_row row;
	int64_t now = c->h->now, half;

	if (line->issuing.not_after <= now)
		return 0;
	if (ca_store_get_crl(line->store, line->line, &row, NULL, err) != 0)
		return -1;
	ca_name_text(
	    X509_get_subject_name(line->issuing.x509), name, sizeof(name));
	(void)clock_text(row.next_update, at);
	if (row.next_update <= now) {
		(void)snprintf(text, sizeof(text),
		    "the revocation list ended %s: who reads it trusts nothing "
		    "of this CA; is \"amtkeeper serve\" running?",
		    at);
		return tell(c, CA_FINDING_CRL_LAPSED, who, text, err);
	}
	half = (row.next_update - row.this_update) / 2;
	if (row.next_update - now >= half - CLOCK_DAY)
		return 0;
	(void)snprintf(text, sizeof(text),
	    "the revocation list ends %s and should have been made anew; is "
	    "\"amtkeeper serve\" running?",
	    at);
	return tell(c, CA_FINDING_CRL_LATE, who, text, err);
}

/* Does its certificate say that its root's list is with us? Another's root has
 * its list elsewhere. */
static bool
names_list(const struct ca *line)
{
	char path[8 + CA_NAME + 8];

	(void)snprintf(path, sizeof(path), "/crl/%s.crl", line->root.name);
	return memmem(line->issuing.der.data, line->issuing.der.len, path,
		   strlen(path)) != NULL;
}

static int
check_root_crl(const struct checkup *c, const struct ca *line, struct err *err)
{
	char name[200], text[200], at[CLOCK_TEXT];
	struct who who = {.subject = name};
	struct ca_crl_row row;
	int64_t left;

	if (line->issuing.not_after <= c->h->now || !names_list(line))
		return 0;
	if (ca_store_get_root_crl(
		line->store, line->root.name, &row, NULL, err) != 0)
		return -1;
	left = row.next_update - c->h->now;
	if (left > ROOT_CRL_NOTICE)
		return 0;
	ca_name_text(
	    X509_get_subject_name(line->root.x509), name, sizeof(name));
	(void)snprintf(text, sizeof(text),
	    "the root's revocation list %s%s: \"ca crl --root\" where its key is "
	    "makes the next, \"ca crl --import\" takes it here",
	    row.number == 0 ? "is not here"
		: left <= 0 ? "ended "
			    : "ends ",
	    row.number == 0 ? "" : clock_text(row.next_update, at));
	return tell(c,
	    left <= 0 ? CA_FINDING_ROOT_CRL_LAPSED : CA_FINDING_ROOT_CRL_LATE,
	    who, text, err);
}

static int
check_crls(const struct checkup *c, struct err *err)
{
	const struct ca *line;

	for (line = c->ca; c->h->published && line != NULL; line = line->older)
		if (check_crl(c, line, err) != 0 ||
		    check_root_crl(c, line, err) != 0)
			return -1;
	return 0;
}

static int
check_template(
    const struct checkup *c, const struct ca_template *t, struct err *err)
{
	struct who who = {.subject = t->name};
	char *line, *rest;
	struct buf lines;
	int rc = 0;

	buf_init(&lines, LINES_MAX);
	(void)ca_template_check(c->ca, t, c->h->now, &lines, NULL);
	rest = lines.len > 0 ? (char *)lines.data : NULL;
	while (rc == 0 && (line = strsep(&rest, "\n")) != NULL)
		if (*line != '\0')
			rc = tell(c, CA_FINDING_TEMPLATE, who, line, err);
	buf_free(&lines);
	return rc;
}

/* --- certificates --- */

static const struct ca_template *
template_of(const struct checkup *c, const struct ca_cert *cert)
{
	size_t i;

	for (i = 0; i < c->h->template_count; i++)
		if (str_eq(c->h->templates[i].name, cert->template_name))
			return &c->h->templates[i];
	return NULL;
}

/* The newest of a device: is it alive? */
static int
check_life(const struct checkup *c, const struct ca_cert *cert, struct who who,
    struct err *err)
{
	const struct ca_template *t = template_of(c, cert);
	int64_t left = cert->not_after - c->h->now;
	char text[200], span[CLOCK_TEXT];

	if (left <= 0) {
		(void)snprintf(text, sizeof(text),
		    "ended %s ago, and there is no other: \"run "
		    "reissue-certificates\"",
		    clock_span(-left, span));
		return tell(c, CA_FINDING_ENDED, who, text, err);
	}
	if (t == NULL || left >= t->renew_before / 2)
		return 0;
	(void)snprintf(text, sizeof(text),
	    "ends in %s and should have been renewed: \"diagnose\" says what "
	    "stands in the way",
	    clock_span(left, span));
	return tell(c, CA_FINDING_RENEWAL_LATE, who, text, err);
}

/* And is it where it belongs? */
static int
check_place(const struct checkup *c, const struct ca_cert *cert, struct who who,
    struct err *err)
{
	enum ca_shown shown = CA_SHOWN_THIS;

	if (c->h->shown(c->h->shown_cookie, cert, &shown, err) != 0)
		return -1;
	if (shown == CA_SHOWN_NO_DEVICE)
		return tell(c, CA_FINDING_ORPHAN, who,
		    "no device of this name is in the fleet: \"ca revoke\"",
		    err);
	if (shown == CA_SHOWN_THIS || cert->issued_at > c->h->now - SETTLED)
		return 0;
	return tell(c, CA_FINDING_UNSEEN, who,
	    "the device was never seen with it: \"run reissue-certificates\" "
	    "goes on where it stopped, \"ca revoke\" ends it",
	    err);
}

static int
check_key(const struct checkup *c, const struct ca_cert *cert, struct who who,
    struct err *err)
{
	const unsigned char *der = cert->der;
	X509 *x509 = d2i_X509(NULL, &der, (long)cert->der_len);
	uint8_t hash[32];
	unsigned char *p = NULL;
	char *note = NULL;
	int got = 0, rc = 0, len;

	len =
	    x509 != NULL ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &p) : -1;
	if (len > 0) {
		str_sha256(p, (size_t)len, hash);
		got = ca_store_blocked(c->ca->store, hash, &note, err);
	}
	OPENSSL_free(p);
	if (got < 0)
		rc = -1;
	else if (got == 1)
		rc = tell(c, CA_FINDING_KEY_BLOCKED, who,
		    "its key is on the block list: \"ca revoke\", and \"run "
		    "reissue-certificates\"",
		    err);
	if (rc == 0 && (x509 == NULL || is_weak(x509)))
		rc = tell(c, CA_FINDING_KEY_WEAK, who,
		    "its key or signature has less than 112 bits of strength: "
		    "\"run reissue-certificates\"",
		    err);
	free(note);
	X509_free(x509);
	return rc;
}

static void
take(struct ca_cert *slot, const struct ca_cert *cert)
{
	ca_cert_clear(slot);
	slot->device = mem_dup(cert->device);
	slot->template_name = mem_dup(cert->template_name);
	slot->issued_at = cert->issued_at;
}

/* In the list's order the newest of a device comes first. */
static int
check_cert(void *cookie, const struct ca_cert *cert, struct err *err)
{
	struct checkup *c = cookie;
	const struct who who = {cert->device, cert->serial};
	bool newest = !str_eq(c->before.device, cert->device) ||
	    !str_eq(c->before.template_name, cert->template_name);
	bool valid = cert->not_after > c->h->now;
	int rc = 0;

	if (newest) {
		rc = check_life(c, cert, who, err);
		if (rc == 0 && valid)
			rc = check_place(c, cert, who, err);
	} else if (valid && c->before.issued_at <= c->h->now - SETTLED) {
		rc = tell(c, CA_FINDING_DUPLICATE, who,
		    "it was replaced, and is still valid: \"ca revoke\"", err);
	}
	if (rc == 0 && valid)
		rc = check_key(c, cert, who, err);
	if (newest)
		take(&c->before, cert);
	return rc;
}

/* --- other CAs --- */

static int
check_request(void *cookie, const struct ca_bridge_row *row, struct err *err)
{
	const struct checkup *c = cookie;
	struct who who = {.subject = row->device};
	char text[200], span[CLOCK_TEXT];

	if (row->made_at > c->h->now - BRIDGE_PATIENCE)
		return 0;
	(void)snprintf(text, sizeof(text),
	    "%s has not decided for %s (%s): \"ca bridge pending\"",
	    row->bridge, clock_span(c->h->now - row->made_at, span),
	    row->state);
	return tell(c, CA_FINDING_BRIDGE_WAITS, who, text, err);
}

int
ca_health(struct ca *ca, const struct ca_health *h, struct err *err)
{
	struct checkup c = {.ca = ca, .h = h};
	size_t i;
	int rc;

	rc = check_issuers(&c, err);
	for (i = 0; rc == 0 && i < h->template_count; i++)
		rc = check_template(&c, &h->templates[i], err);
	if (rc == 0)
		rc = ca_bridge_list(ca, check_request, &c, err);
	if (rc != 0)
		return -1;
	ca_store_lock(ca->store);
	rc = check_lines(&c, err);
	if (rc == 0)
		rc = check_crls(&c, err);
	if (rc == 0)
		rc = ca_store_survey(
		    ca->store, h->now - PAST, check_cert, &c, err);
	ca_store_unlock(ca->store);
	ca_cert_clear(&c.before);
	return rc;
}
