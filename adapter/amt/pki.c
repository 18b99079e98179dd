#include <stdlib.h>
#include <string.h>

#include "amt.h"
#include "err.h"
#include "mem.h"
#include "op_internal.h"
#include "pki_internal.h"
#include "str.h"

#define MAX_DER 8192  /* firmware stores at most 4100 bytes */
#define KEY_BITS 2048 /* what every firmware can */

struct pki {
	unsigned parts;
	struct amt_pki *ret;
	struct amt_pki got;
};

void
amt_pki_clear(struct amt_pki *pki)
{
	size_t i;

	for (i = 0; i < pki->cert_count; i++)
		free(pki->certs[i].der);
	for (i = 0; i < pki->key_count; i++)
		free(pki->keys[i].spki);
	free(pki->certs);
	free(pki->keys);
	memset(pki, 0, sizeof(*pki));
}

/* A base64 element as bytes (given); -1 when it is missing or damaged. */
static int
read_bytes(const struct xml_node *instance, const char *name, uint8_t **ret,
    size_t *ret_len)
{
	const char *text = xml_child_text(instance, name);
	struct buf b;
	int rc = -1;

	buf_init(&b, MAX_DER);
	if (text != NULL && str_unbase64(&b, text) == 0 && !b.over &&
	    b.len > 0) {
		*ret = mem_copy(b.data, b.len);
		*ret_len = b.len;
		rc = 0;
	}
	buf_free(&b);
	return rc;
}

static enum op_turn
take_certs(void *state, const struct wsman_reply *reply, struct err *err)
{
	static const struct field fields[] = {
	    FIELD(FIELD_TEXT, struct amt_cert, handle, "InstanceID"),
	    /* The class spells it so. */
	    FIELD(FIELD_BOOL, struct amt_cert, trusted_root,
		"TrustedRootCertficate"),
	    FIELD(
		FIELD_BOOL, struct amt_cert, read_only, "ReadOnlyCertificate"),
	};
	struct pki *p = state;
	const struct xml_node *n;
	struct amt_cert *c;

	for (n = wsman_items(reply); n != NULL; n = n->next) {
		if (p->got.cert_count == AMT_MAX_STORE) {
			err_set(err, ERR_LIMIT,
			    "device stores more than %d certificates",
			    AMT_MAX_STORE);
			return OP_FAIL;
		}
		p->got.certs =
		    mem_grow(p->got.certs, p->got.cert_count + 1, sizeof(*c));
		c = &p->got.certs[p->got.cert_count];
		memset(c, 0, sizeof(*c));
		if (field_read(fields, COUNT(fields), n, c, err) != 0)
			return OP_FAIL;
		if (read_bytes(n, "X509Certificate", &c->der, &c->der_len) !=
		    0) {
			err_set(err, ERR_PROTOCOL, "%s holds no certificate",
			    c->handle);
			return OP_FAIL;
		}
		p->got.cert_count++;
	}
	return OP_NEXT;
}

int
pki_spki(const struct xml_node *instance, uint8_t **ret, size_t *ret_len)
{
	uint8_t *der = NULL;
	size_t len;
	int rc;

	if (read_bytes(instance, "DERKey", &der, &len) != 0)
		return -1;
	/* PKCS#1 RSAPublicKey, not a SubjectPublicKeyInfo. */
	rc = pki_spki_of_rsa(der, len, ret, ret_len);
	free(der);
	return rc;
}

/* A key that is no RSA key, or still being generated, is listed without its
 * public part. */
static enum op_turn
take_keys(void *state, const struct wsman_reply *reply, struct err *err)
{
	struct pki *p = state;
	const struct xml_node *n;
	struct amt_key *k;

	for (n = wsman_items(reply); n != NULL; n = n->next) {
		if (p->got.key_count == AMT_MAX_STORE) {
			err_set(err, ERR_LIMIT,
			    "device stores more than %d keys", AMT_MAX_STORE);
			return OP_FAIL;
		}
		p->got.keys =
		    mem_grow(p->got.keys, p->got.key_count + 1, sizeof(*k));
		k = &p->got.keys[p->got.key_count];
		memset(k, 0, sizeof(*k));
		if (field_text(n, "InstanceID", k->handle, sizeof(k->handle),
			err) != 0)
			return OP_FAIL;
		k->pending = str_empty(xml_child_text(n, "DERKey"));
		(void)pki_spki(n, &k->spki, &k->spki_len);
		p->got.key_count++;
	}
	return OP_NEXT;
}

