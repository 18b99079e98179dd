#include "daemon.h"

#include <stdlib.h>
#include <string.h>

#include "bridge.h"
#include "ca.h"
#include "clock.h"
#include "conf.h"
#include "desk.h"
#include "engine.h"
#include "err.h"
#include "loop.h"
#include "mem.h"
#include "net.h"
#include "port.h"
#include "ports.h"
#include "profile.h"
#include "store.h"
#include "str.h"
#include "vault.h"

/* --- set-up, in order --- */

static int
open_store(struct daemon *d, struct err *err)
{
	if (vault_open(d->conf->vault_key, &d->vault, err) != 0)
		return err_context(err, "vault key");
	if (store_open(d->conf->database, d->vault, &d->store, err) != 0)
		return err_context(err, "store");
	return 0;
}

struct ca_conf
daemon_ca_conf(const struct daemon *d)
{
	struct ca_conf files = {.database = d->conf->ca_database,
	    .key_file = d->conf->ca_key,
	    .vault = d->vault,
	    .url = d->conf->revocation_url};

	return files;
}

static int
open_bridge(struct daemon *d, const struct conf_bridge *b, struct err *err)
{
	const struct ca_bridge_conf conf = {
	    .name = b->name,
	    .kind = b->kind,
	    .url = b->url,
	    .policy = b->policy,
	    .label = b->label,
	    .mount = b->mount,
	    .space = b->space,
	    .anchors = b->anchors,
	    .tls_ca = b->tls_ca,
	    .certificate = b->certificate,
	    .key = b->key,
	    .user = b->user,
	    .password_file = b->password_file,
	    .token_file = b->token_file,
	    .signer = b->signer,
	    .command = b->command,
	    .principal = d->tickets != NULL ? d->conf->principal : NULL,
	    .ticket = desk_ticket,
	    .tickets = d->tickets,
	    .timeout = b->timeout,
	    .retry_first = b->retry_first,
	    .retry_most = b->retry_most,
	};

	if (ca_bridge_open(&conf, &d->bridges[d->bridge_count], err) != 0)
		return -1;
	d->bridge_count++;
	return 0;
}

int
daemon_open_bridges(struct daemon *d, struct err *err)
{
	const struct conf *conf = d->conf;
	size_t i;

	if (conf->directory && conf->principal != NULL && conf->keytab != NULL)
		d->tickets = desk_tickets_new(conf);
	if (d->conf->bridge_count > 0)
		d->bridges = mem_array(
		    d->conf->bridge_count, sizeof(struct ca_bridge *));
	for (i = 0; i < d->conf->bridge_count; i++)
		if (open_bridge(d, &d->conf->bridges[i], err) != 0)
			return -1;
	return 0;
}

static int
open_ca(struct daemon *d, struct err *err)
{
	struct ca_conf files = daemon_ca_conf(d);

	if (ca_open(&files, &d->ca, err) != 0)
		return err_context(err, "CA");
	return daemon_open_bridges(d, err);
}

struct ca_bridge *
daemon_bridge(const struct daemon *d, const char *name)
{
	size_t i;

	for (i = 0; i < d->bridge_count; i++)
		if (str_eq(ca_bridge_name(d->bridges[i]), name))
			return d->bridges[i];
	return NULL;
}

static bool
issuer_known(const struct conf *conf, const char *issuer)
{
	size_t i;

	for (i = 0; i < conf->bridge_count; i++)
		if (str_eq(conf->bridges[i].name, issuer))
			return true;
	return str_eq(issuer, CA_ISSUER_INTERNAL);
}

/* A template whose issuer nobody has configured. */
static int
check_issuers(const struct daemon *d, struct err *err)
{
	const struct profile *p = d->profile;
	const char *issuer;
	size_t i;

	for (i = 0; i < p->template_count; i++) {
		issuer = p->templates[i].issuer;
		if (!issuer_known(d->conf, issuer))
			return err_set(err, ERR_INVALID,
			    "%s: template %s: issuer %.40s is neither internal "
			    "nor one of the bridges in %s",
			    d->conf->profile, p->templates[i].name,
			    issuer == NULL ? "''" : issuer, d->conf->file);
	}
	return 0;
}

