/*
 * Is our clock good enough to set others by?  The KDC's decides about tickets;
 * which of the two is wrong, the other controllers say.
 */
#include <stdlib.h>

#include "buf.h"
#include "clock.h"
#include "conf.h"
#include "daemon.h"
#include "err.h"
#include "our_clock.h"
#include "ports.h"
#include "profile.h"
#include "survey.h"

#define SECOND_MS 1000
#define NAMES_MAX 100
#define KERBEROS_LIMIT 300
#define ALARM_LIMIT 60

int
our_clock_judge(const struct conf *conf, int64_t offset_ms, struct err *err)
{
	char off[CLOCK_TEXT], limit[CLOCK_TEXT];
	int64_t size = offset_ms < 0 ? -offset_ms : offset_ms;

	if (size / SECOND_MS < conf->clock_limit)
		return 0;
	return err_set(err, ERR_REFUSED,
	    "this computer's clock is %s %s the domain controller's "
	    "(limit %s): correct it first, or devices would be set wrong and "
	    "refuse Kerberos tickets",
	    clock_span(size / SECOND_MS, off),
	    offset_ms > 0 ? "behind" : "ahead of",
	    clock_span(conf->clock_limit, limit));
}

/* Names of those whose clock is not within the limit of ours. */
static void
name_wrong(const struct survey *s, int64_t limit_ms, struct buf *out)
{
	const struct survey_controller *c;
	char span[CLOCK_TEXT];
	size_t i;

	for (i = 0; (c = survey_controller(s, i)) != NULL; i++)
		if (c->err.kind == ERR_NONE && llabs(c->offset_ms) >= limit_ms)
			buf_printf(out, "%s%s (%s)", out->len > 0 ? ", " : "",
			    c->name,
			    clock_span(c->offset_ms / SECOND_MS, span));
}

void
our_clock_blame(const struct conf *conf, const struct survey *s,
    int64_t offset_ms, struct err *err)
{
	int64_t limit_ms = conf->clock_limit * SECOND_MS;
	size_t with_us = survey_near(s, 0, limit_ms);
	size_t with_it = survey_near(s, offset_ms, limit_ms);
	struct buf names;

	/* Our own clock is one voice, the others' are the rest. */
	if (with_us == 0 || with_us < with_it)
		return;
	buf_init(&names, NAMES_MAX);
	name_wrong(s, limit_ms, &names);
	(void)err_set(err, ERR_REFUSED,
	    "wrong is the clock of %s: %zu other domain controller%s and this "
	    "computer agree; correct it there, or devices would refuse its "
	    "tickets",
	    buf_text(&names), with_us, with_us == 1 ? "" : "s");
	buf_free(&names);
}

static int
look_again(struct daemon *d, int64_t offset_ms, struct err *err)
{
	struct survey *s = survey_make(d, NULL);

	if (s != NULL)
		our_clock_blame(d->conf, s, offset_ms, err);
	survey_free(s);
	return -1;
}

int
our_clock_check(struct daemon *d, int64_t *ret_offset_ms, struct err *err)
{
	struct daemon_wait wait = {.loop = d->loop};
	const struct port_kdc *kdc = &d->ports->kdc;
	int64_t offset_ms = 0;

	if (kdc->self != NULL) {
		kdc->look_time(kdc->self, &offset_ms, daemon_waited, &wait);
		if (daemon_await(&wait, err) != 0)
			return err_context(err, "domain controller's clock");
		if (our_clock_judge(d->conf, offset_ms, err) != 0)
			return look_again(d, offset_ms, err);
	}
	*ret_offset_ms = offset_ms;
	return 0;
}

/* --- what it is good for --- */

void
our_clock_spoils(
    const struct daemon *d, int64_t offset_ms, struct buf *ret_uses)
{
	const struct {
		const char *use;
		int64_t limit;
	} uses[] = {
	    /* RFC 4120 and every KDC: clockskew. */
	    {"kerberos", KERBEROS_LIMIT},
	    /* Ones issued now begin this long ago: further ahead they are not
	     * valid yet for others. */
	    {"certificates", profile_tls_template(d->profile)->backdate},
	    /* Its unit is the minute. */
	    {"alarm-clocks", ALARM_LIMIT},
	};
	size_t i;

	for (i = 0; i < sizeof(uses) / sizeof(uses[0]); i++)
		if (llabs(offset_ms) >= uses[i].limit * SECOND_MS)
			buf_printf(ret_uses, "%s%s",
			    ret_uses->len > 0 ? ", " : "", uses[i].use);
}
