#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench.h"
#include "clock.h"
#include "daemon.h"
#include "mem.h"
#include "net.h"
#include "port.h"
#include "str.h"
#include "vault.h"

#define SOME_SID "S-1-5-21-1004336348-1177238915-682003330-512"
#define OTHER_SID "S-1-5-21-1004336348-1177238915-682003330-1105"

static void
make_ca(struct bench *b)
{
	char key[256], vault[256], database[256];
	struct ca_conf conf = {.database = database, .key_file = key};
	const char *folder = simulator_folder(b->sim);
	struct err err = {0};

	snprintf(vault, sizeof(vault), "%s/vault", folder);
	snprintf(key, sizeof(key), "%s/ca.key", folder);
	snprintf(database, sizeof(database), "%s/ca.db", folder);
	if (vault_create(vault, &err) != 0 ||
	    vault_open(vault, &b->vault, &err) != 0)
		fail_msg("%s", err.text);
	conf.vault = b->vault;
	if (ca_create(&conf, &(struct ca_new){.organisation = "Test"}, &err) !=
		0 ||
	    ca_open(&conf, &b->ca, &err) != 0)
		fail_msg("%s", err.text);
}

static void
make_settings(struct bench *b)
{
	b->conf.connect_timeout = 5;
	b->conf.call_timeout = 20;
	b->conf.keygen_timeout = 60;
	b->conf.commit_window = 30;
	b->conf.dns_timeout = 5;
	b->conf.legacy_tls = true;
	b->acl[0].sid = mem_dup(SOME_SID);
	b->acl[0].realms = mem_dup("2,3,5");
	b->acl[0].access = 2;
	b->acl[1].sid = mem_dup(OTHER_SID);
	b->acl[1].realms = mem_dup("13");
	b->acl[1].access = 1;
	b->profile.shared_fqdn = true;
	b->profile.ddns = mem_dup("dhcp");
	b->profile.ddns_interval = 1440;
	b->profile.ddns_ttl = 900;
	b->profile.ping = true;
	b->profile.tls = true;
	b->profile.acl = b->acl;
	b->profile.acl_count = 2;
}

void
bench_open(struct bench *b, const char *program, const char *const *options)
{
	struct err err = {0};

	memset(b, 0, sizeof(*b));
	b->sim = simulator_start(program, BENCH_DEVICES, options);
	make_ca(b);
	make_settings(b);
	b->loop = loop_new(&err);
	assert_non_null(b->loop);
	b->net = net_new(b->loop, &err);
	assert_non_null(b->net);
	if (port_device_new(
		b->loop, b->net, &b->conf, b->ca, &b->ports, &err) != 0)
		fail_msg("%s", err.text);
}

static void
close_visit(struct bench *b)
{
	b->ports.device.close(b->ports.device.self, b->visit);
	b->visit = NULL;
}

void
bench_close(struct bench *b)
{
	if (b->ports.device.self == NULL)
		return; /* not opened: the test failed there */
	close_visit(b);
	port_device_free(&b->ports);
	net_free(b->net);
	loop_free(b->loop);
	ca_close(b->ca);
	vault_close(b->vault);
	free(b->acl[0].sid);
	free(b->acl[0].realms);
	free(b->acl[1].sid);
	free(b->acl[1].realms);
	free(b->profile.ddns);
	device_free(b->device);
	secret_free(b->password);
	simulator_stop(b->sim);
}

void
bench_device(struct bench *b, size_t i)
{
	const char *text;

	device_free(b->device);
	secret_free(b->password);
	b->device = device_new(simulator_fact(b->sim, i, "name"));
	mem_replace(&b->device->address, simulator_fact(b->sim, i, "address"));
	text = simulator_fact(b->sim, i, "password");
	b->password = secret_new(text, strlen(text));
	mem_replace(&b->device->os_host, simulator_fact(b->sim, i, "os_host"));
	mem_replace(
	    &b->device->os_domain, simulator_fact(b->sim, i, "os_domain"));
	text = simulator_fact(b->sim, i, "leaf_sha256");
	if (text[0] != '\0') {
		mem_replace(&b->device->leaf_sha256, text);
		b->device->use_tls = true;
	}
	b->device->tls_port = simulator_tls_port(b->sim);
	b->device->plain_port = simulator_plain_port(b->sim);
	bench_visit(b);
}

void
bench_visit(struct bench *b)
{
	struct err err = {0};

	close_visit(b);
	if (b->ports.device.open(b->ports.device.self, b->device, b->password,
		&b->visit, &err) != 0)
		fail_msg("%s", err.text);
}

void
bench_done(void *cookie, const struct err *err)
{
	struct bench *b = cookie;

	assert_false(b->called); /* once */
	b->called = true;
	b->err = *err;
	loop_stop(b->loop);
}

enum err_kind
bench_wait(struct bench *b)
{
	assert_false(b->called); /* never from inside the call */
	loop_run(b->loop);
	assert_true(b->called);
	b->called = false;
	return b->err.kind;
}

void
bench_must(struct bench *b)
{
	if (b->err.kind != ERR_NONE)
		fail_msg("%s: %s", err_kind_name(b->err.kind), b->err.text);
}

void
bench_fault(struct bench *b, const char *rule)
{
	const char *words[3] = {"clear", NULL, NULL};

	if (rule[0] != '\0') {
		words[0] = "fault";
		words[1] = rule;
	}
	(void)simulator_tell(b->sim, words);
}

void
bench_issue(struct bench *b, const struct buf *csr, const char *fqdn)
{
	const struct ca_template template = {.name = "test",
	    .validity = 90 * CLOCK_DAY,
	    .renew_before = 30 * CLOCK_DAY,
	    .backdate = 3600,
	    .key = "auto"};
	const struct ca_subject subject = {.device = b->device->name,
	    .fqdn = fqdn,
	    .amt_major = device_amt_major(b->device)};
	const struct ca_request request = {.template = &template,
	    .subject = &subject,
	    .csr = csr->data,
	    .csr_len = csr->len,
	    .key = fqdn,
	    .now = clock_now()};
	struct ca_cert cert = {0};
	struct err err = {0};
	struct buf text;

	if (ca_issue(b->ca, &request, &cert, &err) != 0)
		fail_msg("%s", err.text);
	buf_init(&text, 16384);
	str_base64(&text, cert.der, cert.der_len);
	mem_replace(&b->device->next_cert, buf_text(&text));
	mem_replace(&b->device->next_cert_serial, cert.serial);
	buf_free(&text);
	ca_cert_clear(&cert);
}
