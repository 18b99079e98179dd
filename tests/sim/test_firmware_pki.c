#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firmware_fixture.h"

/* Keys, requests, certificates: AMT_PublicKeyManagementService and the store.
 * A small CA of the test's own plays the administrator. */

#define PKI "AMT_PublicKeyManagementService"
#define CERT "AMT_PublicKeyCertificate"
#define KEY "AMT_PublicPrivateKeyPair"
#define KEY_ID_0 "Intel(r) AMT Key: Handle: 0"
#define GENERATE(bits)                                                         \
	"<r:KeyAlgorithm>0</r:KeyAlgorithm><r:KeyLength>" bits "</r:KeyLength>"

static EVP_PKEY *ca_key;

static int
group_setup(void **state)
{
	(void)state;
	ca_key = EVP_RSA_gen(2048);
	return ca_key != NULL ? 0 : -1;
}

static int
group_teardown(void **state)
{
	(void)state;
	EVP_PKEY_free(ca_key);
	return 0;
}

static int
setup(void **state)
{
	struct fx *f = fw_alloc(sizeof(*f));

	fx_new_plain(f, 12, 0);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	fx_free(*state);
	free(*state);
	return 0;
}

/* --- the administrator's side --------------------------------------------- */

struct leaf {
	EVP_PKEY *key;
	long serial;
	bool ca;
	const EVP_MD *md; /* NULL: SHA-256 */
	size_t padding;	  /* makes the certificate so much longer */
};

static char *
issue(const struct leaf *want)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	X509V3_CTX ctx;
	X509_EXTENSION *ext;
	unsigned char *der = NULL, *pad;
	char *text;
	int len;

	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), want->serial);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)(want->ca ? "Test CA" : FX_FQDN), -1, -1, 0);
	X509_set_issuer_name(x, name);
	/* of the future: the store does not mind, and the bytes are the same
	 * whenever they are made */
	ASN1_TIME_set(X509_getm_notBefore(x), 2600000000);
	ASN1_TIME_set(X509_getm_notAfter(x), 2700000000);
	X509_set_pubkey(x, want->key);
	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	ctx.db = NULL;
	ext = X509V3_EXT_conf_nid(NULL, &ctx, NID_basic_constraints,
	    want->ca ? "critical,CA:TRUE" : "CA:FALSE");
	X509_add_ext(x, ext, -1);
	X509_EXTENSION_free(ext);
	if (want->padding > 0) {
		ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();

		pad = fw_alloc(want->padding);
		ASN1_OCTET_STRING_set(value, pad, (int)want->padding);
		ext = X509_EXTENSION_create_by_NID(
		    NULL, NID_netscape_comment, 0, value);
		X509_add_ext(x, ext, -1);
		X509_EXTENSION_free(ext);
		ASN1_OCTET_STRING_free(value);
		free(pad);
	}
	assert_true(X509_sign(x, ca_key,
			want->md != NULL ? want->md : EVP_sha256()) > 0);
	len = i2d_X509(x, &der);
	text = fw_base64(der, (size_t)len);
	OPENSSL_free(der);
	X509_free(x);
	return text;
}

static int
add_blob(
    struct fx *f, const char *method, const char *element, const char *text)
{
	struct fw_text t = {NULL, 0, 0};
	int status;

	fw_addf(&t, "<r:%s>", element);
	fw_add(&t, text);
	fw_addf(&t, "</r:%s>", element);
	status = fx_call(f, PKI, method, t.p);
	fw_text_free(&t);
	return status;
}

static int
add_cert(struct fx *f, const struct leaf *want)
{
	char *text = issue(want);
	int status = add_blob(f, "AddCertificate", "CertificateBlob", text);

	free(text);
	return status;
}