static enum op_turn
take_context(void *state, const struct wsman_reply *reply, struct err *err)
{
	struct pki *p = state;

	if (pki_tls_handle(reply, p->got.tls_cert, err) != 0)
		return OP_FAIL;
	return OP_NEXT;
}

int
pki_tls_handle(
    const struct wsman_reply *reply, char out[AMT_HANDLE], struct err *err)
{
	const struct xml_node *item = wsman_items(reply), *ref = NULL;
	const char *handle = NULL;

	out[0] = '\0';
	if (item != NULL)
		ref = xml_child(item, NULL, "ElementInContext");
	if (ref != NULL)
		handle = wsman_ref_selector(ref, NULL);
	if (handle == NULL)
		return 0;
	if (strlen(handle) >= AMT_HANDLE)
		return err_set(
		    err, ERR_PROTOCOL, "handle of a certificate is too long");
	memcpy(out, handle, strlen(handle) + 1);
	return 0;
}

static enum op_turn
take_lengths(void *state, const struct wsman_reply *reply, struct err *err)
{
	const struct xml_node *n = wsman_body(reply);
	struct pki *p = state;
	int64_t bits;

	(void)err;
	if (n != NULL)
		n = xml_child(n, NULL, "SupportedKeyLengths");
	for (; n != NULL; n = xml_again(n))
		if (str_int(n->text, KEY_BITS, 16384, &bits) == 0 &&
		    bits > p->got.key_bits)
			p->got.key_bits = bits;
	return OP_NEXT;
}

static void
finish(void *state)
{
	struct pki *p = state;

	*p->ret = p->got;
	memset(&p->got, 0, sizeof(p->got));
}

static void
clear(void *state)
{
	struct pki *p = state;

	amt_pki_clear(&p->got);
}

/* --- an exchange for each part; those that were not asked for are skipped ---
 */

static int
ask(void *state, struct op_message *m, unsigned part)
{
	const struct pki *p = state;

	m->skip = (p->parts & part) == 0;
	return 0;
}

static int
ask_certs(void *state, struct op_message *m, struct err *err)
{
	(void)err;
	return ask(state, m, AMT_PKI_CERTS);
}

static int
ask_keys(void *state, struct op_message *m, struct err *err)
{
	(void)err;
	return ask(state, m, AMT_PKI_KEYS);
}

static int
ask_context(void *state, struct op_message *m, struct err *err)
{
	(void)err;
	return ask(state, m, AMT_PKI_TLS_CERT);
}

static int
ask_lengths(void *state, struct op_message *m, struct err *err)
{
	(void)err;
	return ask(state, m, AMT_PKI_KEY_BITS);
}

int
amt_pki_read(struct amt *a, unsigned parts, struct amt_pki *ret,
    amt_done_fn *done, void *cookie, struct err *err)
{
	static const struct op_exchange exchanges[] = {
	    {WSMAN_ENUMERATE, "AMT_PublicKeyCertificate", NULL, ask_certs,
		take_certs, NULL},
	    {WSMAN_ENUMERATE, "AMT_PublicPrivateKeyPair", NULL, ask_keys,
		take_keys, op_may_lack},
	    {WSMAN_ENUMERATE, "AMT_TLSCredentialContext", NULL, ask_context,
		take_context, op_may_lack},
	    {WSMAN_GET, "AMT_PublicKeyManagementCapabilities", NULL,
		ask_lengths, take_lengths, op_may_lack},
	};
	static const struct op_kind kind = OP_KIND(exchanges, finish, clear);
	struct pki *p = mem_alloc(sizeof(*p));

	p->parts = parts;
	p->ret = ret;
	p->got.key_bits = KEY_BITS;
	return op_start(a, &kind, p, done, cookie, err);
}

const char *
amt_pki_key_of(const struct amt_pki *pki, const struct amt_cert *c)
{
	const uint8_t *spki;
	size_t len, i;

	spki = pki_spki_in_cert(c->der, c->der_len, &len);
	for (i = 0; spki != NULL && i < pki->key_count; i++)
		if (pki->keys[i].spki != NULL && pki->keys[i].spki_len == len &&
		    memcmp(pki->keys[i].spki, spki, len) == 0)
			return pki->keys[i].handle;
	return NULL;
}
