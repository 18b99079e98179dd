#ifndef CA_NAMES_INTERNAL_H_
#define CA_NAMES_INTERNAL_H_
#include <stddef.h>

#include "der_internal.h"

struct buf;
struct ca_subject;
struct ca_template;
struct err;

#define CA_NAMES_MAX 8
#define CA_CN_MAX 64   /* ub-common-name (RFC 5280, appendix A) */
#define CA_DNS_MAX 253 /* RFC 1035, 3.1, as text */
#define CA_LABELS_MAX 10

/* A set of DNS names in lower case, owned. */
struct ca_names {
	char *dns[CA_NAMES_MAX];
	size_t count;
};
void ca_names_clear(struct ca_names *n);

/* NULL, or why this is no DNS name we would certify.  RFC 1123 labels, no
 * address literal, no wildcard, no underscore; one label is enough inside. */
const char *ca_name_check(const char *name, size_t len);

/* What the device record says: the FQDN first, then the short name if the
 * template wants it.  Nothing in a certificate comes from the CSR's names. */
int ca_names_want(const struct ca_template *t, const struct ca_subject *subject,
    struct ca_names *ret, struct err *err);
/* The dNSNames of a subjectAltName value; other kinds of name, repeated and
 * impossible names are errors. */
int ca_names_read(
    struct ca_span alt_name, struct ca_names *ret, struct err *err);
/* The one CN of a Name; its string must be plain. given in lower case. */
int ca_names_read_cn(struct ca_span name, char **ret_cn, struct err *err);
/* The same set? The text says what is too much or missing. */
int ca_names_same(
    const struct ca_names *have, const struct ca_names *want, struct err *err);
/* "CN=a", as in our records; given. */
char *ca_names_subject(const struct ca_names *n);
/* "dns:a dns:b", sorted. */
void ca_names_text(const struct ca_names *n, struct buf *out);
/* Append subjectAltName's value. */
void ca_names_write(const struct ca_names *n, struct buf *out);
#endif
