#include <stdlib.h>
#include <string.h>

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

/* --- key.generate --- */

/* The keys that are there before: a new one is one that is not among them. */
static void
key_before(void *cookie, const struct err *err)
{
	struct step *step = cookie;
	const struct run *run = step->run;
	char hash[SHA256_HEX];
	size_t i;

	if (err->kind != ERR_NONE) {
		step_prepared(step, err);
		return;
	}
	for (i = 0; i < step->pki.key_count; i++) {
		step_key_hash(step->pki.keys[i].spki, hash);
		step_arg_add(step, "before", hash);
	}
	step_arg_set_int(step, "bits",
	    wish_key_bits(run->device, run->engine->deps.profile));
	step_prepared(step, err);
}

static void
key_prepare(struct step *step)
{
	step_look_pki(step, PORT_KEYS, key_before);
}

static void
key_act(struct step *step)
{
	const struct port_device *port = step_device(step);

	port->key_generate(port->self, step->run->visit,
	    step_arg_int(step, "bits"), step_acted_port, step);
}

static void
key_looked(void *cookie, const struct err *err)
{
	struct step *step = cookie;
	struct device *d = step->run->device;
	char hash[SHA256_HEX];
	size_t i;

	if (err->kind != ERR_NONE) {
		step_seen(step, SEEN_CANNOT_TELL, err);
		return;
	}
	for (i = 0; i < step->pki.key_count; i++) {
		step_key_hash(step->pki.keys[i].spki, hash);
		if (step_arg_has(step, "before", hash))
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
	step_look_pki(step, PORT_KEYS, key_looked);
}

const struct step_kind step_key_generate = {
    .name = "key.generate",
    .patience_ms = 120000,
    .prepare = key_prepare,
    .act = key_act,
    .observe = key_observe,
};

/* --- certificate.issue --- */

/* As the intent has it. */
static struct port_subject
issue_subject(struct step *step)
{
	return (struct port_subject){
	    .fqdn = step_arg(step, "fqdn"),
	    .short_name = step_arg(step, "short_name"),
	    .address = step_arg(step, "address"),
	    .upn = step_arg(step, "upn"),
	    .sid = step_arg(step, "sid"),
	};
}

static void
issue_prepare(struct step *step)
{
	const struct run *run = step->run;
	const struct profile *profile = run->engine->deps.profile;
	char names[2][256], hash[SHA256_HEX], *key;
	const struct port_subject s = port_subject_of(
	    run->device, profile, profile_tls_template(profile), names);

	/* One key pair and name set get one certificate, however often this
	 * runs: the CA sees the same idempotency key. */
	step_key_hash(run->device->next_key_spki, hash);
	hash[s.address == NULL ? 32 : 24] = '\0'; /* there must be room */
	key = mem_printf("device-%lld/%s/%.64s%s%s", (long long)run->id, hash,
	    s.fqdn, s.address == NULL ? "" : "/",
	    s.address == NULL ? "" : s.address);
	step_arg_set(step, "key", key);
	step_arg_set(step, "fqdn", s.fqdn);
	step_arg_set(step, "short_name", s.short_name);
	step_arg_set(step, "address", s.address);
	step_arg_set(step, "upn", s.upn);
	step_arg_set(step, "sid", s.sid);
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
	    .subject = issue_subject(step),
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
	    .subject = issue_subject(step),
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
    .authority = true,
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
	step_look_pki(step, PORT_CERTS, add_looked);
}

const struct step_kind step_certificate_add = {
    .name = "certificate.add",
    .patience_ms = 60000,
    .prepare = add_prepare,
    .act = add_act,
    .observe = add_observe,
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
    .authority = true,
    .patience_ms = 30000,
    .soft = true,
    .prepare = revoke_prepare,
    .act = revoke_act,
    .observe = revoke_observe,
    .settled = revoke_settled,
};
