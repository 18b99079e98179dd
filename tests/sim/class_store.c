#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fw_internal.h"

/* AMT_PublicKeyCertificate, AMT_PublicPrivateKeyPair: what is in the store,
 * and what may leave it; AMT_PublicKeyManagementCapabilities. */

static const struct sim_cert *
nth_cert(const struct sim_device *d, size_t n)
{
	size_t i;

	for (i = 0; i < SIM_MAX_CERTS; i++) {
		if (d->state.certs[i].used && n-- == 0)
			return &d->state.certs[i];
	}
	return NULL;
}

static const struct sim_key *
nth_key(const struct sim_device *d, size_t n)
{
	size_t i;

	for (i = 0; i < SIM_MAX_KEYS; i++) {
		if (d->state.keys[i].used && n-- == 0)
			return &d->state.keys[i];
	}
	return NULL;
}

/* --- certificates --------------------------------------------------------- */

static bool
show_cert(struct fw_emit *e, const struct sim_device *d, size_t i)
{
	const struct sim_cert *cert = nth_cert(d, i);
	char id[64], *issuer, *subject;

	if (cert == NULL)
		return false;
	snprintf(id, sizeof(id), FW_CERT_ID "%d", cert->handle);
	if (fw_emit_comparing(e)) {
		fw_emit_string(e, "InstanceID", id);
		return true;
	}
	fw_cert_names(cert, &issuer, &subject);
	fw_emit_string(e, "ElementName", "Intel(r) AMT Certificate");
	fw_emit_string(e, "InstanceID", id);
	fw_emit_string(e, "Issuer", issuer);
	if (fw_version(d) >= 1601)
		fw_emit_bool(e, "ReadOnlyCertificate", cert->read_only);
	fw_emit_string(e, "Subject", subject);
	fw_emit_bool(e, "TrustedRootCertficate", cert->trusted_root);
	fw_emit_base64(e, "X509Certificate", cert->der, cert->der_len);
	free(issuer);
	free(subject);
	return true;
}

/* The one being served and the one that will be after the next commit. */
static bool
in_use(const struct sim_device *d, int handle)
{
	return handle == d->state.committed.cert_handle ||
	    handle == d->state.staged.cert_handle;
}

/* While peers are checked with it, or are about to be. */
static bool
relied_on(const struct sim_device *d)
{
	const struct sim_state *s = &d->state;

	return d->vol->options.hold_roots || s->committed.mutual ||
	    s->staged.mutual || s->committed.local_mutual ||
	    s->staged.local_mutual;
}

static enum fw_fault
remove_cert(struct fw_call *c, size_t i)
{
	const struct sim_cert *found = nth_cert(c->d, i);
	int handle = found == NULL ? -1 : found->handle;
	struct sim_cert *cert = fw_cert_by_handle(c->d, handle);

	if (cert == NULL)
		abort(); /* the selector was matched against it just now */
	if (cert->read_only || in_use(c->d, handle) ||
	    (cert->trusted_root && relied_on(c->d)))
		return FW_ACCESS_DENIED;
	free(cert->der);
	memset(cert, 0, sizeof(*cert));
	fw_changed(c);
	return FW_OK;
}

static const struct fw_prop cert_props[] = {
    {"InstanceID", T_STRING, P_KEY, 0, 0},
};

const struct fw_class fw_class_cert = {
    .name = "AMT_PublicKeyCertificate",
    .prefix = URI_AMT,
    .props = cert_props,
    .prop_count = 1,
    .common = true,
    .show = show_cert,
    .remove = remove_cert,
};

/* --- keys ----------------------------------------------------------------- */