/* The public key of the last answer's DERKey. */
static EVP_PKEY *
answered_key(const struct fx *f)
{
	const unsigned char *p;
	uint8_t *der;
	size_t len;
	EVP_PKEY *key;

	assert_int_equal(
	    fw_unbase64(fx_text(f, "DERKey"), FW_MAX_DER, &der, &len), 0);
	p = der;
	key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, (long)len);
	assert_non_null(key);
	assert_ptr_equal(p, der + len);
	free(der);
	return key;
}

static EVP_PKEY *
generate_bits(struct fx *f, const char *parameters)
{
	char selector[100];

	assert_int_equal(
	    fx_call(f, PKI, "GenerateKeyPair", parameters), PT_SUCCESS);
	snprintf(selector, sizeof(selector), "InstanceID=%s",
	    fx_text(f, "Selector"));
	fx_get(f, KEY, selector);
	return answered_key(f);
}

static EVP_PKEY *
generate(struct fx *f)
{
	return generate_bits(f, GENERATE("2048"));
}

/* A request for this key signed by the CA's: any signature will do. */
static char *
null_csr(EVP_PKEY *key)
{
	X509_REQ *req = X509_REQ_new();
	unsigned char *der = NULL;
	char *text;
	int len;

	X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), "CN",
	    MBSTRING_ASC, (const unsigned char *)FX_FQDN, -1, -1, 0);
	X509_REQ_set_pubkey(req, key);
	assert_true(X509_REQ_sign(req, ca_key, EVP_sha256()) > 0);
	len = i2d_X509_REQ(req, &der);
	text = fw_base64(der, (size_t)len);
	OPENSSL_free(der);
	X509_REQ_free(req);
	return text;
}

static int
sign(struct fx *f, const char *key_id, int algorithm, const char *csr)
{
	char *ref = fx_epr("KeyPair", KEY, "InstanceID", key_id);
	struct fw_text t = {NULL, 0, 0};
	int status;

	fw_add(&t, ref);
	fw_addf(&t,
	    "<r:SigningAlgorithm>%d</r:SigningAlgorithm>"
	    "<r:NullSignedCertificateRequest>",
	    algorithm);
	fw_add(&t, csr);
	fw_add(&t, "</r:NullSignedCertificateRequest>");
	status = fx_call(f, PKI, "GeneratePKCS10RequestEx", t.p);
	free(ref);
	fw_text_free(&t);
	return status;
}

/* --- keys ----------------------------------------------------------------- */

static void
test_generate(void **state)
{
	struct fx *f = *state;
	EVP_PKEY *one, *two;

	one = generate(f);
	two = generate(f);
	assert_int_equal(EVP_PKEY_get_bits(one), 2048);
	assert_int_not_equal(EVP_PKEY_eq(one, two), 1);
	assert_int_equal(fx_list(f, KEY), 2);
	EVP_PKEY_free(one);
	EVP_PKEY_free(two);
	assert_int_equal(
	    fx_call(f, PKI, "GenerateKeyPair", GENERATE("2048")), PT_SUCCESS);
	fx_assert_text(f, "Selector", "Intel(r) AMT Key: Handle: 2");
	fx_assert_text(f, "ResourceURI", URI_AMT KEY);
	assert_in_range(f->a.delay_ms, 5000, 20000);
	assert_string_equal(f->a.method, PKI ".GenerateKeyPair");
	assert_true(f->a.mutating);
}

static void
test_generate_refusals(void **state)
{
	struct fx *f = *state;

	assert_int_equal(fx_call(f, PKI, "GenerateKeyPair", GENERATE("1024")),
	    PT_INVALID_KEY);
	assert_int_equal(fx_call(f, PKI, "GenerateKeyPair", GENERATE("3072")),
	    PT_INVALID_KEY);
	assert_int_equal(fx_call(f, PKI, "GenerateKeyPair",
			     "<r:KeyAlgorithm>1</r:KeyAlgorithm>"
			     "<r:KeyLength>2048</r:KeyLength>"),
	    PT_INVALID_PARAMETER);
	/* the placeholder where the reference would be */
	fx_assert_text(f, "Address", "default");
	fx_assert_text(f, "ResourceURI", "");
	sim_firmware_options(&f->d)->busy_keys = 1;
	assert_int_equal(fx_call(f, PKI, "GenerateKeyPair", GENERATE("2048")),
	    PT_GENERATING_KEYS);
	sim_firmware_options(&f->d)->max_keys = 1;
	assert_int_equal(
	    fx_call(f, PKI, "GenerateKeyPair", GENERATE("2048")), PT_SUCCESS);
	assert_int_equal(fx_call(f, PKI, "GenerateKeyPair", GENERATE("2048")),
	    PT_MAX_LIMIT_REACHED);
}

