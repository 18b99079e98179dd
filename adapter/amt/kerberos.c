#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amt.h"
#include "err.h"
#include "mem.h"
#include "op_internal.h"
#include "secret.h"
#include "str.h"

#define CLASS "AMT_KerberosSettingData"
#define RC4_KEY 16
#define TOLERANCE "5" /* minutes, the most firmware takes */

static const struct field fields[] = {
    FIELD(FIELD_BOOL, struct amt_kerberos, enabled, "KrbEnabled"),
    FIELD(FIELD_TEXT, struct amt_kerberos, realm, "RealmName"),
    FIELD(FIELD_INT, struct amt_kerberos, kvno, "KeyVersion"),
};

/* --- reading --- */

struct reading {
	struct amt_kerberos *ret, got;
};

/* Repeated ConfiguredEncryptionAlgorithms: which keys are set. */
static void
read_enctypes(const struct xml_node *instance, char *out, size_t size)
{
	static const char *const names[] = {"rc4", "aes128", "aes256"};
	const struct xml_node *n;
	bool have[COUNT(names)] = {false};
	int64_t number;
	size_t i;

	n = xml_child(instance, NULL, "ConfiguredEncryptionAlgorithms");
	for (; n != NULL; n = xml_again(n))
		if (str_int(n->text, 0, COUNT(names) - 1, &number) == 0)
			have[number] = true;
	out[0] = '\0';
	for (i = 0; i < COUNT(names); i++) {
		if (!have[i])
			continue;
		(void)snprintf(out + strlen(out), size - strlen(out), "%s%s",
		    out[0] == '\0' ? "" : ",", names[i]);
	}
}

static enum op_turn
take_settings(void *state, const struct wsman_reply *reply, struct err *err)
{
	const struct xml_node *i = field_instance(reply, CLASS, err);
	struct reading *r = state;

	if (i == NULL ||
	    field_read(fields, COUNT(fields), i, &r->got, err) != 0)
		return OP_FAIL;
	read_enctypes(i, r->got.enctypes, sizeof(r->got.enctypes));
	/* Before AMT 8 firmware does not tell, as there was but one. */
	if (r->got.enabled && r->got.enctypes[0] == '\0' &&
	    xml_child(i, NULL, "SupportedEncryptionAlgorithms") == NULL)
		memcpy(r->got.enctypes, "rc4", sizeof("rc4"));
	return OP_NEXT;
}

static void
finish(void *state)
{
	struct reading *r = state;

	*r->ret = r->got;
}

int
amt_kerberos_read(struct amt *a, struct amt_kerberos *ret, amt_done_fn *done,
    void *cookie, struct err *err)
{
	static const struct op_exchange exchanges[] = {
	    {WSMAN_GET, CLASS, NULL, NULL, take_settings, op_may_lack},
	};
	static const struct op_kind kind = OP_KIND(exchanges, finish, NULL);
	struct reading *r = mem_alloc(sizeof(*r));

	r->ret = ret;
	return op_start(a, &kind, r, done, cookie, err);
}

/* --- writing --- */

struct writing {
	char *realm, *salt;
	int64_t kvno;
	char kvno_text[24], iterations[24];
	struct secret *passphrase;
	struct buf master; /* base64 of the RC4 key; wiped when freed */
	struct buf put;	   /* likewise */
};

#define PATCHES 12

/* Either the passphrase with its salt, from which firmware derives all keys
 * (AMT 8), or the RC4 key itself. What is write-only is never in what we read;
 * what is read-only must not come back. */
static void
make_patches(
    const struct writing *w, const char *tolerance, struct patch out[PATCHES])
{
	bool rc4 = w->passphrase == NULL;
	enum patch_how old = rc4 ? PATCH_SET : PATCH_DROP;
	enum patch_how new = rc4 ? PATCH_DROP : PATCH_SET;
	const struct patch patches[PATCHES] = {
	    {"ConfiguredEncryptionAlgorithms", PATCH_DROP, NULL},
	    {"EncryptionAlgorithm", old, "0"},
	    {"IterationCount", new, w->iterations},
	    {"KeyVersion", PATCH_SET, w->kvno_text},
	    {"KrbEnabled", PATCH_SET, "true"},
	    {"MasterKey", old, rc4 ? buf_text(&w->master) : NULL},
	    {"MaximumClockTolerance", PATCH_SET, tolerance},
	    {"Passphrase", new, rc4 ? NULL : secret_text(w->passphrase)},
	    {"RealmName", PATCH_SET, w->realm},
	    {"Salt", new, w->salt},
	    {"ServicePrincipalName", PATCH_DROP, NULL},
	    {"SupportedEncryptionAlgorithms", PATCH_DROP, NULL},
	};

	memcpy(out, patches, sizeof(patches));
}

