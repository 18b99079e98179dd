/* The fleet, from the store and the CA's records. */
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "ca.h"
#include "census.h"
#include "clock.h"
#include "diagnose.h"
#include "err.h"
#include "metric.h"
#include "metrics_internal.h"
#include "task_census.h"

struct tally {
	int64_t by_reason[REASON_COUNT];
	int64_t other; /* findings of a later version */
};

/* "a,b" counts for both. */
static void
take_reasons(void *cookie, const char *reasons, int64_t count)
{
	struct tally *t = cookie;
	char code[64];
	size_t len;
	int reason;

	for (; *reasons != '\0'; reasons += len, reasons += *reasons == ',') {
		len = strcspn(reasons, ",");
		(void)snprintf(code, sizeof(code), "%.*s",
		    (int)(len < sizeof(code) ? len : sizeof(code) - 1),
		    reasons);
		reason = reason_find(code);
		if (reason >= 0)
			t->by_reason[reason] += count;
		else
			t->other += count;
	}
}

static void
gauge(struct buf *out, const char *name, const char *help, int64_t value)
{
	metric_head(out, name, METRIC_GAUGE, help);
	metric_sample(out, name, NULL, 0, value);
}

static void
labelled(struct buf *out, const char *name, const char *label,
    const char *value, int64_t number)
{
	const struct metric_label l = {label, value};

	metric_sample(out, name, &l, 1, number);
}

static void
write_devices(struct buf *out, const struct census *c, const struct tally *t)
{
	static const char states[] = "amtkeeper_devices";
	static const char reasons[] = "amtkeeper_device_findings";
	int i;

	metric_head(out, states, METRIC_GAUGE,
	    "Devices by state: without findings, with some, never read");
	labelled(out, states, "state", "well",
	    c->devices - c->findings - c->unread > 0
		? c->devices - c->findings - c->unread
		: 0);
	labelled(out, states, "state", "findings", c->findings);
	labelled(out, states, "state", "unread", c->unread);
	metric_head(out, reasons, METRIC_GAUGE,
	    "Devices with each finding; one with two counts for both");
	for (i = 0; i < REASON_COUNT; i++)
		labelled(out, reasons, "reason", reason_code((enum reason)i),
		    t->by_reason[i]);
	if (t->other > 0)
		labelled(out, reasons, "reason", "other", t->other);
	gauge(out, "amtkeeper_devices_due", "Devices whose time has come",
	    c->due);
	gauge(out, "amtkeeper_devices_next_due_timestamp_seconds",
	    "When the first device is due; 0: none is", c->next_due);
}

static void
write_ends(struct buf *out, const char *name, const char *help,
    const char *first, const char *first_help, const struct census_ends *e)
{
	char within[24];
	size_t i;

	metric_head(out, name, METRIC_GAUGE, help);
	for (i = 0; i < CENSUS_SPANS; i++) {
		(void)snprintf(
		    within, sizeof(within), "%lldd", (long long)census_days[i]);
		labelled(out, name, "within", within, e->within[i]);
	}
	gauge(out, first, first_help, e->earliest);
}

static void
write_changes(struct buf *out, const struct census *c)
{
	gauge(out, "amtkeeper_journal_open_intents",
	    "Changes that were begun and are not settled", c->open);
	gauge(out, "amtkeeper_journal_parked_intents",
	    "Of those, the ones that wait for a person", c->parked);
	gauge(out, "amtkeeper_journal_oldest_intent_timestamp_seconds",
	    "When the oldest open change was begun; 0: none is open",
	    c->opened_at);
	metric_head(out, "amtkeeper_events_total", METRIC_COUNTER,
	    "Events in the audit chain");
	metric_sample(out, "amtkeeper_events_total", NULL, 0, c->events);
}

static void
write_runs(struct buf *out, const struct task_census *c)
{
	static const char *const states[] = {"queued", "running", "paused"};
	static const char runs[] = "amtkeeper_task_runs";
	int i;

	metric_head(
	    out, runs, METRIC_GAUGE, "Runs of tasks that are not at their end");
	for (i = 0; i < 3; i++)
		labelled(out, runs, "state", states[i], c->runs[i]);
	gauge(out, "amtkeeper_task_run_items_waiting",
	    "Devices that those runs have yet to come to", c->items_waiting);
}

/* --- the CA --- */

static int
take_line(void *cookie, const struct ca_line_info *info, struct err *err)
{
	int64_t *ends = cookie;

	(void)err;
	if (info->state == CA_LINE_ACTIVE)
		*ends = info->not_after;
	return 0;
}

static int
write_ca(struct buf *out, const struct ca_conf *ca, struct err *err)
{
	int64_t ends = 0;

	if (ca_lines(ca, take_line, &ends, err) != 0)
		return -1;
	gauge(out, "amtkeeper_ca_not_after_timestamp_seconds",
	    "When the issuing CA's certificate ends; 0: there is none", ends);
	return 0;
}

int
metrics_fleet(
    struct store *s, const struct ca_conf *ca, struct buf *out, struct err *err)
{
	struct tally t;
	struct census c;
	struct task_census runs;

	memset(&t, 0, sizeof(t));
	if (census_take(s, clock_now(), &c, take_reasons, &t, err) != 0 ||
	    task_census_take(s, &runs, err) != 0)
		return err_context(err, "store");
	write_devices(out, &c, &t);
	write_ends(out, "amtkeeper_certificates_expiring",
	    "Devices whose TLS certificate ends within so many days",
	    "amtkeeper_certificates_earliest_expiry_timestamp_seconds",
	    "When the first of them ends; 0: none is known", &c.certificates);
	write_ends(out, "amtkeeper_ad_passwords_expiring",
	    "Devices whose Active Directory password expires within so many "
	    "days",
	    "amtkeeper_ad_passwords_earliest_expiry_timestamp_seconds",
	    "When the first of them expires; 0: none is known", &c.passwords);
	write_changes(out, &c);
	write_runs(out, &runs);
	return write_ca(out, ca, err);
}
