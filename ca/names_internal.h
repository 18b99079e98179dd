#ifndef CA_NAMES_INTERNAL_H_
#define CA_NAMES_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "der.h"

struct buf;
struct ca_subject;
struct ca_template;
struct err;

#define CA_NAMES_MAX 8
#define CA_CN_MAX 64   /* ub-common-name (RFC 5280, appendix A) */
#define CA_DNS_MAX 253 /* RFC 1035, 3.1, as text */
#define CA_LABELS_MAX 10
#define CA_UPN_MAX 128
#define CA_SID_MAX 96

/* A set of DNS names in lower case, owned, and at most one IPv4 address; and of
 * the account in the directory, which no CSR names: NULL, or owned. */
struct ca_names {
	char *dns[CA_NAMES_MAX];
	size_t count;
	bool with_address;
	uint8_t address[4];
	char *upn, *sid;
};
void ca_names_clear(struct ca_names *n);
/* Copies the name in lower case; there must be room. */
void ca_names_add(struct ca_names *n, const char *name, size_t len);

/* NULL, or why this is no DNS name we would certify.  RFC 1123 labels, with
 * underscore also "_" in them; no address literal, no wildcard; one label is
 * enough inside. */
const char *ca_name_check(const char *name, size_t len, bool underscore);
/* The same for an address: one that a single host can have. */
const char *ca_address_check(const uint8_t address[4]);

/* What the device record says: the FQDN first, then the short name, the static
 * address and the account if the template wants them and they are known.
 * Nothing in a certificate comes from the CSR's names. */
int ca_names_want(const struct ca_template *t, const struct ca_subject *subject,
    struct ca_names *ret, struct err *err);
/* The dNSNames and the IPv4 iPAddress of a subjectAltName value; other kinds of
 * name, repeated and impossible names are errors. */
int ca_names_read(struct ca_span alt_name, bool underscore,
    struct ca_names *ret, struct err *err);
/* The one CN of a Name; its string must be plain. given in lower case; NULL if
 * it has none. */
int ca_names_read_cn(struct ca_span name, char **ret_cn, struct err *err);
/* A CA's Name, of any attributes: not empty, plain strings (as above, and
 * IA5String, which domainComponent is), a CN as long as it may be. */
int ca_names_check_authority(struct ca_span name, struct err *err);
/* The same set, but for the account? The text says what is too much or missing.
 */
int ca_names_same(
    const struct ca_names *have, const struct ca_names *want, struct err *err);
/* "CN=a", as in our records; given. */
char *ca_names_subject(const struct ca_names *n);
/* "dns:a dns:b ip:192.0.2.1 sid:S-1-5-... upn:a@b", sorted. */
void ca_names_text(const struct ca_names *n, struct buf *out);
/* NULL, or why this is no user principal name, or no security identifier. */
const char *ca_upn_check(const char *upn);
const char *ca_sid_check(const char *sid);
/* Append a GeneralName of the UPN; the value of the SID's extension. */
void ca_upn_write(const char *upn, struct buf *out);
void ca_sid_write(const char *sid, struct buf *out);
/* Append subjectAltName's value. */
void ca_names_write(const struct ca_names *n, struct buf *out);
#endif
