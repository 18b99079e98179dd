#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bridge_issue.h"
#include "buf.h"
#include "err.h"
#include "mem.h"
#include "pem.h"
#include "port_device_internal.h"
#include "str.h"

#define MAX_TEXT 1024 /* of a name in a certificate */
#define MAX_NAMES 32
/* MS-PKCA, 3.1.5.2.1.5; MS-WCCE, 2.2.2.7.7.4 */
#define OID_UPN "1.3.6.1.4.1.311.20.2.3"
#define OID_ACCOUNT "1.3.6.1.4.1.311.25.2"
#define OID_SID OID_ACCOUNT ".1"
#define OID_TEXT 64
#define MAX_ANCHORS 64 /* more than ca_trust_pem() ever gives */

static int64_t
unix_time(const ASN1_TIME *at)
{
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	if (ASN1_TIME_to_tm(at, &tm) != 1)
		return 0;
	return (int64_t)timegm(&tm);
}

/* RFC 2253 with everything but plain ASCII escaped. */
static char *
name_text(const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL, *data;
	long len;

	if (bio != NULL &&
	    X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0) {
		len = BIO_get_mem_data(bio, &data);
		if (len > 0)
			text = mem_dup_len(
			    data, len > MAX_TEXT ? MAX_TEXT : (size_t)len);
	}
	BIO_free(bio);
	return text == NULL ? mem_dup("") : text;
}

static char *
serial_text(const X509 *cert)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	size_t len = (size_t)ASN1_STRING_length(serial);
	char *text = mem_alloc(2 * len + 1);

	str_hex(ASN1_STRING_get0_data(serial), len, text);
	return text;
}

/* --- alternative names --- */

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What the account is called: UPN and SID, each in a string of its own kind. */
static void
other_name(const OTHERNAME *other, struct buf *out)
{
	const ASN1_TYPE *value = other->value;
	char oid[OID_TEXT];

	(void)OBJ_obj2txt(oid, sizeof(oid), other->type_id, 1);
	if (str_eq(oid, OID_UPN) && value->type == V_ASN1_UTF8STRING)
		buf_str(out, "upn:");
	else if (str_eq(oid, OID_SID) && value->type == V_ASN1_OCTET_STRING)
		buf_str(out, "sid:");
	else
		return;
	str_printable(out,
	    (const char *)ASN1_STRING_get0_data(value->value.asn1_string),
	    (size_t)ASN1_STRING_length(value->value.asn1_string), 255);
}

static void
address_name(const ASN1_STRING *value, struct buf *out)
{
	const uint8_t *data = ASN1_STRING_get0_data(value);

	if (ASN1_STRING_length(value) == 4)
		buf_printf(
		    out, "ip:%u.%u.%u.%u", data[0], data[1], data[2], data[3]);
}

/* "dns:name", "ip:address", "upn:name" or "sid:S-1-..."; NULL for others. What
 * is no plain word is a peer's attempt at our log lines: escaped. */
static char *
one_name(const GENERAL_NAME *name)
{
	char *text = NULL;
	struct buf b;
	void *value;
	int type;

	value = GENERAL_NAME_get0_value(name, &type);
	buf_init(&b, MAX_TEXT);
	if (type == GEN_DNS) {
		buf_str(&b, "dns:");
		str_printable(&b, (const char *)ASN1_STRING_get0_data(value),
		    (size_t)ASN1_STRING_length(value), 255);
	} else if (type == GEN_IPADD) {
		address_name(value, &b);
	} else if (type == GEN_OTHERNAME) {
		other_name(value, &b);
	}
	if (b.len > 0 && strchr(buf_text(&b), ' ') == NULL)
		text = mem_dup(buf_text(&b));
	buf_free(&b);
	return text;
}

static char *
join(char **list, size_t count)
{
	char *text;
	struct buf b;
	size_t i;

	buf_init(&b, (size_t)MAX_NAMES * MAX_TEXT);
	qsort(list, count, sizeof(*list), compare);
	for (i = 0; i < count; i++) {
		if (i > 0)
			buf_char(&b, ' ');
		buf_str(&b, list[i]);
		free(list[i]);
	}
	text = mem_dup(buf_text(&b));
	buf_free(&b);
	return text;
}

static size_t
add_names(GENERAL_NAMES *names, char **list, size_t count)
{
	char *name;
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(names) && count < MAX_NAMES; i++) {
		name = one_name(sk_GENERAL_NAME_value(names, i));
		if (name != NULL)
			list[count++] = name;
	}
	GENERAL_NAMES_free(names);
	return count;
}

/* The extension for the SID has the form of subjectAltName. */
static GENERAL_NAMES *
account_names(const X509 *cert)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(OID_ACCOUNT, 1);
	int at = X509_get_ext_by_OBJ(cert, oid, -1);
	const ASN1_OCTET_STRING *value;
	const unsigned char *p;

	ASN1_OBJECT_free(oid);
	if (at < 0)
		return NULL;
	value = X509_EXTENSION_get_data(X509_get_ext(cert, at));
	p = ASN1_STRING_get0_data(value);
	return d2i_GENERAL_NAMES(NULL, &p, ASN1_STRING_length(value));
}