static void
test_csr(void **state)
{
	struct fx *f = *state;
	EVP_PKEY *key = generate(f);
	char *csr = null_csr(key);
	const unsigned char *p;
	X509_REQ *req;
	uint8_t *der;
	size_t len;

	assert_int_equal(sign(f, KEY_ID_0, 1, csr), PT_SUCCESS);
	assert_false(f->a.mutating);
	assert_int_equal(fw_unbase64(fx_text(f, "SignedCertificateRequest"),
			     FW_MAX_DER, &der, &len),
	    0);
	p = der;
	req = d2i_X509_REQ(NULL, &p, (long)len);
	assert_non_null(req);
	assert_int_equal(X509_REQ_verify(req, key), 1);
	assert_int_equal(
	    X509_REQ_get_signature_nid(req), NID_sha256WithRSAEncryption);
	X509_REQ_free(req);
	free(der);
	free(csr);
	EVP_PKEY_free(key);
}

static void
test_csr_refusals(void **state)
{
	struct fx *f = *state;
	EVP_PKEY *key = generate(f);
	char *good = null_csr(key), *other = null_csr(ca_key);

	assert_int_equal(
	    sign(f, "Intel(r) AMT Key: Handle: 5", 1, good), PT_MISSING_KEYS);
	assert_int_equal(sign(f, KEY_ID_0, 1, other), PT_INVALID_KEY);
	assert_int_equal(sign(f, KEY_ID_0, 1, "AAAA"), PT_INVALID_PARAMETER);
	assert_int_equal(sign(f, KEY_ID_0, 9, good), PT_INVALID_PARAMETER);
	assert_int_equal(sign(f, KEY_ID_0, 1, "A?"), FX_FAULT);
	assert_int_equal(sign(f, KEY_ID_0, 0, good), PT_SUCCESS);
	f->d.state.major = 18;
	assert_int_equal(sign(f, KEY_ID_0, 0, good), PT_UNSUPPORTED);
	free(good);
	free(other);
	EVP_PKEY_free(key);
}

static void
test_add_key(void **state)
{
	struct fx *f = *state;
	EVP_PKEY *small = EVP_RSA_gen(1024);
	unsigned char *der = NULL;
	char *text;
	int len;

	len = i2d_PrivateKey(ca_key, &der);
	text = fw_base64(der, (size_t)len);
	assert_int_equal(add_blob(f, "AddKey", "KeyBlob", text), PT_SUCCESS);
	/* recorded: names the wrong class */
	fx_assert_text(f, "ResourceURI", URI_AMT CERT);
	fx_assert_text(f, "Selector", KEY_ID_0);
	assert_int_equal(add_blob(f, "AddKey", "KeyBlob", text), PT_DUPLICATE);
	assert_int_equal(
	    add_blob(f, "AddKey", "KeyBlob", "AAAA"), PT_INVALID_KEY);
	free(text);
	OPENSSL_free(der);
	der = NULL;
	len = i2d_PrivateKey(small, &der);
	text = fw_base64(der, (size_t)len);
	assert_int_equal(
	    add_blob(f, "AddKey", "KeyBlob", text), PT_INVALID_KEY);
	free(text);
	OPENSSL_free(der);
	EVP_PKEY_free(small);
}

