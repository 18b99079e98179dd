#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conn_internal.h"
#include "control_internal.h"
#include "firmware.h"
#include "fleet_internal.h"

/*
 * Commands of the control socket.  get tells the whole truth about a device,
 * except its private keys.
 */
#define BOOT_MS 1000 /* of a power cycle */
#define DAY_MS 86400000

static void
error(struct text *out, const char *text)
{
	text_adds(out, "{\"error\":");
	text_json(out, text);
	text_adds(out, "}");
}

static void
put_string(struct text *out, const char *name, const char *value)
{
	text_addf(out, "\"%s\":", name);
	text_json(out, value);
	text_adds(out, ",");
}

static void
put_int(struct text *out, const char *name, int64_t value)
{
	text_addf(out, "\"%s\":%lld,", name, (long long)value);
}

static void
put_bool(struct text *out, const char *name, bool value)
{
	text_addf(out, "\"%s\":%s,", name, value ? "true" : "false");
}

static void
put_hex(struct text *out, const char *name, const void *data, size_t len)
{
	text_addf(out, "\"%s\":\"", name);
	text_hex(out, data, len);
	text_adds(out, "\",");
}

/* Ends an object or list whose last member left a comma. */
static void
put_end(struct text *out, char end)
{
	if (out->data[out->len - 1] == ',')
		out->len--;
	text_addf(out, "%c", end);
}

static void
put_leaf(struct text *out, struct sim_port *p)
{
	uint8_t leaf[32];

	if (tls_leaf(p, leaf))
		put_hex(out, "leaf_sha256", leaf, sizeof(leaf));
	else
		text_adds(out, "\"leaf_sha256\":null,");
}

static void
put_summary(struct text *out, struct sim_port *p)
{
	const struct sim_state *s = &p->dev->state;
	char ip[INET_ADDRSTRLEN], version[48];

	(void)inet_ntop(AF_INET, &p->addr, ip, sizeof(ip));
	snprintf(
	    version, sizeof(version), "%d.%d.%d", s->major, s->minor, s->build);
	put_int(out, "index", p->dev->index);
	put_string(out, "name", p->name);
	put_string(out, "address", ip);
	put_string(out, "firmware", version);
	put_string(out, "os_fqdn", s->os_fqdn);
	put_bool(out, "offline", p->offline);
	put_bool(out, "tls_open", listen_open(p, SIM_PORT_TLS));
	put_bool(out, "plain_open", listen_open(p, SIM_PORT_PLAIN));
	put_int(out, "clock_offset_ms", s->clock_offset_ms);
	put_leaf(out, p);
}

static void
put_tls(struct text *out, const char *name, const struct sim_tls *t)
{
	text_addf(out, "\"%s\":{", name);
	put_bool(out, "enabled", t->enabled);
	put_bool(out, "mutual", t->mutual);
	put_bool(out, "plain", t->plain);
	put_bool(out, "local_enabled", t->local_enabled);
	put_int(out, "cert_handle", t->cert_handle);
	put_end(out, '}');
	text_adds(out, ",");
}

static void
put_store(struct text *out, const struct sim_state *s)
{
	size_t i;

	text_adds(out, "\"certs\":[");
	for (i = 0; i < SIM_MAX_CERTS; i++) {
		const struct sim_cert *cert = &s->certs[i];

		if (!cert->used)
			continue;
		text_adds(out, "{");
		put_int(out, "handle", cert->handle);
		put_bool(out, "root", cert->trusted_root);
		put_bool(out, "read_only", cert->read_only);
		put_hex(out, "der", cert->der, cert->der_len);
		put_end(out, '}');
		text_adds(out, ",");
	}
	put_end(out, ']');
	text_adds(out, ",\"keys\":[");
	for (i = 0; i < SIM_MAX_KEYS; i++)
		if (s->keys[i].used)
			text_addf(out, "%d,", s->keys[i].handle);
	put_end(out, ']');
	text_adds(out, ",");
}

static void
put_acl(struct text *out, const struct sim_state *s)
{
	size_t i;

	text_adds(out, "\"acl\":[");
	for (i = 0; i < SIM_MAX_ACL; i++) {
		const struct sim_acl *a = &s->acl[i];

		if (!a->used)
			continue;
		text_adds(out, "{");
		put_int(out, "handle", a->handle);
		put_string(out, "user", a->user);
		put_hex(out, "sid", a->sid, a->sid_len);
		put_int(out, "access", a->access);
		put_int(out, "realms", a->realms);
		put_bool(out, "enabled", a->enabled);
		put_end(out, '}');
		text_adds(out, ",");
	}
	put_end(out, ']');
	text_adds(out, ",");
}

