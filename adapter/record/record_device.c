/* Devices: what is known of them, what is wrong, what is to be changed. */
#include <stdlib.h>

#include "columns.h"
#include "device.h"
#include "diagnose.h"
#include "mem.h"
#include "plan.h"
#include "records.h"
#include "str.h"

#define DERIVED 2 /* behind the fields: what follows from them */

struct record_kind *
record_device_kind(void)
{
	static const enum report_type types[] = {[DEVICE_TEXT] = REPORT_STRING,
	    [DEVICE_INT] = REPORT_INT,
	    [DEVICE_TIME] = REPORT_TIME,
	    [DEVICE_BOOL] = REPORT_BOOL};
	const struct device_field *fields;
	struct report_column *columns;
	struct record_kind *kind;
	size_t i, n;

	fields = device_fields(&n);
	kind = mem_alloc(sizeof(*kind) + (1 + n + DERIVED) * sizeof(*columns));
	columns = (struct report_column *)(kind + 1);
	columns[0] = (struct report_column)INT("id");
	for (i = 0; i < n; i++) {
		columns[i + 1].name = fields[i].name;
		columns[i + 1].type = str_eq(fields[i].name, "reasons")
		    ? REPORT_LIST
		    : types[fields[i].type];
	}
	columns[n + 1] = (struct report_column)TIME("ad_password_due");
	columns[n + 2] = (struct report_column)TEXT("ad_password_why");
	kind->columns = columns;
	kind->count = 1 + n + DERIVED;
	return kind;
}

/* When the password of its object must be another, and why. */
static void
put_deadline(
    struct record *r, const struct device *d, const struct policy *policy)
{
	struct plan_deadline deadline;
	char *why;

	plan_deadline(d, policy, &deadline);
	why = plan_deadline_why(d, policy, &deadline);
	record_int(r, why != NULL ? deadline.due : 0);
	record_given(r, why);
}

void
record_device(struct record *r, const struct record_kind *kind,
    const struct device *d, const struct policy *policy)
{
	const struct device_field *fields;
	size_t i, n;

	fields = device_fields(&n);
	record_begin(r, kind);
	record_int(r, d->id);
	for (i = 0; i < n; i++) {
		if (fields[i].type == DEVICE_TEXT)
			record_text(r, device_get_text(d, &fields[i]));
		else
			record_int(r, device_get_int(d, &fields[i]));
	}
	put_deadline(r, d, policy);
}

/* --- as of now, by a reading --- */

static const struct report_column record_finding_kind_columns[] = {TEXT("name"),
    LIST("reasons"), TIME("read_at"), TEXT("error_kind"), TEXT("error"),
    TEXT("advice")};
KIND(record_finding_kind);

void
record_finding(struct record *r, const struct device *d, unsigned reasons,
    const char *error_kind, const char *error)
{
	record_begin(r, &record_finding_kind);
	record_text(r, d->name);
	record_given(r, reason_list(reasons));
	record_int(r, d->read_at);
	record_text(r, error_kind);
	record_text(r, error);
	record_text(r, reason_advice(reasons));
}

static const struct report_column record_step_kind_columns[] = {TEXT("name"),
    TEXT("step"), TEXT("reason"), TEXT("what"), TEXT("from"), TEXT("to"),
    TEXT("error")};
KIND(record_step_kind);

void
record_step(struct record *r, const struct device *d, const struct plan_step *s)
{
	record_begin(r, &record_step_kind);
	record_text(r, d->name);
	record_text(r, plan_step_name(s));
	record_text(r, s->reason);
	record_text(r, s->what);
	record_text(r, s->from);
	record_text(r, s->to);
	record_nothing(r);
}

void
record_obstacle(struct record *r, const struct device *d, const char *text)
{
	record_begin(r, &record_step_kind);
	record_text(r, d->name);
	while (r->filled < r->kind->count - 1)
		record_nothing(r);
	record_text(r, text);
}
