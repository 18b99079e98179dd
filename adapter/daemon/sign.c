/* A certificate for a CSR that a person brings. */
#include <stdlib.h>
#include <string.h>

#include "ca.h"
#include "clock.h"
#include "daemon.h"
#include "device.h"
#include "err.h"
#include "mem.h"
#include "profile.h"
#include "str.h"

#define NAME_ROOM 256

/* The same request again gets the same certificate. */
static void
idempotency_key(const struct daemon_csr *csr, char out[128])
{
	char sha[65];

	str_sha256_hex(csr->der, csr->len, sha);
	(void)snprintf(
	    out, 128, "device-%lld/csr/%s", (long long)csr->device->id, sha);
}

int
daemon_sign(struct daemon *d, const struct daemon_csr *csr,
    struct ca_cert *ret_cert, struct err *err)
{
	const struct ca_template template = daemon_template(csr->template);
	char fqdn[NAME_ROOM], host[NAME_ROOM], key[128];
	struct ca_subject subject = {.device = csr->device->name,
	    .fqdn = fqdn,
	    .amt_major = device_amt_major(csr->device)};
	const struct ca_request request = {.template = &template,
	    .subject = &subject,
	    .csr = csr->der,
	    .csr_len = csr->len,
	    .key = key,
	    .now = clock_now()};

	if (!str_eq(csr->template->issuer, CA_ISSUER_INTERNAL))
		return err_set(err, ERR_REFUSED,
		    "template %s is for the CA %s; take one of ours",
		    csr->template->name, csr->template->issuer);
	(void)device_wished_fqdn(csr->device, d->profile->names_sync, fqdn);
	(void)snprintf(host, sizeof(host), "%s", fqdn);
	host[strcspn(host, ".")] = '\0';
	if (template.short_name && !str_eq(host, fqdn))
		subject.short_name = host;
	idempotency_key(csr, key);
	return ret_cert != NULL ? ca_issue(d->ca, &request, ret_cert, err)
				: ca_csr_check(d->ca, &request, err);
}
