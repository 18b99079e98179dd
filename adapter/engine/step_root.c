#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "buf.h"
#include "device.h"
#include "mem.h"
#include "profile.h"
#include "run_internal.h"
#include "step_internal.h"
#include "str.h"
#include "wish_internal.h"

/*
 * The roots of our CA in the device's store of trusted roots.  The intent holds
 * the certificates themselves, so that a recovery is about the same ones though
 * the CA may have rolled over meanwhile.  Which of those in the device are ours
 * to remove is in the record: one that was there before is somebody else's,
 * whatever it is.
 */

/* The trusted root of this hash; NULL. */
static const struct port_cert *
root_in(const struct port_pki *pki, const char *sha256)
{
	size_t i;

	for (i = 0; i < pki->cert_count; i++)
		if (pki->certs[i].trusted_root &&
		    str_eq(pki->certs[i].sha256, sha256))
			return &pki->certs[i];
	return NULL;
}

/* What the record says of the store, from a read of it. */
static void
note_roots(struct step *step)
{
	struct device *d = step->run->device;
	const struct port_pki *pki = &step->pki;
	char *list = NULL, *left = NULL;
	size_t i;

	for (i = 0; i < pki->cert_count; i++) {
		if (!pki->certs[i].trusted_root)
			continue;
		wish_list_add(&list, pki->certs[i].sha256);
		if (wish_list_has(d->our_roots, pki->certs[i].sha256))
			wish_list_add(&left, pki->certs[i].sha256);
	}
	mem_replace(&d->trusted_roots, list == NULL ? "" : list);
	mem_replace(&d->our_roots, left);
	free(list);
	free(left);
}

/* --- root.add --- */

static void
add_chosen(void *cookie, const struct err *err)
{
	struct step *step = cookie;
	const struct port_roots *roots = run_roots(step->run);
	size_t i, count = 0;

	if (err->kind != ERR_NONE) {
		step_prepared(step, err);
		return;
	}
	note_roots(step);
	for (i = 0; roots != NULL && i < roots->count; i++) {
		if (root_in(&step->pki, roots->root[i].sha256) != NULL)
			continue;
		step_arg_add(step, "roots", roots->root[i].sha256);
		step_arg_add(step, "certificates", roots->root[i].der);
		count++;
	}
	step->skip = count == 0;
	step_prepared(step, NULL);
}

static void
add_prepare(struct step *step)
{
	step_look_pki(step, PORT_CERTS, add_chosen);
}

/* The one after cert_at that is not there yet; those that are are passed. */
static void
add_next(void *cookie, const struct err *err)
{
	struct step *step = cookie;
	const struct port_device *port = step_device(step);
	const char *sha256;

	if (err->kind != ERR_NONE) {
		step_acted(step, err);
		return;
	}
	while ((sha256 = step_arg_at(step, "roots", step->cert_at)) != NULL) {
		if (root_in(&step->pki, sha256) == NULL) {
			port->root_add(port->self, step->run->visit,
			    step_arg_at(step, "certificates", step->cert_at++),
			    add_next, step);
			return;
		}
		step->cert_at++;
	}
	step_acted(step, err);
}

static void
add_act(struct step *step)
{
	step->cert_at = 0;
	step_look_pki(step, PORT_CERTS, add_next);
}

/* Each that is there is ours from now on, also when another is missing. */
static void
add_looked(void *cookie, const struct err *err)
{
	struct step *step = cookie;
	struct device *d = step->run->device;
	bool all = true;
	const char *sha256;
	size_t i;

	if (err->kind != ERR_NONE) {
		step_seen(step, SEEN_CANNOT_TELL, err);
		return;
	}
	note_roots(step);
	for (i = 0; (sha256 = step_arg_at(step, "roots", i)) != NULL; i++) {
		if (root_in(&step->pki, sha256) == NULL)
			all = false;
		else if (!wish_list_has(d->our_roots, sha256))
			wish_list_add(&d->our_roots, sha256);
	}
	step_seen(step, all ? SEEN_APPLIED : SEEN_NOT_APPLIED, NULL);
}

static void
add_observe(struct step *step)
{
	step_look_pki(step, PORT_CERTS, add_looked);
}

const struct step_kind step_root_add = {
    .name = "root.add",
    .patience_ms = 60000,
    .soft = true,
    .prepare = add_prepare,
    .act = add_act,
    .observe = add_observe,
};

/* --- root.remove --- */

static bool
all_there(const struct step *step, const struct port_roots *roots)
{
	size_t i;

	for (i = 0; i < roots->count; i++)
		if (root_in(&step->pki, roots->root[i].sha256) == NULL)
			return false;
	return true;
}

/* Ours, that no issuing CA needs any more, and only once each that is needed is
 * seen in the device. */
static void
remove_chosen(void *cookie, const struct err *err)
{
	struct step *step = cookie;
	const struct port_roots *roots = run_roots(step->run);
	const struct device *d = step->run->device;
	const struct port_cert *cert;
	bool any = false;
	size_t i;

	if (err->kind != ERR_NONE) {
		step_prepared(step, err);
		return;
	}
	note_roots(step);
	for (i = 0; i < step->pki.cert_count; i++) {
		cert = &step->pki.certs[i];
		if (!cert->trusted_root || cert->read_only ||
		    !wish_root_spare(d, roots, cert->sha256))
			continue;
		step_arg_add(step, "certs", cert->sha256);
		any = true;
	}
	step->skip = !any || !all_there(step, roots);
	step_prepared(step, NULL);
}

static void
remove_prepare(struct step *step)
{
	step_look_pki(step, PORT_CERTS, remove_chosen);
}

static void
remove_settled(struct step *step)
{
	note_roots(step);
}

const struct step_kind step_root_remove = {
    .name = "root.remove",
    .patience_ms = 60000,
    .soft = true,
    .prepare = remove_prepare,
    .act = step_delete_act,
    .observe = step_delete_observe,
    .settled = remove_settled,
};
