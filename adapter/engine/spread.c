#include <stdlib.h>

#include "clock.h"
#include "conf.h"
#include "device.h"
#include "log.h"
#include "mem.h"
#include "run_internal.h"
#include "step_internal.h"

/*
 * A new password was proved with a ticket of the domain controller that took
 * it.  An operator's ticket may come from another one, and the device refuses
 * it until that one knows: so they are waited for, for a while, before the
 * proof is called final.  Nothing depends on it; who does not answer, or needs
 * longer, is not waited for.
 */
#define WAIT_SECONDS 30
#define FIRST_WAIT_MS 500
#define LONGEST_WAIT_MS 5000

static void ask(struct step *step);

static void
final(struct step *step)
{
	step->run->spread = true;
	step_seen(step, SEEN_APPLIED, NULL);
}

static void
others_looked(void *cookie, const struct err *err)
{
	struct step *step = cookie;
	const struct engine *engine = step->run->engine;
	int64_t waited = clock_mono_ms() - step->spread_since_ms;
	int64_t bound = engine->deps.conf->replication, wait = waited;

	if (step->run->abandoned)
		return;
	bound = (bound < WAIT_SECONDS ? bound : WAIT_SECONDS) * 1000;
	if (err->kind == ERR_NONE && step->text != NULL && waited < bound &&
	    !engine->draining) {
		wait = wait > FIRST_WAIT_MS ? wait : FIRST_WAIT_MS;
		step_pause(
		    step, wait < LONGEST_WAIT_MS ? wait : LONGEST_WAIT_MS, ask);
		return;
	}
	if (err->kind != ERR_NONE || step->text != NULL)
		log_line(LOG_WARN, "ad.spreading",
		    "device=%s dc=%s error=\"%s%s\"", step->run->device->name,
		    step->run->device->ad_dc,
		    err->kind != ERR_NONE
			? err->text
			: "the new password is not known yet to ",
		    err->kind != ERR_NONE ? "" : step->text);
	final(step);
}

static void
ask(struct step *step)
{
	const struct port_directory *port = &step_ports(step)->directory;
	const struct device *d = step->run->device;
	const struct port_password password = {
	    .account = d->ad_account, .dc = d->ad_dc, .at = d->ad_password_at};

	free(step->text);
	step->text = NULL;
	port->look_others(
	    port->self, &password, &step->text, others_looked, step);
}

void
step_spread(struct step *step)
{
	if (step->run->spread || run_controller(step->run) == NULL) {
		final(step);
		return;
	}
	step->spread_since_ms = clock_mono_ms();
	ask(step);
}
