/* What desks are made of: controllers, and connections to one. */
#include <stdlib.h>

#include "conf.h"
#include "desk.h"
#include "directory.h"
#include "err.h"
#include "krb.h"
#include "mem.h"
#include "office_internal.h"
#include "str.h"

unsigned
desk_deadline(const struct conf *conf)
{
	return (unsigned)(conf->directory_timeout * 1000);
}

int
desk_others(const struct conf *conf, char **ret_names, struct err *err)
{
	return directory_locate(
	    conf->domain, conf->site, desk_deadline(conf), ret_names, err);
}

int
desk_controllers(const struct conf *conf, char **ret_names, struct err *err)
{
	if (conf->dc == NULL)
		return desk_others(conf, ret_names, err);
	*ret_names = mem_dup(conf->dc);
	return 0;
}

int
desk_open_krb(const struct conf *conf, const char *controller,
    const char *keytab, struct krb **ret_krb, struct err *err)
{
	const struct krb_conf krb = {.realm = conf->realm,
	    .kdc = controller,
	    .principal = conf->principal,
	    .keytab = keytab,
	    .deadline_ms = desk_deadline(conf)};

	return krb_open(&krb, ret_krb, err);
}

/* Tickets for GSSAPI of this thread. */
static int
get_tickets(const struct conf *conf, const char *controller, struct krb *krb,
    struct err *err)
{
	char *spn = mem_printf("ldap/%s", controller);
	int result = krb_service(krb, spn, err);

	/* As good as one that does not answer: the next may be one. */
	if (result != 0 && err->kind == ERR_NOTFOUND)
		(void)err_set(err, ERR_UNREACHABLE,
		    "%s is no domain controller of %s: its KDC knows no "
		    "service %s; is directory.dc right, or what the DNS says "
		    "of the domain's controllers (SRV)?",
		    controller, conf->realm, spn);
	free(spn);
	return result;
}

int
desk_open_directory(const struct conf *conf, const char *controller,
    struct krb *krb, struct directory **ret_directory, struct err *err)
{
	const struct directory_conf ldap = {.dc = controller,
	    .ldaps = str_eq(conf->transport, "ldaps"),
	    .starttls = str_eq(conf->transport, "starttls"),
	    .ca_file = conf->ldap_ca,
	    .bind_dn = conf->bind_dn,
	    .password_file = conf->bind_password_file,
	    .deadline_ms = desk_deadline(conf)};

	if (ldap.bind_dn == NULL &&
	    get_tickets(conf, controller, krb, err) != 0)
		return -1;
	return directory_open(&ldap, ret_directory, err);
}
