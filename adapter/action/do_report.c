/* export-report: a file in the folder that the configuration names. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "conf.h"
#include "fault.h"
#include "kind_internal.h"
#include "mem.h"
#include "query.h"
#include "report.h"
#include "store.h"
#include "str.h"
#include "work_internal.h"

#define PIECE 500 /* devices in one query */
#define WHERE_MAX (PIECE * 24 + 64)

/* --- where --- */

/* {date}: of the execution's begin, so that a restart writes the same file. */
static char *
file_name(const struct action_job *j, const char *pattern)
{
	char date[CLOCK_TEXT];
	struct buf out;
	char *name;

	(void)clock_text(j->run->created_at, date);
	date[10] = '\0';
	buf_init(&out, 1024);
	while (*pattern != '\0') {
		if (str_starts(pattern, "{date}")) {
			buf_str(&out, date);
			pattern += strlen("{date}");
		} else if (str_starts(pattern, "{run}")) {
			buf_printf(&out, "%" PRId64, j->run->id);
			pattern += strlen("{run}");
		} else {
			buf_char(&out, *pattern++);
		}
	}
	name = mem_dup(buf_text(&out));
	buf_free(&out);
	return name;
}

static char *
path_of(const struct action_job *j, const struct server_action *a,
    const char *folder)
{
	char *pattern = action_text(a, "file");
	char *name = file_name(j, pattern);
	char *path = mem_printf("%s/%s", folder, name);

	free(pattern);
	free(name);
	return path;
}

char *
job_report_path(const struct action_job *j, const char *folder)
{
	int64_t at = action_above(j->actions, j->a->at, ACTION_EXPORT);

	return at < 0 || folder == NULL ? NULL
					: path_of(j, &j->actions[at], folder);
}

/* --- what --- */

/* A saved query's texts, kept beyond its row. */
struct text {
	char *name, *note, *target, *select, *where, *order, *group, *chart;
};

static int
keep_text(void *cookie, const struct store_saved *saved, struct err *err)
{
	struct text *t = cookie;

	(void)err;
	*t = (struct text){.name = mem_dup(saved->name),
	    .note = mem_dup(saved->note),
	    .target = mem_dup(saved->target),
	    .select = mem_dup(saved->select),
	    .where = mem_dup(saved->where),
	    .order = mem_dup(saved->order),
	    .group = mem_dup(saved->group),
	    .chart = mem_dup(saved->chart)};
	return 0;
}

static void
text_clear(struct text *t)
{
	free(t->name);
	free(t->note);
	free(t->target);
	free(t->select);
	free(t->where);
	free(t->order);
	free(t->group);
	free(t->chart);
}

static int
find_text(struct store *s, const char *word, struct text *ret, struct err *err)
{
	if (word[0] != '(')
		return store_saved_find(s, word, keep_text, ret, err);
	*ret = (struct text){
	    .target = mem_dup(STORE_SYSTEMS), .where = mem_dup(word)};
	return 0;
}

struct filling {
	struct action_job *j;
	struct text text;
	bool whole; /* the query as it is, not the rows */
	int64_t from;
	bool begun;
};

static int
compile(const struct filling *f, const char *where, struct query **ret,
    struct err *err)
{
	const struct query_text text = {.target = f->text.target,
	    .select = f->text.select,
	    .where = where,
	    .order = f->text.order,
	    .group = f->whole ? f->text.group : NULL};

	return query_compile(store_graph(), &text, clock_now_ms(), ret, err);
}

/* The next devices' query; none: an empty one first, so that there are columns.
 */
static int
next_piece(void *cookie, struct query **ret, struct err *err)
{
	struct filling *f = cookie;
	int64_t devices[PIECE];
	size_t count = 0, i;
	struct buf where;
	int rc;

	if (server_rows(f->j->store, f->j->run->id, job_rows_at(f->j), f->from,
		devices, PIECE, &count, err) != 0)
		return -1;
	if (count == 0 && f->begun)
		return 0;
	buf_init(&where, WHERE_MAX);
	buf_str(&where, "(in " STORE_SYSTEM_ID " 0");
	for (i = 0; i < count; i++)
		buf_printf(&where, " %" PRId64, devices[i]);
	buf_char(&where, ')');
	f->from += (int64_t)count;
	f->begun = true;
	rc = compile(f, buf_text(&where), ret, err);
	buf_free(&where);
	return rc;
}

