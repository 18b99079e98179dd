#include <stdio.h>
#include <string.h>

#include "fw_internal.h"

/* AMT_TLSSettingData (remote and local interface), AMT_TLSCredentialContext
 * (which certificate), AMT_TLSProtocolEndpointCollection.  All but TrustedCN
 * is staged until CommitChanges; reading shows what is staged. */

#define REMOTE "Intel(r) AMT 802.3 TLS Settings"
#define LOCAL "Intel(r) AMT LMS TLS Settings"
#define COLLECTION "TLSProtocolEndpoint Instances Collection"
#define COLLECTION_OLD "TLSProtocolEndpointInstances Collection"

static bool
tls_always(unsigned version)
{
	return version >= 1601;
}

/* The order of the two differs between versions: clients have to look. */
static bool
is_local(const struct sim_device *d, size_t i)
{
	return fw_version(d) >= 1500 ? i == 0 : i == 1;
}

static bool
show(struct fw_emit *e, const struct sim_device *d, size_t i)
{
	const struct sim_tls *t = &d->state.staged;
	bool local = is_local(d, i);
	const char *id = local ? LOCAL : REMOTE;
	size_t n;

	if (i > 1)
		return false;
	fw_emit_bool(e, "AcceptNonSecureConnections", local ? true : t->plain);
	fw_emit_string(e, "ElementName", id);
	fw_emit_bool(e, "Enabled", local ? t->local_enabled : t->enabled);
	fw_emit_string(e, "InstanceID", id);
	fw_emit_bool(
	    e, "MutualAuthentication", local ? t->local_mutual : t->mutual);
	if (tls_always(fw_version(d)))
		fw_emit_bool(e, "NonSecureConnectionsSupported", local);
	for (n = 0; !local && n < d->vol->trusted_cn_count; n++)
		fw_emit_string(e, "TrustedCN", d->vol->trusted_cn[n]);
	return true;
}

static enum fw_fault
take_names(struct fw_call *c, const struct fw_node *in)
{
	struct sim_volatile *v = c->d->vol;
	const struct fw_node *k;
	size_t n = 0;

	if (fw_count(in, "TrustedCN") > FW_MAX_TRUSTED_CN)
		return FW_INVALID_REPRESENTATION;
	for (k = in->first; k != NULL; k = k->next) {
		if (strcmp(k->name, "TrustedCN") == 0)
			fw_copy(v->trusted_cn[n++], FW_TEXT_SIZE, k->text);
	}
	v->trusted_cn_count = n;
	return FW_OK;
}

static enum fw_fault
put_local(struct fw_call *c, const struct fw_node *in)
{
	struct sim_tls *t = &c->d->state.staged;

	if (fw_count(in, "TrustedCN") > 0 && c->version >= 800)
		return FW_INVALID_REPRESENTATION;
	t->local_enabled = fw_bool(in, "Enabled", false);
	t->local_mutual = fw_bool(in, "MutualAuthentication", false);
	return FW_OK;
}

static enum fw_fault
put_remote(struct fw_call *c, const struct fw_node *in)
{
	struct sim_tls *t = &c->d->state.staged;
	bool enabled = fw_bool(in, "Enabled", false);
	bool mutual = fw_bool(in, "MutualAuthentication", false);
	bool plain = fw_bool(in, "AcceptNonSecureConnections", t->plain);

	/* NOT_PERMITTED, which a Put has no ReturnValue for */
	if (tls_always(c->version) && (!enabled || plain))
		return FW_ACCESS_DENIED;
	if (!mutual && fw_count(in, "TrustedCN") > 0)
		return FW_INVALID_REPRESENTATION;
	if (take_names(c, in) != FW_OK)
		return FW_INVALID_REPRESENTATION;
	t->enabled = enabled;
	t->mutual = mutual;
	t->plain = plain;
	return FW_OK;
}

static enum fw_fault
put(struct fw_call *c, size_t i, const struct fw_node *in)
{
	enum fw_fault fault;

	if (fw_bool(in, "Enabled", false) &&
	    fw_text(in, "MutualAuthentication") == NULL)
		return FW_MISSING_VALUES;
	fault = is_local(c->d, i) ? put_local(c, in) : put_remote(c, in);
	if (fault == FW_OK)
		fw_changed(c);
	fw_take_time(c, 1000, 30000);
	return fault;
}

static const struct fw_prop props[] = {
    {"AcceptNonSecureConnections", T_BOOL, 0, 0, 0},
    {"ElementName", T_STRING, P_REQUIRED, 0, 0},
    {"Enabled", T_BOOL, P_REQUIRED, 0, 0},
    {"InstanceID", T_STRING, P_KEY | P_REQUIRED, 0, 0},
    {"MutualAuthentication", T_BOOL, 0, 0, 0},
    {"NonSecureConnectionsSupported", T_BOOL, P_RO, 1601, 0},
    {"TrustedCN", T_STRING, P_ARRAY, 0, 0},
    {"X509IssuerName", T_STRING, P_RO, 0, 0},
    {"X509SerialNumber", T_STRING, P_RO, 0, 0},
};

const struct fw_class fw_class_tls = {
    .name = "AMT_TLSSettingData",
    .prefix = URI_AMT,
    .props = props,
    .prop_count = sizeof(props) / sizeof(props[0]),
    .show = show,
    .put = put,
};

/* --- the context ---------------------------------------------------------- */