static char *
names_text(const X509 *cert)
{
	char *list[MAX_NAMES];
	size_t count;

	count = add_names(
	    X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL), list, 0);
	count = add_names(account_names(cert), list, count);
	ERR_clear_error();
	return join(list, count);
}

/* --- ours? --- */

/* Signed by our CA, whatever its time and names are: an expired certificate of
 * ours is still one that we replace and revoke.  Another CA's signature says
 * nothing: it has other customers; what came over a bridge is on record. */
static bool
is_ours(X509_STORE *roots, X509 *cert)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	bool ours = false;

	if (roots != NULL && context != NULL &&
	    X509_STORE_CTX_init(context, roots, cert, NULL) == 1) {
		X509_STORE_CTX_set_flags(context, X509_V_FLAG_NO_CHECK_TIME);
		ours = X509_verify_cert(context) == 1;
	}
	X509_STORE_CTX_free(context);
	ERR_clear_error();
	return ours;
}

X509_STORE *
cert_roots(const char *pem, struct err *err)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509_STORE *store = X509_STORE_new();
	X509 *cert;
	int count = 0;

	while (bio != NULL && store != NULL && count < MAX_ANCHORS) {
		cert = PEM_read_bio_X509(bio, NULL, pem_no_password, NULL);
		if (cert == NULL)
			break;
		X509_STORE_add_cert(store, cert);
		X509_free(cert);
		count++;
	}
	BIO_free(bio);
	ERR_clear_error();
	/* Each of them is ours: no need to look who signed it. */
	if (count > 0 &&
	    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) == 1)
		return store;
	X509_STORE_free(store);
	err_set(err, ERR_STORAGE, "CA has no certificates in PEM form");
	return NULL;
}

/* --- describing --- */

static int64_t
rsa_bits(X509 *cert)
{
	const EVP_PKEY *key = X509_get0_pubkey(cert);

	if (key == NULL || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
		return 0;
	return EVP_PKEY_get_bits(key);
}

static void
describe(const struct device_port *port, X509 *cert, struct cert_facts *ret)
{
	ret->serial = serial_text(cert);
	ret->subject = name_text(X509_get_subject_name(cert));
	ret->issuer = name_text(X509_get_issuer_name(cert));
	ret->names = names_text(cert);
	ret->not_before = unix_time(X509_get0_notBefore(cert));
	ret->not_after = unix_time(X509_get0_notAfter(cert));
	ret->key_bits = rsa_bits(cert);
	ret->ours = is_ours(port->roots, cert);
}

/* NULL with *err; a reference is given. */
static X509 *
parse(const uint8_t *der, size_t len, X509 *parsed, struct err *err)
{
	const uint8_t *at = der;
	X509 *cert = NULL;

	if (parsed != NULL) {
		(void)X509_up_ref(parsed);
		return parsed;
	}
	if (len <= MAX_DER)
		cert = d2i_X509(NULL, &at, (long)len);
	if (cert == NULL) {
		ERR_clear_error();
		(void)err_set(err, ERR_PROTOCOL,
		    "device holds a certificate that is none");
	}
	return cert;
}

static void
copy_facts(struct cert_facts *to, const struct cert_facts *from)
{
	*to = *from;
	to->sha256 = mem_dup(from->sha256);
	to->serial = mem_dup(from->serial);
	to->subject = mem_dup(from->subject);
	to->issuer = mem_dup(from->issuer);
	to->names = mem_dup(from->names);
}

/* A place of its own for most certificates of a fleet's devices under way; a
 * new one takes the place of another. */
#define SLOTS 1024

struct cert_memory {
	struct cert_facts slot[SLOTS];
};

struct cert_memory *
cert_memory_new(void)
{
	return mem_alloc(sizeof(struct cert_memory));
}

static struct cert_facts *
slot_of(struct cert_memory *memory, const char *hex)
{
	char first[9] = "";

	memcpy(first, hex, sizeof(first) - 1);
	return &memory->slot[strtoul(first, NULL, 16) % SLOTS];
}

int
cert_describe(struct device_port *port, const uint8_t *der, size_t len,
    X509 *parsed, struct cert_facts *ret, struct err *err)
{
	struct cert_facts *known;
	char hex[65];
	X509 *cert;

	str_sha256_hex(der, len, hex);
	known = slot_of(port->certs, hex);
	if (!str_eq(known->sha256, hex)) {
		cert = parse(der, len, parsed, err);
		if (cert == NULL)
			return -1;
		describe(port, cert, ret);
		X509_free(cert);
		ret->sha256 = mem_dup(hex);
		cert_facts_clear(known);
		copy_facts(known, ret);
	} else {
		copy_facts(ret, known);
	}
	/* May become true while it is remembered. */
	if (!ret->ours && port->bridges)
		ret->ours = ca_bridge_knows(port->ca, der, len);
	return 0;
}

void
cert_facts_clear(struct cert_facts *facts)
{
	free(facts->sha256);
	free(facts->serial);
	free(facts->subject);
	free(facts->issuer);
	free(facts->names);
	memset(facts, 0, sizeof(*facts));
}

void
cert_memory_free(struct cert_memory *memory)
{
	size_t i;

	if (memory == NULL)
		return;
	for (i = 0; i < SLOTS; i++)
		cert_facts_clear(&memory->slot[i]);
	free(memory);
}
