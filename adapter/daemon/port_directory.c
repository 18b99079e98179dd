/*
 * The engine's words for Active Directory and its KDC.  libldap and libkrb5
 * block, so each call is a job for a worker; a few desks (connections) take
 * them from one queue, which leaves the other workers to those who wait for
 * something else.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "conf.h"
#include "daemon.h"
#include "desk_internal.h"
#include "device.h"
#include "directory.h"
#include "err.h"
#include "krb.h"
#include "loop.h"
#include "mem.h"
#include "ports.h"
#include "profile.h"
#include "secret.h"
#include "str.h"
#include "work.h"

#define DESKS                                                                  \
	2 /* a controller writes one password at a time: more gain nothing */
#define NAME_ROOM 256
#define TOKEN_MAX 65536 /* base64; a PAC of many groups */
#define TIME_SAMPLES 4
#define ENCTYPES_RC4 4	  /* MS-KILE 2.2.7 */
#define ENCTYPES_AES 24	  /* AES128 and AES256 */
#define AES_SINCE_MAJOR 8 /* AMT release */

struct job;

struct directory_port {
	struct loop *loop;
	struct office *office;
	struct desk *desks[DESKS];
	bool busy[DESKS];
	struct job *first, *last; /* waiting */
};

/* One call. The worker sees only this: arguments are copied, as the device
 * record may change meanwhile, and results are handed over on the loop. */
struct job {
	struct job *next;
	struct directory_port *port;
	size_t desk;
	enum desk_need need;
	desk_fn *call;
	struct err err;

	char *name; /* account, DN or SPN */
	struct secret *password;
	char *ou, *description, *former;
	char fqdn[NAME_ROOM];
	int64_t enctypes;

	struct directory_object object; /* what came of it */
	struct buf text;
	int64_t number;

	void (*give)(struct job *job); /* success, on the loop */
	struct device *ret_device;
	int64_t *ret_number;
	char **ret_text;
	struct buf *ret_bytes;
	port_done_fn *done;
	void *cookie;
};

/* --- on a worker --- */

static void
job_run(void *arg)
{
	struct job *job = arg;

	if (desk_work(job->port->desks[job->desk], job->need, job->call, job,
		&job->err) == 0)
		err_clear(&job->err);
}

static int
call_look(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	struct job *job = cookie;

	(void)krb;
	return directory_read(directory, job->name, &job->object, err);
}

static int
call_ensure(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	struct job *job = cookie;
	struct directory_wish wish = {.ou = job->ou,
	    .account = job->name,
	    .fqdn = job->fqdn,
	    .enctypes = job->enctypes,
	    .description = job->description,
	    .former_description = job->former};

	(void)krb;
	return directory_ensure(directory, &wish, job->password, err);
}

static int
call_password_set(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	struct job *job = cookie;

	(void)krb;
	return directory_password_set(directory, job->name, job->password, err);
}

static int
call_time(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	struct job *job = cookie;
	int64_t error_ms;

	(void)directory;
	return krb_time(krb, TIME_SAMPLES, &job->number, &error_ms, err);
}

static int
call_check(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	struct job *job = cookie;

	(void)directory;
	return krb_password_check(krb, job->name, job->password, err);
}

static int
call_salt(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	struct job *job = cookie;

	(void)directory;
	return krb_salt(krb, job->name, &job->text, &job->number, err);
}

static int
call_token(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	struct job *job = cookie;

	(void)directory;
	return krb_token(krb, job->name, &job->text, err);
}

/* --- results, on the loop --- */

static void
give_object(struct job *job)
{
	const struct directory_object *o = &job->object;
	struct device *d = job->ret_device;

	mem_replace(&d->ad_dn, o->dn);
	mem_replace(&d->ad_account, o->account);
	mem_replace(&d->ad_dns_host, o->dns_host);
	mem_replace(&d->ad_spns, o->spns);
	d->ad_enctypes = o->enctypes;
	d->ad_uac = o->uac;
	d->ad_kvno = o->kvno;
	d->ad_password_at = o->password_at;
	d->ad_max_age = o->max_age;
	d->ad_read_at = clock_now();
}

