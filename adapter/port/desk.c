#include "desk.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "conf.h"
#include "directory.h"
#include "err.h"
#include "file.h"
#include "krb.h"
#include "log.h"
#include "mem.h"
#include "site.h"
#include "str.h"

#define ATTEMPTS 2
/* After a failure to connect, jobs that wait in the queue fail at once instead
 * of one after the other after a time-out each. */
#define PAUSE_MS 5000
#define SILENT_PAUSE_MS 15000 /* for one controller */
#define SILENT_MAX 8
/* A login that was refused counts against the service account: no domain locks
 * it for one attempt per desk in a quarter of an hour. */
#define REFUSED_PAUSE_MS 900000
/* Controllers close connections that were idle for 15 minutes, and a write to
 * one of those is lost without a trace: look first. */
#define IDLE_MS 60000

struct pause {
	int64_t until;	    /* clock_mono_ms() */
	struct err failure; /* why there is one */
	bool ldap;	    /* what needs Kerberos alone goes on */
};

/* Of jobs that name this one, NULL: none. */
struct silent {
	char *dc;
	struct pause pause;
};

struct office {
	const struct conf *conf;
	pthread_mutex_t lock; /* guards the rest */
	char *names;	      /* controllers, best first; NULL: not looked up */
	const char *next;     /* in names: those not tried yet */
	char *controller;     /* in use; NULL: none */
	char *before;	      /* answers, but one nearer is tried; or NULL */
	struct site *site;
	struct pause refused; /* of every job: our login was */
	struct pause lost;    /* of those that name no controller */
	struct silent silent[SILENT_MAX];
	size_t silent_next;		  /* the place for another one */
	char credentials[2 * FILE_STAMP]; /* as they were when refused */
};

struct desk {
	struct office *office;
	char *controller; /* what the two are connected to */
	struct krb *krb;
	struct directory *directory;
	int64_t used_at;   /* clock_mono_ms() of the last answer over LDAP */
	int64_t rebind_at; /* unix seconds: its ticket is renewed; 0: none */
};

/* --- the controller --- */

struct office *
office_new(const struct conf *conf)
{
	struct office *office = mem_alloc(sizeof(*office));

	office->conf = conf;
	office->site = site_new(conf->site);
	pthread_mutex_init(&office->lock, NULL);
	return office;
}

void
office_free(struct office *office)
{
	size_t i;

	pthread_mutex_destroy(&office->lock);
	free(office->names);
	free(office->controller);
	free(office->before);
	for (i = 0; i < SILENT_MAX; i++)
		free(office->silent[i].dc);
	site_free(office->site);
	free(office);
}

static unsigned
deadline_of(const struct conf *conf)
{
	return (unsigned)(conf->directory_timeout * 1000);
}

int
desk_others(const struct conf *conf, char **ret_names, struct err *err)
{
	return directory_locate(
	    conf->domain, conf->site, deadline_of(conf), ret_names, err);
}

int
desk_controllers(const struct conf *conf, char **ret_names, struct err *err)
{
	if (conf->dc == NULL)
		return desk_others(conf, ret_names, err);
	*ret_names = mem_dup(conf->dc);
	return 0;
}

int
desk_open_krb(const struct conf *conf, const char *controller,
    const char *keytab, struct krb **ret_krb, struct err *err)
{
	const struct krb_conf krb = {.realm = conf->realm,
	    .kdc = controller,
	    .principal = conf->principal,
	    .keytab = keytab,
	    .deadline_ms = deadline_of(conf)};

	return krb_open(&krb, ret_krb, err);
}

/* Tickets for GSSAPI of this thread. */
static int
get_tickets(const struct conf *conf, const char *controller, struct krb *krb,
    struct err *err)
{
	char *spn = mem_printf("ldap/%s", controller);
	int result = krb_service(krb, spn, err);

	/* As good as one that does not answer: the next may be one. */
	if (result != 0 && err->kind == ERR_NOTFOUND)
		(void)err_set(err, ERR_UNREACHABLE,
		    "%s is no domain controller of %s: its KDC knows no "
		    "service %s; is directory.dc right, or what the DNS says "
		    "of the domain's controllers (SRV)?",
		    controller, conf->realm, spn);
	free(spn);
	return result;
}

int
desk_open_directory(const struct conf *conf, const char *controller,
    struct krb *krb, struct directory **ret_directory, struct err *err)
{
	const struct directory_conf ldap = {.dc = controller,
	    .ldaps = str_eq(conf->transport, "ldaps"),
	    .starttls = str_eq(conf->transport, "starttls"),
	    .ca_file = conf->ldap_ca,
	    .bind_dn = conf->bind_dn,
	    .password_file = conf->bind_password_file,
	    .deadline_ms = deadline_of(conf)};

	if (ldap.bind_dn == NULL &&
	    get_tickets(conf, controller, krb, err) != 0)
		return -1;
	return directory_open(&ldap, ret_directory, err);
}

/* Take the next name of the list; with the lock. */
static void
choose(struct office *office)
{
	size_t len = strcspn(office->next, " ");

	free(office->controller);
	office->controller = mem_dup_len(office->next, len);
	office->next += len + strspn(office->next + len, " ");
}

