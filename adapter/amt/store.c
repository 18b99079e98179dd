#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amt.h"
#include "clock.h"
#include "err.h"
#include "mem.h"
#include "op_internal.h"
#include "pki_internal.h"
#include "str.h"

/* Changing what the certificate and key stores hold. */
#define SERVICE "AMT_PublicKeyManagementService"
#define MAX_CERT 4100 /* bytes of DER that firmware takes */

struct store {
	char *ret_handle;
	char handle[AMT_HANDLE];
	struct amt_keygen how;
	int64_t deadline;
	struct buf blob;      /* base64 */
	const char *argument; /* its element */
};

static void
finish(void *state)
{
	struct store *s = state;

	memcpy(s->ret_handle, s->handle, AMT_HANDLE);
}

static void
clear(void *state)
{
	struct store *s = state;

	buf_free(&s->blob);
}

static struct store *
store_new(char *ret_handle)
{
	struct store *s = mem_alloc(sizeof(*s));

	s->ret_handle = ret_handle;
	buf_init(&s->blob, 2 * (size_t)MAX_CERT);
	return s;
}

/* --- GenerateKeyPair --- */

static int
put_keygen(void *state, struct op_message *m, struct err *err)
{
	struct store *s = state;

	(void)err;
	m->timeout_ms = s->how.timeout_ms;
	wsman_open(&m->body, SERVICE, "GenerateKeyPair_INPUT");
	wsman_int(&m->body, "KeyAlgorithm", 0); /* RSA */
	wsman_int(&m->body, "KeyLength", s->how.bits);
	wsman_close(&m->body, "GenerateKeyPair_INPUT");
	return 0;
}

static enum op_turn
take_keygen(void *state, const struct wsman_reply *reply, struct err *err)
{
	struct store *s = state;

	if (field_handle(reply, "KeyPair", s->handle, err) != 0)
		return OP_FAIL;
	s->deadline = clock_mono_ms() + s->how.timeout_ms;
	return OP_NEXT;
}

static int
ask_key(void *state, struct op_message *m, struct err *err)
{
	struct store *s = state;

	(void)err;
	m->selectors[0] = "InstanceID";
	m->selectors[1] = s->handle;
	return 0;
}

static bool
is_late(const struct store *s)
{
	return clock_mono_ms() >= s->deadline;
}

static enum op_turn
take_key(void *state, const struct wsman_reply *reply, struct err *err)
{
	const struct xml_node *i;
	struct store *s = state;
	uint8_t *spki = NULL;
	size_t len;

	i = field_instance(reply, "AMT_PublicPrivateKeyPair", err);
	if (i == NULL)
		return OP_FAIL;
	if (pki_spki(i, &spki, &len) == 0) {
		free(spki);
		return OP_NEXT;
	}
	if (!is_late(s))
		return OP_WAIT;
	err_set(err, ERR_UNKNOWN,
	    "the new key still has no public part; the device may be "
	    "generating it");
	return OP_FAIL;
}

/* Not listed yet, or firmware is busy with it. */
static enum op_turn
miss_key(void *state, const struct err *err)
{
	struct store *s = state;

	if (err->kind != ERR_NOTFOUND && err->kind != ERR_LIMIT)
		return OP_FAIL;
	return is_late(s) ? OP_FAIL : OP_WAIT;
}

int
amt_key_generate(struct amt *a, const struct amt_keygen *how,
    char ret_handle[AMT_HANDLE], amt_done_fn *done, void *cookie,
    struct err *err)
{
	static const struct op_exchange exchanges[] = {
	    {WSMAN_INVOKE, SERVICE, "GenerateKeyPair", put_keygen, take_keygen,
		NULL},
	    {WSMAN_GET, "AMT_PublicPrivateKeyPair", NULL, ask_key, take_key,
		miss_key},
	};
	static const struct op_kind kind = OP_KIND(exchanges, finish, clear);
	struct store *s = store_new(ret_handle);

