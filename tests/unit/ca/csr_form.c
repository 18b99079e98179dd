/* CSRs that the rules form.* and extension.* refuse: wrong bytes, things too
 * many or not asked for. */
#include "csr_vectors.h"

#include <string.h>

#include "csr_internal.h"

static void
oversized(struct buf *der)
{
	while (der->len <= CA_CSR_MAX)
		buf_char(der, 0);
}

static void
nothing(struct buf *der)
{
	buf_reset(der);
}

static void
trailing(struct buf *der)
{
	buf_char(der, 0);
}

static void
cut(struct buf *der)
{
	der->len--;
}

static void
replace(struct buf *der, const uint8_t *head, size_t head_len, size_t skip)
{
	struct buf wide;

	buf_init(&wide, 16384);
	buf_add(&wide, head, head_len);
	buf_add(&wide, der->data + skip, der->len - skip);
	buf_reset(der);
	buf_add(der, wide.data, wide.len);
	buf_free(&wide);
}

/* 30 82 hh ll -> 30 83 00 hh ll: the same, one octet longer. */
static void
long_length(struct buf *der)
{
	static const uint8_t head[] = {0x30, 0x83, 0x00};

	replace(der, head, sizeof(head), 2);
}

static void
indefinite(struct buf *der)
{
	der->data[1] = 0x80;
}

/* The certificationRequestInfo with nothing around it. */
static void
inner_only(struct buf *der)
{
	replace(der, NULL, 0, 4);
	der->len = 4 + (size_t)(der->data[2] << 8 | der->data[3]);
}

static void
version_long(struct csr_spec *s)
{
	s->version = 255; /* two octets in DER */
}

static void
two_requests(struct csr_spec *s)
{
	s->second_request = true;
}

static void
many_attributes(struct csr_spec *s)
{
	/* challengePassword, again and again */
	static const uint8_t one[] = {0x30, 0x10, 0x06, 0x09, 0x2a, 0x86, 0x48,
	    0x86, 0xf7, 0x0d, 0x01, 0x09, 0x07, 0x31, 0x03, 0x0c, 0x01, 'x'};
	static uint8_t all[CA_CSR_ATTRIBUTES * sizeof(one)];
	size_t i;

	for (i = 0; i < CA_CSR_ATTRIBUTES; i++)
		memcpy(all + i * sizeof(one), one, sizeof(one));
	s->attributes = SPAN(all);
}

static void
duplicate_extension(struct csr_spec *s)
{
	/* keyUsage twice */
	static const uint8_t exts[] = {0x30, 0x0b, 0x06, 0x03, 0x55, 0x1d, 0x0f,
	    0x04, 0x04, 0x03, 0x02, 0x05, 0xa0, 0x30, 0x0b, 0x06, 0x03, 0x55,
	    0x1d, 0x0f, 0x04, 0x04, 0x03, 0x02, 0x05, 0xa0};

	s->exts = SPAN(exts);
}

static void
many_extensions(struct csr_spec *s)
{
	/* 1.2.n, value NULL */
	static const uint8_t one[] = {
	    0x30, 0x08, 0x06, 0x02, 0x2a, 0x00, 0x04, 0x02, 0x05, 0x00};
	static uint8_t all[CA_CSR_EXTENSIONS * sizeof(one)];
	size_t i;

	for (i = 0; i < CA_CSR_EXTENSIONS; i++) {
		memcpy(all + i * sizeof(one), one, sizeof(one));
		all[i * sizeof(one) + 5] = (uint8_t)(i + 1);
	}
	s->exts = SPAN(all);
}

static void
critical_false(struct csr_spec *s)
{
	/* critical FALSE written out: the default, so no DER */
	static const uint8_t exts[] = {0x30, 0x0e, 0x06, 0x03, 0x55, 0x1d, 0x0f,
	    0x01, 0x01, 0x00, 0x04, 0x04, 0x03, 0x02, 0x05, 0xa0};

	s->exts = SPAN(exts);
}

