#include <stdlib.h>
#include <string.h>

#include "amt.h"
#include "err.h"
#include "mem.h"
#include "op_internal.h"
#include "pki_internal.h"
#include "str.h"

#define SERVICE "AMT_PublicKeyManagementService"
#define METHOD "GeneratePKCS10RequestEx"
#define MAX_CSR ((size_t)8192)

struct making {
	struct buf *ret;
	char handle[AMT_HANDLE];
	int hash_bits;
	struct buf null; /* DER of what we ask for */
	struct buf der;	 /* of what came back */
};

/* SigningAlgorithm: 1 SHA-256, 2 SHA-384, both with RSA. */
static int
put_request(void *state, struct op_message *m, struct err *err)
{
	struct making *s = state;
	struct buf text;

	(void)err;
	buf_init(&text, 2 * MAX_CSR);
	str_base64(&text, s->null.data, s->null.len);
	wsman_open(&m->body, SERVICE, METHOD "_INPUT");
	wsman_ref(&m->body, "KeyPair", "AMT_PublicPrivateKeyPair", "InstanceID",
	    s->handle);
	wsman_int(&m->body, "SigningAlgorithm", s->hash_bits == 384 ? 2 : 1);
	wsman_text(&m->body, "NullSignedCertificateRequest", buf_text(&text));
	wsman_close(&m->body, METHOD "_INPUT");
	buf_free(&text);
	return 0;
}

static enum op_turn
take_request(void *state, const struct wsman_reply *reply, struct err *err)
{
	const char *text;
	struct making *s = state;

	text = xml_child_text(wsman_body(reply), "SignedCertificateRequest");
	if (str_empty(text) || str_unbase64(&s->der, text) != 0 ||
	    s->der.over) {
		err_set(err, ERR_PROTOCOL, "device returned no CSR");
		return OP_FAIL;
	}
	if (csr_check(&s->null, &s->der, err) != 0)
		return OP_FAIL;
	return OP_NEXT;
}

static void
finish(void *state)
{
	struct making *s = state;

	buf_add(s->ret, s->der.data, s->der.len);
}

static void
clear(void *state)
{
	struct making *s = state;

	buf_free(&s->null);
	buf_free(&s->der);
}

int
amt_csr_make(struct amt *a, const struct amt_csr *csr, struct buf *ret_der,
    amt_done_fn *done, void *cookie, struct err *err)
{
	static const struct op_exchange exchanges[] = {
	    {WSMAN_INVOKE, SERVICE, METHOD, put_request, take_request, NULL},
	};
	static const struct op_kind kind = OP_KIND(exchanges, finish, clear);
	struct making *s;

	if (str_empty(csr->key_handle) || strlen(csr->key_handle) >= AMT_HANDLE)
		return err_set(err, ERR_INVALID, "no such key handle");
	s = mem_alloc(sizeof(*s));
	s->ret = ret_der;
	s->hash_bits = csr->hash_bits;
	memcpy(s->handle, csr->key_handle, strlen(csr->key_handle) + 1);
	buf_init(&s->null, MAX_CSR);
	buf_init(&s->der, MAX_CSR);
	if (csr_build(csr, &s->null, err) == 0)
		return op_start(a, &kind, s, done, cookie, err);
	clear(s);
	free(s);
	return -1;
}
