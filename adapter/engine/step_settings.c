#include <stdlib.h>

#include "clock.h"
#include "device.h"
#include "mem.h"
#include "profile.h"
#include "run_internal.h"
#include "step_internal.h"
#include "str.h"
#include "wish_internal.h"

/*
 * Steps that write settings of the firmware itself: clock, names, IP mode.  A
 * second act() writes the same values; the firmware's own answer to a fresh
 * read says whether they are there.
 */

/* After a set the clock may differ by the protocol's one-second grain, twice.
 */
#define CLOCK_GOOD_MS 2000

/* --- clock.set --- */

static void
clock_act(struct step *step)
{
	const struct port_device *port = step_device(step);

	port->clock_set(port->self, step->run->visit, step_acted_port, step);
}

static void
clock_looked(void *cookie, const struct err *err)
{
	struct step *step = cookie;
	struct device *d = step->run->device;

	if (err->kind != ERR_NONE) {
		step_seen(step, SEEN_CANNOT_TELL, err);
		return;
	}
	d->clock_offset_ms = step->number;
	d->clock_read_at = clock_now();
	step_seen(step,
	    llabs(step->number) <= CLOCK_GOOD_MS ? SEEN_APPLIED
						 : SEEN_NOT_APPLIED,
	    NULL);
}

static void
clock_observe(struct step *step)
{
	const struct port_device *port = step_device(step);

	port->look_clock(
	    port->self, step->run->visit, &step->number, clock_looked, step);
}

static void
clock_settled(struct step *step)
{
	step->run->device->clock_set_at = clock_now();
}

const struct step_kind step_clock_set = {
    .name = "clock.set",
    .patience_ms = 30000,
    .act = clock_act,
    .observe = clock_observe,
    .settled = clock_settled,
};

/* --- names.set --- */

static void
names_prepare(struct step *step)
{
	const struct run *run = step->run;
	char text[256];

	wish_host(run->device, run->engine->deps.profile, text);
	step_arg_set(step, "host", text);
	wish_domain(run->device, run->engine->deps.profile, text);
	step_arg_set(step, "domain", text);
	step_prepared(step, NULL);
}

static void
names_act(struct step *step)
{
	const struct port_device *port = step_device(step);
	const struct port_names names = {
	    .host = step_arg(step, "host"),
	    .domain = step_arg(step, "domain"),
	    .profile = step_profile(step),
	};

	port->names_set(
	    port->self, step->run->visit, &names, step_acted_port, step);
}

static void
names_looked(void *cookie, const struct err *err)
{
	struct step *step = cookie;
	const struct device *d = step->run->device;
	bool same = str_ieq(d->amt_host, step_arg(step, "host")) &&
	    str_ieq(d->amt_domain == NULL ? "" : d->amt_domain,
		step_arg(step, "domain")) &&
	    wish_general_met(d, step->run->engine->deps.profile);

	step_seen_if(step, err, same);
}

static void
names_observe(struct step *step)
{
	step_look(step, PORT_GENERAL, names_looked);
}

/* A certificate that is waited for was asked for by the old name. */
static void
names_settled(struct step *step)
{
	struct device *d = step->run->device;

	d->cert_wait_until = 0;
	mem_replace(&d->cert_wait_why, NULL);
}

const struct step_kind step_names_set = {
    .name = "names.set",
    .patience_ms = 60000,
    .touches = PORT_GENERAL,
    .prepare = names_prepare,
    .act = names_act,
    .observe = names_observe,
    .settled = names_settled,
};

/* --- ip.set --- */

static void
ip_prepare(struct step *step)
{
	step_arg_set(step, "mode", step->run->engine->deps.profile->ip);
	step_prepared(step, NULL);
}

static void
ip_act(struct step *step)
{
	const struct port_device *port = step_device(step);

	port->ip_set(port->self, step->run->visit, step_arg(step, "mode"),
	    step_acted_port, step);
}

static void
ip_looked(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	step_seen_if(step, err,
	    wish_ip_met(step->run->device, step->run->engine->deps.profile));
}

static void
ip_observe(struct step *step)
{
	step_look(step, PORT_ETHERNET, ip_looked);
}

const struct step_kind step_ip_set = {
    .name = "ip.set",
    .patience_ms = 90000, /* the link may bounce */
    .touches = PORT_ETHERNET,
    .prepare = ip_prepare,
    .act = ip_act,
    .observe = ip_observe,
};
