#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "device.h"
#include "log.h"
#include "mem.h"
#include "profile.h"
#include "run_internal.h"
#include "step_internal.h"
#include "str.h"
#include "wish_internal.h"

/*
 * Replacing the TLS certificate with overlap.  What each step made is kept in
 * the record (next_*), so a crash between two steps leaves a plan that goes on
 * where it stopped.  The old certificate stays until the new one was seen in a
 * handshake (invariant 8).
 */

#define SHA256_HEX 65

static const struct port_ca *
ca_port(const struct step *step)
{
	return &step->run->engine->deps.ports->ca;
}

static void
look_pki_then(struct step *step, port_done_fn *then)
{
	const struct port_device *port = step_device(step);

	port_pki_clear(&step->pki);
	port->look_pki(port->self, step->run->visit, &step->pki, then, step);
}

static void
hash_text(const char *text, char out[SHA256_HEX])
{
	uint8_t digest[32];

	str_sha256(text, strlen(text), digest);
	str_hex(digest, sizeof(digest), out);
}

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

/* --- key.generate --- */

/* The keys that are there before: a new one is one that is not among them. */
static void
key_before(void *cookie, const struct err *err)
{
	struct step *step = cookie;
	struct json_object *before;
	char hash[SHA256_HEX];
	size_t i;

	if (err->kind == ERR_NONE) {
		before = json_object_new_array();
		for (i = 0; i < step->pki.key_count; i++) {
			hash_text(step->pki.keys[i].spki, hash);
			(void)json_object_array_add(
			    before, json_object_new_string(hash));
		}
		(void)json_object_object_add(step->args, "before", before);
		step_arg_set_int(step, "bits",
		    wish_key_bits(
			step->run->device, step->run->engine->deps.profile));
	}
	step_prepared(step, err);
}

static void
key_prepare(struct step *step)
{
	look_pki_then(step, key_before);
}

static void
key_act(struct step *step)
{
	const struct port_device *port = step_device(step);

	port->key_generate(port->self, step->run->visit,
	    step_arg_int(step, "bits"), step_acted_port, step);
}

static bool
was_before(const struct step *step, const char *spki)
{
	struct json_object *before;
	char hash[SHA256_HEX];
	size_t i;

	hash_text(spki, hash);
	if (!json_object_object_get_ex(step->args, "before", &before))
		return false;
	for (i = 0; i < json_object_array_length(before); i++)
		if (str_eq(json_object_get_string(
			       json_object_array_get_idx(before, i)),
			hash))
			return true;
	return false;
}

static void
key_looked(void *cookie, const struct err *err)
{
	struct step *step = cookie;
	struct device *d = step->run->device;
	size_t i;

	if (err->kind != ERR_NONE) {
		step_seen(step, SEEN_CANNOT_TELL, err);
		return;
	}
	for (i = 0; i < step->pki.key_count; i++) {
		if (was_before(step, step->pki.keys[i].spki))
			continue;
		mem_replace(&d->next_key_handle, step->pki.keys[i].handle);
		mem_replace(&d->next_key_spki, step->pki.keys[i].spki);
		step_seen(step, SEEN_APPLIED, NULL);
		return;
	}
	step_seen(step, SEEN_NOT_APPLIED, NULL);
}

static void
key_observe(struct step *step)
{
	look_pki_then(step, key_looked);
}

const struct step_kind step_key_generate = {
    .name = "key.generate",
    .patience_ms = 120000,
    .prepare = key_prepare,
    .act = key_act,
    .observe = key_observe,
};

/* --- certificate.issue --- */

static void
issue_prepare(struct step *step)
{
	const struct run *run = step->run;
	const struct profile *profile = run->engine->deps.profile;
	char fqdn[256], host[256], hash[SHA256_HEX], *key;

	/* One key pair and name set get one certificate, however often this
	 * runs: the CA sees the same idempotency key. */
	wish_fqdn(run->device, profile, fqdn);
	hash_text(run->device->next_key_spki, hash);
	hash[32] = '\0';
	key =
	    mem_printf("device-%lld/%s/%.64s", (long long)run->id, hash, fqdn);
	step_arg_set(step, "key", key);
	step_arg_set(step, "fqdn", fqdn);
	wish_host(run->device, profile, host);
	if (profile_tls_template(profile)->short_name && !str_eq(host, fqdn))
		step_arg_set(step, "short_name", host);
	free(key);
	step_prepared(step, NULL);
}

static void
issue_signed(void *cookie, const struct err *err)
{
	struct step *step = cookie;
	const struct port_ca *port = ca_port(step);
	const struct port_request request = {
	    .device = step->run->device,
	    .fqdn = step_arg(step, "fqdn"),
	    .short_name = step_arg(step, "short_name"),
	    .template = profile_tls_template(step_profile(step)),
	    .csr = step->bytes.data,
	    .csr_len = step->bytes.len,
	    .key = step_arg(step, "key"),
	};

	if (err->kind != ERR_NONE) {
		step_acted(step, err);
		return;
	}
	port_issued_clear(&step->issued);
	port->issue(port->self, &request, &step->issued, step_acted_port, step);
}

