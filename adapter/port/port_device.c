#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "ca.h"
#include "clock.h"
#include "conf.h"
#include "device.h"
#include "err.h"
#include "loop.h"
#include "mem.h"
#include "net.h"
#include "port.h"
#include "port_device_internal.h"
#include "str.h"
#include "wsman.h"

/*
 * The engine's port to devices, over amt and wsman.  A visit is one connection
 * to one device, made when it is first needed; a port call is a job on it:
 *
 *   start -> resolve the address (once) -> run -> end -> done()
 *              |                            ^      |
 *              +--> unreachable             +------+  the device is away on
 *                                            pause    purpose and was not
 *                                                     reached: once more
 */
#define RETRY_MS 2000
#define MAX_PEM ((size_t)512 * 1024)
#define NAME 256
#define LEGACY_MAJOR 11 /* the last firmware with TLS before 1.2 */
/* What no certificate hashes to: looks at the leaf and goes no further. */
#define NO_LEAF                                                                \
	"0000000000000000000000000000000000000000000000000000000000000000"

/* A name being looked up outlives a visit that is closed meanwhile. */
struct lookup {
	struct visit *visit; /* NULL: nobody waits any more */
};

static void connect_job(struct visit *v);

/* --- waiting --- */

static void
on_timer(void *cookie)
{
	struct visit *v = cookie;
	void (*wake)(struct visit *) = v->wake;

	v->wake = NULL;
	wake(v);
}

static void
sleep_then(struct visit *v, int64_t ms, void (*wake)(struct visit *v))
{
	v->wake = wake;
	loop_timer_set(v->timer, (uint64_t)ms);
}

/* --- a job's life --- */

static void
run_job(struct visit *v)
{
	struct err err = {0};

	if (v->job.run(v, &err) != 0)
		visit_end(v, &err);
}

static void
clear_job(struct visit *v)
{
	amt_free(v->fresh);
	v->fresh = NULL;
	if (v->job.free_state != NULL)
		v->job.free_state(v->job.state);
	free(v->job.state);
	memset(&v->job, 0, sizeof(v->job));
}

void
visit_start(struct visit *v, job_fn *run, const struct job_args *args,
    port_done_fn *done, void *cookie)
{
	assert(v->job.run == NULL);
	v->job.run = run;
	if (args != NULL)
		v->job.args = *args;
	v->job.done = done;
	v->job.cookie = cookie;
	sleep_then(v, 0, connect_job); /* done() never from inside the call */
}

void
visit_end(void *cookie, const struct err *err)
{
	struct visit *v = cookie;
	port_done_fn *done = v->job.done;
	void *done_cookie = v->job.cookie;
	struct err own = *err;
	bool nothing_done =
	    own.kind == ERR_UNREACHABLE || own.kind == ERR_PROTOCOL;

	v->refused = own.kind == ERR_UNREACHABLE && net_refused(&own);
	if (own.kind == ERR_UNREACHABLE && net_no_tls(&own))
		err_set(&own, ERR_UNREACHABLE, PORT_NO_TLS " on port %lld",
		    (long long)v->device->tls_port);
	if (net_wants_certificate(&own))
		err_set(&own, own.kind,
		    PORT_WANTS_CERT " (mutual TLS) on port %lld",
		    (long long)v->device->tls_port);
	if (nothing_done && v->job.changed) {
		own.kind = ERR_UNKNOWN;
	} else if (nothing_done && clock_mono_ms() < v->retry_until) {
		sleep_then(v, RETRY_MS, run_job);
		return;
	}
	clear_job(v);
	done(done_cookie, &own);
}

void *
visit_state(struct visit *v, size_t size, void (*free_state)(void *state))
{
	struct job *job = &v->job;

	if (job->free_state != NULL)
		job->free_state(job->state);
	free(job->state);
	job->state = mem_alloc(size);
	job->free_state = free_state;
	return job->state;
}

void
visit_expect_absence(struct visit *v)
{
	v->retry_until = clock_mono_ms() + v->port->conf->commit_window * 1000;
	wsman_forget(amt_session(v->amt));
	amt_free(v->amt);
	v->amt = NULL;
	visit_proven_drop(v);
}

/* --- where it is --- */

