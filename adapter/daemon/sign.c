/* A certificate for a CSR that a person brings. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "ca.h"
#include "clock.h"
#include "daemon.h"
#include "device.h"
#include "err.h"
#include "mem.h"
#include "port.h"
#include "ports.h"
#include "profile.h"
#include "str.h"

#define NAME_ROOM 256
#define RENEWALS_MAX 100 /* with one key */

/* A certificate that is revoked, to be renewed, or by another template is not
 * given out again. */
static bool
is_spent(const struct ca_cert *cert, const struct ca_template *t, int64_t now)
{
	return cert->revoked_at != 0 ||
	    cert->not_after - now <= t->renew_before ||
	    !str_eq(cert->template_name, t->name);
}

/* The same request again, by the same template, gets the same certificate, for
 * as long as that is good: who renews with an old key brings the old request.
 * 0 or -1. */
static int
idempotency_key(struct daemon *d, const struct daemon_csr *csr,
    const struct ca_template *t, char out[128], struct err *err)
{
	struct ca_cert cert;
	bool spent = true;
	struct err why;
	char sha[65];
	unsigned n;

	str_sha256_hex(csr->der, csr->len, sha);
	for (n = 1; spent && n <= RENEWALS_MAX; n++) {
		(void)snprintf(out, 128, "device-%lld/csr/%s/%u",
		    (long long)csr->device->id, sha, n);
		memset(&cert, 0, sizeof(cert));
		if (ca_find(d->ca, out, NULL, &cert, &why) == 0) {
			spent = is_spent(&cert, t, clock_now());
			ca_cert_clear(&cert);
		} else if (why.kind == ERR_NOTFOUND) {
			spent = false;
		} else {
			if (err != NULL)
				*err = why;
			return -1;
		}
	}
	return spent ? err_set(err, ERR_LIMIT,
			   "this request was served %d times: make a new key",
			   RENEWALS_MAX)
		     : 0;
}

int
daemon_sign(struct daemon *d, const struct daemon_csr *csr,
    struct ca_cert *ret_cert, struct err *err)
{
	const struct ca_template template = port_template(csr->template);
	char names[2][NAME_ROOM], key[128] = "";
	const struct port_subject who =
	    port_subject_of(csr->device, d->profile, csr->template, names);
	const struct ca_subject subject = {.device = csr->device->name,
	    .fqdn = who.fqdn,
	    .short_name = who.short_name,
	    .address = who.address,
	    .upn = who.upn,
	    .sid = who.sid,
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
	if ((template.upn && who.upn == NULL) ||
	    (template.sid && who.sid == NULL))
		return err_set(err, ERR_REFUSED,
		    "template %s names the account of %s, which is not known: "
		    "renew-ad-password makes or reads it",
		    csr->template->name, csr->device->name);
	if (ret_cert == NULL)
		return ca_csr_check(d->ca, &request, err);
	if (idempotency_key(d, csr, &template, key, err) != 0)
		return -1;
	return ca_issue(d->ca, &request, ret_cert, err);
}
