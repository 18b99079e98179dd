#include <gssapi/gssapi_krb5.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "krb.h"
#include "krb_internal.h"
#include "str.h"

#define RENEW_PART 4 /* renew when 1/4 of the life is left */
/* With two minutes left Samba takes a ticket for one that only changes a
 * password, and says that it has expired. */
#define SPENT 120
#define RENEW_LEAST (SPENT + 30)
/* After a renewal that failed: a refused key counts against the account, the
 * rest may be over soon. */
#define AGAIN 60
#define AGAIN_REFUSED 900

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
	int64_t start = (uint32_t)times->starttime, part;

	if (start == 0)
		start = (uint32_t)times->authtime;
	part = (end - start) / RENEW_PART;
	return end - (part > RENEW_LEAST ? part : RENEW_LEAST);
}

static void
fail_login(struct krb *k, krb5_error_code code, struct err *err)
{
	krb_fail(k, code, err, "login with keytab %s", k->keytab);
	if (err->kind == ERR_DENIED)
		err_native(err, ERR_DENIED, ERR_KRB5, code,
		    "the KDC refuses our key: make the keytab anew, the "
		    "account has another password (%s)",
		    k->keytab);
}

static int
renew(struct krb *k, struct err *err)
{
	krb5_keytab keytab = NULL;
	krb5_error_code code;
	krb5_creds tgt;

	if (k->keytab == NULL)
		return err_set(err, ERR_BUG, "no keytab to log in with");
	/* Before it is read: what comes later is another file. */
	file_stamp(k->keytab, k->keytab_stamp);
	if (krb_check_keytab(k->keytab, err) != 0)
		return -1;
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
		k->ends_at = (int64_t)(uint32_t)tgt.times.endtime - SPENT;
	} else {
		fail_login(k, code, err);
	}
	krb5_free_cred_contents(k->ctx, &tgt);
	if (keytab != NULL)
		krb5_kt_close(k->ctx, keytab);
	return code == 0 ? 0 : -1;
}

/* Is it time for a new ticket: none yet, old, or of a key that was replaced? */
static bool
is_due(const struct krb *k)
{
	char stamp[FILE_STAMP];

	if (!k->logged_in || clock_now() >= k->renew_at)
		return true;
	file_stamp(k->keytab, stamp);
	return !str_eq(stamp, k->keytab_stamp);
}

/* The ticket we have is as good as it was. */
static int
keep_ticket(struct krb *k, const struct err *why, struct err *err)
{
	int64_t now = clock_now();

	if (!k->logged_in || now >= k->ends_at) {
		k->logged_in = false;
		*err = *why;
		/* What callers look for with our ticket is another thing. */
		if (err->kind == ERR_NOTFOUND)
			err->kind = ERR_INVALID;
		return -1;
	}
	k->renewal = *why;
	k->renew_at = now + (why->kind == ERR_DENIED ? AGAIN_REFUSED : AGAIN);
	if (k->renew_at > k->ends_at)
		k->renew_at = k->ends_at;
	return 0;
}

int
krb_login(struct krb *k, struct err *err)
{
	struct err why = {.kind = ERR_NONE};

	krb_begin(k);
	if (is_due(k) && renew(k, &why) != 0 && keep_ticket(k, &why, err) != 0)
		return -1;
	return offer_cache(k, err);
}

int64_t
krb_renewal(const struct krb *k)
{
	return k->renew_at;
}

bool
krb_renewal_failed(struct krb *k, struct err *ret_why)
{
	if (k->renewal.kind == ERR_NONE)
		return false;
	*ret_why = k->renewal;
	err_clear(&k->renewal);
	return true;
}

krb5_error_code
krb_find_tgt(struct krb *k, krb5_creds *ret)
{
	krb5_error_code code;
	krb5_creds want;

	memset(&want, 0, sizeof(want));
	want.client = k->self;
	code = krb5_build_principal(k->ctx, &want.server,
	    (unsigned)strlen(k->realm), k->realm, KRB5_TGS_NAME, k->realm,
	    (char *)NULL);
	if (code == 0)
		code = krb5_cc_retrieve_cred(k->ctx, k->cache, 0, &want, ret);
	krb5_free_principal(k->ctx, want.server);
	return code;
}

int
krb_service(struct krb *k, const char *spn, struct err *err)
{
	if (krb_login(k, err) != 0)
		return -1;
	return krb_ticket(k, k->cache, spn, err);
}
