#include <stdlib.h>

#include "device.h"
#include "mem.h"
#include "profile.h"
#include "run_internal.h"
#include "step_internal.h"
#include "str.h"
#include "wish_internal.h"

/*
 * The proof that a device holds the key of its AD object: a ticket of our own
 * is shown to it.  That it lets us in is not enough, as a device may do so
 * without having looked.
 *
 *   fresh ticket --> 401: it has another key
 *        |
 *       200, with an answer token --> made with the ticket's key, or not
 *        |
 *       200, without one --> a decoy, a ticket that no key opens
 *                              --> 401: it looks at tickets, and took ours
 *                              --> 200: it takes any
 *
 * Whether firmware sends the answer token is not known of any release, so its
 * absence proves nothing either way; hence the decoy.  It is shown after a
 * ticket that was good, so no device sees two wrong credentials in a row.  A
 * device without the key that takes one ticket and refuses the next would pass:
 * this finds broken firmware and careless impostors, while the visit's TLS and
 * Digest tell who the device is.
 */

bool
step_can_prove(const struct step *step)
{
	const struct profile *p = step_profile(step);

	return p->ad_prove && p->acl_count > 0 &&
	    wish_acl_met(step->run->device, p);
}

static void
proved(struct step *step)
{
	step->run->device->ad_key_pending = false;
	step_spread(step);
}

/* No, with the reason. The key is then to be set again, whichever step asked:
 * once its ACL is set nobody else would. */
static void
disproved(struct step *step, const char *why)
{
	struct err err;

	step->run->device->ad_key_pending = true;
	(void)err_set(&err, ERR_UNTRUSTED,
	    "the device has not proved that it holds the key of %s: %s",
	    step->run->device->ad_dns_host, why);
	step_seen_missing(step, &err);
}

/* There is no ticket to show.  One that the KDC will never give is no proof:
 * the key counts as not proved, and nothing else waits for a person to put the
 * AD object right. */
static void
no_ticket(struct step *step, const struct err *err)
{
	if (step_turns_elsewhere(step, err))
		step_prove(step);
	else if (err_is_transient(err))
		step_seen(step, SEEN_CANNOT_TELL, err);
	else
		disproved(step, err->text);
}

/* Show the token in step->bytes; the answer takes its place. */
static void
show(struct step *step, port_done_fn *then)
{
	const struct port_device *port = step_device(step);

	mem_replace(&step->text, buf_text(&step->bytes));
	buf_wipe(&step->bytes);
	port->check_ticket(
	    port->self, step->run->visit, step->text, &step->bytes, then, step);
}

/* The service name. Firmware does not look at the name in the ticket, only at
 * its key; the KDC knows the names of the object. */
static void
name_service(struct step *step)
{
	const struct device *d = step->run->device;

	free(step->text);
	step->text = mem_printf("HTTP/%s:%lld", d->ad_dns_host,
	    (long long)(d->use_tls ? d->tls_port : d->plain_port));
	buf_wipe(&step->bytes);
}

/* --- without an answer token --- */

static void
decoy_shown(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	if (err->kind == ERR_DENIED)
		proved(step);
	else if (err->kind == ERR_NONE)
		disproved(step, "it takes a ticket that no key opens");
	else
		step_seen(step, SEEN_CANNOT_TELL, err);
}

static void
decoy_made(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	if (step->run->abandoned)
		return; /* its visit is closed */
	if (err->kind != ERR_NONE)
		no_ticket(step, err);
	else
		show(step, decoy_shown);
}

/* --- with one --- */

static void
answer_verified(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	if (err->kind == ERR_NONE)
		proved(step);
	else if (err->kind == ERR_UNTRUSTED)
		disproved(step, err->text);
	else
		step_seen(step, SEEN_CANNOT_TELL, err);
}

static void
ticket_shown(void *cookie, const struct err *err)
{
	struct step *step = cookie;
	const struct port_kdc *kdc = &step_ports(step)->kdc;

	if (step->run->abandoned)
		return;
	if (err->kind == ERR_DENIED) {
		disproved(step, "it refuses a fresh ticket");
	} else if (err->kind != ERR_NONE) {
		step_seen(step, SEEN_CANNOT_TELL, err);
	} else if (step->bytes.len > 0) {
		mem_replace(&step->text, buf_text(&step->bytes));
		kdc->verify(
		    kdc->self, step->proof, step->text, answer_verified, step);
	} else {
		name_service(step);
		kdc->decoy(
		    kdc->self, step->text, &step->bytes, decoy_made, step);
	}
}

static void
ticket_made(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	if (step->run->abandoned)
		return; /* its visit is closed */
	if (err->kind != ERR_NONE)
		no_ticket(step, err);
	else
		show(step, ticket_shown);
}

void
step_prove(struct step *step)
{
	const struct port_kdc *kdc = &step_ports(step)->kdc;

	kdc->proof_free(kdc->self, step->proof); /* an earlier look's */
	step->proof = NULL;
	name_service(step);
	kdc->token(kdc->self, step->text, step_controller(step), &step->bytes,
	    &step->proof, ticket_made, step);
}