static void
extension_not_der(struct csr_spec *s)
{
	/* keyUsage with unused bits set */
	static const uint8_t exts[] = {0x30, 0x0b, 0x06, 0x03, 0x55, 0x1d, 0x0f,
	    0x04, 0x04, 0x03, 0x02, 0x05, 0xbf};

	s->exts = SPAN(exts);
}

static void
unknown_critical(struct csr_spec *s)
{
	/* nameConstraints, critical, empty */
	static const uint8_t exts[] = {0x30, 0x0c, 0x06, 0x03, 0x55, 0x1d, 0x1e,
	    0x01, 0x01, 0xff, 0x04, 0x02, 0x30, 0x00};

	s->exts = SPAN(exts);
}

static void
authority_asked(struct csr_spec *s)
{
	static const uint8_t exts[] = {0x30, 0x0c, 0x06, 0x03, 0x55, 0x1d, 0x13,
	    0x04, 0x05, 0x30, 0x03, 0x01, 0x01, 0xff};

	s->exts = SPAN(exts);
}

/* FALSE, written out. */
static void
authority_not(struct csr_spec *s)
{
	static const uint8_t exts[] = {0x30, 0x0c, 0x06, 0x03, 0x55, 0x1d, 0x13,
	    0x04, 0x05, 0x30, 0x03, 0x01, 0x01, 0x00};

	s->exts = SPAN(exts);
}

/* keyUsage, critical: keyCertSign and cRLSign */
static void
usage_of_authority(struct csr_spec *s)
{
	static const uint8_t exts[] = {0x30, 0x0e, 0x06, 0x03, 0x55, 0x1d, 0x0f,
	    0x01, 0x01, 0xff, 0x04, 0x04, 0x03, 0x02, 0x01, 0x06};

	s->exts = SPAN(exts);
}

/* keyUsage, critical: NULL */
static void
usage_empty(struct csr_spec *s)
{
	static const uint8_t exts[] = {0x30, 0x0c, 0x06, 0x03, 0x55, 0x1d, 0x0f,
	    0x01, 0x01, 0xff, 0x04, 0x02, 0x05, 0x00};

	s->exts = SPAN(exts);
}

static const struct csr_vector vectors[] = {
    {.rule = "form.size", .says = "limit is 8192", .bytes = oversized},
    {.rule = "form.size", .says = "0 bytes", .bytes = nothing},
    {.rule = "form.der", .says = "1 bytes behind", .bytes = trailing},
    {.rule = "form.der", .says = "length", .bytes = cut},
    {.rule = "form.der", .says = "length", .bytes = long_length},
    {.rule = "form.der", .says = "length", .bytes = indefinite},
    {.rule = "form.structure", .says = "Info", .bytes = inner_only},
    {.rule = "form.structure", .says = "extensions", .spec = critical_false},
    {.rule = "form.version",
	.says = "version 0x01 is",
	.spec = csr_version_one},
    {.rule = "form.version", .says = "version 0x00ff is", .spec = version_long},
    {.rule = "form.attributes", .says = "2 extensionR", .spec = two_requests},
    {.rule = "form.attributes", .says = "limit is 8", .spec = many_attributes},
    {.rule = "extension.unique", .says = "twice", .spec = duplicate_extension},
    {.rule = "extension.unique", .says = "than 16", .spec = many_extensions},
    {.rule = "extension.der", .says = "unused bits", .spec = extension_not_der},
    {.rule = "extension.critical",
	.says = "Name Constraints",
	.spec = unknown_critical},
    {.rule = "extension.authority", .says = "CA:TRUE", .spec = authority_asked},
    {.rule = "extension.authority", .says = "CA:FALSE", .spec = authority_not},
    {.rule = "extension.authority",
	.says = "keyUsage 0x06 asks for keyCertSign",
	.spec = usage_of_authority},
    {.rule = "extension.authority",
	.says = "X509v3 Key Usage is no keyUsage",
	.spec = usage_empty},
    /* These pass. */
    {.rule = NULL},
};

const struct csr_vectors csr_form_vectors = {
    vectors, sizeof(vectors) / sizeof(vectors[0])};
