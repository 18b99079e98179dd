/*
 * MS-XCEP, the answer of the certificate enrolment policy service: which
 * templates there are for us, which CAs have them and where those are asked.
 * Read to be shown, and to say what of it no device can use.
 */
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "ces_internal.h"
#include "clock.h"
#include "str.h"
#include "xml.h"

#define NAME_SHOWN 64
#define URL_SHOWN 200
#define USAGES_MAX 4096
#define BITS_USUAL 2048 /* firmware up to AMT 21 makes no others */

#define USAGES "2.5.29.37" /* extendedKeyUsage, as an oID's value */
#define NAMES_SUPPLIED 0x1 /* subjectNameFlags, MS-CRTD 2.28 */
#define PEND_ALL 0x2	   /* enrollmentFlags, 2.26 */
#define KEY_ARCHIVED 0x1   /* privateKeyFlags, 2.27 */
#define ATTESTATION_NEEDED 0x2000

/* One reading. */
struct reading {
	const struct ca_bridge *b;
	const struct xml_node *answer; /* GetPoliciesResponse */
	struct buf *out;
	bool met;  /* the bridge's template */
	bool here; /* and a CA that has it is asked at the bridge's url */
	char problem[CA_BRIDGE_PROBLEM]; /* with it; "": none */
};

static const struct xml_node *
child(const struct xml_node *node, const char *name)
{
	return node == NULL ? NULL : xml_child(node, CA_CES_NS_POLICY, name);
}

static const char *
text_of(const struct xml_node *node, const char *name)
{
	const struct xml_node *c = child(node, name);

	return c == NULL ? "" : c->text;
}

/* 0: not there, nil, or no number. Flags come as xs:unsignedInt or xs:int. */
static int64_t
number_of(const struct xml_node *node, const char *name)
{
	int64_t n = 0;

	(void)str_int(text_of(node, name), INT32_MIN, INT64_MAX, &n);
	return n;
}

static bool
is_true(const struct xml_node *node, const char *name)
{
	const char *text = text_of(node, name);

	return str_eq(text, "true") || str_eq(text, "1");
}

static void
show_text(struct buf *out, const char *text, size_t max)
{
	str_printable(out, text, strlen(text), max);
}

/* --- CAs --- */

static const char *
login_name(int64_t kind)
{
	switch (kind) {
	case 1:
		return "nobody's login";
	case 2:
		return "Kerberos";
	case 4:
		return "user and password";
	case 8:
		return "a certificate";
	default:
		return "a login that is not known";
	}
}

static void
show_places(struct reading *r, const struct xml_node *ca, bool ours)
{
	const struct xml_node *uri;
	const char *url;
	bool here;

	uri = child(child(ca, "uris"), "cAURI");
	for (; uri != NULL; uri = xml_again(uri)) {
		url = text_of(uri, "uri");
		here = str_ieq(url, r->b->url);
		r->here = r->here || (here && ours);
		buf_str(r->out, "  asked at ");
		show_text(r->out, url, URL_SHOWN);
		buf_printf(r->out, " with %s%s%s\n",
		    login_name(number_of(uri, "clientAuthentication")),
		    is_true(uri, "renewalOnly") ? ", for renewals only" : "",
		    here ? ", as this bridge does" : "");
	}
}

/* Its certificate, if it has one; NULL. */
static X509 *
read_cert(const struct xml_node *ca)
{
	struct buf der;
	const unsigned char *p;
	X509 *cert = NULL;

	buf_init(&der, CA_BRIDGE_ANSWER_MAX);
	if (str_unbase64(&der, text_of(ca, "certificate")) == 0 && !der.over) {
		p = der.data;
		cert = d2i_X509(NULL, &p, (long)der.len);
	}
	buf_free(&der);
	ERR_clear_error();
	return cert;
}

/* Does this policy name the CA by its reference? */
static bool
has_ca(const struct xml_node *policy, const char *reference)
{
	const struct xml_node *ref = child(child(policy, "cAs"), "cAReference");

	for (; ref != NULL; ref = xml_again(ref))
		if (str_eq(ref->text, reference))
			return true;
	return false;
}

