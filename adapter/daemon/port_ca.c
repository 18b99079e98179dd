/*
 * The engine's words for the CA.  Calls block for some milliseconds each (two
 * commits and a signature), so they run on a worker, one after the other: the
 * CA works on one thing at a time, and a queue here keeps the other workers
 * free for those who wait for a network.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "ca.h"
#include "clock.h"
#include "daemon.h"
#include "device.h"
#include "err.h"
#include "mem.h"
#include "ports.h"
#include "profile.h"
#include "str.h"
#include "work.h"

#define DER_MAX 4100	    /* AMT_PublicKeyCertificate.X509Certificate */
#define TEXT_MAX 8192	    /* the same in base64, with room to spare */
#define REASON_SUPERSEDED 4 /* RFC 5280, 5.3.1 */

struct ca_port {
	struct loop *loop;
	struct ca *ca;
	struct job *first, *last; /* waiting; the running one is not in it */
	struct job *running;
};

/* One call. The worker sees only this; the engine's arguments are copied, as
 * the device record may change meanwhile. */
struct job {
	struct job *next;
	struct ca_port *port;
	int (*call)(struct job *job, struct err *err);
	struct err err;

	char *key, *serial;
	uint8_t *csr;
	size_t csr_len;
	char *device, *fqdn, *short_name;
	char *template_name, *template_key, *usages;
	struct ca_template template;
	struct ca_subject subject;

	struct ca_cert cert; /* what came of it */

	struct port_issued *ret_issued;
	bool *ret_revoked;
	port_done_fn *done;
	void *cookie;
};

static void
job_free(struct job *job)
{
	free(job->key);
	free(job->serial);
	free(job->csr);
	free(job->device);
	free(job->fqdn);
	free(job->short_name);
	free(job->template_name);
	free(job->template_key);
	free(job->usages);
	ca_cert_clear(&job->cert);
	free(job);
}

/* --- on a worker --- */

static int
call_issue(struct job *job, struct err *err)
{
	const struct ca_request request = {
	    .template = &job->template,
	    .subject = &job->subject,
	    .csr = job->csr,
	    .csr_len = job->csr_len,
	    .key = job->key,
	    .now = clock_now(),
	};

	return ca_issue(job->port->ca, &request, &job->cert, err);
}

static int
call_look(struct job *job, struct err *err)
{
	if (ca_find(job->port->ca, job->key, NULL, &job->cert, err) != 0)
		return -1;
	/* Nothing to hand to a device any more. */
	if (job->cert.revoked_at != 0)
		return err_set(err, ERR_NOTFOUND,
		    "certificate %s of this key was revoked", job->cert.serial);
	return 0;
}

static int
call_revoke(struct job *job, struct err *err)
{
	return ca_revoke(
	    job->port->ca, job->serial, REASON_SUPERSEDED, clock_now(), err);
}

static int
call_look_revoked(struct job *job, struct err *err)
{
	return ca_find(job->port->ca, NULL, job->serial, &job->cert, err);
}

static void
job_run(void *arg)
{
	struct job *job = arg;

	if (job->call(job, &job->err) == 0)
		err_clear(&job->err);
}

/* --- on the loop --- */

static void
give_issued(const struct ca_cert *cert, struct port_issued *ret)
{
	uint8_t digest[32];
	char hex[2 * sizeof(digest) + 1];
	struct buf text;

	assert(cert->der_len <= DER_MAX);
	buf_init(&text, TEXT_MAX);
	str_base64(&text, cert->der, cert->der_len);
	str_sha256(cert->der, cert->der_len, digest);
	str_hex(digest, sizeof(digest), hex);
	ret->der = mem_dup(buf_text(&text));
	ret->serial = mem_dup(cert->serial);
	ret->sha256 = mem_dup(hex);
	buf_free(&text);
}

static void job_done(void *arg);

static void
start_next(struct ca_port *port)
{
	struct work_job work = {.run = job_run, .done = job_done};
	struct job *job = port->first;

	if (port->running != NULL || job == NULL)
		return;
	port->first = job->next;
	if (port->first == NULL)
		port->last = NULL;
	port->running = job;
	work.arg = job;
	work_submit(port->loop, &work);
}

