/* What a person asks of Kerberos: our ticket, and what the KDC offers. */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "krb.h"
#include "krb_internal.h"
#include "mem.h"

/* --- our ticket --- */

static int
describe(
    struct krb *k, const krb5_creds *tgt, struct krb_tgt *ret, struct err *err)
{
	krb5_error_code code;
	char *name = NULL;

	code = krb5_unparse_name(k->ctx, tgt->client, &name);
	if (code != 0)
		return krb_fail(k, code, err, "our ticket");
	ret->principal = mem_dup(name);
	krb5_free_unparsed_name(k->ctx, name);
	ret->type = krb_enctype_name(tgt->keyblock.enctype);
	ret->ends = (uint32_t)tgt->times.endtime;
	ret->renew_until = (tgt->ticket_flags & TKT_FLG_RENEWABLE) != 0
	    ? (uint32_t)tgt->times.renew_till
	    : 0;
	return 0;
}

int
krb_tgt_read(struct krb *k, struct krb_tgt *ret, struct err *err)
{
	krb5_error_code code;
	krb5_creds tgt;
	int result;

	if (krb_login(k, err) != 0)
		return -1;
	memset(&tgt, 0, sizeof(tgt));
	code = krb_find_tgt(k, &tgt);
	if (code != 0)
		return krb_fail(k, code, err, "our ticket");
	result = describe(k, &tgt, ret, err);
	krb5_free_cred_contents(k->ctx, &tgt);
	return result;
}

void
krb_tgt_clear(struct krb_tgt *tgt)
{
	free(tgt->principal);
	memset(tgt, 0, sizeof(*tgt));
}

/* --- what the KDC offers --- */

/* Would it let us prove a key of this type? libkrb5 tells of one type at a
 * time, so each is asked for alone. */
static int
ask_type(struct krb *k, krb5_enctype type, bool *ret_offered, struct err *err)
{
	krb5_get_init_creds_opt *options = NULL;
	struct krb_etype_info info;
	krb5_error_code code;

	memset(&info, 0, sizeof(info));
	code = krb5_get_init_creds_opt_alloc(k->ctx, &options);
	if (code == 0) {
		krb5_get_init_creds_opt_set_etype_list(options, &type, 1);
		code = krb_etype_info(k, k->self, options, &info);
		krb5_get_init_creds_opt_free(k->ctx, options);
	}
	*ret_offered = code == 0 && info.type == type;
	krb_etype_info_clear(k, &info);
	if (code == 0 || code == KRB5KDC_ERR_ETYPE_NOSUPP ||
	    code == KRB5_PROG_ETYPE_NOSUPP || code == KRB5_CONFIG_ETYPE_NOSUPP)
		return 0;
	return krb_fail(k, code, err, "encryption types of KDC %s", k->kdc);
}

int
krb_types_offered(struct krb *k, struct buf *ret_types, struct err *err)
{
	size_t before = ret_types->len;
	bool offered;
	int type;

	krb_begin(k);
	for (type = 0; type < KRB_TYPES; type++) {
		if (ask_type(k, krb_enctype_of((enum krb_type)type), &offered,
			err) != 0)
			return -1;
		if (offered)
			buf_printf(ret_types, "%s%s",
			    ret_types->len > before ? "," : "",
			    krb_type_name((enum krb_type)type));
	}
	return 0;
}
