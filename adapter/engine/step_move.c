#include "device.h"
#include "err.h"
#include "profile.h"
#include "run_internal.h"
#include "step_internal.h"
#include "wish_internal.h"

/*
 * The AD object follows the profile to another OU.  Everything else about it
 * stays, its password and its key too: the account keeps its name.
 */

static void
move_prepare(struct step *step)
{
	const struct profile *p = step_profile(step);
	struct wish_object wish;

	wish_object(step->run->device, p, &wish);
	step_arg_set(step, "account", wish.account);
	step_arg_set(step, "ou", p->ou);
	step_arg_set(step, "mark", wish.mark);
	if (wish.former_mark[0] != '\0')
		step_arg_set(step, "former_mark", wish.former_mark);
	step_pick_controller(step, step_prepared_port);
}

static void
move_act(struct step *step)
{
	const struct port_directory *port = &step_ports(step)->directory;
	const struct port_object object = {
	    .account = step_arg(step, "account"),
	    .ou = step_arg(step, "ou"),
	    .mark = step_arg(step, "mark"),
	    .former_mark = step_arg(step, "former_mark"),
	    .dc = step_arg(step, "dc"),
	};

	port->move(port->self, &object, step_acted_port, step);
}

static void move_observe(struct step *step);

static void
move_looked(void *cookie, const struct err *err)
{
	struct step *step = cookie;
	struct err why;

	if (step_turns_elsewhere(step, err))
		move_observe(step);
	else if (err->kind == ERR_NOTFOUND)
		step_seen_missing(step, err);
	else if (err->kind != ERR_NONE)
		step_seen(step, SEEN_CANNOT_TELL, err);
	else if (!step_object_read(step, &why))
		step_seen(step, SEEN_CANNOT_TELL, &why);
	else if (wish_dn_in(step->run->device->ad_dn, step_arg(step, "ou")))
		step_seen(step, SEEN_APPLIED, NULL);
	else
		step_seen_missing(step, NULL);
}

static void
move_observe(struct step *step)
{
	step_look_object(step, move_looked);
}

const struct step_kind step_ad_move = {
    .name = "ad.move",
    .patience_ms = 30000,
    .soft = true,
    .directory = true,
    .prepare = move_prepare,
    .act = move_act,
    .observe = move_observe,
    .settled = step_changed_object,
};