static bool
show_key(struct fw_emit *e, const struct sim_device *d, size_t i)
{
	const struct sim_key *k = nth_key(d, i);
	uint8_t *der;
	size_t len;
	char id[64];

	if (k == NULL)
		return false;
	snprintf(id, sizeof(id), FW_KEY_ID "%d", k->handle);
	if (fw_emit_comparing(e)) {
		fw_emit_string(e, "InstanceID", id);
		return true;
	}
	if (fw_key_public(k, &der, &len) != 0)
		abort(); /* it was made or imported here */
	fw_emit_base64(e, "DERKey", der, len);
	fw_emit_string(e, "ElementName", "Intel(r) AMT Key");
	fw_emit_string(e, "InstanceID", id);
	free(der);
	return true;
}

static enum fw_fault
remove_key(struct fw_call *c, size_t i)
{
	const struct sim_key *found = nth_key(c->d, i);
	struct sim_key *k =
	    fw_key_by_handle(c->d, found == NULL ? -1 : found->handle);
	const struct sim_cert *cert;
	size_t n;

	if (k == NULL)
		abort(); /* the selector was matched against it just now */
	for (n = 0; (cert = nth_cert(c->d, n)) != NULL; n++) {
		if (fw_cert_has_key(cert, k))
			return FW_ACCESS_DENIED;
	}
	free(k->der);
	memset(k, 0, sizeof(*k));
	fw_changed(c);
	return FW_OK;
}

const struct fw_class fw_class_key = {
    .name = "AMT_PublicPrivateKeyPair",
    .prefix = URI_AMT,
    .common = true,
    .show = show_key,
    .remove = remove_key,
};

/* --- what fits ------------------------------------------------------------ */

static bool
show_caps(struct fw_emit *e, const struct sim_device *d, size_t i)
{
	static const char id[] = "Intel(r) AMT: PKI Capabilities";

	if (i > 0)
		return false;
	fw_emit_uint(e, "CertChainMaxSize", FW_MAX_DER);
	fw_emit_uint(e, "CommonNameMaxCount", FW_MAX_TRUSTED_CN);
	fw_emit_uint(e, "CommonNameMaxSize", 255);
	fw_emit_string(e, "ElementName", id);
	fw_emit_string(e, "InstanceID", id);
	fw_emit_uint(e, "MaximumCRLSize", 1024);
	fw_emit_uint(
	    e, "RootCertMaxCount", (uint32_t)d->vol->options.max_roots);
	fw_emit_uint(e, "RootCertMaxSize", FW_MAX_DER);
	if (!fw_hardened(fw_version(d)))
		fw_emit_uint(e, "SupportedKeyLengths", 2048);
	if (fw_version(d) >= 1800)
		fw_emit_uint(e, "SupportedKeyLengths", 3072);
	return true;
}

const struct fw_class fw_class_pki_caps = {
    .name = "AMT_PublicKeyManagementCapabilities",
    .prefix = URI_AMT,
    .show = show_caps,
};

/* --- which certificate holds which key ------------------------------------ */

static bool
show_dependency(struct fw_emit *e, const struct sim_device *d, size_t i)
{
	struct fw_epr cert_ref = {&fw_class_cert, {{"InstanceID", NULL}}};
	struct fw_epr key_ref = {&fw_class_key, {{"InstanceID", NULL}}};
	const struct sim_cert *cert;
	char cert_id[64], key_id[64];
	int key = -1;
	size_t n;

	for (n = 0; (cert = nth_cert(d, n)) != NULL; n++) {
		key = fw_cert_key(d, cert);
		if (key >= 0 && i-- == 0)
			break;
	}
	if (cert == NULL)
		return false;
	snprintf(cert_id, sizeof(cert_id), FW_CERT_ID "%d", cert->handle);
	snprintf(key_id, sizeof(key_id), FW_KEY_ID "%d", key);
	cert_ref.sel[0].value = cert_id;
	key_ref.sel[0].value = key_id;
	fw_emit_epr(e, "Antecedent", &cert_ref);
	fw_emit_epr(e, "Dependent", &key_ref);
	return true;
}

const struct fw_class fw_class_dependency = {
    .name = "CIM_ConcreteDependency",
    .prefix = URI_CIM,
    .show = show_dependency,
};
