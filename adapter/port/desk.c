#include "desk.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "clock.h"
#include "conf.h"
#include "directory.h"
#include "err.h"
#include "krb.h"
#include "log.h"
#include "mem.h"
#include "office_internal.h"
#include "str.h"

#define ATTEMPTS 2
/* Controllers close connections that were idle for 15 minutes, and a write to
 * one of those is lost without a trace: look first. */
#define IDLE_MS 60000

struct desk {
	struct office *office;
	char *controller; /* what the two are connected to */
	struct krb *krb;
	struct directory *directory;
	int64_t used_at;   /* clock_mono_ms() of the last answer over LDAP */
	int64_t rebind_at; /* unix seconds: its ticket is renewed; 0: none */
};

/* --- connections --- */

struct desk *
desk_new(struct office *office)
{
	struct desk *desk = mem_alloc(sizeof(*desk));

	desk->office = office;
	return desk;
}

static void
disconnect(struct desk *desk)
{
	directory_close(desk->directory);
	desk->directory = NULL;
	krb_close(desk->krb);
	desk->krb = NULL;
	free(desk->controller);
	desk->controller = NULL;
}

void
desk_free(struct desk *desk)
{
	if (desk == NULL)
		return;
	disconnect(desk);
	free(desk);
}

/* Kerberos with this controller, NULL: the office's; no exchange yet. */
static int
open_krb(struct desk *desk, const char *dc, struct err *err)
{
	const struct conf *conf = office_conf(desk->office);
	char *controller = mem_dup(dc);

	if (controller == NULL &&
	    office_controller(desk->office, &controller, err) != 0)
		return -1;
	if (!str_eq(controller, desk->controller))
		disconnect(desk);
	free(desk->controller);
	desk->controller = controller;
	if (desk->krb != NULL)
		return 0;
	return desk_open_krb(conf, controller, conf->keytab, &desk->krb, err);
}

/* A controller cuts a connection whose ticket has ended, and a write on it is
 * lost: it is made anew with the next ticket. */
static bool
is_stale(const struct desk *desk)
{
	return !directory_alive(desk->directory) ||
	    (desk->rebind_at != 0 && clock_now() >= desk->rebind_at);
}

/* What is only read there is old as well: such a one is not used at all. */
static int
check_writable(struct desk *desk, struct err *err)
{
	if (directory_writable(desk->directory))
		return 0;
	directory_close(desk->directory);
	desk->directory = NULL;
	return err_set(err,
	    office_conf(desk->office)->dc != NULL ? ERR_REFUSED
						  : ERR_UNREACHABLE,
	    "domain controller %s is a read-only one: another is needed",
	    desk->controller);
}

static int
open_directory(struct desk *desk, struct err *err)
{
	const struct conf *conf = office_conf(desk->office);
	int result;

	if (desk->directory != NULL && is_stale(desk)) {
		directory_close(desk->directory);
		desk->directory = NULL;
	}
	if (desk->directory != NULL)
		return 0;
	result = desk_open_directory(
	    conf, desk->controller, desk->krb, &desk->directory, err);
	desk->rebind_at = conf->bind_dn == NULL ? krb_renewal(desk->krb) : 0;
	if (result == 0)
		result = check_writable(desk, err);
	return result;
}

/* Is an idle connection still one? */
static void
probe(struct desk *desk)
{
	int64_t offset_ms;

	if (desk->directory == NULL ||
	    clock_mono_ms() - desk->used_at < IDLE_MS)
		return;
	/* What it says does not matter: a dead one knows that it is. */
	(void)directory_time(desk->directory, &offset_ms, NULL);
}

static int
connect_desk(struct desk *desk, const struct desk_job *job, const char *dc,
    struct err *err)
{
	if (open_krb(desk, dc, err) != 0)
		return -1;
	if (job->need == DESK_KDC)
		return 0;
	probe(desk);
	if (open_directory(desk, err) != 0)
		return -1;
	if (dc != NULL || !office_moves(desk->office, desk->directory))
		return 0;
	/* Once: now the site is known. */
	return connect_desk(desk, job, dc, err);
}

/* --- work --- */

/* A ticket that could not be renewed lives on for a while: time to act. */
static void
tell_renewal(struct desk *desk)
{
	struct err why;

	if (desk->krb != NULL && krb_renewal_failed(desk->krb, &why))
		log_line(LOG_WARN, "kerberos.renewal", "kind=%s error=\"%s\"",
		    err_kind_name(why.kind), why.text);
}

static int
do_job(struct desk *desk, const struct desk_job *job, struct err *err)
{
	bool ldap = job->need == DESK_DIRECTORY;
	int result;

	result =
	    job->fn(job->cookie, desk->krb, ldap ? desk->directory : NULL, err);
	tell_renewal(desk);
	if (result == 0 && ldap)
		desk->used_at = clock_mono_ms();
	return result;
}

static int
attempt(struct desk *desk, const struct desk_job *job, const char *dc,
    struct err *err)
{
	struct office *office = desk->office;

	err_clear(err);
	if (connect_desk(desk, job, dc, err) != 0) {
		/* A keytab, a name in the DNS, our own account: what is missing
		 * on the way says nothing of what the job looks for. */
		if (err->kind == ERR_NOTFOUND)
			err->kind = ERR_INVALID;
		if (err->kind == ERR_DENIED)
			office_refused(office, err);
	} else if (do_job(desk, job, err) == 0) {
		return 0;
	}
	if (err->kind == ERR_UNREACHABLE) {
		if (desk->controller != NULL && !job->instead)
			office_avoid(office, desk->controller, err);
		disconnect(desk);
	}
	return -1;
}

/* With whichever controller answers. */
static int
work_anywhere(struct desk *desk, const struct desk_job *job, struct err *err)
{
	struct office *office = desk->office;
	int tries;

	if (office_pauses(office, job->need, NULL, err))
		return -1;
	for (tries = 0; tries < ATTEMPTS; tries++) {
		if (attempt(desk, job, NULL, err) == 0)
			return 0;
		if (err->kind != ERR_UNREACHABLE)
			return -1;
	}
	if (!job->instead)
		office_lost(office, err);
	return -1;
}

int
desk_work(struct desk *desk, const struct desk_job *job, struct err *err)
{
	if (job->dc == NULL)
		return work_anywhere(desk, job, err);
	if (!office_pauses(desk->office, job->need, job->dc, err) &&
	    attempt(desk, job, job->dc, err) == 0)
		return 0;
	if (!job->or_another || err->kind != ERR_UNREACHABLE)
		return -1;
	return work_anywhere(desk, job, err);
}