static void
give_number(struct job *job)
{
	*job->ret_number = job->number;
}

static void
give_salt(struct job *job)
{
	*job->ret_text = mem_dup(buf_text(&job->text));
	*job->ret_number = job->number;
}

static void
give_token(struct job *job)
{
	buf_str(job->ret_bytes, buf_text(&job->text));
}

/* --- the queue --- */

static void
job_free(struct job *job)
{
	free(job->name);
	secret_free(job->password);
	free(job->ou);
	free(job->description);
	free(job->former);
	directory_object_clear(&job->object);
	buf_free(&job->text);
	free(job);
}

static void job_done(void *arg);

static void
start_next(struct directory_port *port)
{
	struct work_job work = {.run = job_run, .done = job_done};
	struct job *job;
	size_t i;

	for (i = 0; i < DESKS && port->first != NULL; i++) {
		if (port->busy[i])
			continue;
		job = port->first;
		port->first = job->next;
		if (port->first == NULL)
			port->last = NULL;
		port->busy[i] = true;
		job->desk = i;
		work.arg = job;
		work_submit(port->loop, &work);
	}
}

static void
job_done(void *arg)
{
	struct job *job = arg;
	struct directory_port *port = job->port;

	assert(port->busy[job->desk]);
	port->busy[job->desk] = false;
	start_next(port);
	if (job->err.kind == ERR_NONE && job->give != NULL)
		job->give(job);
	job->done(job->cookie, &job->err);
	job_free(job);
}

static struct job *
job_new(struct directory_port *port, enum desk_need need, desk_fn *call,
    const char *name)
{
	struct job *job = mem_alloc(sizeof(*job));

	job->port = port;
	job->need = need;
	job->call = call;
	job->name = mem_dup(name);
	buf_init(&job->text, TOKEN_MAX);
	return job;
}

static void
job_queue(struct job *job, port_done_fn *done, void *cookie)
{
	struct directory_port *port = job->port;

	job->done = done;
	job->cookie = cookie;
	if (port->last != NULL)
		port->last->next = job;
	else
		port->first = job;
	port->last = job;
	start_next(port);
}

static void
deferred_done(void *arg)
{
	struct job *job = arg;

	job->done(job->cookie, &job->err);
	job_free(job);
}

/* Refused before there is anything for a worker to do. */
static void
job_refuse(struct job *job, port_done_fn *done, void *cookie)
{
	job->done = done;
	job->cookie = cookie;
	loop_defer(job->port->loop, deferred_done, job);
}

/* --- struct port_directory --- */

static void
port_look(void *self, const char *account, struct device *into,
    port_done_fn *done, void *cookie)
{
	struct job *job = job_new(self, DESK_DIRECTORY, call_look, account);

	job->ret_device = into;
	job->give = give_object;
	job_queue(job, done, cookie);
}

/* The name the object has, or is to get. */
static int
describe_account(
    struct job *job, const struct device *device, const struct profile *profile)
{
	struct buf name;
	int result = 0;

	if (!str_empty(device->ad_account)) {
		job->name = mem_dup(device->ad_account);
		return 0;
	}
	buf_init(&name, NAME_ROOM);
	result = directory_account_name(
	    profile->account, job->fqdn, &name, &job->err);
	if (result == 0)
		job->name = mem_dup(buf_text(&name));
	buf_free(&name);
	return result;
}

/* The mark that makes the object this device's: its SMBIOS UUID, and until that
 * is known, its name in the fleet. */
static void
describe_mark(struct job *job, const struct device *device)
{
	char *by_name = mem_printf("Intel AMT device %s", device->name);

	if (str_empty(device->uuid)) {
		job->description = by_name;
		return;
	}
	job->description = mem_printf("Intel AMT device %s", device->uuid);
	job->former = by_name;
}