/* --- certificates --------------------------------------------------------- */

static void
test_add_certificate(void **state)
{
	struct fx *f = *state;
	EVP_PKEY *key = generate(f);
	struct leaf want = {.key = key, .serial = 7};

	assert_int_equal(add_cert(f, &want), PT_SUCCESS);
	fx_assert_text(f, "Selector", "Intel(r) AMT Certificate: Handle: 0");
	assert_int_equal(fx_list(f, CERT), 1);
	fx_assert_text(f, "TrustedRootCertficate", "false");
	fx_assert_text(f, "ReadOnlyCertificate", "(absent)");
	fx_assert_text(f, "Subject", "CN=" FX_FQDN);
	assert_int_equal(fx_list(f, "CIM_ConcreteDependency"), 1);
	assert_int_equal(add_cert(f, &want), PT_DUPLICATE);
	fx_assert_text(f, "Address", "default");
	want.serial = 8;
	assert_int_equal(add_cert(f, &want), PT_SUCCESS);
	/* the key is held by two, then one, then none */
	fx_op(f, "Delete", KEY, "InstanceID=" KEY_ID_0, NULL);
	fx_assert_fault(f, "AccessDenied");
	fx_op(f, "Delete", CERT,
	    "InstanceID=Intel(r) AMT Certificate: Handle: 0", NULL);
	assert_int_equal(f->a.status, 200);
	assert_null(fw_child(f->tree, NS_SOAP, "Body")->first);
	/* the lowest free handle is used again */
	want.serial = 9;
	assert_int_equal(add_cert(f, &want), PT_SUCCESS);
	fx_assert_text(f, "Selector", "Intel(r) AMT Certificate: Handle: 0");
	EVP_PKEY_free(key);
}

static void
test_delete_key(void **state)
{
	struct fx *f = *state;

	EVP_PKEY_free(generate(f));
	fx_op(f, "Delete", KEY, NULL, NULL);
	assert_int_equal(f->a.status, 200);
	assert_true(f->a.mutating);
	assert_int_equal(fx_list(f, KEY), 0);
	fx_op(f, "Delete", KEY, "InstanceID=" KEY_ID_0, NULL);
	fx_assert_fault(f, "DestinationUnreachable");
}

static void
test_certificate_refusals(void **state)
{
	struct fx *f = *state;
	struct leaf want = {.key = ca_key, .serial = -5};

	assert_int_equal(add_cert(f, &want), PT_INVALID_CERT);
	want.serial = 5;
	want.padding = 4000;
	assert_int_equal(add_cert(f, &want), PT_INVALID_CERT);
	assert_int_equal(
	    add_blob(f, "AddCertificate", "CertificateBlob", "MIIBCgKC"),
	    PT_INVALID_CERT);
	assert_int_equal(
	    add_blob(f, "AddCertificate", "CertificateBlob", ""), FX_FAULT);
	fx_assert_fault(f, "SchemaValidationError");
	want.padding = 0;
	sim_firmware_options(&f->d)->max_certs = 1;
	assert_int_equal(add_cert(f, &want), PT_SUCCESS);
	want.serial = 6;
	assert_int_equal(add_cert(f, &want), PT_MAX_LIMIT_REACHED);
}

/* Is it gone? Else refused. */
static bool
drop_cert(struct fx *f, int handle)
{
	char selector[80];

	(void)snprintf(selector, sizeof(selector),
	    "InstanceID=Intel(r) AMT Certificate: Handle: %d", handle);
	fx_op(f, "Delete", CERT, selector, NULL);
	if (f->a.status == 200)
		return true;
	fx_assert_fault(f, "AccessDenied");
	return false;
}