static void
issue_act(struct step *step)
{
	const struct port_device *port = step_device(step);
	const struct run *run = step->run;
	const struct port_csr csr = {
	    .key_handle = run->device->next_key_handle,
	    .spki = run->device->next_key_spki,
	    .fqdn = step_arg(step, "fqdn"),
	    .short_name = step_arg(step, "short_name"),
	};

	buf_reset(&step->bytes);
	port->csr_make(
	    port->self, run->visit, &csr, &step->bytes, issue_signed, step);
}

static void
forget_wait(struct device *d)
{
	d->cert_wait_until = 0;
	mem_replace(&d->cert_wait_why, NULL);
}

/* The request is with another CA, which keeps it under our key: this intent is
 * at its end, and the next one asks after it. The device goes on with the
 * certificate it has. */
static void
issue_waits(struct step *step)
{
	const struct port_issued *issued = &step->issued;
	struct device *d = step->run->device;
	struct err why;

	d->cert_wait_until = issued->retry_at;
	mem_replace(&d->cert_wait_why, issued->why);
	(void)err_set(&why, ERR_LIMIT, "%s", issued->why);
	if (issued->urgent)
		log_line(LOG_WARN, "certificate.urgent",
		    "device=%s not_after=%lld waits=\"%s\"", d->name,
		    (long long)d->cert_not_after, issued->why);
	step_seen(step, SEEN_WAITING, &why);
}

static void
issue_looked(void *cookie, const struct err *err)
{
	struct step *step = cookie;
	struct device *d = step->run->device;

	if (err->kind != ERR_NONE && err->kind != ERR_NOTFOUND) {
		step_seen(step, SEEN_CANNOT_TELL, err);
		return;
	}
	forget_wait(d);
	if (err->kind == ERR_NOTFOUND) {
		step_seen(step, SEEN_NOT_APPLIED, NULL);
		return;
	}
	if (step->issued.waiting) {
		issue_waits(step);
		return;
	}
	mem_replace(&d->next_cert, step->issued.der);
	mem_replace(&d->next_cert_serial, step->issued.serial);
	step_seen(step, SEEN_APPLIED, NULL);
}

static void
issue_observe(struct step *step)
{
	const struct port_ca *port = ca_port(step);

	port_issued_clear(&step->issued);
	port->look(port->self, step_arg(step, "key"), &step->issued,
	    issue_looked, step);
}

const struct step_kind step_certificate_issue = {
    .name = "certificate.issue",
    .patience_ms = 60000,
    .prepare = issue_prepare,
    .act = issue_act,
    .observe = issue_observe,
};

/* --- certificate.add --- */

static void
add_prepare(struct step *step)
{
	step->skip = step->run->device->next_cert == NULL; /* it waits */
	step_prepared(step, NULL);
}

static void
add_act(struct step *step)
{
	const struct port_device *port = step_device(step);

	port->cert_add(port->self, step->run->visit,
	    step->run->device->next_cert, step_acted_port, step);
}

static void
add_looked(void *cookie, const struct err *err)
{
	struct step *step = cookie;
	struct device *d = step->run->device;
	size_t i;

	if (err->kind != ERR_NONE) {
		step_seen(step, SEEN_CANNOT_TELL, err);
		return;
	}
	for (i = 0; i < step->pki.cert_count; i++) {
		if (!str_eq(step->pki.certs[i].der, d->next_cert))
			continue;
		mem_replace(&d->next_cert_handle, step->pki.certs[i].handle);
		step_seen(step, SEEN_APPLIED, NULL);
		return;
	}
	step_seen(step, SEEN_NOT_APPLIED, NULL);
}

static void
add_observe(struct step *step)
{
	look_pki_then(step, add_looked);
}

const struct step_kind step_certificate_add = {
    .name = "certificate.add",
    .patience_ms = 60000,
    .prepare = add_prepare,
    .act = add_act,
    .observe = add_observe,
};

/* --- certificate.remove, certificate.clean: deleting by name --- */

/* args "certs" and "keys" hold the handles that must go, "hashes" what those
 * certificates are: a handle is re-used by the firmware once it is free, so
 * what is behind it is compared before it is deleted. */
static void
doom(struct step *step, const char *list, const char *value)
{
	struct json_object *array;

	if (!json_object_object_get_ex(step->args, list, &array)) {
		array = json_object_new_array();
		(void)json_object_object_add(step->args, list, array);
	}
	(void)json_object_array_add(array, json_object_new_string(value));
}

static bool
doomed(const struct step *step, const char *list, const char *value)
{
	struct json_object *array;
	size_t i;

	if (value == NULL ||
	    !json_object_object_get_ex(step->args, list, &array))
		return false;
	for (i = 0; i < json_object_array_length(array); i++)
		if (str_eq(json_object_get_string(
			       json_object_array_get_idx(array, i)),
			value))
			return true;
	return false;
}

static void
doom_cert(struct step *step, const struct port_cert *cert)
{
	doom(step, "certs", cert->sha256);
}

static void
doom_key(struct step *step, const struct port_key *key)
{
	char hash[SHA256_HEX];

	hash_text(key->spki, hash);
	doom(step, "keys", hash);
}