static int
next_whole(void *cookie, struct query **ret, struct err *err)
{
	struct filling *f = cookie;

	if (f->begun)
		return 0;
	f->begun = true;
	return compile(f, f->text.where, ret, err);
}

/* --- writing --- */

static enum report_format
format_of(const char *path)
{
	const char *end = strrchr(path, '.');

	if (str_eq(end, ".html"))
		return REPORT_HTML;
	return str_eq(end, ".json") ? REPORT_JSON : REPORT_CSV;
}

static int
fill(struct filling *f, FILE *out, const char *path, bool *ret_cut,
    struct err *err)
{
	struct report_conf conf = {.format = format_of(path),
	    .out = out,
	    .title = f->text.name != NULL ? f->text.name : f->j->run->name,
	    .about = f->text.note,
	    .now = f->j->now};

	if (report_drawing_find(f->text.chart, &conf.drawing, err) != 0)
		return -1;
	return report_queries(f->j->store, f->whole ? next_whole : next_piece,
	    f, &conf, ret_cut, err);
}

static int
sync_folder(const char *folder, struct err *err)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	if (fd < 0)
		return err_errno(err, errno, "%s", folder);
	rc = fsync(fd) == 0 ? 0 : err_errno(err, errno, "%s", folder);
	(void)close(fd);
	return rc;
}

/* Beside it, and then in its place: nobody sees a part. What a kill leaves
 * beside it the next attempt overwrites. */
static int
write_file(struct filling *f, const char *folder, const char *path,
    bool *ret_cut, struct err *err)
{
	char *beside = mem_printf("%s.part", path);
	int fd = open(beside,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	int rc;

	if (out == NULL) {
		rc = err_errno(err, errno, "%s", beside);
		free(beside);
		return rc;
	}
	rc = fill(f, out, path, ret_cut, err);
	if (rc == 0 && (fflush(out) != 0 || fsync(fd) != 0))
		rc = err_errno(err, errno, "%s", beside);
	if (fclose(out) != 0 && rc == 0)
		rc = err_errno(err, errno, "%s", beside);
	fault_point("action.report");
	if (rc == 0 && rename(beside, path) != 0)
		rc = err_errno(err, errno, "%s", path);
	if (rc == 0)
		rc = sync_folder(folder, err);
	else
		(void)unlink(beside);
	free(beside);
	return rc;
}

static int
choose(struct store *s, const struct server_action *actions, int64_t at,
    struct filling *f, struct err *err)
{
	int64_t above = action_above(actions, at, ACTION_QUERY);
	char *word = action_text(&actions[at], "query");
	int rc;

	f->whole = word != NULL;
	if (word == NULL && above >= 0)
		word = action_text(&actions[above], "query");
	rc = word == NULL ? err_set(err, ERR_INVALID,
				"has neither rows nor a query of its own")
			  : find_text(s, word, &f->text, err);
	free(word);
	return rc;
}

int
action_report_check(struct store *s, const struct server_action *actions,
    int64_t at, struct err *err)
{
	struct filling f = {.whole = false};
	struct query *q = NULL;
	int rc = choose(s, actions, at, &f, err);

	if (rc == 0)
		rc = compile(&f,
		    f.whole ? f.text.where : "(eq " STORE_SYSTEM_ID " 0)", &q,
		    err);
	query_free(q);
	text_clear(&f.text);
	return rc;
}

int
do_export(struct action_job *j, enum action_next *ret, struct err *err)
{
	const char *folder = j->conf->conf->report_folder;
	struct filling f = {.j = j};
	bool cut = false;
	char *path;
	int rc;

	if (action_lacks(j->a, j->conf->conf, err) != 0 ||
	    choose(j->store, j->actions, j->a->at, &f, err) != 0)
		return -1;
	path = path_of(j, j->a, folder);
	rc = write_file(&f, folder, path, &cut, err);
	if (rc == 0) {
		j->a->state = SERVER_CHANGED;
		j->a->changed = 1;
		job_note(j, "%s%s", path, cut ? ", cut" : "");
		*ret = ACTION_OVER;
	}
	free(path);
	text_clear(&f.text);
	return rc;
}
