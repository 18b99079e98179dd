#include <assert.h>
#include <stdlib.h>

#include "mem.h"
#include "plan.h"
#include "str.h"

/*
 * Several tasks in one plan.  Each adds the steps it wants; the plan holds a
 * step once, at its place in the order of all steps.
 */
static const struct {
	const char *play;
	const char *step; /* that does it */
} part_table[PLAY_PARTS] = {
    {"sync-clock", NULL}, /* twice is no harm */
    {"sync-network", NULL},
    {"reissue-certificates", "tls.switch"},
    {"renew-ad-password", "ad.password"},
    {"renew-admin-password", "admin.password"},
};

static size_t
index_of(enum play_part part)
{
	size_t i;

	for (i = 0; i < PLAY_PARTS - 1; i++)
		if ((1U << i) == (unsigned)part)
			break;
	return i;
}

const char *
play_part_name(enum play_part part)
{
	return part_table[index_of(part)].play;
}

unsigned
play_part_find(const char *word)
{
	const struct play *play = play_find(word);
	size_t i;

	for (i = 0; play != NULL && i < PLAY_PARTS; i++)
		if (str_eq(part_table[i].play, play->name))
			return 1U << i;
	return 0;
}

unsigned
play_part_of_step(const char *step)
{
	size_t i;

	for (i = 0; i < PLAY_PARTS; i++)
		if (part_table[i].step != NULL &&
		    str_eq(part_table[i].step, step))
			return 1U << i;
	return 0;
}

void
play_plan(const struct play *play, const struct device *d,
    const struct policy *p, bool forced, unsigned done, struct plan *plan)
{
	unsigned always = forced ? play->always & ~done : 0;
	size_t i;

	if (play->parts == 0) {
		play->plan(d, p, forced, plan);
		return;
	}
	for (i = 0; i < PLAY_PARTS; i++)
		if ((play->parts & (1U << i)) != 0)
			play_find(part_table[i].play)
			    ->plan(d, p, (always & (1U << i)) != 0, plan);
}

static char *
join_names(unsigned parts)
{
	char *name = mem_dup(""), *longer;
	size_t i;

	for (i = 0; i < PLAY_PARTS; i++) {
		if ((parts & (1U << i)) == 0)
			continue;
		longer = mem_printf("%s%s%s", name, name[0] == '\0' ? "" : "+",
		    part_table[i].play);
		free(name);
		name = longer;
	}
	return name;
}

const struct play *
play_combine(unsigned parts, unsigned always)
{
	static struct play made[PLAY_PARTS_ALL + 1][PLAY_PARTS_ALL + 1];
	static const char *const no_words[] = {NULL};
	struct play *play;
	size_t i;

	assert(parts != 0 && parts <= PLAY_PARTS_ALL);
	always &= parts;
	play = &made[parts][always];
	if (play->name != NULL)
		return play;
	*play = (struct play){.name = join_names(parts),
	    .aliases = no_words,
	    .summary = "",
	    .clock_only = parts == PLAY_CLOCK,
	    .parts = parts,
	    .always = always};
	for (i = 0; i < PLAY_PARTS; i++)
		if ((parts & (1U << i)) != 0 &&
		    play_find(part_table[i].play)->uses_directory)
			play->uses_directory = true;
	return play;
}
