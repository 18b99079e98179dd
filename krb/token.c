/*
 * A ticket shown to a device.  libcurl cannot put a port into the service name,
 * and AMT's names have one, so the SPNEGO token (RFC 4178) is made here and
 * travels in a plain header.
 *
 * The ticket must be fresh: a cached one is made with the key the account had
 * then, while a device holds just one key.  So each token has a cache of its
 * own, with a copy of the TGT.  The ticket is fetched through libkrb5, which
 * uses our transport; GSSAPI then finds it there and asks nobody.
 */
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "krb.h"
#include "krb_internal.h"
#include "mem.h"
#include "str.h"

#define ANSWER_MAX 65536
#define STATUS_MAX 160	/* characters shown */
#define STATUS_ROOM 700 /* for those, escaped */

/* 1.3.6.1.5.5.2, RFC 4178 3.2. */
static char spnego_bytes[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x02};
static gss_OID_desc spnego = {sizeof(spnego_bytes), spnego_bytes};

void
krb_proof_clear(struct krb *k)
{
	struct krb_proof *p = &k->proof;
	OM_uint32 minor;

	gss_delete_sec_context(&minor, &p->context, GSS_C_NO_BUFFER);
	gss_release_name(&minor, &p->target);
	gss_release_cred(&minor, &p->credential);
	if (p->cache != NULL)
		krb5_cc_destroy(k->ctx, p->cache);
	p->cache = NULL;
}

/* What the mechanism says; its numbers differ from run to run. */
static void
say(OM_uint32 major, OM_uint32 minor, struct buf *out)
{
	gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
	OM_uint32 ignored, more = 0;
	bool mechanism = minor != 0;

	gss_display_status(&ignored, mechanism ? minor : major,
	    mechanism ? GSS_C_MECH_CODE : GSS_C_GSS_CODE, GSS_C_NO_OID, &more,
	    &text);
	str_printable(out, text.value, text.length, STATUS_MAX);
	gss_release_buffer(&ignored, &text);
}

static int
gss_fail(OM_uint32 major, OM_uint32 minor, enum err_kind kind, struct err *err,
    const char *what)
{
	struct buf text;

	buf_init(&text, STATUS_ROOM);
	say(major, minor, &text);
	err_native(
	    err, kind, ERR_KRB5, (long)major, "%s: %s", what, buf_text(&text));
	buf_free(&text);
	return -1;
}

/* A new cache with a copy of our TGT in it. */
static krb5_error_code
copy_tgt(struct krb *k, krb5_ccache *ret_cache)
{
	krb5_creds want, tgt;
	krb5_error_code code;

	memset(&want, 0, sizeof(want));
	memset(&tgt, 0, sizeof(tgt));
	want.client = k->self;
	code = krb5_build_principal(k->ctx, &want.server,
	    (unsigned)strlen(k->realm), k->realm, KRB5_TGS_NAME, k->realm,
	    (char *)NULL);
	if (code == 0)
		code = krb5_cc_retrieve_cred(k->ctx, k->cache, 0, &want, &tgt);
	if (code == 0)
		code = krb5_cc_new_unique(k->ctx, "MEMORY", NULL, ret_cache);
	if (code == 0)
		code = krb5_cc_initialize(k->ctx, *ret_cache, k->self);
	if (code == 0)
		code = krb5_cc_store_cred(k->ctx, *ret_cache, &tgt);
	krb5_free_cred_contents(k->ctx, &tgt);
	krb5_free_principal(k->ctx, want.server);
	return code;
}