/* Not deleted while it may be asked for, and no more of them than fit. */
static void
roots_in_use(struct fx *f)
{
	static const char method[] = "AddTrustedRootCertificate";
	struct leaf want = {.key = ca_key, .serial = 6, .ca = true};
	char *second = issue(&want);
	int first = -1, i;

	for (i = 0; i < SIM_MAX_CERTS; i++)
		if (f->d.state.certs[i].used &&
		    f->d.state.certs[i].trusted_root)
			first = f->d.state.certs[i].handle;
	sim_firmware_options(&f->d)->max_roots = 1;
	assert_int_equal(add_blob(f, method, "CertificateBlob", second),
	    PT_MAX_LIMIT_REACHED);
	f->d.state.staged.mutual = true;
	assert_false(drop_cert(f, first));
	f->d.state.staged.mutual = false;
	sim_firmware_options(&f->d)->hold_roots = true;
	assert_false(drop_cert(f, first));
	sim_firmware_options(&f->d)->hold_roots = false;
	assert_true(drop_cert(f, first));
	assert_int_equal(
	    add_blob(f, method, "CertificateBlob", second), PT_SUCCESS);
	free(second);
}

static void
test_trusted_root(void **state)
{
	static const char method[] = "AddTrustedRootCertificate";
	struct fx *f = *state;
	struct leaf want = {.key = ca_key, .serial = 5, .ca = true};
	char *root = issue(&want), *leaf;

	want.ca = false;
	leaf = issue(&want);
	assert_int_equal(
	    add_blob(f, method, "CertificateBlob", leaf), PT_INVALID_CERT);
	f->d.state.committed.mutual = true;
	assert_int_equal(
	    add_blob(f, method, "CertificateBlob", root), PT_NOT_PERMITTED);
	f->d.state.committed.mutual = false;
	assert_int_equal(
	    add_blob(f, method, "CertificateBlob", root), PT_SUCCESS);
	fx_get(f, CERT, NULL);
	fx_assert_text(f, "TrustedRootCertficate", "true");
	assert_int_equal(
	    add_blob(f, method, "CertificateBlob", root), PT_DUPLICATE);
	roots_in_use(f);
	free(root);
	free(leaf);
}

static void
test_capabilities(void **state)
{
	struct fx *f = *state;

	fx_get(f, "AMT_PublicKeyManagementCapabilities", NULL);
	fx_assert_text(f, "RootCertMaxSize", "4100");
	assert_int_equal(fx_count(f, "SupportedKeyLengths"), 1);
	f->d.state.major = 18;
	fx_get(f, "AMT_PublicKeyManagementCapabilities", NULL);
	assert_int_equal(fx_count(f, "SupportedKeyLengths"), 2);
	f->d.state.major = 22;
	fx_get(f, "AMT_PublicKeyManagementCapabilities", NULL);
	assert_int_equal(fx_count(f, "SupportedKeyLengths"), 1);
	fx_assert_text(f, "SupportedKeyLengths", "3072");
}

/* --- what AMT 22 is said to refuse ---------------------------------------- */

static void
test_hardened_keys(void **state)
{
	struct fx *f = *state;
	unsigned char *der = NULL;
	EVP_PKEY *key;
	char *csr, *text;
	int len;

	f->d.state.major = 22;
	assert_int_equal(fx_call(f, PKI, "GenerateKeyPair", GENERATE("2048")),
	    PT_INVALID_KEY);
	len = i2d_PrivateKey(ca_key, &der); /* RSA-2048 */
	text = fw_base64(der, (size_t)len);
	assert_int_equal(
	    add_blob(f, "AddKey", "KeyBlob", text), PT_INVALID_KEY);
	OPENSSL_free(der);
	free(text);
	key = generate_bits(f, GENERATE("3072"));
	csr = null_csr(key);
	assert_int_equal(sign(f, KEY_ID_0, 0, csr), PT_UNSUPPORTED);
	assert_int_equal(sign(f, KEY_ID_0, 1, csr), PT_UNSUPPORTED);
	assert_int_equal(sign(f, KEY_ID_0, 2, csr), PT_SUCCESS);
	f->d.state.major = 21;
	assert_int_equal(sign(f, KEY_ID_0, 1, csr), PT_SUCCESS);
	free(csr);
	EVP_PKEY_free(key);
}

