/* Which controller all desks use, and when one is not to be asked. */
#include "office_internal.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "conf.h"
#include "directory.h"
#include "err.h"
#include "file.h"
#include "mem.h"
#include "site.h"
#include "str.h"

/* After a failure to connect, jobs that wait in the queue fail at once instead
 * of one after the other after a time-out each. */
#define PAUSE_MS 5000
#define SILENT_PAUSE_MS 15000 /* for one controller */
#define SILENT_MAX 8
/* A login that was refused counts against the service account: no domain locks
 * it for one attempt per desk in a quarter of an hour. */
#define REFUSED_PAUSE_MS 900000

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

const struct conf *
office_conf(const struct office *office)
{
	return office->conf;
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

int
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
			    site_ours(office->site),
			    desk_deadline(office->conf), &office->names, err);
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

bool
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

void
office_refused(struct office *office, const struct err *failure)
{
	pthread_mutex_lock(&office->lock);
	begin_pause(&office->refused, REFUSED_PAUSE_MS, failure);
	stamp_credentials(office->conf, office->credentials);
	pthread_mutex_unlock(&office->lock);
}

void
office_lost(struct office *office, const struct err *failure)
{
	pthread_mutex_lock(&office->lock);
	begin_pause(&office->lost, PAUSE_MS, failure);
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