/* Each CA of the answer; those that have our template must be ones we trust. */
static int
show_cas(struct reading *r, const struct xml_node *policy, struct err *err)
{
	struct ca_bridge_shown own = {.b = r->b, .out = r->out};
	struct ca_bridge_shown others = {.b = r->b, .out = r->out};
	const struct xml_node *ca = child(child(r->answer, "cAs"), "cA");
	bool ours;
	X509 *cert;

	for (; ca != NULL; ca = xml_again(ca)) {
		ours = policy != NULL &&
		    has_ca(policy, text_of(ca, "cAReferenceID"));
		cert = read_cert(ca);
		if (cert != NULL)
			ca_bridge_show(ours ? &own : &others, cert);
		else
			buf_str(r->out, "a CA without a certificate\n");
		if (!is_true(ca, "enrollPermission"))
			buf_str(r->out, "  our account may not ask it\n");
		show_places(r, ca, ours);
		X509_free(cert);
	}
	return ca_bridge_shown_end(&own, err);
}

/* --- templates --- */

const char *
ca_bridge_template_problem(
    const struct ca_bridge_template *t, char text[CA_BRIDGE_PROBLEM])
{
	if (!t->supplied)
		return "names come from the directory, of who asks, not from "
		       "the request";
	if (t->signatures > 0)
		(void)snprintf(text, CA_BRIDGE_PROBLEM,
		    "wants %lld signatures of registration authorities",
		    (long long)t->signatures);
	else if (t->key_bits > CA_BRIDGE_KEY_BITS)
		(void)snprintf(text, CA_BRIDGE_PROBLEM,
		    "wants keys of %lld bits, devices make %d at most",
		    (long long)t->key_bits, CA_BRIDGE_KEY_BITS);
	else
		return NULL;
	return text;
}

static int64_t
key_bits(const struct xml_node *attributes)
{
	return number_of(
	    child(attributes, "privateKeyAttributes"), "minimalKeyLength");
}

/* What no firmware, or no bridge, can do about it; "": nothing. */
static void
find_problem(const struct xml_node *attributes, char ret[CA_BRIDGE_PROBLEM])
{
	const struct ca_bridge_template t = {
	    .supplied = (number_of(attributes, "subjectNameFlags") &
			    NAMES_SUPPLIED) != 0,
	    .signatures =
		number_of(child(attributes, "rARequirements"), "rASignatures"),
	    .key_bits = key_bits(attributes),
	};
	int64_t key = number_of(attributes, "privateKeyFlags");
	char text[CA_BRIDGE_PROBLEM];
	const char *why = ca_bridge_template_problem(&t, text);

	if (!is_true(child(attributes, "permission"), "enroll"))
		why = "our account has no right to enroll for it";
	else if (why == NULL && (key & KEY_ARCHIVED) != 0)
		why = "wants the private key, which never leaves a device";
	else if (why == NULL && (key & ATTESTATION_NEEDED) != 0)
		why = "wants key attestation, which firmware cannot give";
	(void)snprintf(ret, CA_BRIDGE_PROBLEM, "%s", why == NULL ? "" : why);
}

/* Is this one of the answer's references to the object identifier? */
static bool
refers_to(const struct reading *r, const char *reference, const char *oid)
{
	const struct xml_node *row = child(child(r->answer, "oIDs"), "oID");

	for (; row != NULL; row = xml_again(row))
		if (str_eq(text_of(row, "oIDReferenceID"), reference))
			return str_eq(text_of(row, "value"), oid);
	return false;
}

/* Does this list of extended key usages, base64, hold serverAuth? */
static bool
lists_servers(const char *text)
{
	struct ca_tlv list, oid;
	struct buf der;
	bool found = false;

	buf_init(&der, USAGES_MAX);
	if (str_unbase64(&der, text) == 0 && !der.over &&
	    ca_der_only(ca_der_bytes(&der), CA_TAG_SEQ, &list) == 0)
		while (!found && ca_der_next(&list.body, &oid) == 0)
			found = ca_span_equal(oid.whole, ca_oids.server_auth);
	buf_free(&der);
	return found;
}

/* A certificate without extended key usages is good for all of them. */
static bool
for_servers(const struct reading *r, const struct xml_node *attributes)
{
	const struct xml_node *ext;

	ext = child(child(attributes, "extensions"), "extension");
	for (; ext != NULL; ext = xml_again(ext))
		if (refers_to(r, text_of(ext, "oIDReference"), USAGES))
			return lists_servers(text_of(ext, "value"));
	return true;
}

