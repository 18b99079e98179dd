#include "names_internal.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "ca.h"
#include "err.h"
#include "mem.h"
#include "str.h"

#define NAME_SHOWN 80
#define TAG_DNS CA_TAG_CONTEXT(2)
#define TAG_ADDRESS CA_TAG_CONTEXT(7)

void
ca_names_clear(struct ca_names *n)
{
	size_t i;

	for (i = 0; i < n->count; i++)
		free(n->dns[i]);
	free(n->upn);
	free(n->sid);
	n->count = 0;
	n->with_address = false;
	n->upn = n->sid = NULL;
}

static bool
has(const struct ca_names *n, const char *name)
{
	size_t i;

	for (i = 0; i < n->count; i++)
		if (str_ieq(n->dns[i], name))
			return true;
	return false;
}

void
ca_names_add(struct ca_names *n, const char *name, size_t len)
{
	n->dns[n->count++] = str_lower(mem_dup_len(name, len));
}

/* What an encoded label stands for must be one that may be registered
 * (RFC 5891, 4.2), written in the one way there is. */
static bool
is_a_label(const char *label, size_t len)
{
	char *text = str_lower(mem_dup_len(label, len));
	uint8_t *same = NULL;
	bool is = idn2_register_u8(NULL, (const uint8_t *)text, &same, 0) ==
		IDN2_OK &&
	    str_eq((const char *)same, text);

	idn2_free(same);
	free(text);
	return is;
}

/* "..--..." is kept for encodings; "xn--" is the only one there is
 * (RFC 5890, 2.3.1). */
static const char *
check_label(const char *label, size_t len)
{
	if (len == 0)
		return "has an empty label";
	if (len > 63)
		return "has a label longer than 63";
	if (label[0] == '-' || label[len - 1] == '-')
		return "has a hyphen at a label's end";
	if (len < 4 || label[2] != '-' || label[3] != '-')
		return NULL;
	if ((label[0] | 0x20) != 'x' || (label[1] | 0x20) != 'n')
		return "has a label of a reserved form";
	return is_a_label(label, len)
	    ? NULL
	    : "has an xn-- label that stands for no name";
}

static const char *
check_labels(const char *name, size_t len)
{
	const char *why = NULL, *label = name, *end = name + len, *dot;
	size_t count = 0;

	while (why == NULL) {
		dot = memchr(label, '.', (size_t)(end - label));
		why = check_label(
		    label, (size_t)((dot != NULL ? dot : end) - label));
		if (why == NULL && ++count > CA_LABELS_MAX)
			why = "has too many labels";
		if (dot == NULL)
			break;
		label = dot + 1;
	}
	return why;
}

static bool
letter_ok(char c, bool underscore)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '.' ||
	    (c == '_' && underscore);
}

static const char *
bad_letter(char c)
{
	if (c == '*')
		return "is a wildcard, which names no one host";
	if (c == '_')
		return "holds \"_\", which the template does not allow";
	return (c & 0x80) != 0
	    ? "has a letter beyond ASCII: write it in its xn-- form"
	    : "has a character other than a-z 0-9 - .";
}

const char *
ca_name_check(const char *name, size_t len, bool underscore)
{
	size_t i, last = 0;

	if (len == 0)
		return "is empty";
	if (len > CA_DNS_MAX)
		return "is longer than 253";
	if (name[len - 1] == '.')
		return "ends with a dot";
	for (i = 0; i < len; i++) {
		if (!letter_ok(name[i], underscore))
			return bad_letter(name[i]);
		if (name[i] == '.')
			last = i + 1;
	}
	/* No top-level domain is all digits, every dotted address ends so. */
	if (last < len && strspn(name + last, "0123456789") >= len - last)
		return "is an address, not a name";
	return check_labels(name, len);
}

const char *
ca_address_check(const uint8_t address[4])
{
	/* RFC 1122, 3.2.1.3; RFC 3927; RFC 1112, 4 and what is above it. */
	if (address[0] == 0 || address[0] == 127)
		return "is no host's address";
	if (address[0] == 169 && address[1] == 254)
		return "is link-local";
	if (address[0] >= 224)
		return "is a multicast or reserved address";
	return NULL;
}

/* One of the record's own names; an unusable one is the record's fault. */
static int
check_record(
    const char *what, const char *name, const char *why, struct err *err)
{
	struct buf shown;

	if (why == NULL)
		return 0;
	buf_init(&shown, 4 * NAME_SHOWN + 4);
	str_printable(&shown, name, strlen(name), NAME_SHOWN);
	err_set(err, ERR_INVALID, "the device record's %s \"%s\" %s", what,
	    buf_text(&shown), why);
	buf_free(&shown);
	return -1;
}

static int
check_dns(const struct ca_template *t, const char *what, const char *name,
    struct err *err)
{
	return check_record(
	    what, name, ca_name_check(name, strlen(name), t->underscore), err);
}