static void
put_network(struct text *out, const struct sim_state *s)
{
	put_string(out, "host", s->host);
	put_string(out, "domain", s->domain);
	put_bool(out, "shared_fqdn", s->shared_fqdn);
	put_bool(out, "ddns_client", s->ddns_client);
	put_bool(out, "ddns_dhcp", s->ddns_dhcp);
	put_int(out, "ddns_interval", s->ddns_interval);
	put_int(out, "ddns_ttl", s->ddns_ttl);
	put_bool(out, "ping", s->ping);
	put_bool(out, "rmcp_ping", s->rmcp_ping);
	put_bool(out, "wsman_only", s->wsman_only);
	put_string(out, "ip", s->ip);
	put_bool(out, "dhcp", s->dhcp);
	put_bool(out, "ip_sync", s->ip_sync);
	put_bool(out, "shared_static", s->shared_static);
}

static void
put_kerberos(struct text *out, const struct sim_state *s)
{
	put_bool(out, "krb_enabled", s->krb_enabled);
	put_string(out, "krb_realm", s->krb_realm);
	put_int(out, "krb_kvno", s->krb_kvno);
	put_int(out, "krb_tolerance", s->krb_tolerance);
	put_bool(out, "krb_has_rc4", s->krb_has_rc4);
	put_bool(out, "krb_has_aes", s->krb_has_aes);
	put_hex(out, "krb_rc4", s->krb_rc4, sizeof(s->krb_rc4));
	put_hex(out, "krb_aes256", s->krb_aes256, sizeof(s->krb_aes256));
}

static void
put_counters(struct text *out, const struct sim_port *p)
{
	const struct sim_state *s = &p->dev->state;

	put_int(out, "flash_writes", (int64_t)s->flash_writes);
	put_int(out, "wrong_credentials", (int64_t)s->wrong_credentials);
	put_int(out, "stale_credentials", (int64_t)p->stale);
	put_int(out, "tickets_refused", (int64_t)p->tickets_refused);
	put_int(out, "client_errors", (int64_t)p->client_errors);
	if (p->last_client_error != NULL)
		put_string(out, "last_client_error", p->last_client_error);
	put_int(out, "connections", (int64_t)p->connections);
	put_int(out, "requests", (int64_t)p->requests);
}

static void
run_get(struct sim *s, struct sim_port *p, char *rest, struct text *out)
{
	const struct sim_state *state = &p->dev->state;

	(void)s;
	(void)rest;
	text_adds(out, "{");
	put_summary(out, p);
	put_string(out, "uuid", state->uuid);
	put_string(out, "realm", state->realm);
	put_string(out, "admin_user", state->admin_user);
	put_hex(out, "admin_ha1", state->admin_ha1, sizeof(state->admin_ha1));
	put_int(out, "clock_ms", sim_now_ms(p->dev));
	put_bool(out, "clock_set", state->clock_set);
	put_network(out, state);
	put_tls(out, "committed", &state->committed);
	put_tls(out, "staged", &state->staged);
	put_store(out, state);
	put_acl(out, state);
	put_kerberos(out, state);
	put_counters(out, p);
	put_end(out, '}');
}

static void
ok(struct text *out)
{
	text_adds(out, "{\"ok\":true}");
}

static void
run_list(struct sim *s, char *rest, struct text *out)
{
	size_t i;

	(void)rest;
	text_adds(out, "[");
	for (i = 0; i < s->count; i++) {
		text_adds(out, "{");
		put_summary(out, &s->ports[i]);
		put_end(out, '}');
		text_adds(out, ",");
	}
	put_end(out, ']');
}

static void
run_fault(struct sim *s, char *rest, struct text *out)
{
	const char *problem;

	if (rules_add(&s->rules, rest, &problem) < 0)
		error(out, problem);
	else
		ok(out);
}

static void
run_faults(struct sim *s, char *rest, struct text *out)
{
	(void)rest;
	rules_json(&s->rules, out);
}

static void
run_clear(struct sim *s, char *rest, struct text *out)
{
	size_t i;

	(void)rest;
	rules_clear(&s->rules);
	for (i = 0; i < s->count; i++)
		conn_release(&s->ports[i]);
	ok(out);
}

static void
run_stats(struct sim *s, char *rest, struct text *out)
{
	const struct stats *st = &s->stats;
	size_t i;

	(void)rest;
	text_adds(out, "{");
	put_int(out, "devices", (int64_t)s->count);
	put_bool(out, "shared_listeners", s->shared);
	put_int(out, "connections", (int64_t)st->connections);
	put_int(out, "refused", (int64_t)st->refused);
	put_int(out, "handshakes", (int64_t)st->handshakes);
	put_int(out, "resumed", (int64_t)st->resumed);
	put_int(out, "requests", (int64_t)st->requests);
	put_int(out, "unauthorized", (int64_t)st->unauthorized);
	put_int(out, "faults", (int64_t)st->faults);
	text_adds(out, "\"methods\":{");
	for (i = 0; i < SIM_METHODS && st->methods[i].count > 0; i++)
		put_int(
		    out, st->methods[i].name, (int64_t)st->methods[i].count);
	put_end(out, '}');
	text_adds(out, "}");
}

static void
run_quit(struct sim *s, char *rest, struct text *out)
{
	(void)rest;
	loop_stop(&s->loop);
	ok(out);
}