static void
show_template(
    struct reading *r, const struct xml_node *attributes, const char *problem)
{
	const struct xml_node *life = child(attributes, "certificateValidity");
	int64_t bits = key_bits(attributes);
	char span[CLOCK_TEXT];

	buf_str(r->out, "template ");
	show_text(r->out, text_of(attributes, "commonName"), NAME_SHOWN);
	if (problem[0] != '\0') {
		buf_printf(r->out, ": not for devices: %s\n", problem);
		return;
	}
	buf_printf(
	    r->out, ": may be enrolled, keys from %lld bits", (long long)bits);
	if (bits > BITS_USUAL)
		buf_str(r->out, " (AMT 22 or newer)");
	buf_printf(r->out, ", lives %s",
	    clock_span(number_of(life, "validityPeriodSeconds"), span));
	buf_printf(r->out, ", to be renewed %s before its end",
	    clock_span(number_of(life, "renewalPeriodSeconds"), span));
	if ((number_of(attributes, "enrollmentFlags") & PEND_ALL) != 0)
		buf_str(r->out, ", each by a certificate manager's approval");
	if (!for_servers(r, attributes))
		buf_str(r->out, "; not for TLS servers");
	buf_char(r->out, '\n');
}

/* Each policy of the answer; the bridge's is given. */
static const struct xml_node *
show_templates(struct reading *r)
{
	const struct xml_node *policy, *attributes, *own = NULL;
	char problem[CA_BRIDGE_PROBLEM];

	policy =
	    child(child(child(r->answer, "response"), "policies"), "policy");
	for (; policy != NULL; policy = xml_again(policy)) {
		attributes = child(policy, "attributes");
		find_problem(attributes, problem);
		show_template(r, attributes, problem);
		if (r->b->label == NULL ||
		    !str_ieq(text_of(attributes, "commonName"), r->b->label))
			continue;
		own = policy;
		(void)memcpy(r->problem, problem, sizeof(problem));
	}
	return own;
}

/* --- the answer --- */

static void
show_name(struct reading *r)
{
	const struct xml_node *response = child(r->answer, "response");

	buf_str(r->out, "policy ");
	show_text(r->out, text_of(response, "policyFriendlyName"), NAME_SHOWN);
	buf_char(r->out, ' ');
	show_text(r->out, text_of(response, "policyID"), NAME_SHOWN);
	buf_char(r->out, '\n');
}

static int
judge(struct reading *r, const struct xml_node *own, struct err *err)
{
	const char *label = r->b->label;

	if (label == NULL)
		return 0;
	if (own == NULL)
		return err_set(err, ERR_REFUSED,
		    "the policy has no template %.40s for us: no CA offers it, "
		    "or our account may not see it",
		    label);
	if (r->problem[0] != '\0')
		return err_set(
		    err, ERR_REFUSED, "template %.40s: %s", label, r->problem);
	if (!r->here)
		buf_str(r->out,
		    "note: by the policy no CA with the bridge's template is "
		    "asked at the bridge's url\n");
	return 0;
}

static int
read_answer(struct reading *r, struct err *err)
{
	const struct xml_node *own;

	if (child(r->answer, "response") == NULL)
		return err_set(err, ERR_PROTOCOL,
		    "the policy service's answer holds no policy");
	show_name(r);
	own = show_templates(r);
	if (show_cas(r, own, err) != 0)
		return -1;
	return judge(r, own, err);
}

int
ca_ces_read_policies(const struct ca_bridge *b, struct ca_span body,
    const char *id, struct buf *out, struct err *err)
{
	struct reading r = {.b = b, .out = out};
	const struct xml_node *inside;
	struct ca_bridge_answer a;
	struct xml *xml = NULL;
	const char *why = NULL;
	int rc = -1;

	if (xml_parse(body.p, body.len, &xml, err) != 0)
		return err_context(err, "policy service");
	ca_bridge_answer_init(&a);
	inside = ca_ces_open(xml, id, &a, &why);
	r.answer = child(inside, "GetPoliciesResponse");
	if (r.answer != NULL)
		rc = read_answer(&r, err);
	else if (inside == NULL && why == NULL)
		(void)ca_bridge_test_failed(&a, err);
	else
		(void)err_set(err, ERR_PROTOCOL, "policy service: %s",
		    why != NULL ? why : "the answer holds no policies");
	ca_bridge_answer_clear(&a);
	xml_free(xml);
	return rc;
}
