/* records.h: what is shown of things. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "mem.h"
#include "plan.h"
#include "profile.h"
#include "records.h"
#include "task.h"
#include "task_run.h"

/* A cell as a person reads it, given; "" for nothing. */
static char *
cell_of(const struct record *r, const char *name)
{
	size_t at = record_at(r, name);
	char *text = report_cell_text(r->kind->columns[at].type, &r->cells[at]);

	return text == NULL ? mem_dup("") : text;
}

static void
shows(const struct record *r, const char *name, const char *wanted)
{
	char *text = cell_of(r, name);

	assert_string_equal(text, wanted);
	free(text);
}

static void
shows_runs(void **state)
{
	struct task_run run = {.id = 7,
	    .name = mem_dup("nightly"),
	    .state = TASK_PAUSED,
	    .total = 4,
	    .done = 3,
	    .expanded = true,
	    .actor = mem_dup("alice")};
	struct record r;

	(void)state;
	run.count[TASK_CHANGED] = 2;
	run.count[TASK_SKIPPED] = 1;
	record_run(&r, &run);
	shows(&r, "id", "7");
	shows(&r, "task", "nightly");
	shows(&r, "state", "paused");
	shows(&r, "percent", "75");
	shows(&r, "devices", "4");
	shows(&r, "changed", "2");
	shows(&r, "skipped", "1");
	shows(&r, "actor", "alice");
	shows(&r, "why", "");
	record_clear(&r);
	record_execution(&r, &run);
	shows(&r, "run", "7");
	shows(&r, "actions", "4");
	shows(&r, "done", "3");
	shows(&r, "skipped", "1");
	shows(&r, "actor", "alice");
	record_clear(&r);
	task_run_clear(&run);
}

static void
shows_an_outcome_of_what_is_done(void **state)
{
	struct task_item i = {
	    .id = 1, .state = TASK_ITEM_WAITING, .outcome = TASK_FAILED};
	struct record r;

	(void)state;
	record_item(&r, &i);
	shows(&r, "outcome", "");
	i.state = TASK_ITEM_DONE;
	record_item(&r, &i);
	shows(&r, "outcome", "failed");
}

static void
shows_settings_in_words(void **state)
{
	char type[] = "collect-properties", none[] = "{}", bad[] = "{\"x\":1}";
	struct task t = {.id = 1, .type = type, .settings = none};
	struct record r;

	(void)state;
	record_task(&r, &t);
	assert_string_not_equal(r.cells[record_at(&r, "does")].text, "{}");
	record_clear(&r);
	t.settings = bad;
	record_task(&r, &t);
	shows(&r, "does", bad);
	record_clear(&r);
}

static void
shows_all_of_a_device(void **state)
{
	struct record_kind *kind = record_device_kind();
	struct device *d = device_new("pc1.corp.example");
	const struct profile profile = {.name = NULL};
	const struct policy policy = {.profile = &profile, .now = 1764000000};
	const struct device_field *fields;
	struct record r;
	size_t n, i;

	(void)state;
	fields = device_fields(&n);
	d->id = 5;
	record_device(&r, kind, d, &policy);
	assert_int_equal(r.filled, kind->count);
	for (i = 0; i < n; i++)
		assert_int_equal(record_at(&r, fields[i].name), i + 1);
	shows(&r, "id", "5");
	shows(&r, "name", "pc1.corp.example");
	shows(&r, "ad_password_due", "");
	shows(&r, "ad_password_why", "");
	record_clear(&r);
	device_free(d);
	free(kind);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(shows_runs),
	    cmocka_unit_test(shows_an_outcome_of_what_is_done),
	    cmocka_unit_test(shows_settings_in_words),
	    cmocka_unit_test(shows_all_of_a_device),
	};

	return cmocka_run_group_tests_name("record/records", tests, NULL, NULL);
}
