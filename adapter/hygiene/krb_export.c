/* A device's keys for somebody else: what they are, and that they are right. */
#include <stdio.h>
#include <string.h>

#include "ad_device_internal.h"
#include "buf.h"
#include "clock.h"
#include "conf.h"
#include "daemon.h"
#include "device.h"
#include "hygiene.h"
#include "secret.h"
#include "store.h"
#include "str.h"

/* Bits of msDS-SupportedEncryptionTypes (MS-KILE 2.2.7). */
static const int64_t type_bits[KRB_TYPES] = {
    [KRB_AES256] = 16, [KRB_AES128] = 8, [KRB_RC4] = 4};
#define ANY_BITS (16 | 8 | 4)

/* An account that says nothing may be given tickets of any type. */
static void
drop_unused(struct ad_device *k)
{
	int64_t used = k->object.enctypes & ANY_BITS;
	int type;

	if (used == 0)
		used = ANY_BITS;
	for (type = 0; type < KRB_TYPES; type++)
		if ((used & type_bits[type]) == 0) {
			secret_free(k->keys.of[type]);
			k->keys.of[type] = NULL;
		}
}

/* A key that opens nothing helps nobody: one ticket at least, and no other that
 * it does not open. */
static int
check_tickets(const struct ad_device *k, int64_t *ret_kvno, struct err *err)
{
	const struct ad_device_ticket *t;
	size_t i;
	bool any = false;

	for (i = 0; i < k->count; i++) {
		t = &k->tickets[i];
		if (t->err.kind != ERR_NONE) {
			if (t->err.kind == ERR_NOTFOUND)
				continue;
			*err = t->err;
			return -1;
		}
		if (!t->facts.opened)
			return err_set(err, ERR_CONFLICT,
			    "its key in Active Directory (%s, version %lld) is "
			    "not of the password we have: run "
			    "renew-ad-password first",
			    t->facts.type, (long long)t->facts.kvno);
		*ret_kvno = t->facts.kvno;
		any = true;
	}
	if (any)
		return 0;
	return err_set(err, ERR_NOTFOUND,
	    "the KDC knows none of its service names: run enforce-profile "
	    "first");
}

static void
write_keys(const struct daemon *d, const struct ad_device *k, int64_t kvno,
    struct buf *out)
{
	struct krb_owner owner = {.realm = d->conf->realm,
	    .name = k->object.account,
	    .kvno = kvno,
	    .now = clock_now()};
	size_t i;

	krb_keytab_add(out, &owner, &k->keys);
	for (i = 0; i < k->count; i++) {
		owner.name = k->tickets[i].spn;
		krb_keytab_add(out, &owner, &k->keys);
	}
}

static void
name_types(const struct krb_keys *keys, char out[HYGIENE_TYPES])
{
	size_t len = 0;
	int type;

	out[0] = '\0';
	for (type = 0; type < KRB_TYPES; type++)
		if (keys->of[type] != NULL)
			len += (size_t)snprintf(out + len, HYGIENE_TYPES - len,
			    "%s%s", len > 0 ? "," : "",
			    krb_type_name((enum krb_type)type));
}

static int
export_keys(struct daemon *d, const struct device *device,
    const struct secret *password, struct buf *out,
    struct hygiene_exported *ret, struct err *err)
{
	struct ad_device k;
	int rc;

	if (ad_device_read(d, device->ad_account, password, &k, err) != 0)
		return -1;
	rc = check_tickets(&k, &ret->kvno, err);
	if (rc == 0) {
		drop_unused(&k);
		name_types(&k.keys, ret->enctypes);
		ret->principals = k.count + 1;
		write_keys(d, &k, ret->kvno, out);
		if (out->over)
			rc = err_set(err, ERR_LIMIT,
			    "the keytab is longer than %zu bytes", out->max);
	}
	ad_device_clear(&k);
	return rc;
}

int
hygiene_krb_export(struct daemon *d, const struct device *device,
    struct buf *out, struct hygiene_exported *ret, struct err *err)
{
	struct secret *password = NULL;
	int rc;

	if (!d->conf->directory)
		return err_set(err, ERR_NOTFOUND,
		    "Active Directory is not configured (directory:)");
	if (str_empty(device->ad_account))
		return err_set(err, ERR_NOTFOUND,
		    "it has no object in Active Directory that we know: run "
		    "renew-ad-password first");
	if (store_secret_get(
		d->store, device->id, STORE_SECRET_AD, &password, err) != 0)
		return err_context(err, "password of its AD object");
	rc = export_keys(d, device, password, out, ret, err);
	secret_free(password);
	return rc;
}
