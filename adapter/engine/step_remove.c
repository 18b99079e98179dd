#include "device.h"
#include "mem.h"
#include "run_internal.h"
#include "step_internal.h"
#include "str.h"

/*
 * Removing certificates and keys from the device: the old ones after a new
 * certificate was seen in use, and what earlier failures have left.
 *
 * args "certs" and "keys" say by hash what must go.  A handle is no name: the
 * firmware uses it again once it is free, so each act() and observe() finds out
 * anew behind which handles those are.
 */

#define HASH_HEX 65

static const struct port_cert *
cert_by_handle(const struct port_pki *pki, const char *handle)
{
	size_t i;

	for (i = 0; handle != NULL && i < pki->cert_count; i++)
		if (str_eq(pki->certs[i].handle, handle))
			return &pki->certs[i];
	return NULL;
}

static const struct port_key *
key_by_handle(const struct port_pki *pki, const char *handle)
{
	size_t i;

	for (i = 0; handle != NULL && i < pki->key_count; i++)
		if (str_eq(pki->keys[i].handle, handle))
			return &pki->keys[i];
	return NULL;
}

/* --- deleting what args name --- */

static void
doom_key(struct step *step, const struct port_key *key)
{
	char hash[HASH_HEX];

	step_key_hash(key->spki, hash);
	step_arg_add(step, "keys", hash);
}

static bool
cert_doomed(const struct step *step, const struct port_cert *cert)
{
	return step_arg_has(step, "certs", cert->sha256);
}

static bool
key_doomed(const struct step *step, const struct port_key *key)
{
	char hash[HASH_HEX];

	step_key_hash(key->spki, hash);
	return step_arg_has(step, "keys", hash);
}

/* The first one that must go, of those from *at on, which is left behind it;
 * NULL. */
static const struct port_cert *
next_cert(const struct step *step, size_t *at)
{
	while (*at < step->pki.cert_count)
		if (cert_doomed(step, &step->pki.certs[(*at)++]))
			return &step->pki.certs[*at - 1];
	return NULL;
}

static const struct port_key *
next_key(const struct step *step, size_t *at)
{
	while (*at < step->pki.key_count)
		if (key_doomed(step, &step->pki.keys[(*at)++]))
			return &step->pki.keys[*at - 1];
	return NULL;
}

static bool
none_doomed(const struct step *step)
{
	size_t cert = 0, key = 0;

	return next_cert(step, &cert) == NULL && next_key(step, &key) == NULL;
}

/* The certificates first: firmware refuses to delete a key that one uses. */
static void
delete_next(void *cookie, const struct err *err)
{
	struct step *step = cookie;
	const struct port_device *port = step_device(step);
	const struct port_cert *cert;
	const struct port_key *key;

	if (err->kind != ERR_NONE) {
		step_acted(step, err);
		return;
	}
	cert = next_cert(step, &step->cert_at);
	if (cert != NULL) {
		port->cert_delete(port->self, step->run->visit, cert->handle,
		    delete_next, step);
		return;
	}
	key = next_key(step, &step->key_at);
	if (key != NULL)
		port->key_delete(port->self, step->run->visit, key->handle,
		    delete_next, step);
	else
		step_acted(step, err);
}

void
step_delete_act(struct step *step)
{
	step->cert_at = 0;
	step->key_at = 0;
	step_look_pki(step, PORT_KEYS | PORT_CERTS, delete_next);
}

static void
delete_looked(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	step_seen_if(step, err, none_doomed(step));
}

void
step_delete_observe(struct step *step)
{
	step_look_pki(step, PORT_KEYS | PORT_CERTS, delete_looked);
}

/* --- certificate.remove --- */

static void
forget_old_slots(struct device *d)
{
	mem_replace(&d->old_cert_handle, NULL);
	mem_replace(&d->old_key_handle, NULL);
	mem_replace(&d->old_cert_sha256, NULL);
}

