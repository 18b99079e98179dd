#include <gssapi/gssapi_krb5.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "krb.h"
#include "krb_internal.h"
#include "mem.h"

#define RENEW_PART 4 /* renew when 1/4 of the life is left */

/*
 * GSSAPI keeps the name of its default cache per thread, while the environment
 * variable is the process's.  A worker that logs in is the one that binds.
 */
static int
offer_cache(struct krb *k, struct err *err)
{
	OM_uint32 major, minor;
	char *name = NULL;
	krb5_error_code code;

	code = krb5_cc_get_full_name(k->ctx, k->cache, &name);
	if (code != 0)
		return krb_fail(k, code, err, "ticket cache");
	major = gss_krb5_ccache_name(&minor, name, NULL);
	krb5_free_string(k->ctx, name);
	if (GSS_ERROR(major))
		return err_native(err, ERR_BUG, ERR_KRB5, (long)minor,
		    "GSSAPI does not take the ticket cache");
	return 0;
}

/* krb5_get_init_creds_keytab() would ask a second time ("the primary") when
 * refused; this asks once. */
static krb5_error_code
get_tgt(struct krb *k, krb5_keytab keytab, krb5_creds *ret)
{
	krb5_init_creds_context login = NULL;
	krb5_error_code code;

	code =
	    krb5_init_creds_init(k->ctx, k->self, NULL, NULL, 0, NULL, &login);
	if (code == 0)
		code = krb5_init_creds_set_keytab(k->ctx, login, keytab);
	if (code == 0)
		code = krb5_init_creds_get(k->ctx, login);
	if (code == 0)
		code = krb5_init_creds_get_creds(k->ctx, login, ret);
	krb5_init_creds_free(k->ctx, login);
	return code;
}

static int64_t
renewal_time(const krb5_ticket_times *times)
{
	int64_t end = (uint32_t)times->endtime;
	int64_t start = (uint32_t)times->starttime;

	if (start == 0)
		start = (uint32_t)times->authtime;
	return end - (end - start) / RENEW_PART;
}

static int
renew(struct krb *k, struct err *err)
{
	krb5_keytab keytab = NULL;
	krb5_error_code code;
	krb5_creds tgt;

	memset(&tgt, 0, sizeof(tgt));
	code = krb5_kt_resolve(k->ctx, k->keytab, &keytab);
	if (code == 0)
		code = get_tgt(k, keytab, &tgt);
	if (code == 0)
		code = krb5_cc_initialize(k->ctx, k->cache, k->self);
	if (code == 0)
		code = krb5_cc_store_cred(k->ctx, k->cache, &tgt);
	if (code == 0) {
		k->logged_in = true;
		k->renew_at = renewal_time(&tgt.times);
	} else {
		krb_fail(k, code, err, "login with keytab %s", k->keytab);
	}
	krb5_free_cred_contents(k->ctx, &tgt);
	if (keytab != NULL)
		krb5_kt_close(k->ctx, keytab);
	return code == 0 ? 0 : -1;
}

int
krb_login(struct krb *k, struct err *err)
{
	krb_begin(k);
	if (!k->logged_in || clock_now() >= k->renew_at)
		if (renew(k, err) != 0)
			return -1;
	return offer_cache(k, err);
}

int
krb_ticket(struct krb *k, krb5_ccache cache, const char *spn, struct err *err)
{
	krb5_creds want, *got = NULL;
	krb5_error_code code;

	memset(&want, 0, sizeof(want));
	want.client = k->self;
	if (krb_service_name(k, spn, &want.server, err) != 0)
		return -1;
	code = krb5_get_credentials(k->ctx, 0, cache, &want, &got);
	if (code == 0)
		krb5_free_creds(k->ctx, got);
	else
		krb_fail(k, code, err, "ticket for %s", spn);
	krb5_free_principal(k->ctx, want.server);
	return code == 0 ? 0 : -1;
}

int
krb_service(struct krb *k, const char *spn, struct err *err)
{
	if (krb_login(k, err) != 0)
		return -1;
	return krb_ticket(k, k->cache, spn, err);
}