/* GSSAPI's view of the cache and of the server. */
static int
import(struct krb *k, const char *spn, struct err *err)
{
	gss_key_value_element_desc where = {"ccache", NULL};
	gss_key_value_set_desc store = {1, &where};
	gss_buffer_desc name = GSS_C_EMPTY_BUFFER;
	struct krb_proof *p = &k->proof;
	OM_uint32 major, minor;
	char *cache = NULL, *full;

	if (krb5_cc_get_full_name(k->ctx, p->cache, &cache) != 0)
		return err_set(err, ERR_BUG, "the ticket cache has no name");
	where.value = cache;
	major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE,
	    GSS_C_NO_OID_SET, GSS_C_INITIATE, &store, &p->credential, NULL,
	    NULL);
	krb5_free_string(k->ctx, cache);
	if (GSS_ERROR(major))
		return gss_fail(major, minor, ERR_BUG, err, "credentials");
	full = mem_printf("%s@%s", spn, k->realm);
	name.value = full;
	name.length = strlen(full);
	major = gss_import_name(
	    &minor, &name, GSS_KRB5_NT_PRINCIPAL_NAME, &p->target);
	free(full);
	if (GSS_ERROR(major))
		return gss_fail(major, minor, ERR_INVALID, err, spn);
	return 0;
}

/* One step of the handshake; input NULL at first. */
static OM_uint32
step(struct krb *k, gss_buffer_t input, gss_buffer_t output, OM_uint32 *flags,
    OM_uint32 *minor)
{
	struct krb_proof *p = &k->proof;

	return gss_init_sec_context(minor, p->credential, &p->context,
	    p->target, &spnego, GSS_C_MUTUAL_FLAG, 0, GSS_C_NO_CHANNEL_BINDINGS,
	    input, NULL, output, flags, NULL);
}

static int
start(struct krb *k, const char *spn, struct buf *ret_token, struct err *err)
{
	gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
	OM_uint32 major, minor, flags = 0;
	krb5_error_code code;

	code = copy_tgt(k, &k->proof.cache);
	if (code != 0)
		return krb_fail(k, code, err, "ticket for %s", spn);
	if (krb_ticket(k, k->proof.cache, spn, err) != 0 ||
	    import(k, spn, err) != 0)
		return -1;
	major = step(k, GSS_C_NO_BUFFER, &token, &flags, &minor);
	if (GSS_ERROR(major))
		return gss_fail(major, minor, ERR_PROTOCOL, err, spn);
	str_base64(ret_token, token.value, token.length);
	gss_release_buffer(&minor, &token);
	return 0;
}

int
krb_token(
    struct krb *k, const char *spn, struct buf *ret_token, struct err *err)
{
	krb_proof_clear(k);
	if (krb_login(k, err) != 0)
		return -1;
	if (start(k, spn, ret_token, err) != 0) {
		krb_proof_clear(k);
		return -1;
	}
	return 0;
}

static int
finish(struct krb *k, const struct buf *answer, struct err *err)
{
	gss_buffer_desc input = {answer->len, answer->data};
	gss_buffer_desc output = GSS_C_EMPTY_BUFFER;
	OM_uint32 major, minor, ignored, flags = 0;

	major = step(k, &input, &output, &flags, &minor);
	gss_release_buffer(&ignored, &output);
	if (GSS_ERROR(major))
		return gss_fail(major, minor, ERR_UNTRUSTED, err,
		    "the device refuses the ticket");
	if (major != GSS_S_COMPLETE || (flags & GSS_C_MUTUAL_FLAG) == 0)
		return err_set(err, ERR_UNTRUSTED,
		    "the device did not prove that it holds the key");
	return 0;
}

int
krb_token_verify(struct krb *k, const char *answer, struct err *err)
{
	struct buf bytes;
	int result = -1;

	if (k->proof.context == GSS_C_NO_CONTEXT)
		return err_set(err, ERR_BUG, "no token was made");
	if (str_empty(answer)) {
		krb_proof_clear(k);
		return err_set(err, ERR_UNTRUSTED,
		    "the device did not prove that it holds the key");
	}
	buf_init(&bytes, ANSWER_MAX);
	if (str_unbase64(&bytes, answer) != 0 || bytes.over)
		err_set(
		    err, ERR_PROTOCOL, "the device's answer is not a token");
	else
		result = finish(k, &bytes, err);
	buf_free(&bytes);
	krb_proof_clear(k);
	return result;
}