static enum op_turn
take_before(void *state, const struct wsman_reply *reply, struct err *err)
{
	const struct xml_node *i = field_instance(reply, CLASS, err);
	struct patch patches[PATCHES];
	struct writing *w = state;
	const char *tolerance;

	if (i == NULL)
		return OP_FAIL;
	tolerance = xml_child_text(i, "MaximumClockTolerance");
	make_patches(w, str_empty(tolerance) ? TOLERANCE : tolerance, patches);
	patch_write(patches, PATCHES, i, &w->put);
	return OP_NEXT;
}

static int
put_settings(void *state, struct op_message *m, struct err *err)
{
	struct writing *w = state;

	(void)err;
	buf_add(&m->body, w->put.data, w->put.len);
	return 0;
}

static enum op_turn
take_after(void *state, const struct wsman_reply *reply, struct err *err)
{
	const struct xml_node *i = field_instance(reply, CLASS, err);
	struct amt_kerberos got = {0};
	struct writing *w = state;

	if (i == NULL || field_read(fields, COUNT(fields), i, &got, err) != 0)
		return OP_FAIL;
	if (got.enabled && got.kvno == w->kvno && str_eq(got.realm, w->realm))
		return OP_NEXT;
	err_set(err, ERR_REFUSED,
	    "device took the Kerberos settings but kept others");
	return OP_FAIL;
}

static int
check(const struct amt_kerberos_key *key, struct err *err)
{
	size_t len = 0;

	if ((key->passphrase == NULL) == (key->rc4 == NULL))
		return err_set(err, ERR_INVALID,
		    "Kerberos needs either a passphrase or an RC4 key");
	if (str_empty(key->realm))
		return err_set(err, ERR_INVALID, "Kerberos needs a realm");
	if (key->passphrase != NULL && str_empty(key->salt))
		return err_set(
		    err, ERR_INVALID, "a Kerberos passphrase needs its salt");
	if (key->rc4 != NULL)
		secret_bytes(key->rc4, &len);
	if (key->rc4 != NULL && len != RC4_KEY)
		return err_set(
		    err, ERR_INVALID, "an RC4 key has %d bytes", RC4_KEY);
	return 0;
}

static void
clear(void *state)
{
	struct writing *w = state;

	free(w->realm);
	free(w->salt);
	secret_free(w->passphrase);
	buf_free(&w->master);
	buf_free(&w->put);
}

int
amt_kerberos_write(struct amt *a, const struct amt_kerberos_key *key,
    amt_done_fn *done, void *cookie, struct err *err)
{
	static const struct op_exchange exchanges[] = {
	    {WSMAN_GET, CLASS, NULL, NULL, take_before, NULL},
	    {WSMAN_PUT, CLASS, NULL, put_settings, NULL, NULL},
	    {WSMAN_GET, CLASS, NULL, NULL, take_after, NULL},
	};
	static const struct op_kind kind = OP_KIND(exchanges, NULL, clear);
	const uint8_t *bytes;
	struct writing *w;
	size_t len;

	if (check(key, err) != 0)
		return -1;
	w = mem_alloc(sizeof(*w));
	w->realm = mem_dup(key->realm);
	w->salt = mem_dup(key->salt);
	w->kvno = key->kvno;
	(void)snprintf(
	    w->kvno_text, sizeof(w->kvno_text), "%" PRId64, key->kvno);
	(void)snprintf(
	    w->iterations, sizeof(w->iterations), "%" PRId64, key->iterations);
	buf_init(&w->master, 64);
	buf_init(&w->put, OP_MAX_BODY);
	if (key->passphrase != NULL) {
		w->passphrase = secret_copy(key->passphrase);
	} else {
		bytes = secret_bytes(key->rc4, &len);
		str_base64(&w->master, bytes, len);
	}
	return op_start(a, &kind, w, done, cookie, err);
}
