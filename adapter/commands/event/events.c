#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "api_client.h"
#include "choice.h"
#include "cli.h"
#include "cli_remote.h"
#include "cli_remote_job.h"
#include "clock.h"
#include "commands_event_internal.h"
#include "err.h"
#include "records.h"
#include "store.h"

/* --follow looks into the store this often: another process writes it, and
 * SQLite tells nobody. */
#define LOOK_EVERY_MS 500
#define FOLLOW_FROM 10 /* of the past, when nothing else is asked */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct table_column event_columns[] = {{"id", TABLE_INT, 0, 0},
    {"at", TABLE_TIME, 0, 0}, {"device", TABLE_STRING, 0, 0},
    {"kind", TABLE_STRING, 0, 0}, {"actor", TABLE_STRING, 1, 0},
    {"detail", TABLE_STRING, 0, 20}};

static const struct cli_remote_rows event_rows = {
    .columns = event_columns, .count = COUNT(event_columns)};

struct listing {
	struct cli *c;
	struct table *table;
	int64_t device;	     /* 0: all */
	int64_t after;	     /* the last one written */
	size_t left;	     /* of --limit */
	int64_t since, last; /* where to begin; 0 */
};

/* --- being stopped --- */

static volatile sig_atomic_t stopped;

static void
on_signal(int signum)
{
	(void)signum;
	stopped = 1;
}

static void
catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
}

/* Until the next look; at once when a signal comes or the reader of our output
 * is gone. Signals are blocked but while we wait, so none is missed between the
 * question and the wait. */
static void
wait_for_more(void)
{
	const struct timespec wait = {.tv_sec = LOOK_EVERY_MS / 1000,
	    .tv_nsec = LOOK_EVERY_MS % 1000 * 1000000L};
	struct pollfd out = {.fd = STDOUT_FILENO, .events = 0};
	sigset_t ours, before;

	(void)sigemptyset(&ours);
	(void)sigaddset(&ours, SIGINT);
	(void)sigaddset(&ours, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &ours, &before);
	/* Nothing is waited for on the output but its reader's end. */
	if (stopped == 0 && ppoll(&out, 1, &wait, &before) > 0)
		stopped = 1;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
}

/* --- rows --- */

static int
write_event(void *cookie, const struct store_event *event, struct err *err)
{
	struct listing *l = cookie;
	struct record r;

	if (stopped != 0)
		return err_set(err, ERR_CANCELLED, "stopped");
	record_event(&r, event);
	cli_record(l->table, &event_rows, &r);
	l->after = event->id;
	l->left--;
	return cli_row(l->table, err);
}

/* A list of a server that fails at once writes nothing. */
static void
begin(struct listing *l)
{
	if (l->table == NULL)
		l->table = cli_table(l->c, event_columns, COUNT(event_columns));
}

static int
add_remote(void *cookie, struct json_object *row, struct err *err)
{
	struct listing *l = cookie;

	if (stopped != 0)
		return err_set(err, ERR_CANCELLED, "stopped");
	if (cli_remote_int(row, "id", &l->after, err) != 0)
		return -1;
	l->left--;
	begin(l);
	return cli_remote_row(l->table, &event_rows, row, err);
}

/* Where to begin is said until there is one to go on behind. */
static int
write_remote(struct listing *l, struct err *err)
{
	struct api_client_path path;
	char after[24], since[CLOCK_TEXT], last[24];
	const struct cli_remote_list list = {.path = &path,
	    .paged = true,
	    .after = l->after == 0 ? NULL : after,
	    .limit = l->left};
	int rc;

	(void)snprintf(after, sizeof(after), "%lld", (long long)l->after);
	(void)snprintf(last, sizeof(last), "%lld", (long long)l->last);
	api_client_path_init(&path, "events");
	api_client_path_param(&path, "device", cli_text(l->c, "device"));
	if (l->after == 0 && l->since != 0)
		api_client_path_param(
		    &path, "since", clock_text(l->since, since));
	if (l->after == 0 && l->last != 0)
		api_client_path_param(&path, "last", last);
	rc = cli_remote_read(l->c, &list, add_remote, l, err);
	api_client_path_free(&path);
	return rc;
}