static void
set_skew(struct sim *s, struct sim_port *p, char *rest, struct text *out)
{
	int64_t ms;

	(void)s;
	if (number(rest, -(int64_t)DAY_MS * 36500, (int64_t)DAY_MS * 36500,
		&ms) < 0) {
		error(out, "skew-ms needs a number of milliseconds");
		return;
	}
	p->dev->state.clock_offset_ms = ms;
	p->dev->state.dirty = true;
	ok(out);
}

static void
set_os_fqdn(struct sim *s, struct sim_port *p, char *rest, struct text *out)
{
	(void)s;
	if (*rest == '\0' || strlen(rest) >= sizeof(p->dev->state.os_fqdn)) {
		error(out, "os-fqdn needs a name");
		return;
	}
	strcpy(p->dev->state.os_fqdn, rest);
	p->dev->state.dirty = true;
	ok(out);
}

static void
set_power_cycle(struct sim *s, struct sim_port *p, char *rest, struct text *out)
{
	(void)s;
	(void)rest;
	conn_reset_all(p, NULL);
	sim_firmware_boot(p->dev);
	p->dev->state.dirty = true;
	memset(p->nonces, 0, sizeof(p->nonces));
	memset(p->accounts, 0, sizeof(p->accounts));
	free(p->replays);
	p->replays = NULL;
	tls_reload(p);
	listen_refuse(p, BOOT_MS);
	ok(out);
}

static void
set_offline(struct sim *s, struct sim_port *p, char *rest, struct text *out)
{
	(void)s;
	(void)rest;
	p->offline = true;
	conn_reset_all(p, NULL);
	listen_update(p);
	ok(out);
}

static void
set_online(struct sim *s, struct sim_port *p, char *rest, struct text *out)
{
	(void)s;
	(void)rest;
	p->offline = false;
	listen_update(p);
	ok(out);
}

static void
set_answer_now(struct sim *s, struct sim_port *p, char *rest, struct text *out)
{
	(void)s;
	(void)rest;
	conn_release(p);
	ok(out);
}

static void
set_hold_roots(struct sim *s, struct sim_port *p, char *rest, struct text *out)
{
	char *word = word_next(&rest);

	(void)s;
	sim_firmware_options(p->dev)->hold_roots =
	    word != NULL && strcmp(word, "on") == 0;
	ok(out);
}

/* As another tool does it; the listener begins anew. */
static void
set_mutual(struct sim *s, struct sim_port *p, char *rest, struct text *out)
{
	char *word = word_next(&rest);
	bool on = word != NULL && strcmp(word, "on") == 0;

	(void)s;
	p->dev->state.committed.mutual = on;
	p->dev->state.staged.mutual = on;
	p->dev->state.dirty = true;
	conn_reset_all(p, NULL);
	tls_reload(p);
	ok(out);
}

static const struct {
	const char *word;
	void (*run)(
	    struct sim *s, struct sim_port *p, char *rest, struct text *out);
} settings[] = {
    {"skew-ms", set_skew},
    {"os-fqdn", set_os_fqdn},
    {"power-cycle", set_power_cycle},
    {"offline", set_offline},
    {"online", set_online},
    {"answer-now", set_answer_now},
    {"hold-roots", set_hold_roots},
    {"mutual", set_mutual},
};

static void
run_set(struct sim *s, struct sim_port *p, char *rest, struct text *out)
{
	char *word = word_next(&rest);
	size_t i;

	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (word == NULL || strcmp(word, settings[i].word) != 0)
			continue;
		settings[i].run(s, p, rest, out);
		if (p->dev->state.dirty)
			(void)state_save(s, p->dev);
		return;
	}
	error(out,
	    "set DEVICE skew-ms N, os-fqdn NAME, power-cycle, offline, "
	    "online, answer-now, hold-roots on|off or mutual on|off");
}

static const struct {
	const char *word;
	void (*all)(struct sim *s, char *rest, struct text *out);
	void (*one)(
	    struct sim *s, struct sim_port *p, char *rest, struct text *out);
} commands[] = {
    {"list", run_list, NULL},
    {"get", NULL, run_get},
    {"set", NULL, run_set},
    {"fault", run_fault, NULL},
    {"faults", run_faults, NULL},
    {"clear", run_clear, NULL},
    {"stats", run_stats, NULL},
    {"quit", run_quit, NULL},
};

void
command_run(struct sim *s, char *line, struct text *out)
{
	char *rest = line, *word = word_next(&rest), *name;
	struct sim_port *p;
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (word == NULL || strcmp(word, commands[i].word) != 0)
			continue;
		if (commands[i].all != NULL) {
			commands[i].all(s, rest, out);
			return;
		}
		name = word_next(&rest);
		p = name == NULL ? NULL : fleet_find(s, name);
		if (p == NULL)
			error(out, "no such device");
		else
			commands[i].one(s, p, rest, out);
		return;
	}
	error(out,
	    "commands: list, get, set, fault, faults, clear, stats, "
	    "quit");
}
