#include <gssapi/gssapi_krb5.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clock.h"
#include "krb.h"
#include "krb_internal.h"
#include "mem.h"
#include "str.h"

int
krb_check_keytab(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return err_set(err, ERR_NOTFOUND,
		    "keytab %s cannot be read; create it with the key of the "
		    "service account",
		    path);
	if ((st.st_mode & S_IRWXO) != 0)
		return err_set(err, ERR_INVALID,
		    "keytab %s is open to everyone; make it mode 0600 or 0640",
		    path);
	return 0;
}

/* The library's context, for one KDC. */
static int
set_up(struct krb *k, const char *kdc, struct err *err)
{
	krb5_error_code code;

	code = krb_profile_read(k);
	if (code == 0) {
		k->kdc = kdc != NULL ? mem_dup(kdc) : krb_profile_kdc(k);
		if (k->kdc == NULL)
			return err_set(err, ERR_INVALID,
			    "no KDC known for realm %s: name one, or set it in "
			    "krb5.conf",
			    k->realm);
		code = krb_profile_context(k);
	}
	if (code != 0)
		return err_native(err, ERR_INVALID, ERR_KRB5, code,
		    "Kerberos cannot be set up; is krb5.conf well-formed?");
	krb5_set_kdc_send_hook(k->ctx, krb_transport, k);
	return 0;
}

/* Who we are, and where our tickets are kept. */
static int
set_identity(struct krb *k, const char *principal, struct err *err)
{
	krb5_error_code code;

	code = krb5_set_default_realm(k->ctx, k->realm);
	if (code == 0)
		code = krb5_parse_name(k->ctx, principal, &k->self);
	if (code != 0)
		return krb_fail(k, code, err, "principal %s", principal);
	code = krb5_cc_new_unique(k->ctx, "MEMORY", NULL, &k->cache);
	if (code != 0)
		return krb_fail(k, code, err, "ticket cache");
	return 0;
}

int
krb_open(const struct krb_conf *conf, struct krb **ret_krb, struct err *err)
{
	struct krb *k = mem_alloc(sizeof(*k));

	k->realm = str_upper(mem_dup(conf->realm));
	k->keytab = mem_dup(conf->keytab);
	k->deadline_ms = conf->deadline_ms;
	if (set_up(k, conf->kdc, err) != 0 ||
	    (k->keytab != NULL && krb_check_keytab(k->keytab, err) != 0) ||
	    set_identity(k, conf->principal, err) != 0) {
		krb_close(k);
		return -1;
	}
	*ret_krb = k;
	return 0;
}

const char *
krb_kdc(const struct krb *k)
{
	return k->kdc;
}

void
krb_close(struct krb *k)
{
	OM_uint32 minor;

	if (k == NULL)
		return;
	if (k->cache != NULL) {
		/* Our caller's SASL must not look for a cache that is gone. */
		if (k->logged_in)
			gss_krb5_ccache_name(&minor, NULL, NULL);
		krb5_cc_destroy(k->ctx, k->cache);
	}
	krb5_free_principal(k->ctx, k->self);
	if (k->ctx != NULL)
		krb5_free_context(k->ctx);
	if (k->file != NULL)
		profile_release(k->file);
	if (k->addresses != NULL)
		freeaddrinfo(k->addresses);
	free(k->realm);
	free(k->kdc);
	free(k->keytab);
	free(k);
}

void
krb_begin(struct krb *k)
{
	k->exchange.until = clock_mono_ms() + k->deadline_ms;
	err_clear(&k->exchange.trouble);
}

int
krb_account(
    struct krb *k, const char *account, krb5_principal *ret, struct err *err)
{
	krb5_error_code code;

	/* Not krb5_parse_name(): "/" and "@" would change who is meant. */
	code = krb5_build_principal(k->ctx, ret, (unsigned)strlen(k->realm),
	    k->realm, account, (char *)NULL);
	if (code != 0)
		return krb_fail(k, code, err, "account %s", account);
	return 0;
}

int
krb_service_name(
    struct krb *k, const char *spn, krb5_principal *ret, struct err *err)
{
	const char *host = strchr(spn, '/');
	krb5_error_code code;
	char *service;

	if (host == NULL || host == spn || host[1] == '\0')
		return err_set(err, ERR_INVALID,
		    "'%s' is not a service name like HTTP/host:port", spn);
	service = mem_dup_len(spn, (size_t)(host - spn));
	code = krb5_build_principal(k->ctx, ret, (unsigned)strlen(k->realm),
	    k->realm, service, host + 1, (char *)NULL);
	free(service);
	if (code != 0)
		return krb_fail(k, code, err, "service %s", spn);
	return 0;
}