static int
write_all(struct listing *l, struct err *err)
{
	if (l->left == 0)
		return 0;
	if (cli_remote(l->c))
		return write_remote(l, err);
	return store_event_scan(l->c->daemon.store, l->device, l->after,
	    l->left, write_event, l, err);
}

static int
follow(struct listing *l, struct err *err)
{
	int rc = 0;

	catch_signals();
	begin(l);
	table_set_stream(l->table);
	while (rc == 0 && stopped == 0 && l->left > 0) {
		rc = write_all(l, err);
		if (table_flush(l->table) != 0)
			break;
		if (rc == 0 && l->left > 0)
			wait_for_more();
	}
	if (rc != 0 && err->kind == ERR_CANCELLED) {
		err_clear(err);
		rc = 0;
	}
	return rc;
}

static int
find_start(struct listing *l, struct err *err)
{
	struct store *store = l->c->daemon.store;

	l->since = cli_since(l->c, "since", 0);
	l->after = cli_count(l->c, "after", 0);
	l->last = cli_count(l->c, "last", 0);
	if (l->last == 0 && l->after == 0 && l->since == 0 &&
	    cli_flag(l->c, "follow"))
		l->last = FOLLOW_FROM;
	if (cli_remote(l->c))
		return 0;
	if (l->since != 0)
		return store_event_since(store, l->since, &l->after, err);
	return l->last == 0 ? 0
			    : store_event_last(store, l->device,
				  (size_t)l->last, &l->after, err);
}

static int
verify_events(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	int64_t count = 0;

	if (store_event_verify(c->daemon.store, &count, &err) != 0)
		return cli_fail(&err);
	cli_note(c, "the chain of %lld events is whole", (long long)count);
	return CODE_OK;
}

static int
list_events(struct listing *l)
{
	struct err err = {.kind = ERR_NONE};
	int rc;

	if (find_start(l, &err) != 0)
		return cli_fail(&err);
	if (!cli_remote(l->c))
		begin(l);
	rc = cli_flag(l->c, "follow") ? follow(l, &err) : write_all(l, &err);
	if (rc == 0)
		begin(l);
	return l->table == NULL ? cli_fail(&err)
				: cli_listed(l->c, l->table, rc, &err);
}

static int
check_options(const struct cli *c)
{
	static const char *const starts[] = {"since", "after", "last"};
	size_t i, given = 0;

	for (i = 0; i < 3; i++)
		given += cli_text(c, starts[i]) != NULL ? 1 : 0;
	if (given > 1)
		return cli_complain(CODE_USAGE,
		    "--since, --after and --last exclude each other");
	if (cli_flag(c, "verify") && cli_flag(c, "follow"))
		return cli_complain(
		    CODE_USAGE, "--verify and --follow exclude each other");
	return CODE_OK;
}

static int
verify_remote(struct cli *c)
{
	struct api_client_path path;
	const struct cli_remote_job job = {.path = &path};
	int code;

	api_client_path_init(&path, "events");
	api_client_path_add(&path, "verify");
	code = cli_remote_job(c, &job);
	api_client_path_free(&path);
	return code;
}

static int
events_remote(struct listing *l)
{
	int code = cli_remote_open(l->c);

	if (code == CODE_OK && cli_flag(l->c, "verify"))
		return verify_remote(l->c);
	return code == CODE_OK ? list_events(l) : code;
}

int
cmd_events(struct cli *c)
{
	struct listing l = {
	    .c = c, .left = (size_t)cli_count(c, "limit", INT32_MAX)};
	int code = check_options(c);

	if (code == CODE_OK && cli_remote(c))
		return events_remote(&l);
	if (code == CODE_OK)
		code = cli_open(c, DAEMON_STORE, NULL);
	if (code == CODE_OK && cli_flag(c, "verify"))
		return verify_events(c);
	if (code == CODE_OK)
		code = cli_chosen_device(c, &l.device);
	return code == CODE_OK ? list_events(&l) : code;
}