static int
read_address(const char *text, struct ca_names *n, struct err *err)
{
	const char *why = "is no IPv4 address";

	if (inet_pton(AF_INET, text, n->address) == 1)
		why = ca_address_check(n->address);
	n->with_address = true;
	return check_record("address", text, why, err);
}

static int
check_account(const struct ca_template *t, const struct ca_subject *subject,
    struct err *err)
{
	if (t->upn && !str_empty(subject->upn) &&
	    check_record(
		"UPN", subject->upn, ca_upn_check(subject->upn), err) != 0)
		return -1;
	return t->sid && !str_empty(subject->sid)
	    ? check_record("SID", subject->sid, ca_sid_check(subject->sid), err)
	    : 0;
}

int
ca_names_want(const struct ca_template *t, const struct ca_subject *subject,
    struct ca_names *ret, struct err *err)
{
	const char *fqdn = subject->fqdn != NULL ? subject->fqdn : "";
	const char *host = subject->short_name;
	const char *address = subject->address;
	bool with_host = t->short_name && !str_empty(host);
	bool with_address = t->address && !str_empty(address);
	struct ca_names n = {.count = 0};

	if (check_dns(t, "FQDN", fqdn, err) != 0 ||
	    (with_host && check_dns(t, "short name", host, err) != 0) ||
	    (with_address && read_address(address, &n, err) != 0) ||
	    check_account(t, subject, err) != 0)
		return -1;
	if (strlen(fqdn) > CA_CN_MAX)
		return err_set(err, ERR_INVALID,
		    "the FQDN %s does not fit a common name (%d characters)",
		    fqdn, CA_CN_MAX);
	ca_names_add(&n, fqdn, strlen(fqdn));
	if (with_host && !has(&n, host))
		ca_names_add(&n, host, strlen(host));
	n.upn =
	    t->upn && !str_empty(subject->upn) ? mem_dup(subject->upn) : NULL;
	n.sid =
	    t->sid && !str_empty(subject->sid) ? mem_dup(subject->sid) : NULL;
	*ret = n;
	return 0;
}

static char *
address_text(const struct ca_names *n, char out[INET_ADDRSTRLEN])
{
	(void)snprintf(out, INET_ADDRSTRLEN, "%u.%u.%u.%u", n->address[0],
	    n->address[1], n->address[2], n->address[3]);
	return out;
}

static int
same_address(
    const struct ca_names *have, const struct ca_names *want, struct err *err)
{
	char text[INET_ADDRSTRLEN];

	if (have->with_address && want->with_address &&
	    memcmp(have->address, want->address, sizeof(want->address)) == 0)
		return 0;
	if (have->with_address)
		return err_set(err, ERR_REFUSED,
		    "%s is not a static address of the device that the "
		    "template names",
		    address_text(have, text));
	if (want->with_address)
		return err_set(err, ERR_REFUSED,
		    "the device's address %s is missing",
		    address_text(want, text));
	return 0;
}

int
ca_names_same(
    const struct ca_names *have, const struct ca_names *want, struct err *err)
{
	size_t i;

	for (i = 0; i < have->count; i++)
		if (!has(want, have->dns[i]))
			return err_set(err, ERR_REFUSED,
			    "\"%s\" is not a name of the device", have->dns[i]);
	for (i = 0; i < want->count; i++)
		if (!has(have, want->dns[i]))
			return err_set(err, ERR_REFUSED,
			    "the device's name \"%s\" is missing",
			    want->dns[i]);
	return same_address(have, want, err);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char *
ca_names_subject(const struct ca_names *n)
{
	return mem_printf("CN=%s", n->dns[0]);
}

void
ca_names_text(const struct ca_names *n, struct buf *out)
{
	const char *sorted[CA_NAMES_MAX];
	char address[INET_ADDRSTRLEN];
	size_t i;

	for (i = 0; i < n->count; i++)
		sorted[i] = n->dns[i];
	qsort(sorted, n->count, sizeof(sorted[0]), by_text);
	for (i = 0; i < n->count; i++)
		buf_printf(out, "%sdns:%s", i > 0 ? " " : "", sorted[i]);
	if (n->with_address)
		buf_printf(out, " ip:%s", address_text(n, address));
	if (n->sid != NULL)
		buf_printf(out, " sid:%s", n->sid);
	if (n->upn != NULL)
		buf_printf(out, " upn:%s", n->upn);
}

void
ca_names_write(const struct ca_names *n, struct buf *out)
{
	size_t mark = ca_der_open(out, CA_TAG_SEQ), i;

	for (i = 0; i < n->count; i++)
		ca_der_text(out, TAG_DNS, n->dns[i]);
	if (n->with_address)
		ca_der_tlv(out, TAG_ADDRESS, n->address, sizeof(n->address));
	if (n->upn != NULL)
		ca_upn_write(n->upn, out);
	ca_der_close(out, mark);
}