static int
add_hardened(struct fx *f, EVP_PKEY *key, const EVP_MD *md)
{
	struct leaf leaf = {.key = key, .serial = 1, .md = md};
	int status;

	f->d.state.major = 21;
	status = add_cert(f, &leaf);
	assert_int_equal(status, PT_SUCCESS);
	f->d.state.major = 22;
	leaf.serial = 2; /* or it would be a duplicate */
	return add_cert(f, &leaf);
}

static void
test_hardened_certificates(void **state)
{
	struct fx *f = *state;
	EVP_PKEY *rsa = EVP_RSA_gen(3072), *p256 = EVP_EC_gen("P-256");
	EVP_PKEY *p384 = EVP_EC_gen("P-384");
	struct leaf root = {.key = ca_key, .serial = 3, .ca = true};
	char *text = issue(&root);

	assert_int_equal(
	    add_hardened(f, ca_key, EVP_sha384()), PT_INVALID_CERT);
	assert_int_equal(add_hardened(f, p256, EVP_sha384()), PT_INVALID_CERT);
	assert_int_equal(add_hardened(f, rsa, EVP_sha256()), PT_INVALID_CERT);
	assert_int_equal(add_hardened(f, rsa, EVP_sha384()), PT_SUCCESS);
	assert_int_equal(add_hardened(f, p384, EVP_sha384()), PT_SUCCESS);
	/* Nothing is said of authorities. */
	assert_int_equal(
	    add_blob(f, "AddTrustedRootCertificate", "CertificateBlob", text),
	    PT_SUCCESS);
	free(text);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(p256);
	EVP_PKEY_free(p384);
}

static void
test_hardened_from_the_start(void **state)
{
	const unsigned char *p;
	struct fx f;
	X509 *x;
	size_t i;

	(void)state;
	fx_new(&f, 22, 0);
	for (i = 0; i < 2; i++) { /* the maker's and the owner's */
		p = f.d.state.certs[i].der;
		x = d2i_X509(NULL, &p, (long)f.d.state.certs[i].der_len);
		assert_non_null(x);
		assert_int_equal(EVP_PKEY_get_bits(X509_get0_pubkey(x)), 3072);
		assert_int_equal(
		    X509_get_signature_nid(x), NID_sha384WithRSAEncryption);
		X509_free(x);
	}
	fx_free(&f);
}

/* --- a new device's own certificate --------------------------------------- */

static void
test_own_certificate(void **state)
{
	struct fx f;
	const unsigned char *p;
	X509 *x;

	(void)state;
	fx_new(&f, 12, 0);
	p = f.d.state.certs[0].der;
	x = d2i_X509(NULL, &p, (long)f.d.state.certs[0].der_len);
	assert_non_null(x);
	assert_int_equal(X509_verify(x, X509_get0_pubkey(x)), 1);
	assert_int_equal(X509_check_host(x, FX_FQDN, 0, 0, NULL), 1);
	assert_int_equal(X509_cmp_current_time(X509_get0_notAfter(x)), 1);
	assert_int_equal(fw_cert_key(&f.d, &f.d.state.certs[0]), 0);
	X509_free(x);
	fx_free(&f);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_generate),
	    T(test_generate_refusals),
	    T(test_csr),
	    T(test_csr_refusals),
	    T(test_add_key),
	    T(test_add_certificate),
	    T(test_delete_key),
	    T(test_certificate_refusals),
	    T(test_trusted_root),
	    T(test_capabilities),
	    T(test_hardened_keys),
	    T(test_hardened_certificates),
	    cmocka_unit_test(test_hardened_from_the_start),
	    cmocka_unit_test(test_own_certificate),
	};

	return cmocka_run_group_tests_name(
	    "pki", tests, group_setup, group_teardown);
}