static int
open_ca_port(struct daemon *d, struct err *err)
{
	const struct port_ca_parts parts = {
	    .loop = d->loop,
	    .ca = d->ca,
	    .bridges = d->bridges,
	    .bridge_count = d->bridge_count,
	};

	return port_ca_new(&parts, d->ports, err);
}

static int
open_ports(struct daemon *d, struct err *err)
{
	d->loop = loop_new(err);
	if (d->loop == NULL)
		return -1;
	d->net = net_new(d->loop, err);
	if (d->net == NULL)
		return -1;
	d->ports = mem_alloc(sizeof(*d->ports));
	if (port_device_new(d->loop, d->net, d->conf, d->ca, d->ports, err) !=
	    0)
		return -1;
	if (open_ca_port(d, err) != 0)
		return -1;
	return port_directory_new(d->loop, d->conf, d->ports, err);
}

static int
open_engine(struct daemon *d, const char *actor, struct err *err)
{
	struct engine_deps deps = {.loop = d->loop,
	    .store = d->store,
	    .ports = d->ports,
	    .conf = d->conf,
	    .profile = d->profile,
	    .actor = actor};

	d->engine = engine_new(&deps, err);
	return d->engine == NULL ? -1 : 0;
}

int
daemon_load(const char *conf_file, struct daemon *ret_daemon, struct err *err)
{
	struct daemon d = {.conf = NULL};

	if (conf_load(conf_file, &d.conf, err) != 0)
		goto fail;
	if (profile_load(d.conf->profile, &d.profile, err) != 0)
		goto fail;
	if (d.profile->ad && !d.conf->directory) {
		(void)err_set(err, ERR_INVALID,
		    "%s: ad is enabled, but directory is not in %s",
		    d.conf->profile, d.conf->file);
		goto fail;
	}
	if (check_issuers(&d, err) != 0)
		goto fail;
	*ret_daemon = d;
	return 0;
fail:
	daemon_close(&d);
	return -1;
}

int
daemon_open(struct daemon *d, enum daemon_parts parts, const char *actor,
    struct err *err)
{
	if (open_store(d, err) != 0)
		return -1;
	if (parts >= DAEMON_CA && open_ca(d, err) != 0)
		return -1;
	if (parts >= DAEMON_ENGINE &&
	    (open_ports(d, err) != 0 || open_engine(d, actor, err) != 0))
		return -1;
	return 0;
}

/* A run whose answer is at a worker keeps the loop going; but when the store
 * fails the loop ends with calls still out, which know the run and the CA. */
static void
stop_work(struct daemon *d)
{
	if (d->engine == NULL)
		return;
	engine_stop(d->engine);
	port_directory_stop(d->ports);
	port_ca_stop(d->ports);
}

static void
close_ports(struct ports *ports)
{
	if (ports == NULL)
		return;
	if (ports->directory.self != NULL)
		port_directory_free(ports);
	if (ports->ca.self != NULL)
		port_ca_free(ports);
	if (ports->device.self != NULL)
		port_device_free(ports);
	free(ports);
}

void
daemon_close(struct daemon *d)
{
	size_t i;

	stop_work(d);
	engine_free(d->engine);
	close_ports(d->ports);
	if (d->net != NULL)
		net_free(d->net);
	if (d->loop != NULL)
		loop_free(d->loop);
	for (i = 0; i < d->bridge_count; i++)
		ca_bridge_close(d->bridges[i]);
	free(d->bridges);
	desk_tickets_free(d->tickets);
	ca_close(d->ca);
	if (d->store != NULL)
		store_close(d->store);
	vault_close(d->vault);
	profile_free(d->profile);
	conf_free(d->conf);
	memset(d, 0, sizeof(*d));
}

/* --- waiting --- */

void
daemon_waited(void *wait, const struct err *err)
{
	struct daemon_wait *w = wait;

	w->err = *err;
	loop_stop(w->loop);
}

int
daemon_await(struct daemon_wait *w, struct err *err)
{
	loop_run(w->loop);
	if (w->err.kind == ERR_NONE)
		return 0;
	if (err != NULL)
		*err = w->err;
	return -1;
}
