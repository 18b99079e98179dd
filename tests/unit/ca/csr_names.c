/* CSRs that the rules names.* refuse. */
#include "csr_vectors.h"

const struct ca_subject csr_other_device = {
    .device = "pc2",
    .fqdn = "pc1.corp.example",
    .amt_major = 16,
};

static const struct ca_template with_short = {
    .name = "short",
    .validity = 86400 * 30,
    .renew_before = 86400,
    .key = "auto",
    .short_name = true,
};
static const struct ca_template with_address = {
    .name = "address",
    .validity = 86400 * 30,
    .renew_before = 86400,
    .key = "auto",
    .address = true,
};
static const struct ca_template with_underscore = {
    .name = "underscore",
    .validity = 86400 * 30,
    .renew_before = 86400,
    .key = "auto",
    .underscore = true,
};
static const struct ca_subject static_device = {
    .device = "pc1",
    .fqdn = "pc1.corp.example",
    .address = "192.0.2.7",
    .amt_major = 16,
};
static const struct ca_subject bad_address = {
    .device = "pc1",
    .fqdn = "pc1.corp.example",
    .address = "127.0.0.1",
    .amt_major = 16,
};
static const struct ca_subject elsewhere = {
    .device = "pc7",
    .fqdn = "pc7.elsewhere.example",
    .amt_major = 16,
};
static const struct ca_subject bad_record = {
    .device = "pc1",
    .fqdn = "pc_1.corp.example",
    .amt_major = 16,
};

static void
cn_other(struct csr_spec *s)
{
	s->cn = "pc2.corp.example";
}

static void
cn_nul(struct csr_spec *s)
{
	s->cn = "pc1.corp.example\0.evil.example";
	s->cn_len = 30;
}

static void
cn_escape(struct csr_spec *s)
{
	s->cn = "pc1\033[31m";
}

static void
cn_bmp(struct csr_spec *s)
{
	s->cn_tag = 0x1e;
}

static void
cn_long(struct csr_spec *s)
{
	s->cn = "a23456789.a23456789.a23456789.a23456789.a23456789."
		"a23456789.a2345";
}

static void
cn_empty(struct csr_spec *s)
{
	static const uint8_t name[] = {0x30, 0x0b, 0x31, 0x09, 0x30, 0x07, 0x06,
	    0x03, 0x55, 0x04, 0x03, 0x0c, 0x00};

	s->subject = SPAN(name);
}

static void
nameless(struct csr_spec *s)
{
	csr_subject_empty(s);
	s->no_san = true;
}

static void
san_missing(struct csr_spec *s)
{
	s->no_san = true;
}

static void
san_empty(struct csr_spec *s)
{
	static const uint8_t san[] = {0x30, 0x00};

	s->san = SPAN(san);
}

static void
san_address(struct csr_spec *s)
{
	/* iPAddress 192.0.2.7 beside the name */
	static const uint8_t san[] = {0x30, 0x18, 0x82, 0x10, 'p', 'c', '1',
	    '.', 'c', 'o', 'r', 'p', '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e',
	    0x87, 0x04, 192, 0, 2, 7};

	s->san = SPAN(san);
}

static void
san_other_address(struct csr_spec *s)
{
	static const uint8_t san[] = {0x30, 0x18, 0x82, 0x10, 'p', 'c', '1',
	    '.', 'c', 'o', 'r', 'p', '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e',
	    0x87, 0x04, 192, 0, 2, 8};

	s->san = SPAN(san);
}

static void
san_two_addresses(struct csr_spec *s)
{
	static const uint8_t san[] = {
	    0x30, 0x0c, 0x87, 0x04, 192, 0, 2, 7, 0x87, 0x04, 192, 0, 2, 8};

	s->san = SPAN(san);
}

