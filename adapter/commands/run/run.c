#include <stdlib.h>
#include <unistd.h>

#include "ca.h"
#include "choice.h"
#include "cli.h"
#include "cli_remote.h"
#include "clock.h"
#include "commands_run_internal.h"
#include "conf.h"
#include "device.h"
#include "fleet_internal.h"
#include "fleet_remote_internal.h"
#include "mem.h"
#include "plan.h"
#include "port.h"
#include "profile.h"
#include "records.h"
#include "str.h"

/*
 * discover, diagnose, plan and run; what each writes of a device.
 */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- rows --- */

static const char *
error_kind(const struct engine_report *r)
{
	return r->err->kind == ERR_NONE ? NULL : err_kind_name(r->err->kind);
}

static const char *
error_text(const struct engine_report *r)
{
	return r->err->kind == ERR_NONE ? NULL : r->err->text;
}

static const struct table_column run_columns[] = {{"name", TABLE_STRING, 0, 0},
    {"task", TABLE_STRING, 3, 0}, {"outcome", TABLE_STRING, 0, 0},
    {"steps", TABLE_INT, 4, 0}, {"ms", TABLE_INT, 5, 0},
    {"reasons", TABLE_LIST, 0, 20}, {"error_kind", TABLE_STRING, 2, 0},
    {"error", TABLE_STRING, 0, 24}};

static void
write_run(struct fleet *f, const struct engine_report *r)
{
	char *reasons = reason_list(r->reasons);

	table_text(f->table, r->device->name);
	table_text(f->table, r->play == NULL ? NULL : r->play->name);
	table_text(f->table, engine_outcome_name(r->outcome));
	table_int(f->table, (int64_t)r->steps_done);
	table_int(f->table, r->ms);
	table_text(f->table, reasons);
	table_text(f->table, error_kind(r));
	table_text(f->table, error_text(r));
	table_row(f->table);
	free(reasons);
}

static const struct table_column plan_columns[] = {{"name", TABLE_STRING, 0, 0},
    {"step", TABLE_STRING, 0, 0}, {"reason", TABLE_STRING, 1, 0},
    {"what", TABLE_STRING, 0, 20}, {"from", TABLE_STRING, 0, 16},
    {"to", TABLE_STRING, 0, 16}, {"error", TABLE_STRING, 0, 24}};

#define PLAN_REMARK 6 /* an error stands where the steps would */

static const struct cli_remote_rows plan_rows = {
    .columns = plan_columns, .count = COUNT(plan_columns)};

static void
write_plan(struct fleet *f, const struct engine_report *report)
{
	size_t i, count = report->plan == NULL ? 0 : report->plan->count;
	const struct plan_step *s;
	struct record r;

	f->planned += count > 0 ? 1 : 0;
	for (i = 0; i < count; i++) {
		s = &report->plan->steps[i];
		fleet_count_step(f, plan_step_name(s));
		record_step(&r, report->device, s);
		cli_record(f->table, &plan_rows, &r);
		table_row(f->table);
	}
	if (report->err->kind == ERR_NONE)
		return;
	record_obstacle(&r, report->device, report->err->text);
	cli_record(f->table, &plan_rows, &r);
	table_row(f->table);
}

static const struct table_column discover_columns[] = {
    {"name", TABLE_STRING, 0, 0}, {"amt_version", TABLE_STRING, 4, 0},
    {"control_mode", TABLE_STRING, 6, 0}, {"amt_fqdn", TABLE_STRING, 7, 16},
    {"ip_address", TABLE_STRING, 5, 0}, {"tls_enabled", TABLE_BOOL, 3, 0},
    {"cert_not_after", TABLE_TIME, 1, 0}, {"clock_offset_ms", TABLE_INT, 2, 0},
    {"reasons", TABLE_LIST, 0, 20}, {"error", TABLE_STRING, 0, 24}};

static void
write_discover(struct fleet *f, const struct engine_report *r)
{
	const struct device *d = r->device;
	char *reasons = reason_list(r->reasons);
	char fqdn[256];

	table_text(f->table, d->name);
	table_text(f->table, d->amt_version);
	table_text(f->table, d->control_mode);
	table_text(f->table, device_amt_fqdn(d, fqdn));
	table_text(f->table, d->ip_address);
	if (d->read_at == 0)
		table_nothing(f->table);
	else
		table_int(f->table, d->tls_enabled);
	table_int(f->table, d->cert_not_after);
	if (d->read_at == 0)
		table_nothing(f->table);
	else
		table_int(f->table, d->clock_offset_ms);
	table_text(f->table, reasons);
	table_text(f->table, error_text(r));
	table_row(f->table);
	free(reasons);
}

static const struct table_column diagnose_columns[] = {
    {"name", TABLE_STRING, 0, 0}, {"reasons", TABLE_LIST, 0, 20},
    {"read_at", TABLE_TIME, 2, 0}, {"error", TABLE_STRING, 0, 24},
    {"advice", TABLE_STRING, 1, 24}};

static const struct cli_remote_rows diagnose_rows = {
    .columns = diagnose_columns, .count = COUNT(diagnose_columns)};