static void
unresolved(struct visit *v)
{
	struct err err = {0};
	struct buf name;
	char text[NAME];
	size_t at = 0;
	const char *first = device_next_place(v->device, &at, text);

	buf_init(&name, 4 * (size_t)NAME);
	str_printable(&name, first, strlen(first), NAME);
	err_set(&err, ERR_UNREACHABLE, PORT_NO_NAME ": %s", buf_text(&name));
	buf_free(&name);
	visit_end(v, &err);
}

static void resolve_next(struct visit *v);

static void
on_name(void *cookie, const char *address)
{
	struct lookup *lookup = cookie;
	struct visit *v = lookup->visit;

	free(lookup);
	if (v == NULL)
		return;
	v->lookup = NULL;
	loop_timer_stop(v->timer);
	if (address == NULL) {
		resolve_next(v);
		return;
	}
	v->address = mem_dup(address);
	run_job(v);
}

/* The resolver takes too long: go on without it. */
static void
on_dns_timeout(struct visit *v)
{
	v->lookup->visit = NULL;
	v->lookup = NULL;
	resolve_next(v);
}

static void
resolve_next(struct visit *v)
{
	char text[NAME];
	const char *name = device_next_place(v->device, &v->place, text);

	if (name == NULL) {
		unresolved(v);
		return;
	}
	v->lookup = mem_alloc(sizeof(*v->lookup));
	v->lookup->visit = v;
	sleep_then(v, v->port->conf->dns_timeout * 1000, on_dns_timeout);
	loop_resolve(v->port->loop, name, on_name, v->lookup);
}

static void
connect_job(struct visit *v)
{
	if (v->address != NULL) {
		run_job(v);
		return;
	}
	v->place = 0;
	resolve_next(v);
}

/* --- sessions --- */

static unsigned
to_ms(int64_t seconds)
{
	return (unsigned)(seconds * 1000);
}

/* Firmware whose version we do not know yet may be old. */
static bool
may_be_legacy(const struct visit *v)
{
	return v->port->conf->legacy_tls &&
	    device_amt_major(v->device) <= LEGACY_MAJOR;
}

/* Texts in *trust point into the record, next (65) and name. */
static void
fill_trust(const struct visit *v, struct net_trust *trust, char next[65],
    char name[NAME])
{
	const struct device *d = v->device;
	const char *amt = device_amt_fqdn(d, name);

	memset(trust, 0, sizeof(*trust));
	if (!str_empty(d->leaf_sha256))
		trust->leaf_sha256 = d->leaf_sha256;
	if (str_base64_sha256(d->next_cert, MAX_DER, next) == 0)
		trust->leaf2_sha256 = next;
	trust->ca_pem = v->port->chain_pem;
	trust->name = str_empty(amt) ? device_host_fqdn(d, name) : amt;
}

static struct amt *
make_session(struct visit *v, const struct fresh *how, struct err *err)
{
	const struct conf *conf = v->port->conf;
	const struct device *d = v->device;
	struct net_trust trust = {.leaf_sha256 = NO_LEAF};
	bool tls = (d->use_tls || how->leaf_only) && !how->plain;
	char next[65], name[NAME];
	struct wsman_conf wc = {.address = v->address,
	    .port = (uint16_t)(tls ? d->tls_port : d->plain_port),
	    .tls = tls,
	    .legacy_tls = may_be_legacy(v),
	    .trust = &trust,
	    .realm = d->digest_realm,
	    .user = d->admin_user,
	    .password = how->password,
	    .token = how->token,
	    .connect_ms = to_ms(conf->connect_timeout),
	    .call_ms = to_ms(conf->call_timeout)};
	struct wsman *session = NULL;

	if (!how->leaf_only)
		fill_trust(v, &trust, next, name);
	if (wsman_new(v->port->net, &wc, &session, err) != 0)
		return NULL;
	return amt_new(v->port->loop, session);
}

struct amt *
visit_session(struct visit *v, struct err *err)
{
	const struct fresh how = {.password = v->password};

	if (v->password == NULL) {
		err_set(
		    err, ERR_INVALID, "no password is known for this device");
		return NULL;
	}
	if (v->amt == NULL)
		v->amt = make_session(v, &how, err);
	return v->amt;
}