static const struct port_cert *
next_doomed_cert(const struct step *step)
{
	size_t i;

	for (i = 0; i < step->pki.cert_count; i++)
		if (doomed(step, "certs", step->pki.certs[i].sha256))
			return &step->pki.certs[i];
	return NULL;
}

static const struct port_key *
next_doomed_key(const struct step *step)
{
	char hash[SHA256_HEX];
	size_t i;

	for (i = 0; i < step->pki.key_count; i++) {
		hash_text(step->pki.keys[i].spki, hash);
		if (doomed(step, "keys", hash))
			return &step->pki.keys[i];
	}
	return NULL;
}

static void delete_next(void *cookie, const struct err *err);

static void
delete_again(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	if (err->kind != ERR_NONE)
		step_acted(step, err);
	else
		look_pki_then(step, delete_next);
}

/* The certificate first: firmware refuses to delete a key that one uses. */
static void
delete_next(void *cookie, const struct err *err)
{
	static const struct err none;
	struct step *step = cookie;
	const struct port_device *port = step_device(step);
	const struct port_cert *cert;
	const struct port_key *key;

	if (err->kind != ERR_NONE) {
		step_acted(step, err);
		return;
	}
	cert = next_doomed_cert(step);
	key = next_doomed_key(step);
	if (cert != NULL)
		port->cert_delete(port->self, step->run->visit, cert->handle,
		    delete_again, step);
	else if (key != NULL)
		port->key_delete(port->self, step->run->visit, key->handle,
		    delete_again, step);
	else
		step_acted(step, &none);
}

static void
delete_act(struct step *step)
{
	look_pki_then(step, delete_next);
}

static void
delete_looked(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	step_seen_if(step, err,
	    next_doomed_cert(step) == NULL && next_doomed_key(step) == NULL);
}

static void
delete_observe(struct step *step)
{
	look_pki_then(step, delete_looked);
}

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

	if (err->kind != ERR_NONE) {
		step_prepared(step, err);
		return;
	}
	cert = cert_by_handle(&step->pki, d->old_cert_handle);
	if (cert != NULL && !cert->read_only &&
	    str_eq(cert->sha256, d->old_cert_sha256) &&
	    !str_eq(cert->handle, step->pki.tls_cert))
		doom_cert(step, cert);
	key = key_by_handle(&step->pki, d->old_key_handle);
	active = key_by_handle(&step->pki, d->cert_key_handle);
	/* Its certificate goes now, or went before a crash. */
	if (key != NULL && key != active &&
	    !str_eq(key->handle, d->next_key_handle) &&
	    (next_doomed_cert(step) != NULL || !key->in_use))
		doom_key(step, key);
	if (next_doomed_cert(step) == NULL && next_doomed_key(step) == NULL) {
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
	look_pki_then(step, remove_chosen);
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
    .prepare = remove_prepare,
    .act = delete_act,
    .observe = delete_observe,
    .settled = remove_settled,
};

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
			doom_cert(step, &step->pki.certs[i]);
	for (i = 0; i < step->pki.key_count; i++)
		if (key_is_spare(step, &step->pki.keys[i]))
			doom_key(step, &step->pki.keys[i]);
	step->skip =
	    next_doomed_cert(step) == NULL && next_doomed_key(step) == NULL;
	step_prepared(step, err);
}

static void
clean_prepare(struct step *step)
{
	look_pki_then(step, clean_chosen);
}

const struct step_kind step_certificate_clean = {
    .name = "certificate.clean",
    .patience_ms = 60000,
    .soft = true,
    .prepare = clean_prepare,
    .act = delete_act,
    .observe = delete_observe,
};

/* --- certificate.revoke --- */

static void
revoke_prepare(struct step *step)
{
	const struct device *d = step->run->device;
	char *first;

	step->skip = d->old_cert_serial == NULL;
	if (!step->skip) {
		first = mem_dup_len(
		    d->old_cert_serial, strcspn(d->old_cert_serial, " "));
		step_arg_set(step, "serial", first);
		free(first);
	}
	step_prepared(step, NULL);
}

static void
revoke_act(struct step *step)
{
	const struct port_ca *port = ca_port(step);

	port->revoke(
	    port->self, step_arg(step, "serial"), step_acted_port, step);
}

static void
revoke_looked(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	step_seen_if(step, err, step->flag);
}

static void
revoke_observe(struct step *step)
{
	const struct port_ca *port = ca_port(step);

	port->look_revoked(port->self, step_arg(step, "serial"), &step->flag,
	    revoke_looked, step);
}

static void
revoke_settled(struct step *step)
{
	struct device *d = step->run->device;
	const char *rest = strchr(d->old_cert_serial, ' ');
	char *left = rest == NULL ? NULL : mem_dup(rest + 1);

	free(d->old_cert_serial);
	d->old_cert_serial = left;
}

const struct step_kind step_certificate_revoke = {
    .name = "certificate.revoke",
    .patience_ms = 30000,
    .soft = true,
    .prepare = revoke_prepare,
    .act = revoke_act,
    .observe = revoke_observe,
    .settled = revoke_settled,
};