static void
job_done(void *arg)
{
	struct job *job = arg;
	struct ca_port *port = job->port;

	assert(port->running == job);
	port->running = NULL;
	start_next(port);
	if (job->err.kind == ERR_NONE && job->ret_issued != NULL)
		give_issued(&job->cert, job->ret_issued);
	if (job->err.kind == ERR_NONE && job->ret_revoked != NULL)
		*job->ret_revoked = job->cert.revoked_at != 0;
	job->done(job->cookie, &job->err);
	job_free(job);
}

static struct job *
job_new(struct ca_port *port, int (*call)(struct job *, struct err *),
    port_done_fn *done, void *cookie)
{
	struct job *job = mem_alloc(sizeof(*job));

	job->port = port;
	job->call = call;
	job->done = done;
	job->cookie = cookie;
	return job;
}

static void
job_queue(struct job *job)
{
	struct ca_port *port = job->port;

	if (port->last != NULL)
		port->last->next = job;
	else
		port->first = job;
	port->last = job;
	start_next(port);
}

/* Texts of the request into the job; the CSR is then held against them. */
static void
describe(struct job *job, const struct port_request *request)
{
	const struct profile_template *t = request->template;

	job->device = mem_dup(request->device->name);
	job->fqdn = mem_dup(request->fqdn);
	job->short_name = mem_dup(request->short_name);
	job->template = daemon_template(t);
	job->template.name = job->template_name = mem_dup(t->name);
	job->template.key = job->template_key = mem_dup(t->key);
	job->template.usages = job->usages = mem_dup(t->usages);
	job->subject = (struct ca_subject){
	    .device = job->device,
	    .fqdn = job->fqdn,
	    .short_name = job->short_name,
	    .amt_major = device_amt_major(request->device),
	};
}

static void
port_issue(void *self, const struct port_request *request,
    struct port_issued *ret, port_done_fn *done, void *cookie)
{
	struct job *job = job_new(self, call_issue, done, cookie);

	describe(job, request);
	job->csr = mem_copy(request->csr, request->csr_len);
	job->csr_len = request->csr_len;
	job->key = mem_dup(request->key);
	job->ret_issued = ret;
	job_queue(job);
}

static void
port_look(void *self, const char *key, struct port_issued *ret,
    port_done_fn *done, void *cookie)
{
	struct job *job = job_new(self, call_look, done, cookie);

	job->key = mem_dup(key);
	job->ret_issued = ret;
	job_queue(job);
}

static void
port_revoke(void *self, const char *serial, port_done_fn *done, void *cookie)
{
	struct job *job = job_new(self, call_revoke, done, cookie);

	job->serial = mem_dup(serial);
	job_queue(job);
}

static void
port_look_revoked(void *self, const char *serial, bool *ret_revoked,
    port_done_fn *done, void *cookie)
{
	struct job *job = job_new(self, call_look_revoked, done, cookie);

	job->serial = mem_dup(serial);
	job->ret_revoked = ret_revoked;
	job_queue(job);
}

int
port_ca_new(
    struct loop *loop, struct ca *ca, struct ports *ports, struct err *err)
{
	struct ca_port *port;

	if (ca == NULL)
		return err_set(err, ERR_BUG, "no CA to plug in");
	port = mem_alloc(sizeof(*port));
	port->loop = loop;
	port->ca = ca;
	ports->ca = (struct port_ca){
	    .self = port,
	    .issue = port_issue,
	    .look = port_look,
	    .revoke = port_revoke,
	    .look_revoked = port_look_revoked,
	};
	return 0;
}

void
port_ca_free(struct ports *ports)
{
	struct ca_port *port = ports->ca.self;

	if (port == NULL)
		return;
	/* Whoever waits for an answer keeps the loop running until then. */
	assert(port->running == NULL && port->first == NULL);
	free(port);
	memset(&ports->ca, 0, sizeof(ports->ca));
}
