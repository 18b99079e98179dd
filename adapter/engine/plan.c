#include "plan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "step_internal.h"
#include "str.h"

/* Steps stand in the order of the step table, whichever play adds them when,
 * and once: that is how plays combine into one plan. */
void
plan_add(struct plan *plan, const char *step, const char *reason,
    const char *what, const char *from, const char *to)
{
	const struct step_kind *kind = step_kind_find(step);
	struct plan_step *s;
	size_t at = 0;

	assert(kind != NULL);
	if (plan_has(plan, step))
		return;
	while (at < plan->count &&
	    step_kind_order(plan->steps[at].kind) < step_kind_order(kind))
		at++;
	plan->steps =
	    mem_grow(plan->steps, plan->count + 1, sizeof(*plan->steps));
	s = plan->steps + at;
	memmove(s + 1, s, (plan->count - at) * sizeof(*s));
	plan->count++;
	s->kind = kind;
	s->reason = mem_dup(reason);
	s->what = mem_dup(what);
	s->from = mem_dup(str_empty(from) ? "-" : from);
	s->to = mem_dup(str_empty(to) ? "-" : to);
}

bool
plan_has(const struct plan *plan, const char *step)
{
	size_t i;

	for (i = 0; i < plan->count; i++)
		if (str_eq(plan->steps[i].kind->name, step))
			return true;
	return false;
}

const char *
plan_step_name(const struct plan_step *step)
{
	return step->kind->name;
}

void
plan_append(struct plan *plan, struct plan *more)
{
	if (more->count > 0) {
		plan->steps = mem_grow(plan->steps, plan->count + more->count,
		    sizeof(*plan->steps));
		memcpy(plan->steps + plan->count, more->steps,
		    more->count * sizeof(*more->steps));
		plan->count += more->count;
	}
	if (plan->obstacle == NULL) {
		plan->obstacle = more->obstacle;
		more->obstacle = NULL;
	}
	free(more->obstacle);
	more->obstacle = NULL;
	free(more->steps);
	more->steps = NULL;
	more->count = 0;
}

void
plan_clear(struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->count; i++) {
		free(plan->steps[i].reason);
		free(plan->steps[i].what);
		free(plan->steps[i].from);
		free(plan->steps[i].to);
	}
	free(plan->steps);
	plan->steps = NULL;
	plan->count = 0;
	free(plan->obstacle);
	plan->obstacle = NULL;
}