void
visit_proven_drop(struct visit *v)
{
	amt_free(v->proven);
	v->proven = NULL;
	secret_free(v->proven_with);
	v->proven_with = NULL;
}

void
visit_proven_keep(struct visit *v, const struct secret *password)
{
	visit_proven_drop(v);
	v->proven = v->fresh;
	v->fresh = NULL;
	v->proven_with = secret_copy(password);
}

struct amt *
visit_fresh(struct visit *v, const struct fresh *how, struct err *err)
{
	visit_proven_drop(v); /* firmware takes two connections at a time */
	amt_free(v->fresh);
	v->fresh = make_session(v, how, err);
	return v->fresh;
}

/* --- the port --- */

static int
open_visit(void *self, const struct device *device,
    const struct secret *password, struct visit **ret_visit, struct err *err)
{
	struct device_port *port = self;
	struct visit *v;

	if (device->tls_port < 1 || device->tls_port > UINT16_MAX ||
	    device->plain_port < 1 || device->plain_port > UINT16_MAX)
		return err_set(
		    err, ERR_INVALID, "device's port number is out of range");
	v = mem_alloc(sizeof(*v));
	v->port = port;
	v->device = device_copy(device);
	if (password != NULL)
		v->password = secret_copy(password);
	v->timer = loop_timer_new(port->loop, on_timer, v);
	*ret_visit = v;
	return 0;
}

static void
close_visit(void *self, struct visit *v)
{
	(void)self;
	if (v == NULL)
		return;
	clear_job(v);
	visit_proven_drop(v);
	if (v->lookup != NULL)
		v->lookup->visit = NULL;
	amt_free(v->amt);
	loop_timer_del(v->timer);
	secret_free(v->password);
	device_free(v->device);
	free(v->address);
	free(v);
}

static void
use_password(void *self, struct visit *v, const struct secret *password)
{
	(void)self;
	assert(v->job.run == NULL);
	secret_free(v->password);
	v->password = secret_copy(password);
	amt_free(v->amt);
	v->amt = NULL;
	/* It is logged in with this one already? */
	if (v->proven != NULL && secret_equal(v->proven_with, password) == 1) {
		v->amt = v->proven;
		v->proven = NULL;
	}
	visit_proven_drop(v);
}

static void
forget_ca(struct device_port *port)
{
	X509_STORE_free(port->roots);
	cert_memory_free(port->certs);
	free(port->chain_pem);
}

/* What is said of certificates depends on whose are ours. */
static int
take_ca(struct device_port *port, struct ca *ca, struct err *err)
{
	X509_STORE *roots = NULL;
	struct buf pem;
	int rc = -1;

	buf_init(&pem, MAX_PEM);
	if (ca_trust_pem(ca, &pem, err) == 0)
		roots = cert_roots(buf_text(&pem), err);
	if (roots != NULL) {
		forget_ca(port);
		port->chain_pem = mem_dup(buf_text(&pem));
		port->roots = roots;
		port->certs = cert_memory_new();
		port->ca = ca;
		rc = 0;
	}
	buf_free(&pem);
	return rc;
}

int
port_device_use(struct ports *ports, struct ca *ca, struct err *err)
{
	return take_ca(ports->device.self, ca, err);
}

int
port_device_new(struct loop *loop, struct net *net, const struct conf *conf,
    struct ca *ca, struct ports *ports, struct err *err)
{
	struct device_port *port = mem_alloc(sizeof(*port));

	if (take_ca(port, ca, err) != 0) {
		free(port);
		return -1;
	}
	port->loop = loop;
	port->net = net;
	port->conf = conf;
	port->bridges = conf->bridge_count > 0;
	ports->device.self = port;
	ports->device.open = open_visit;
	ports->device.close = close_visit;
	ports->device.password_use = use_password;
	port_device_looks(&ports->device);
	port_device_stores(&ports->device);
	port_device_logins(&ports->device);
	port_device_acts(&ports->device);
	return 0;
}

void
port_device_free(struct ports *ports)
{
	struct device_port *port = ports->device.self;

	if (port == NULL)
		return;
	forget_ca(port);
	free(port);
	ports->device.self = NULL;
}
