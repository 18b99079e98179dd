/*
 * Tickets on their own: fresh ones, and whether a key opens them.  What is
 * encrypted in one has a checksum made with the service's key (RFC 4120 5.3,
 * usage 2 of 7.5.1), so that only the right key opens it.
 */
#include <stdlib.h>
#include <string.h>

#include "krb.h"
#include "krb_internal.h"
#include "mem.h"
#include "secret.h"

#define USAGE_TICKET 2

krb5_error_code
krb_fresh_cache(struct krb *k, krb5_ccache *ret_cache)
{
	krb5_error_code code;
	krb5_creds tgt;

	memset(&tgt, 0, sizeof(tgt));
	code = krb_find_tgt(k, &tgt);
	if (code == 0)
		code = krb5_cc_new_unique(k->ctx, "MEMORY", NULL, ret_cache);
	if (code == 0)
		code = krb5_cc_initialize(k->ctx, *ret_cache, k->self);
	if (code == 0)
		code = krb5_cc_store_cred(k->ctx, *ret_cache, &tgt);
	krb5_free_cred_contents(k->ctx, &tgt);
	return code;
}

static bool
opens(const krb5_ticket *ticket, krb5_enctype type, const struct secret *key)
{
	const krb5_enc_data *sealed = &ticket->enc_part;
	krb5_data plain;
	krb5_keyblock block;
	const uint8_t *bytes;
	bool result;
	size_t len;

	if (key == NULL || sealed->enctype != type)
		return false;
	bytes = secret_bytes(key, &len);
	block = (krb5_keyblock){.enctype = type,
	    .length = (unsigned)len,
	    .contents = mem_copy(bytes, len)};
	plain = (krb5_data){.length = sealed->ciphertext.length,
	    .data = mem_alloc(sealed->ciphertext.length + 1)};
	result = krb5_c_decrypt(
		     NULL, &block, USAGE_TICKET, NULL, sealed, &plain) == 0;
	secret_wipe(plain.data, sealed->ciphertext.length);
	secret_wipe(block.contents, len);
	free(plain.data);
	free(block.contents);
	return result;
}

static int
try_keys(struct krb *k, const krb5_data *bytes, const struct krb_keys *keys,
    struct krb_ticket_facts *ret, struct err *err)
{
	krb5_ticket *ticket = NULL;
	krb5_error_code code;
	int type;

	code = krb5_decode_ticket(bytes, &ticket);
	if (code != 0)
		return krb_fail(k, code, err, "the KDC's ticket");
	ret->type = krb_enctype_name(ticket->enc_part.enctype);
	ret->kvno = (int64_t)ticket->enc_part.kvno;
	ret->opened = false;
	for (type = 0; type < KRB_TYPES; type++)
		ret->opened = ret->opened ||
		    opens(ticket, krb_enctype_of((enum krb_type)type),
			keys->of[type]);
	krb5_free_ticket(k->ctx, ticket);
	return 0;
}

/* What the cache has of it, or the KDC gives; *ret is given. */
static int
get_ticket(struct krb *k, krb5_ccache cache, const char *spn, krb5_creds **ret,
    struct err *err)
{
	krb5_error_code code;
	krb5_creds want;

	memset(&want, 0, sizeof(want));
	want.client = k->self;
	if (krb_service_name(k, spn, &want.server, err) != 0)
		return -1;
	code = krb5_get_credentials(k->ctx, 0, cache, &want, ret);
	krb5_free_principal(k->ctx, want.server);
	return code == 0 ? 0 : krb_fail(k, code, err, "ticket for %s", spn);
}

int
krb_cached(struct krb *k, const char *spn, krb5_creds **ret, struct err *err)
{
	return get_ticket(k, k->cache, spn, ret, err);
}

int
krb_ticket(struct krb *k, krb5_ccache cache, const char *spn, struct err *err)
{
	krb5_creds *got = NULL;

	if (get_ticket(k, cache, spn, &got, err) != 0)
		return -1;
	krb5_free_creds(k->ctx, got);
	return 0;
}

static int
try_ticket(struct krb *k, krb5_ccache cache, const char *spn,
    const struct krb_keys *keys, struct krb_ticket_facts *ret, struct err *err)
{
	krb5_creds *got = NULL;
	int result;

	if (get_ticket(k, cache, spn, &got, err) != 0)
		return -1;
	result = try_keys(k, &got->ticket, keys, ret, err);
	krb5_free_creds(k->ctx, got);
	return result;
}

int
krb_ticket_try(struct krb *k, const char *spn, const struct krb_keys *keys,
    struct krb_ticket_facts *ret, struct err *err)
{
	krb5_ccache cache = NULL;
	krb5_error_code code;
	int result = -1;

	if (krb_login(k, err) != 0)
		return -1;
	code = krb_fresh_cache(k, &cache);
	if (code != 0)
		krb_fail(k, code, err, "ticket for %s", spn);
	else
		result = try_ticket(k, cache, spn, keys, ret, err);
	if (cache != NULL)
		krb5_cc_destroy(k->ctx, cache);
	return result;
}
