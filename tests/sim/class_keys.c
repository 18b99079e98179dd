#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fw_internal.h"

/* AMT_PublicKeyManagementService: making keys, signing requests, filling the
 * store. */

static bool
show(struct fw_emit *e, const struct sim_device *d, size_t i)
{
	(void)d;
	if (i > 0)
		return false;
	fw_emit_string(e, "CreationClassName", fw_class_pki.name);
	fw_emit_string(
	    e, "ElementName", "Intel(r) AMT Certificate Store Service");
	fw_emit_uint(e, "EnabledDefault", 5);
	fw_emit_uint(e, "EnabledState", 5);
	fw_emit_string(e, "Name", "Intel(r) AMT Public Key Management Service");
	fw_emit_uint(e, "RequestedState", 12);
	fw_emit_string(e, "SystemCreationClassName", "CIM_ComputerSystem");
	fw_emit_string(e, "SystemName", "Intel(r) AMT");
	return true;
}

static bool
bits_ok(const struct fw_call *c, uint32_t bits)
{
	return (bits == 2048 && !fw_hardened(c->version)) ||
	    (bits == 3072 && c->version >= 1800);
}

/* SHA-1 (0) left with CSME 18, SHA-256 (1) will with AMT 22. */
static bool
algorithm_ok(const struct fw_call *c, uint32_t algorithm)
{
	return algorithm > 1 ||
	    (algorithm == 1 ? !fw_hardened(c->version) : c->version < 1800);
}

static void
emit_reference(struct fw_call *c, const char *name, const struct fw_class *cls,
    const char *before, int handle)
{
	struct fw_epr ref = {cls, {{"InstanceID", NULL}}};
	struct fw_emit e = fw_output(c);
	char id[64];

	snprintf(id, sizeof(id), "%s%d", before, handle);
	ref.sel[0].value = id;
	fw_emit_epr(&e, name, &ref);
}

static int
generate(struct fw_call *c, const struct fw_node *in)
{
	uint32_t bits = fw_uint(in, "KeyLength", 0);
	uint8_t *der;
	size_t len;
	int handle;

	if (fw_uint(in, "KeyAlgorithm", 1) != 0)
		return PT_INVALID_PARAMETER;
	if (!bits_ok(c, bits))
		return PT_INVALID_KEY;
	if (fw_key_free(c->d) < 0)
		return PT_MAX_LIMIT_REACHED;
	if (c->d->vol->options.busy_keys > 0) {
		c->d->vol->options.busy_keys--;
		return PT_GENERATING_KEYS;
	}
	if (fw_key_make(c->d, (int)bits, &der, &len) != 0)
		return PT_INTERNAL_ERROR;
	handle = fw_key_store(c->d, der, len);
	OPENSSL_cleanse(der, len);
	free(der);
	emit_reference(c, "KeyPair", &fw_class_key, FW_KEY_ID, handle);
	return PT_SUCCESS;
}

static const struct sim_key *
named_key(struct fw_call *c, const struct fw_node *in)
{
	const struct fw_node *ref = fw_child(in, in->ns, "KeyPair");
	const char *id =
	    fw_epr(ref, URI_AMT "AMT_PublicPrivateKeyPair", "InstanceID");

	return fw_key_by_handle(c->d, fw_handle(id, FW_KEY_ID));
}

static int
sign_request(struct fw_call *c, const struct fw_node *in)
{
	uint32_t algorithm = fw_uint(in, "SigningAlgorithm", 0);
	const struct sim_key *key = named_key(c, in);
	struct fw_emit e = fw_output(c);
	uint8_t *der = NULL, *out = NULL;
	size_t len, out_len;
	int status;

	if (key == NULL)
		return PT_MISSING_KEYS;
	if (!algorithm_ok(c, algorithm))
		return PT_UNSUPPORTED;
	if (fw_unbase64(fw_text(in, "NullSignedCertificateRequest"), FW_MAX_DER,
		&der, &len) != 0)
		return PT_INVALID_PARAMETER;
	status = fw_csr_sign(key, der, len, algorithm, &out, &out_len);
	if (status == PT_SUCCESS)
		fw_emit_base64(&e, "SignedCertificateRequest", out, out_len);
	free(der);
	free(out);
	return status;
}

/* --- certificates --------------------------------------------------------- */

static bool
have_cert(const struct sim_device *d, const uint8_t *der, size_t len)
{
	const struct sim_cert *cert;
	size_t i;

	for (i = 0; i < SIM_MAX_CERTS; i++) {
		cert = &d->state.certs[i];
		if (cert->used && cert->der_len == len &&
		    memcmp(cert->der, der, len) == 0)
			return true;
	}
	return false;
}

