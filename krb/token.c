/*
 * A ticket shown to a device.  libcurl cannot put a port into the service name,
 * and AMT's names have one, so the SPNEGO token (RFC 4178) is made here and
 * travels in a plain header.
 *
 * The ticket must be fresh: a cached one is made with the key the account had
 * then, while a device holds just one key.  So each token has a cache of its
 * own, with a copy of the TGT.  The ticket is fetched through libkrb5, which
 * uses our transport; GSSAPI then finds it there and asks nobody.
 *
 * What is kept until the device's answer is GSSAPI's alone, so a struct krb may
 * make tokens for many devices before the first of them answers, and may be
 * closed meanwhile.
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

/* What is asked for. */
struct wish {
	const char *spn;
	bool damaged;		   /* no key is to open the ticket */
	const struct buf *binding; /* of the channel; NULL: none */
};

void
krb_proof_free(struct krb_proof *p)
{
	OM_uint32 minor;

	if (p == NULL)
		return;
	gss_delete_sec_context(&minor, &p->context, GSS_C_NO_BUFFER);
	gss_release_name(&minor, &p->target);
	gss_release_cred(&minor, &p->credential);
	free(p);
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

/* The ticket alone, and damaged: its last byte is the end of what is encrypted
 * with the service's key (RFC 4120 5.3, 5.2.9), and the checksum in there no
 * longer holds, whoever looks. */
static krb5_error_code
damage(struct krb *k, krb5_ccache cache, krb5_principal server)
{
	krb5_creds want, creds;
	krb5_error_code code;

	memset(&want, 0, sizeof(want));
	memset(&creds, 0, sizeof(creds));
	want.client = k->self;
	want.server = server;
	code = krb5_cc_retrieve_cred(k->ctx, cache, 0, &want, &creds);
	if (code == 0 && creds.ticket.length == 0)
		code = KRB5_CC_FORMAT;
	if (code == 0) {
		creds.ticket.data[creds.ticket.length - 1] ^= 1;
		code = krb5_cc_initialize(k->ctx, cache, k->self);
	}
	if (code == 0)
		code = krb5_cc_store_cred(k->ctx, cache, &creds);
	krb5_free_cred_contents(k->ctx, &creds);
	return code;
}

static int
damage_ticket(
    struct krb *k, krb5_ccache cache, const char *spn, struct err *err)
{
	krb5_principal server = NULL;
	krb5_error_code code;

	if (krb_service_name(k, spn, &server, err) != 0)
		return -1;
	code = damage(k, cache, server);
	krb5_free_principal(k->ctx, server);
	return code == 0 ? 0 : krb_fail(k, code, err, "ticket for %s", spn);
}

/* GSSAPI's view of the cache and of the server. */
static int
import(struct krb *k, krb5_ccache cache, const char *spn, struct krb_proof *p,
    struct err *err)
{
	gss_key_value_element_desc where = {"ccache", NULL};
	gss_key_value_set_desc store = {1, &where};
	gss_buffer_desc name = GSS_C_EMPTY_BUFFER;
	OM_uint32 major, minor;
	char *path = NULL, *full;

	if (krb5_cc_get_full_name(k->ctx, cache, &path) != 0)
		return err_set(err, ERR_BUG, "the ticket cache has no name");
	where.value = path;
	major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE,
	    GSS_C_NO_OID_SET, GSS_C_INITIATE, &store, &p->credential, NULL,
	    NULL);
	krb5_free_string(k->ctx, path);
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
step(struct krb_proof *p, const struct buf *binding, gss_buffer_t input,
    gss_buffer_t output, OM_uint32 *flags, OM_uint32 *minor)
{
	struct gss_channel_bindings_struct channel = {
	    .initiator_addrtype = GSS_C_AF_UNSPEC,
	    .acceptor_addrtype = GSS_C_AF_UNSPEC,
	};

	if (binding != NULL) {
		channel.application_data.value = binding->data;
		channel.application_data.length = binding->len;
	}
	return gss_init_sec_context(minor, p->credential, &p->context,
	    p->target, &spnego, GSS_C_MUTUAL_FLAG, 0,
	    channel.application_data.length > 0 ? &channel
						: GSS_C_NO_CHANNEL_BINDINGS,
	    input, NULL, output, flags, NULL);
}

/* The token for the ticket in the cache; what the proof needs of the cache it
 * holds itself afterwards. */
static int
start(struct krb *k, krb5_ccache cache, const struct wish *w,
    struct krb_proof *p, struct buf *ret_token, struct err *err)
{
	gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
	OM_uint32 major, minor, flags = 0;

	if (import(k, cache, w->spn, p, err) != 0)
		return -1;
	major = step(p, w->binding, GSS_C_NO_BUFFER, &token, &flags, &minor);
	if (GSS_ERROR(major))
		return gss_fail(major, minor, ERR_PROTOCOL, err, w->spn);
	str_base64(ret_token, token.value, token.length);
	gss_release_buffer(&minor, &token);
	if (ret_token->over)
		return err_set(err, ERR_LIMIT,
		    "the ticket for %s is longer than %zu characters: the "
		    "account is in too many groups",
		    w->spn, ret_token->max);
	return 0;
}

static int
make(struct krb *k, const struct wish *w, struct krb_proof *p,
    struct buf *ret_token, struct err *err)
{
	krb5_ccache cache = NULL;
	krb5_error_code code;
	int result = -1;

	if (krb_login(k, err) != 0)
		return -1;
	code = krb_fresh_cache(k, &cache);
	if (code != 0)
		krb_fail(k, code, err, "ticket for %s", w->spn);
	else if (krb_ticket(k, cache, w->spn, err) == 0 &&
	    (!w->damaged || damage_ticket(k, cache, w->spn, err) == 0))
		result = start(k, cache, w, p, ret_token, err);
	if (cache != NULL)
		krb5_cc_destroy(k->ctx, cache);
	return result;
}

int
krb_token(struct krb *k, const char *spn, struct buf *ret_token,
    struct krb_proof **ret_proof, struct err *err)
{
	const struct wish wish = {.spn = spn};
	struct krb_proof *p = mem_alloc(sizeof(*p));

	if (make(k, &wish, p, ret_token, err) != 0) {
		krb_proof_free(p);
		return -1;
	}
	*ret_proof = p;
	return 0;
}

/* One whose answer nobody looks at. */
static int
make_alone(
    struct krb *k, const struct wish *w, struct buf *ret_token, struct err *err)
{
	struct krb_proof *p = mem_alloc(sizeof(*p));
	int result = make(k, w, p, ret_token, err);

	krb_proof_free(p);
	return result;
}

int
krb_token_bound(struct krb *k, const char *spn, const struct buf *binding,
    struct buf *ret_token, struct err *err)
{
	const struct wish wish = {.spn = spn, .binding = binding};

	return make_alone(k, &wish, ret_token, err);
}

int
krb_decoy(
    struct krb *k, const char *spn, struct buf *ret_token, struct err *err)
{
	const struct wish wish = {.spn = spn, .damaged = true};

	return make_alone(k, &wish, ret_token, err);
}

static int
finish(struct krb_proof *p, const struct buf *answer, struct err *err)
{
	gss_buffer_desc input = {answer->len, answer->data};
	gss_buffer_desc output = GSS_C_EMPTY_BUFFER;
	OM_uint32 major, minor, ignored, flags = 0;

	major = step(p, NULL, &input, &output, &flags, &minor);
	gss_release_buffer(&ignored, &output);
	if (GSS_ERROR(major))
		return gss_fail(major, minor, ERR_UNTRUSTED, err,
		    "the answer does not fit the ticket");
	if (major != GSS_S_COMPLETE || (flags & GSS_C_MUTUAL_FLAG) == 0)
		return err_set(err, ERR_UNTRUSTED,
		    "the answer lacks the part that is made with the key");
	return 0;
}

int
krb_proof_verify(struct krb_proof *p, const char *answer, struct err *err)
{
	struct buf bytes;
	OM_uint32 minor;
	int result = -1;

	if (p->context == GSS_C_NO_CONTEXT)
		return err_set(
		    err, ERR_BUG, "this ticket was answered already");
	buf_init(&bytes, ANSWER_MAX);
	if (str_empty(answer))
		err_set(err, ERR_UNTRUSTED, "there is no answer token");
	else if (str_unbase64(&bytes, answer) != 0 || bytes.over)
		err_set(err, ERR_UNTRUSTED, "the answer is not a token");
	else
		result = finish(p, &bytes, err);
	buf_free(&bytes);
	gss_delete_sec_context(&minor, &p->context, GSS_C_NO_BUFFER);
	return result;
}