	s->how = *how;
	return op_start(a, &kind, s, done, cookie, err);
}

/* --- AddCertificate, AddTrustedRootCertificate --- */

static int
put_cert(void *state, struct op_message *m, struct err *err)
{
	struct store *s = state;

	(void)err;
	wsman_open(&m->body, SERVICE, s->argument);
	wsman_text(&m->body, "CertificateBlob", buf_text(&s->blob));
	wsman_close(&m->body, s->argument);
	return 0;
}

static enum op_turn
take_cert(void *state, const struct wsman_reply *reply, struct err *err)
{
	struct store *s = state;

	if (field_handle(reply, "CreatedCertificate", s->handle, err) != 0)
		return OP_FAIL;
	return OP_NEXT;
}

/* NULL with *err. */
static struct store *
store_blob(const struct buf *der, const char *argument,
    char ret_handle[AMT_HANDLE], struct err *err)
{
	struct store *s;

	if (der->len == 0 || der->len > MAX_CERT) {
		err_set(err, ERR_INVALID,
		    "firmware takes certificates of 1 to %d bytes", MAX_CERT);
		return NULL;
	}
	s = store_new(ret_handle);
	s->argument = argument;
	str_base64(&s->blob, der->data, der->len);
	return s;
}

int
amt_cert_add(struct amt *a, const struct buf *der, char ret_handle[AMT_HANDLE],
    amt_done_fn *done, void *cookie, struct err *err)
{
	static const struct op_exchange exchanges[] = {
	    {WSMAN_INVOKE, SERVICE, "AddCertificate", put_cert, take_cert,
		NULL},
	};
	static const struct op_kind kind = OP_KIND(exchanges, finish, clear);
	struct store *s =
	    store_blob(der, "AddCertificate_INPUT", ret_handle, err);

	return s == NULL ? -1 : op_start(a, &kind, s, done, cookie, err);
}

int
amt_root_add(struct amt *a, const struct buf *der, char ret_handle[AMT_HANDLE],
    amt_done_fn *done, void *cookie, struct err *err)
{
	static const struct op_exchange exchanges[] = {
	    {WSMAN_INVOKE, SERVICE, "AddTrustedRootCertificate", put_cert,
		take_cert, NULL},
	};
	static const struct op_kind kind = OP_KIND(exchanges, finish, clear);
	struct store *s =
	    store_blob(der, "AddTrustedRootCertificate_INPUT", ret_handle, err);

	return s == NULL ? -1 : op_start(a, &kind, s, done, cookie, err);
}

/* --- Delete --- */

static int delete (struct amt *a, const struct op_kind *kind,
    const char *handle, amt_done_fn *done, void *cookie, struct err *err)
{
	struct store *s;

	if (str_empty(handle) || strlen(handle) >= AMT_HANDLE)
		return err_set(err, ERR_INVALID, "no such handle");
	s = store_new(NULL);
	memcpy(s->handle, handle, strlen(handle) + 1);
	return op_start(a, kind, s, done, cookie, err);
}

int
amt_cert_delete(struct amt *a, const char *handle, amt_done_fn *done,
    void *cookie, struct err *err)
{
	static const struct op_exchange exchanges[] = {
	    {WSMAN_DELETE, "AMT_PublicKeyCertificate", NULL, ask_key, NULL,
		NULL},
	};
	static const struct op_kind kind = OP_KIND(exchanges, NULL, clear);

	return delete (a, &kind, handle, done, cookie, err);
}

int
amt_key_delete(struct amt *a, const char *handle, amt_done_fn *done,
    void *cookie, struct err *err)
{
	static const struct op_exchange exchanges[] = {
	    {WSMAN_DELETE, "AMT_PublicPrivateKeyPair", NULL, ask_key, NULL,
		NULL},
	};
	static const struct op_kind kind = OP_KIND(exchanges, NULL, clear);

	return delete (a, &kind, handle, done, cookie, err);
}