static void
remove_chosen(void *cookie, const struct err *err)
{
	struct step *step = cookie;
	struct device *d = step->run->device;
	const struct port_cert *cert;
	const struct port_key *key, *active;
	bool goes;

	if (err->kind != ERR_NONE) {
		step_prepared(step, err);
		return;
	}
	cert = cert_by_handle(&step->pki, d->old_cert_handle);
	goes = cert != NULL && !cert->read_only &&
	    str_eq(cert->sha256, d->old_cert_sha256) &&
	    !str_eq(cert->handle, step->pki.tls_cert);
	if (goes)
		step_arg_add(step, "certs", cert->sha256);
	key = key_by_handle(&step->pki, d->old_key_handle);
	active = key_by_handle(&step->pki, d->cert_key_handle);
	/* Its certificate goes now, or went before a crash. */
	if (key != NULL && key != active &&
	    !str_eq(key->handle, d->next_key_handle) && (goes || !key->in_use))
		doom_key(step, key);
	if (none_doomed(step)) {
		/* Gone already, or the firmware's own: nothing to remove. */
		forget_old_slots(d);
		step->skip = true;
	}
	step_prepared(step, err);
}

static void
remove_prepare(struct step *step)
{
	if (step->run->device->old_cert_handle == NULL) {
		step->skip = true;
		step_prepared(step, NULL);
		return;
	}
	step_look_pki(
	    step, PORT_KEYS | PORT_CERTS | PORT_TLS_CERT, remove_chosen);
}

static void
remove_settled(struct step *step)
{
	forget_old_slots(step->run->device);
}

const struct step_kind step_certificate_remove = {
    .name = "certificate.remove",
    .patience_ms = 60000,
    .soft = true,
    .touches = PORT_CERTIFICATE,
    .prepare = remove_prepare,
    .act = step_delete_act,
    .observe = step_delete_observe,
    .settled = remove_settled,
};

/* --- certificate.clean --- */

/* Does any certificate that stays use this key?  The record knows the one in
 * use; the one under way has its own. */
static bool
key_is_spare(const struct step *step, const struct port_key *key)
{
	const struct device *d = step->run->device;

	return !str_eq(key->handle, d->cert_key_handle) &&
	    !str_eq(key->handle, d->next_key_handle) &&
	    !str_eq(key->handle, d->old_key_handle) && !key->in_use;
}

static bool
cert_is_spare(const struct step *step, const struct port_cert *cert)
{
	const struct device *d = step->run->device;

	return cert->ours && !cert->read_only && !cert->trusted_root &&
	    !str_eq(cert->handle, step->pki.tls_cert) &&
	    !str_eq(cert->handle, d->next_cert_handle) &&
	    !str_eq(cert->der, d->next_cert) &&
	    !str_eq(cert->handle, d->old_cert_handle);
}

static void
clean_chosen(void *cookie, const struct err *err)
{
	struct step *step = cookie;
	size_t i;

	if (err->kind != ERR_NONE) {
		step_prepared(step, err);
		return;
	}
	for (i = 0; i < step->pki.cert_count; i++)
		if (cert_is_spare(step, &step->pki.certs[i]))
			step_arg_add(step, "certs", step->pki.certs[i].sha256);
	for (i = 0; i < step->pki.key_count; i++)
		if (key_is_spare(step, &step->pki.keys[i]))
			doom_key(step, &step->pki.keys[i]);
	step->skip = none_doomed(step);
	step_prepared(step, err);
}

static void
clean_prepare(struct step *step)
{
	step_look_pki(
	    step, PORT_KEYS | PORT_CERTS | PORT_TLS_CERT, clean_chosen);
}

const struct step_kind step_certificate_clean = {
    .name = "certificate.clean",
    .patience_ms = 60000,
    .soft = true,
    .touches = PORT_CERTIFICATE,
    .prepare = clean_prepare,
    .act = step_delete_act,
    .observe = step_delete_observe,
};