static int
describe(struct job *job, const struct device *device,
    const struct profile *profile, const char *fqdn)
{
	int major = device_amt_major(device);

	if (strlen(fqdn) >= sizeof(job->fqdn) || !str_is_fqdn(fqdn))
		return err_set(&job->err, ERR_INVALID,
		    "the device has no name that an AD object could have");
	memcpy(job->fqdn, fqdn, strlen(fqdn) + 1);
	job->ou = mem_dup(profile->ou);
	/* The key the KDC uses must be one the firmware can hold. */
	job->enctypes =
	    major > 0 && major < AES_SINCE_MAJOR ? ENCTYPES_RC4 : ENCTYPES_AES;
	describe_mark(job, device);
	return describe_account(job, device, profile);
}

static void
port_ensure(void *self, const struct device *device,
    const struct profile *profile, const char *fqdn,
    const struct secret *password_if_new, port_done_fn *done, void *cookie)
{
	struct job *job = job_new(self, DESK_DIRECTORY, call_ensure, NULL);

	if (describe(job, device, profile, fqdn) != 0) {
		job_refuse(job, done, cookie);
		return;
	}
	if (password_if_new != NULL)
		job->password = secret_copy(password_if_new);
	job_queue(job, done, cookie);
}

static void
port_password_set(void *self, const char *dn, const struct secret *password,
    port_done_fn *done, void *cookie)
{
	struct job *job = job_new(self, DESK_DIRECTORY, call_password_set, dn);

	job->password = secret_copy(password);
	job_queue(job, done, cookie);
}

/* --- struct port_kdc --- */

static void
port_time(void *self, int64_t *ret_offset_ms, port_done_fn *done, void *cookie)
{
	struct job *job = job_new(self, DESK_KDC, call_time, NULL);

	job->ret_number = ret_offset_ms;
	job->give = give_number;
	job_queue(job, done, cookie);
}

static void
port_check_password(void *self, const char *account,
    const struct secret *password, port_done_fn *done, void *cookie)
{
	struct job *job = job_new(self, DESK_KDC, call_check, account);

	job->password = secret_copy(password);
	job_queue(job, done, cookie);
}

static void
port_look_salt(void *self, const char *account, char **ret_salt,
    int64_t *ret_iterations, port_done_fn *done, void *cookie)
{
	struct job *job = job_new(self, DESK_KDC, call_salt, account);

	job->ret_text = ret_salt;
	job->ret_number = ret_iterations;
	job->give = give_salt;
	job_queue(job, done, cookie);
}

static void
port_token(void *self, const char *spn, struct buf *ret_token,
    port_done_fn *done, void *cookie)
{
	struct job *job = job_new(self, DESK_KDC, call_token, spn);

	job->ret_bytes = ret_token;
	job->give = give_token;
	job_queue(job, done, cookie);
}

/* --- set-up --- */

int
port_directory_new(struct loop *loop, const struct conf *conf,
    struct ports *ports, struct err *err)
{
	struct directory_port *port;
	size_t i;

	(void)err;
	if (!conf->directory)
		return 0;
	port = mem_alloc(sizeof(*port));
	port->loop = loop;
	port->office = office_new(conf);
	for (i = 0; i < DESKS; i++)
		port->desks[i] = desk_new(port->office);
	ports->directory = (struct port_directory){
	    .self = port,
	    .look = port_look,
	    .ensure = port_ensure,
	    .password_set = port_password_set,
	};
	ports->kdc = (struct port_kdc){
	    .self = port,
	    .look_time = port_time,
	    .check_password = port_check_password,
	    .look_salt = port_look_salt,
	    .token = port_token,
	};
	return 0;
}

void
port_directory_free(struct ports *ports)
{
	struct directory_port *port = ports->directory.self;
	size_t i;

	if (port == NULL)
		return;
	/* Whoever waits for an answer keeps the loop running until then. */
	assert(port->first == NULL);
	for (i = 0; i < DESKS; i++) {
		assert(!port->busy[i]);
		desk_free(port->desks[i]);
	}
	office_free(port->office);
	free(port);
	memset(&ports->directory, 0, sizeof(ports->directory));
	memset(&ports->kdc, 0, sizeof(ports->kdc));
}
