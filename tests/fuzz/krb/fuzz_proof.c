/*
 * What a device may answer to a ticket.  First octet even: the header's text;
 * odd: the token that it is the base64 of.  Who has not the key convinces
 * nobody, and nobody who reads the error is told to obey a terminal's codes.
 */
#include <assert.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "krb.h"
#include "krb_internal.h"
#include "made_up.h"
#include "mem.h"
#include "str.h"

#define ANSWER_MAX 16384
#define CACHE "MEMORY:fuzz"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t spnego_bytes[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x02};
static gss_OID_desc spnego = {sizeof(spnego_bytes), spnego_bytes};

static gss_cred_id_t credential;
static gss_name_t target;

static void
must(krb5_error_code code)
{
	if (code != 0)
		abort();
}

static void
fill_cache(void)
{
	krb5_context ctx = NULL;
	krb5_ccache cache;
	krb5_creds creds;

	must(krb5_init_context(&ctx));
	made_up_creds(ctx, &creds);
	must(krb5_cc_resolve(ctx, CACHE, &cache));
	must(krb5_cc_initialize(ctx, cache, creds.client));
	must(krb5_cc_store_cred(ctx, cache, &creds));
	krb5_cc_close(ctx, cache);
	krb5_free_principal(ctx, creds.client);
	krb5_free_principal(ctx, creds.server);
	krb5_free_context(ctx);
}

static void
set_up(void)
{
	gss_key_value_element_desc where = {"ccache", CACHE};
	gss_key_value_set_desc store = {1, &where};
	char text[] = MADE_UP_SERVICE;
	gss_buffer_desc name = {strlen(text), text};
	OM_uint32 minor;

	setenv("KRB5_CONFIG", "/dev/null", 1);
	fill_cache();
	if (gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE,
		GSS_C_NO_OID_SET, GSS_C_INITIATE, &store, &credential, NULL,
		NULL) != GSS_S_COMPLETE ||
	    gss_import_name(&minor, &name, GSS_KRB5_NT_PRINCIPAL_NAME,
		&target) != GSS_S_COMPLETE)
		abort();
}

/* As after a token was sent. */
static struct krb_proof *
shown(void)
{
	struct krb_proof *p = mem_alloc(sizeof(*p));
	gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
	OM_uint32 minor, ignored;

	if (gss_init_sec_context(&minor, credential, &p->context, target,
		&spnego, GSS_C_MUTUAL_FLAG, 0, GSS_C_NO_CHANNEL_BINDINGS,
		GSS_C_NO_BUFFER, NULL, &token, NULL,
		NULL) != GSS_S_CONTINUE_NEEDED)
		abort();
	gss_release_buffer(&ignored, &token);
	return p;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {.kind = ERR_NONE};
	struct krb_proof *proof;
	struct buf answer;
	const char *at;

	if (size < 1 || size > ANSWER_MAX)
		return 0;
	if (credential == GSS_C_NO_CREDENTIAL)
		set_up();
	buf_init(&answer, (size_t)2 * ANSWER_MAX);
	if ((data[0] & 1) != 0)
		str_base64(&answer, data + 1, size - 1);
	else
		buf_add(&answer, data + 1, size - 1);
	proof = shown();
	assert(krb_proof_verify(proof, buf_text(&answer), &err) == -1);
	assert(err.kind == ERR_UNTRUSTED && err.text[0] != '\0');
	for (at = err.text; *at != '\0'; at++)
		assert(*at >= 0x20 && *at < 0x7f);
	/* Once for each. */
	assert(krb_proof_verify(proof, buf_text(&answer), &err) == -1);
	assert(err.kind == ERR_BUG);
	krb_proof_free(proof);
	buf_free(&answer);
	return 0;
}