static void
write_finding(struct fleet *f, const struct device *d, unsigned set,
    const char *error_kind, const char *error)
{
	struct record r;

	record_finding(&r, d, set, error_kind, error);
	cli_record(f->table, &diagnose_rows, &r);
	table_row(f->table);
}

static void
write_diagnose(struct fleet *f, const struct engine_report *r)
{
	write_finding(f, r->device, r->reasons, error_kind(r), error_text(r));
}

/* --- the commands --- */

int
cmd_discover(struct cli *c)
{
	struct fleet f = {.c = c,
	    .mode = ENGINE_LOOK,
	    .write = write_discover,
	    .columns = discover_columns,
	    .column_count = COUNT(discover_columns)};

	return cli_remote(c) ? fleet_discover_remote(&f) : fleet_run(&f, 0);
}

static int
diagnose_known(void *cookie, const struct device *d, struct err *err)
{
	struct fleet *f = cookie;
	const struct daemon *daemon = &f->c->daemon;
	struct policy policy = {.profile = daemon->profile,
	    .directory = daemon->conf->directory,
	    .realm = daemon->conf->realm,
	    .now = clock_now(),
	    .roots = f->roots.count > 0 ? &f->roots : NULL};
	unsigned set = diagnose(d, &policy);

	(void)err;
	diagnose_count(&f->found, set);
	f->findings += set != 0 ? 1 : 0;
	write_finding(f, d, set, d->error_kind, d->error_text);
	return 0;
}

/* Which are the roots only the CA knows. */
static int
take_roots(struct fleet *f)
{
	struct ca_conf conf = daemon_ca_conf(&f->c->daemon);
	struct ca *ca = NULL;
	struct err err;

	if (!f->c->daemon.profile->tls_roots)
		return CODE_OK;
	if (ca_open(&conf, &ca, &err) != 0)
		return cli_fail(&err);
	port_ca_roots(ca, &f->roots);
	ca_close(ca);
	return CODE_OK;
}

static int
diagnose_offline(struct fleet *f)
{
	const char *hint;
	int code = cli_open(f->c, DAEMON_STORE, NULL);

	if (code == CODE_OK)
		code = take_roots(f);
	if (code != CODE_OK)
		return code;
	f->table = cli_table(f->c, f->columns, f->column_count);
	code = cli_select(f->c, 0, diagnose_known, f);
	table_end(f->table);
	port_ca_roots_clear(&f->roots);
	hint = diagnose_fleet_hint(&f->found);
	if (code == CODE_OK && hint != NULL)
		cli_note(f->c, "%s", hint);
	return code;
}

int
cmd_diagnose(struct cli *c)
{
	struct fleet f = {.c = c,
	    .mode = ENGINE_LOOK,
	    .write = write_diagnose,
	    .columns = diagnose_columns,
	    .column_count = COUNT(diagnose_columns)};
	int code;

	if (cli_remote(c) && cli_flag(c, "offline"))
		return fleet_known_remote(&f);
	if (cli_remote(c))
		code = fleet_diagnose_remote(&f);
	else if (cli_flag(c, "offline"))
		code = diagnose_offline(&f);
	else
		code = fleet_run(&f, 0);
	/* A device that cannot be reached is a finding here, not a failure. */
	if (code == CODE_PARTIAL ||
	    (code == cli_exit_of(&f.last) && f.last.kind != ERR_NONE))
		code = CODE_OK;
	/* What could not be read, in the device or in Active Directory, is not
	 * known to be healthy either. */
	if (code == CODE_OK && cli_flag(c, "check") &&
	    f.findings + f.failed + f.parked + f.skipped > 0)
		code = CODE_PARTIAL;
	return fleet_code(&f, code);
}

static int
find_play(const char *word, const struct play **ret_play)
{
	const struct play *play = play_find(word);

	if (play == NULL)
		return cli_complain(CODE_USAGE,
		    "%s is no task; \"amtkeeper task types\" has them", word);
	*ret_play = play;
	return CODE_OK;
}

int
cmd_plan(struct cli *c)
{
	struct fleet f = {.c = c,
	    .mode = ENGINE_PLAN,
	    .write = write_plan,
	    .columns = plan_columns,
	    .column_count = COUNT(plan_columns),
	    .remark = PLAN_REMARK};
	int code = find_play(c->args[0], &f.play);

	if (code != CODE_OK)
		return code;
	return cli_remote(c) ? fleet_plan_remote(&f) : fleet_run(&f, 1);
}

int
cmd_run(struct cli *c)
{
	struct fleet f = {.c = c,
	    .mode = ENGINE_RUN,
	    .write = write_run,
	    .columns = run_columns,
	    .column_count = COUNT(run_columns)};
	int code;

	if (cli_flag(c, "dry-run"))
		return cmd_plan(c);
	code = find_play(c->args[0], &f.play);
	if (code != CODE_OK)
		return code;
	if (!cli_selected(c, 1))
		return cli_complain(CODE_REFUSED,
		    "no devices chosen: name some, or give --device, "
		    "--reason, --site, --query or --all");
	return cli_remote(c) ? fleet_work_remote(&f) : fleet_run(&f, 1);
}