static int
add(struct fw_call *c, const struct fw_node *in, bool root)
{
	uint8_t *der = NULL;
	size_t len;
	int status = PT_INVALID_CERT, handle;

	if (fw_unbase64(fw_text(in, "CertificateBlob"), 2 * FW_MAX_DER, &der,
		&len) != 0)
		goto out;
	status = fw_cert_check(der, len, root, c->version);
	if (status != PT_SUCCESS)
		goto out;
	status = PT_DUPLICATE;
	if (have_cert(c->d, der, len))
		goto out;
	status = PT_MAX_LIMIT_REACHED;
	handle = fw_cert_store(c->d, der, len, root);
	if (handle < 0)
		goto out;
	status = PT_SUCCESS;
	emit_reference(
	    c, "CreatedCertificate", &fw_class_cert, FW_CERT_ID, handle);
out:
	free(der);
	return status;
}

static int
add_certificate(struct fw_call *c, const struct fw_node *in)
{
	return add(c, in, false);
}

static int
count_roots(const struct sim_device *d)
{
	int i, count = 0;

	for (i = 0; i < SIM_MAX_CERTS; i++)
		count +=
		    d->state.certs[i].used && d->state.certs[i].trusted_root;
	return count;
}

/* Trust cannot be widened while it is being relied on. */
static int
add_root(struct fw_call *c, const struct fw_node *in)
{
	if (c->d->state.committed.mutual)
		return PT_NOT_PERMITTED;
	if (count_roots(c->d) >= c->d->vol->options.max_roots)
		return PT_MAX_LIMIT_REACHED;
	return add(c, in, true);
}

static int
store_key(struct fw_call *c, const uint8_t *der, size_t len)
{
	int handle;
	size_t i;

	for (i = 0; i < SIM_MAX_KEYS; i++) {
		if (c->d->state.keys[i].used &&
		    c->d->state.keys[i].der_len == len &&
		    memcmp(c->d->state.keys[i].der, der, len) == 0)
			return PT_DUPLICATE;
	}
	handle = fw_key_store(c->d, der, len);
	if (handle < 0)
		return PT_MAX_LIMIT_REACHED;
	/* recorded: the reference names the certificates' class */
	emit_reference(c, "CreatedKey", &fw_class_cert, FW_KEY_ID, handle);
	return PT_SUCCESS;
}

static int
add_key(struct fw_call *c, const struct fw_node *in)
{
	uint8_t *blob = NULL, *der = NULL;
	size_t len, der_len;
	int bits, status = PT_INVALID_KEY;

	if (fw_unbase64(fw_text(in, "KeyBlob"), FW_MAX_DER, &blob, &len) != 0)
		return PT_INVALID_KEY;
	if (fw_key_import(blob, len, &der, &der_len, &bits) == 0) {
		if (bits_ok(c, (uint32_t)bits))
			status = store_key(c, der, der_len);
		OPENSSL_cleanse(der, der_len);
	}
	OPENSSL_cleanse(blob, len);
	free(blob);
	free(der);
	return status;
}

#define BLOB_MAX 11000
static const struct fw_prop generate_in[] = {
    {"KeyAlgorithm", T_U32, P_REQUIRED, 0, 0},
    {"KeyLength", T_U32, P_REQUIRED, 0, 0},
};
static const struct fw_prop sign_in[] = {
    {"KeyPair", T_EPR, P_REQUIRED, 0, 0},
    {"SigningAlgorithm", T_U32, P_REQUIRED, 0, 0},
    {"NullSignedCertificateRequest", T_BASE64, P_REQUIRED, 0, BLOB_MAX},
};
static const struct fw_prop cert_in[] = {
    {"CertificateBlob", T_BASE64, P_REQUIRED, 0, BLOB_MAX},
};
static const struct fw_prop key_in[] = {
    {"KeyBlob", T_BASE64, P_REQUIRED, 0, BLOB_MAX},
};

static const struct fw_method methods[] = {
    {.name = "GenerateKeyPair",
	.in = generate_in,
	.in_count = 2,
	.run = generate,
	.since = 602,
	.mutating = true,
	.out_epr = "KeyPair",
	.ms_min = 5000,
	.ms_max = 20000},
    {.name = "GeneratePKCS10RequestEx",
	.in = sign_in,
	.in_count = 3,
	.run = sign_request,
	.since = 602,
	.ms_min = 300,
	.ms_max = 1500},
    {.name = "AddCertificate",
	.in = cert_in,
	.in_count = 1,
	.run = add_certificate,
	.mutating = true,
	.out_epr = "CreatedCertificate"},
    {.name = "AddTrustedRootCertificate",
	.in = cert_in,
	.in_count = 1,
	.run = add_root,
	.mutating = true,
	.out_epr = "CreatedCertificate"},
    {.name = "AddKey",
	.in = key_in,
	.in_count = 1,
	.run = add_key,
	.mutating = true,
	.out_epr = "CreatedKey"},
};

const struct fw_class fw_class_pki = {
    .name = "AMT_PublicKeyManagementService",
    .prefix = URI_AMT,
    .methods = methods,
    .method_count = sizeof(methods) / sizeof(methods[0]),
    .common = true,
    .show = show,
};