/* The controller to use, given; looked up when there is none. */
static int
office_controller(struct office *office, char **ret, struct err *err)
{
	int result = 0;

	pthread_mutex_lock(&office->lock);
	if (office->controller == NULL) {
		free(office->names);
		office->names = NULL;
		if (office->conf->dc != NULL)
			office->names = mem_dup(office->conf->dc);
		else
			result = directory_locate(office->conf->domain,
			    site_ours(office->site), deadline_of(office->conf),
			    &office->names, err);
		site_looked(office->site, clock_mono_ms());
		if (result == 0) {
			office->next = office->names;
			choose(office);
		}
	}
	if (result == 0)
		*ret = mem_dup(office->controller);
	pthread_mutex_unlock(&office->lock);
	return result;
}

/* A controller says where we are. Is there a better one than it? Then a new
 * list is made at once. */
static bool
office_moves(struct office *office, const struct directory *directory)
{
	const struct site_sight sight = {
	    .controller = directory_controller(directory),
	    .theirs = directory_controller_site(directory),
	    .ours = directory_site(directory),
	    .near = directory_near(directory),
	};
	bool moves;

	if (office->conf->dc != NULL)
		return false;
	pthread_mutex_lock(&office->lock);
	moves = site_moves(office->site, &sight, clock_mono_ms());
	if (moves) {
		mem_replace(&office->before, sight.controller);
		free(office->controller);
		office->controller = NULL;
	} else if (sight.near) {
		mem_replace(&office->before, NULL);
	}
	pthread_mutex_unlock(&office->lock);
	return moves;
}

/* This one does not answer: the one from before, or the next, or a new list
 * after the last. */
static void
office_give_up(struct office *office, const char *controller)
{
	pthread_mutex_lock(&office->lock);
	site_looked(office->site, clock_mono_ms());
	if (str_eq(office->controller, controller)) {
		if (office->before != NULL) {
			free(office->controller);
			office->controller = office->before;
			office->before = NULL;
		} else if (*office->next != '\0') {
			choose(office);
		} else {
			free(office->controller);
			office->controller = NULL;
		}
	}
	pthread_mutex_unlock(&office->lock);
}

/* In which state the files are that we log in with. */
static void
stamp_credentials(const struct conf *conf, char out[2 * FILE_STAMP])
{
	char keytab[FILE_STAMP], password[FILE_STAMP] = "";

	file_stamp(conf->keytab, keytab);
	if (conf->bind_password_file != NULL)
		file_stamp(conf->bind_password_file, password);
	(void)snprintf(out, (size_t)2 * FILE_STAMP, "%s%s", keytab, password);
}

/* A login that was refused is worth another attempt with other credentials. */
static bool
credentials_changed(const struct office *office)
{
	char now[2 * FILE_STAMP];

	stamp_credentials(office->conf, now);
	return !str_eq(now, office->credentials);
}

static bool
lasts(const struct pause *pause, enum desk_need need, struct err *err)
{
	if (clock_mono_ms() >= pause->until ||
	    (pause->ldap && need == DESK_KDC))
		return false;
	*err = pause->failure;
	return true;
}

const struct conf *
office_conf(const struct office *office)
{
	return office->conf;
}

/* The place of this one; NULL. With the lock. */
static struct silent *
find_silent(struct office *office, const char *dc)
{
	size_t i;

	for (i = 0; i < SILENT_MAX; i++)
		if (str_ieq(office->silent[i].dc, dc))
			return &office->silent[i];
	return NULL;
}

bool
office_pauses(
    struct office *office, enum desk_need need, const char *dc, struct err *err)
{
	const struct silent *silent;
	bool result;

	pthread_mutex_lock(&office->lock);
	result =
	    lasts(&office->refused, need, err) && !credentials_changed(office);
	if (!result && dc == NULL)
		result = lasts(&office->lost, need, err);
	else if (!result && (silent = find_silent(office, dc)) != NULL)
		result = lasts(&silent->pause, need, err);
	pthread_mutex_unlock(&office->lock);
	return result;
}

/* From now on; with the lock.  Its KDC is asked first, for tickets: a failure
 * that is LDAP's own says nothing of that. */
static void
begin_pause(struct pause *pause, int64_t ms, const struct err *failure)
{
	pause->until = clock_mono_ms() + ms;
	pause->failure = *failure;
	pause->ldap =
	    failure->kind == ERR_UNREACHABLE && failure->domain == ERR_LDAP;
}

static void
office_pause(struct office *office, struct pause *pause, int64_t ms,
    const struct err *failure)
{
	pthread_mutex_lock(&office->lock);
	begin_pause(pause, ms, failure);
	if (pause == &office->refused)
		stamp_credentials(office->conf, office->credentials);
	pthread_mutex_unlock(&office->lock);
}

void
office_avoid(
    struct office *office, const char *controller, const struct err *failure)
{
	struct silent *silent;

	pthread_mutex_lock(&office->lock);
	silent = find_silent(office, controller);
	if (silent == NULL) {
		silent = &office->silent[office->silent_next];
		office->silent_next = (office->silent_next + 1) % SILENT_MAX;
		mem_replace(&silent->dc, controller);
	}
	begin_pause(&silent->pause, SILENT_PAUSE_MS, failure);
	pthread_mutex_unlock(&office->lock);
	office_give_up(office, controller);
}

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
	const struct conf *conf = desk->office->conf;
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
	    desk->office->conf->dc != NULL ? ERR_REFUSED : ERR_UNREACHABLE,
	    "domain controller %s is a read-only one: another is needed",
	    desk->controller);
}

static int
open_directory(struct desk *desk, struct err *err)
{
	const struct conf *conf = desk->office->conf;
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
			office_pause(
			    office, &office->refused, REFUSED_PAUSE_MS, err);
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
		office_pause(office, &office->lost, PAUSE_MS, err);
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