static bool
show_context(struct fw_emit *e, const struct sim_device *d, size_t i)
{
	struct fw_epr cert = {&fw_class_cert, {{"InstanceID", NULL}}};
	struct fw_epr ends = {
	    &fw_class_tls_collection, {{"ElementName", COLLECTION}}};
	char id[64];

	if (i > 0 || d->state.staged.cert_handle < 0)
		return false;
	snprintf(id, sizeof(id), FW_CERT_ID "%d", d->state.staged.cert_handle);
	cert.sel[0].value = id;
	fw_emit_epr(e, "ElementInContext", &cert);
	fw_emit_epr(e, "ElementProvidingContext", &ends);
	return true;
}

/* A certificate in the store whose key is there too. */
static enum fw_fault
take_context(struct fw_call *c, const struct fw_node *in)
{
	const struct fw_node *ref = fw_child(in, in->ns, "ElementInContext");
	const struct fw_node *ends =
	    fw_child(in, in->ns, "ElementProvidingContext");
	const struct sim_cert *cert;
	const char *id, *name;

	id = fw_epr(ref, URI_AMT "AMT_PublicKeyCertificate", "InstanceID");
	name = fw_epr(
	    ends, URI_AMT "AMT_TLSProtocolEndpointCollection", "ElementName");
	if (id == NULL || name == NULL)
		return FW_SCHEMA;
	cert = fw_cert_by_handle(c->d, fw_handle(id, FW_CERT_ID));
	if (cert == NULL || cert->trusted_root ||
	    (strcmp(name, COLLECTION) != 0 &&
		strcmp(name, COLLECTION_OLD) != 0) ||
	    fw_cert_key(c->d, cert) < 0)
		return FW_INVALID_REPRESENTATION;
	c->d->state.staged.cert_handle = cert->handle;
	fw_changed(c);
	return FW_OK;
}

static enum fw_fault
put_context(struct fw_call *c, size_t i, const struct fw_node *in)
{
	(void)i;
	return take_context(c, in);
}

static void
emit_selector(struct fw_call *c, const char *name, const struct fw_epr *epr)
{
	struct fw_emit e = {c, c->px.addr, NULL, 0, false};

	fw_addf(&c->out, "<%s:Selector Name=\"%s\">", c->px.wsman, name);
	fw_emit_epr(&e, "EndpointReference", epr);
	fw_addf(&c->out, "</%s:Selector>", c->px.wsman);
}

static void
emit_created(struct fw_call *c)
{
	struct fw_epr cert = {&fw_class_cert, {{"InstanceID", NULL}}};
	struct fw_epr ends = {
	    &fw_class_tls_collection, {{"ElementName", COLLECTION}}};
	const struct fw_prefixes *p = &c->px;
	char id[64];

	snprintf(
	    id, sizeof(id), FW_CERT_ID "%d", c->d->state.staged.cert_handle);
	cert.sel[0].value = id;
	fw_addf(&c->out,
	    "<%s:ResourceCreated><%s:Address>" NS_ANON "</%s:Address>"
	    "<%s:ReferenceParameters><%s:ResourceURI>%s</%s:ResourceURI>"
	    "<%s:SelectorSet>",
	    p->body, p->addr, p->addr, p->addr, p->wsman, c->cls_uri, p->wsman,
	    p->wsman);
	emit_selector(c, "ElementInContext", &cert);
	emit_selector(c, "ElementProvidingContext", &ends);
	fw_addf(&c->out,
	    "</%s:SelectorSet></%s:ReferenceParameters></%s:ResourceCreated>",
	    p->wsman, p->addr, p->body);
}

static enum fw_fault
create_context(struct fw_call *c, const struct fw_node *in)
{
	enum fw_fault fault;

	if (c->d->state.staged.cert_handle >= 0)
		return FW_ALREADY_EXISTS;
	fault = take_context(c, in);
	if (fault == FW_OK)
		emit_created(c);
	return fault;
}

/* Only when TLS is off, and was committed so. */
static enum fw_fault
remove_context(struct fw_call *c, size_t i)
{
	struct sim_state *s = &c->d->state;

	(void)i;
	if (tls_always(c->version) || s->committed.enabled ||
	    s->staged.enabled || s->committed.local_enabled ||
	    s->staged.local_enabled)
		return FW_ACCESS_DENIED;
	s->staged.cert_handle = s->committed.cert_handle = -1;
	fw_changed(c);
	return FW_OK;
}

static const struct fw_prop context_props[] = {
    {"ElementInContext", T_EPR, P_REQUIRED, 0, 0},
    {"ElementProvidingContext", T_EPR, P_REQUIRED, 0, 0},
};

const struct fw_class fw_class_tls_context = {
    .name = "AMT_TLSCredentialContext",
    .prefix = URI_AMT,
    .props = context_props,
    .prop_count = 2,
    .show = show_context,
    .put = put_context,
    .create = create_context,
    .remove = remove_context,
};

/* Enumerating the abstract class yields the contexts of all kinds. */
static const struct fw_class *const context_kinds[] = {
    &fw_class_tls_context, NULL};

const struct fw_class fw_class_credential = {
    .name = "CIM_CredentialContext",
    .prefix = URI_CIM,
    .parts = context_kinds,
};

static bool
show_collection(struct fw_emit *e, const struct sim_device *d, size_t i)
{
	(void)d;
	if (i > 0)
		return false;
	fw_emit_string(e, "ElementName", COLLECTION);
	return true;
}

const struct fw_class fw_class_tls_collection = {
    .name = "AMT_TLSProtocolEndpointCollection",
    .prefix = URI_AMT,
    .show = show_collection,
};
