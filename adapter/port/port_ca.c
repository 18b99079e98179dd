/*
 * The engine's words for the CA, ours and those behind bridges.  Calls block:
 * for some milliseconds (two commits and a signature) or for a network.  So
 * they run on workers, in a lane for each CA, one after the other: a CA works
 * on one thing at a time, a slow one holds up nobody else, and the queue here
 * keeps the other workers free.  What came to be issued by our own CA while it
 * was busy is one thing: the more devices wait, the more of them share two
 * commits.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "bridge_issue.h"
#include "buf.h"
#include "ca.h"
#include "clock.h"
#include "device.h"
#include "err.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "port.h"
#include "ports.h"
#include "profile.h"
#include "str.h"
#include "work.h"

#define DER_MAX 4100	    /* AMT_PublicKeyCertificate.X509Certificate */
#define TEXT_MAX 8192	    /* the same in base64, with room to spare */
#define REASON_SUPERSEDED 4 /* RFC 5280, 5.3.1 */

struct lane {
	struct ca_port *port;
	struct ca_bridge *bridge; /* NULL: our own CA and all records */
	struct job *first, **end; /* waiting; where the next goes */
	struct job *running;	  /* not among them: one, or several */
	struct ca *ca;		  /* held for those */
};

struct ca_port {
	struct loop *loop;
	struct ca *ca;
	struct lane *lanes; /* the first is our own */
	size_t lane_count;
	struct port_roots roots;
	bool stopped; /* nothing is begun any more */
};

/* One call. The worker sees only this; the engine's arguments are copied, as
 * the device record may change meanwhile. */
struct job {
	struct job *next;
	struct lane *lane;
	int (*call)(struct job *job, struct err *err);
	/* To be called after that, in the lane of the certificate's issuer. */
	int (*then)(struct job *job, struct err *err);
	struct err err;

	char *key, *serial;
	uint8_t *csr;
	size_t csr_len;
	char *device, *fqdn, *short_name, *address, *upn, *sid;
	char *template_name, *template_key, *usages;
	struct ca_template template;
	struct ca_subject subject;

	int64_t old_end;

	struct ca_bridge_result result; /* what came of it */

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
	free(job->address);
	free(job->upn);
	free(job->sid);
	free(job->template_name);
	free(job->template_key);
	free(job->usages);
	ca_cert_clear(&job->result.cert);
	free(job);
}

/* --- on a worker --- */

static struct ca_request
request_of(const struct job *job)
{
	return (struct ca_request){
	    .template = &job->template,
	    .subject = &job->subject,
	    .csr = job->csr,
	    .csr_len = job->csr_len,
	    .key = job->key,
	    .now = clock_now(),
	};
}

/* By our own CA, with all those behind it. */
static int
call_issue(struct job *first, struct err *err)
{
	struct ca_issuance *list;
	struct job *job;
	size_t count = 0, i = 0;
	int rc;

	for (job = first; job != NULL; job = job->next)
		count++;
	list = mem_array(count, sizeof(*list));
	for (job = first; job != NULL; job = job->next)
		list[i++].request = request_of(job);
	ca_issue_many(first->lane->ca, list, count);
	for (job = first, i = 0; job != NULL; job = job->next, i++) {
		job->err = list[i].err;
		job->result.cert = list[i].cert;
	}
	*err = list[0].err;
	rc = list[0].err.kind == ERR_NONE ? 0 : -1;
	free(list);
	return rc;
}

static int
call_bridge(struct job *job, struct err *err)
{
	const struct ca_request request = request_of(job);

	return ca_bridge_issue(job->lane->ca, job->lane->bridge, &request,
	    job->old_end, &job->result, err);
}

/* A revoked one is not found: it is nothing to hand to a device any more. */
static int
call_look(struct job *job, struct err *err)
{
	return ca_bridge_look(job->lane->ca, job->key, &job->result, err);
}

static int
call_revoke(struct job *job, struct err *err)
{
	const struct ca_bridge_end end = {
	    .reason = REASON_SUPERSEDED, .now = clock_now()};
	struct ca *ca = job->lane->ca;
	bool told;

	if (str_eq(job->result.cert.issuer, CA_ISSUER_INTERNAL))
		return ca_revoke(ca, job->serial, end.reason, end.now, err);
	return ca_bridge_revoke(
	    ca, job->lane->bridge, job->serial, &end, &told, err);
}