static void
san_address_six(struct csr_spec *s)
{
	static const uint8_t san[] = {0x30, 0x12, 0x87, 0x10, 0x20, 0x01, 0x0d,
	    0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

	s->san = SPAN(san);
}

static void
san_loopback(struct csr_spec *s)
{
	static const uint8_t san[] = {0x30, 0x06, 0x87, 0x04, 127, 0, 0, 1};

	s->san = SPAN(san);
}

static void
san_mail(struct csr_spec *s)
{
	static const uint8_t san[] = {0x30, 0x05, 0x81, 0x03, 'a', '@', 'b'};

	s->san = SPAN(san);
}

/* dNSName, but constructed. */
static void
san_unknown(struct csr_spec *s)
{
	static const uint8_t san[] = {0x30, 0x05, 0xa2, 0x03, 0x0c, 0x01, 'a'};

	s->san = SPAN(san);
}

static void
san_upn(struct csr_spec *s)
{
	/* otherName: a UPN never comes from a CSR */
	static const uint8_t san[] = {0x30, 0x13, 0xa0, 0x11, 0x06, 0x0a, 0x2b,
	    0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x14, 0x02, 0x03, 0xa0, 0x03,
	    0x0c, 0x01, 'a'};

	s->san = SPAN(san);
}

static void
san_nul(struct csr_spec *s)
{
	static const uint8_t san[] = {
	    0x30, 0x07, 0x82, 0x05, 'p', 'c', 0, '.', 'x'};

	s->san = SPAN(san);
}

static void
dns_list(struct csr_spec *s, const char *one, const char *two)
{
	static const char *list[3];

	list[0] = one;
	list[1] = two;
	list[2] = NULL;
	s->dns = list;
}

static void
dns_address(struct csr_spec *s)
{
	dns_list(s, "10.0.0.1", NULL);
}

static void
dns_wildcard(struct csr_spec *s)
{
	dns_list(s, "*.corp.example", NULL);
}

static void
dns_dot(struct csr_spec *s)
{
	dns_list(s, "pc1.corp.example.", NULL);
}

static void
dns_twice(struct csr_spec *s)
{
	dns_list(s, "pc1.corp.example", "PC1.corp.example");
}

static void
dns_many(struct csr_spec *s)
{
	static const char *const list[] = {
	    "a", "b", "c", "d", "e", "f", "g", "h", "i", NULL};

	s->dns = list;
}

static void
dns_extra(struct csr_spec *s)
{
	dns_list(s, "pc1.corp.example", "dc1.corp.example");
}

static void
dns_short(struct csr_spec *s)
{
	dns_list(s, "pc1.corp.example", "pc1");
}

static void
dns_other(struct csr_spec *s)
{
	dns_list(s, "pc2.corp.example", NULL);
}

static void
dns_elsewhere(struct csr_spec *s)
{
	s->cn = elsewhere.fqdn;
	s->key = fixture_key(3, 2048);
	dns_list(s, elsewhere.fqdn, NULL);
}

static void
cn_not_printable(struct csr_spec *s)
{
	s->cn_tag = CA_TAG_PRINTABLE;
	s->cn = "pc1@corp.example";
}

/* An overlong encoding of a slash. */
static void
cn_not_utf8(struct csr_spec *s)
{
	s->cn = "pc1\xc0\xaf.corp.example";
}

static void
another_key(struct csr_spec *s)
{
	s->key = fixture_key(3, 2048);
}

static void
names_underscore(struct csr_spec *s)
{
	s->cn = bad_record.fqdn;
	dns_list(s, bad_record.fqdn, NULL);
}

static void
upper_case(struct csr_spec *s)
{
	s->cn = "PC1.Corp.Example";
	dns_list(s, "PC1.CORP.EXAMPLE", NULL);
}

static const struct csr_vector vectors[] = {
    {.rule = "names.record", .says = "\"pc_1.corp", .subject = &bad_record},
    {.rule = "names.record",
	.says = "127.0.0.1",
	.subject = &bad_address,
	.t = &with_address},
    {.rule = "names.subject", .says = "pc2.corp.example", .spec = cn_other},
    {.rule = "names.subject", .says = "\\x00", .spec = cn_nul},
    {.rule = "names.subject", .says = "\\x1B", .spec = cn_escape},
    {.rule = "names.subject", .says = "0x1e", .spec = cn_bmp},
    {.rule = "names.subject", .says = "than 64", .spec = cn_long},
    {.rule = "names.subject", .says = "empty CN", .spec = cn_empty},
    {.rule = "names.alternative", .says = "no subject", .spec = san_missing},
    {.rule = "names.alternative", .says = "no subject", .spec = nameless},
    {.rule = "names.alternative", .says = "list", .spec = san_empty},
    {.rule = "names.alternative", .says = "one iPA", .spec = san_two_addresses},
    {.rule = "names.alternative", .says = "16 bytes", .spec = san_address_six},
    {.rule = "names.alternative", .says = "127.0.0.1", .spec = san_loopback},
    {.rule = "names.set", .says = "192.0.2.7 is not", .spec = san_address},
    {.rule = "names.set",
	.says = "192.0.2.8 is not",
	.spec = san_other_address,
	.subject = &static_device,
	.t = &with_address},
    {.rule = "names.set",
	.says = "192.0.2.7 is missing",
	.subject = &static_device,
	.t = &with_address},
    {.rule = "names.alternative", .says = "otherName", .spec = san_upn},
    {.rule = "names.alternative",
	.says = "rfc822Name \"a@b\" is in",
	.spec = san_mail},
    {.rule = "names.alternative",
	.says = "of no known kind \"\\x0C\\x01a\" is in",
	.spec = san_unknown},
    {.rule = "names.alternative", .says = "\\x00", .spec = san_nul},
    {.rule = "names.alternative", .says = "address", .spec = dns_address},
    {.rule = "names.alternative",
	.says = "is a wildcard",
	.spec = dns_wildcard},
    {.rule = "names.alternative", .says = "ends with a dot", .spec = dns_dot},
    {.rule = "names.alternative", .says = "twice", .spec = dns_twice},
    {.rule = "names.alternative", .says = "than 8", .spec = dns_many},
    {.rule = "names.set", .says = "\"dc1.corp.example\"", .spec = dns_extra},
    {.rule = "names.set", .says = "\"pc1\" is not", .spec = dns_short},
    {.rule = "names.set", .says = "\"pc2.corp.example\"", .spec = dns_other},
    {.rule = "names.set", .says = "\"pc1\" is missing", .t = &with_short},
    {.rule = "names.constraints",
	.says = "permitted subtree",
	.spec = dns_elsewhere,
	.subject = &elsewhere,
	.constrained = true},
    {.rule = "names.constraints",
	.says = "permitted subtree",
	.spec = dns_short,
	.t = &with_short,
	.constrained = true},
    {.rule = "names.subject", .says = "string type", .spec = cn_not_printable},
    {.rule = "names.subject", .says = "string type", .spec = cn_not_utf8},
    {.rule = "names.owner",
	.says = "device pc1: if",
	.subject = &csr_other_device,
	.spec = another_key},
    /* These pass. */
    {.spec = dns_short, .t = &with_short},
    {.spec = san_address, .subject = &static_device, .t = &with_address},
    /* A device that has its address by DHCP is named without. */
    {.t = &with_address},
    {.constrained = true},
    {.spec = names_underscore, .subject = &bad_record, .t = &with_underscore},
    /* DNS names know no case (RFC 4343); what is issued comes from the record.
     */
    {.spec = upper_case},
    /* The CN is the record's, too (RFC 5280, 4.1.2.6 lets a subject be empty).
     */
    {.spec = csr_subject_empty},
};

const struct csr_vectors csr_names_vectors = {
    vectors, sizeof(vectors) / sizeof(vectors[0])};