static int
call_find(struct job *job, struct err *err)
{
	return ca_find(
	    job->lane->ca, NULL, job->serial, &job->result.cert, err);
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
give_issued(const struct ca_bridge_result *result, struct port_issued *ret)
{
	const struct ca_cert *cert = &result->cert;
	char hex[65];
	struct buf text;

	if (result->outcome == CA_BRIDGE_ISSUED && result->text[0] != '\0')
		log_line(LOG_WARN, "ca.remark",
		    "issuer=%s serial=%s text=\"%s\"", cert->issuer,
		    cert->serial, result->text);
	if (result->outcome != CA_BRIDGE_ISSUED) {
		ret->waiting = true;
		ret->urgent = result->urgent;
		ret->retry_at = result->retry_at;
		ret->why = mem_dup(result->text);
		return;
	}
	assert(cert->der_len <= DER_MAX);
	buf_init(&text, TEXT_MAX);
	str_base64(&text, cert->der, cert->der_len);
	str_sha256_hex(cert->der, cert->der_len, hex);
	ret->der = mem_dup(buf_text(&text));
	ret->serial = mem_dup(cert->serial);
	ret->sha256 = mem_dup(hex);
	buf_free(&text);
}

static void job_done(void *arg);

static struct job *
unlink_job(struct lane *lane, struct job **at)
{
	struct job *job = *at;

	*at = job->next;
	if (*at == NULL)
		lane->end = at;
	job->next = NULL;
	return job;
}

/* The first that waits, and with one to be issued by our own CA others of that
 * kind, from wherever they stand. */
static struct job *
take(struct lane *lane)
{
	struct job *first = unlink_job(lane, &lane->first), *last = first;
	struct job **at = &lane->first;
	size_t count = 1;

	if (first->call != call_issue)
		return first;
	while (*at != NULL && count < CA_ISSUE_MANY) {
		if ((*at)->call != call_issue) {
			at = &(*at)->next;
			continue;
		}
		last->next = unlink_job(lane, at);
		last = last->next;
		count++;
	}
	return first;
}

static void
start_next(struct lane *lane)
{
	struct work_job work = {.run = job_run, .done = job_done};

	if (lane->running != NULL || lane->first == NULL)
		return;
	lane->running = take(lane);
	lane->ca = ca_hold(lane->port->ca);
	work.arg = lane->running;
	work_submit(lane->port->loop, &work);
}

static void
job_queue(struct job *job, struct lane *lane)
{
	if (lane->port->stopped) {
		job_free(job);
		return;
	}
	job->lane = lane;
	job->next = NULL;
	*lane->end = job;
	lane->end = &job->next;
	start_next(lane);
}

/* The lane of a CA by name; our own for one that is not configured (any more).
 */
static struct lane *
lane_of(struct ca_port *port, const char *issuer)
{
	size_t i;

	for (i = 1; i < port->lane_count; i++)
		if (str_eq(ca_bridge_name(port->lanes[i].bridge), issuer))
			return &port->lanes[i];
	return &port->lanes[0];
}

static void
finish(struct job *job)
{
	if (job->err.kind == ERR_NONE && job->then != NULL) {
		job->call = job->then;
		job->then = NULL;
		job_queue(
		    job, lane_of(job->lane->port, job->result.cert.issuer));
		return;
	}
	if (job->err.kind == ERR_NONE && job->ret_issued != NULL)
		give_issued(&job->result, job->ret_issued);
	if (job->err.kind == ERR_NONE && job->ret_revoked != NULL)
		*job->ret_revoked = job->result.cert.revoked_at != 0;
	job->done(job->cookie, &job->err);
	job_free(job);
}

static void
job_done(void *arg)
{
	struct job *job = arg, *next;
	struct lane *lane = job->lane;

	assert(lane->running == job);
	lane->running = NULL;
	ca_close(lane->ca);
	lane->ca = NULL;
	start_next(lane);
	for (; job != NULL; job = next) {
		next = job->next;
		finish(job);
	}
}

static struct job *
job_new(
    int (*call)(struct job *, struct err *), port_done_fn *done, void *cookie)
{
	struct job *job = mem_alloc(sizeof(*job));

	job->call = call;
	job->done = done;
	job->cookie = cookie;
	return job;
}

/* Texts of the request into the job; the CSR is then held against them. */
static void
describe(struct job *job, const struct port_request *request)
{
	const struct profile_template *t = request->template;
	const struct port_subject *s = &request->subject;

	job->device = mem_dup(request->device->name);
	job->fqdn = mem_dup(s->fqdn);
	job->short_name = mem_dup(s->short_name);
	job->address = mem_dup(s->address);
	job->upn = mem_dup(s->upn);
	job->sid = mem_dup(s->sid);
	job->template = port_template(t);
	job->template.name = job->template_name = mem_dup(t->name);
	job->template.key = job->template_key = mem_dup(t->key);
	job->template.usages = job->usages = mem_dup(t->usages);
	job->subject = (struct ca_subject){
	    .device = job->device,
	    .fqdn = job->fqdn,
	    .short_name = job->short_name,
	    .address = job->address,
	    .upn = job->upn,
	    .sid = job->sid,
	    .amt_major = device_amt_major(request->device),
	};
	/* How long there is time, where another CA takes its own. */
	job->old_end =
	    request->device->tls_enabled ? request->device->cert_not_after : 0;
}

static void
port_issue(void *self, const struct port_request *request,
    struct port_issued *ret, port_done_fn *done, void *cookie)
{
	struct lane *lane = lane_of(self, request->template->issuer);
	struct job *job = job_new(
	    lane->bridge == NULL ? call_issue : call_bridge, done, cookie);

	describe(job, request);
	job->csr = mem_copy(request->csr, request->csr_len);
	job->csr_len = request->csr_len;
	job->key = mem_dup(request->key);
	job->ret_issued = ret;
	job_queue(job, lane);
}

static void
port_look(void *self, const char *key, struct port_issued *ret,
    port_done_fn *done, void *cookie)
{
	struct job *job = job_new(call_look, done, cookie);

	job->key = mem_dup(key);
	job->ret_issued = ret;
	job_queue(job, lane_of(self, CA_ISSUER_INTERNAL));
}

static void
port_revoke(void *self, const char *serial, port_done_fn *done, void *cookie)
{
	struct job *job = job_new(call_find, done, cookie);

	job->serial = mem_dup(serial);
	job->then = call_revoke;
	job_queue(job, lane_of(self, CA_ISSUER_INTERNAL));
}

static void
port_look_revoked(void *self, const char *serial, bool *ret_revoked,
    port_done_fn *done, void *cookie)
{
	struct job *job = job_new(call_find, done, cookie);

	job->serial = mem_dup(serial);
	job->ret_revoked = ret_revoked;
	job_queue(job, lane_of(self, CA_ISSUER_INTERNAL));
}

static const struct port_roots *
port_roots(void *self)
{
	struct ca_port *port = self;

	return &port->roots;
}

int
port_ca_new(
    const struct port_ca_parts *parts, struct ports *ports, struct err *err)
{
	struct ca_port *port;
	size_t i;

	if (parts->ca == NULL)
		return err_set(err, ERR_BUG, "no CA to plug in");
	port = mem_alloc(sizeof(*port));
	port->loop = parts->loop;
	port->ca = parts->ca;
	port_ca_roots(port->ca, &port->roots);
	port->lane_count = 1 + parts->bridge_count;
	port->lanes = mem_array(port->lane_count, sizeof(*port->lanes));
	for (i = 0; i < port->lane_count; i++) {
		port->lanes[i].port = port;
		port->lanes[i].end = &port->lanes[i].first;
		if (i > 0)
			port->lanes[i].bridge = parts->bridges[i - 1];
	}
	ports->ca = (struct port_ca){
	    .self = port,
	    .issue = port_issue,
	    .look = port_look,
	    .revoke = port_revoke,
	    .look_revoked = port_look_revoked,
	    .roots = port_roots,
	};
	return 0;
}

/* What is under way ends with the one before. */
void
port_ca_use(struct ports *ports, struct ca *ca)
{
	struct ca_port *port = ports->ca.self;

	port->ca = ca;
	port_ca_roots_clear(&port->roots);
	port_ca_roots(ca, &port->roots);
}

static void
empty_lane(struct lane *lane)
{
	while (lane->first != NULL)
		job_free(unlink_job(lane, &lane->first));
}

void
port_ca_stop(struct ports *ports)
{
	struct ca_port *port = ports->ca.self;
	size_t i;

	if (port == NULL)
		return;
	port->stopped = true;
	for (i = 0; i < port->lane_count; i++)
		empty_lane(&port->lanes[i]);
	for (i = 0; i < port->lane_count; i++)
		while (port->lanes[i].running != NULL)
			loop_turn(port->loop);
}

void
port_ca_free(struct ports *ports)
{
	struct ca_port *port = ports->ca.self;
	size_t i;

	if (port == NULL)
		return;
	for (i = 0; i < port->lane_count; i++)
		assert(port->lanes[i].running == NULL &&
		    port->lanes[i].first == NULL);
	port_ca_roots_clear(&port->roots);
	free(port->lanes);
	free(port);
	memset(&ports->ca, 0, sizeof(ports->ca));
}
