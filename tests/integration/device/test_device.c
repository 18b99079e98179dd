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
#include "mem.h"
#include "str.h"

/* Every call of the device port, over real connections. */

static const char *program;
static struct bench bench;

/* Two devices of one firmware; the first one as drift says. */
static struct bench *
open_bench(const char *firmware, const char *drift)
{
	/* Away long enough after a commit that waiting for it matters. */
	const char *const options[] = {"--firmware", firmware, "--drift", drift,
	    "--commit-down", "3000", NULL};

	bench_open(&bench, program, options);
	bench_device(&bench, 0);
	return &bench;
}

static int
teardown(void **state)
{
	(void)state;
	bench_close(&bench);
	return 0;
}

/* --- replacing the certificate, from nothing to nothing left over --- */

static void
make_key(struct bench *b)
{
	struct port_pki before = {0}, after = {0};
	const char *spki;
	size_t i, j;

	(void)BENCH_CALL(
	    b, look_pki, PORT_KEYS | PORT_CERTS | PORT_TLS_CERT, &before);
	bench_must(b);
	(void)BENCH_CALL(b, key_generate, b->device->key_bits);
	bench_must(b);
	(void)BENCH_CALL(
	    b, look_pki, PORT_KEYS | PORT_CERTS | PORT_TLS_CERT, &after);
	bench_must(b);
	assert_int_equal(after.key_count, before.key_count + 1);
	for (i = 0; i < after.key_count; i++) {
		spki = after.keys[i].spki;
		for (j = 0; j < before.key_count; j++)
			if (str_eq(before.keys[j].spki, spki))
				break;
		if (j < before.key_count)
			continue;
		assert_false(after.keys[i].in_use);
		mem_replace(&b->device->next_key_handle, after.keys[i].handle);
		mem_replace(&b->device->next_key_spki, spki);
	}
	port_pki_clear(&before);
	port_pki_clear(&after);
}

static void
add_cert(struct bench *b, const char *fqdn)
{
	const struct port_csr wish = {.key_handle = b->device->next_key_handle,
	    .spki = b->device->next_key_spki,
	    .subject = {.fqdn = fqdn}};
	struct port_pki pki = {0};
	struct buf csr;
	size_t i;

	buf_init(&csr, 16384);
	(void)BENCH_CALL(b, csr_make, &wish, &csr);
	bench_must(b);
	bench_issue(b, &csr, fqdn);
	buf_free(&csr);
	(void)BENCH_CALL(b, cert_add, b->device->next_cert);
	bench_must(b);
	/* Twice is as good as once. */
	(void)BENCH_CALL(b, cert_add, b->device->next_cert);
	bench_must(b);
	(void)BENCH_CALL(
	    b, look_pki, PORT_KEYS | PORT_CERTS | PORT_TLS_CERT, &pki);
	bench_must(b);
	for (i = 0; i < pki.cert_count; i++) {
		if (!str_eq(pki.certs[i].der, b->device->next_cert))
			continue;
		assert_true(pki.certs[i].ours);
		assert_string_equal(
		    pki.certs[i].serial, b->device->next_cert_serial);
		mem_replace(&b->device->next_cert_handle, pki.certs[i].handle);
	}
	assert_non_null(b->device->next_cert_handle);
	port_pki_clear(&pki);
}

/* Commit, and see the new certificate in a handshake. */
static void
switch_cert(struct bench *b, enum err_kind expected)
{
	struct device *d = b->device;
	char leaf[65] = "";

	bench_visit(b); /* trusts next_cert from now on */
	assert_int_equal(
	    BENCH_CALL(b, tls_switch, d->next_cert_handle, &b->profile),
	    expected);
	(void)BENCH_CALL(b, look_leaf, leaf);
	bench_must(b);
	(void)BENCH_CALL(b, look, PORT_ALL, d);
	bench_must(b);
	assert_string_equal(d->cert_sha256, leaf);
	assert_string_equal(d->cert_serial, d->next_cert_serial);
	assert_true(d->cert_ours);
	assert_true(d->tls_enabled);
	assert_string_equal(d->cert_handle, d->next_cert_handle);
	assert_string_equal(d->cert_key_handle, d->next_key_handle);
	mem_replace(&d->leaf_sha256, leaf);
	d->use_tls = true;
	mem_replace(&d->next_cert, NULL);
	mem_replace(&d->next_cert_handle, NULL);
	mem_replace(&d->next_key_handle, NULL);
	bench_visit(b);
}

static void
replace_cert(struct bench *b, enum err_kind expected)
{
	struct device *d = b->device;
	char *old_cert, *old_key;

	(void)BENCH_CALL(b, look, PORT_ALL, d);
	bench_must(b);
	old_cert = mem_dup(d->cert_handle);
	old_key = mem_dup(d->cert_key_handle);
	make_key(b);
	add_cert(b, d->name);
	switch_cert(b, expected);
	assert_non_null(strstr(d->cert_names, d->name));
	if (old_cert != NULL) {
		(void)BENCH_CALL(b, cert_delete, old_cert);
		bench_must(b);
		(void)BENCH_CALL(b, cert_delete, old_cert); /* gone is gone */
		bench_must(b);
	}
	if (old_key != NULL) {
		(void)BENCH_CALL(b, key_delete, old_key);
		bench_must(b);
	}
	free(old_cert);
	free(old_key);
}

static void
replaces_over_tls(void **state)
{
	(void)state;
	replace_cert(open_bench("15.0.23", "none"), ERR_NONE);
}

static void
switches_tls_on(void **state)
{
	struct bench *b = open_bench("11.8.50", "tls-off");

	(void)state;
	assert_false(b->device->use_tls);
	replace_cert(b, ERR_NONE);
	assert_true(b->device->use_tls);
}

/* The answer to the commit is lost: unknown, and then found to be done. */
static void
survives_a_lost_commit(void **state)
{
	struct bench *b = open_bench("12.0.24", "none");

	(void)state;
	bench_fault(b,
	    "* AMT_SetupAndConfigurationService.CommitChanges drop-answer "
	    "times 1");
	replace_cert(b, ERR_UNKNOWN);
}

/* --- settings --- */

static void
looks_and_sets(void **state)
{
	struct bench *b = open_bench("14.1.70", "clock-renamed");
	struct device *d = b->device;
	struct secret *key = secret_new("Secret-Of-AD-1234", 17);
	const struct port_names names = {.host = "renamed",
	    .domain = "other.example",
	    .profile = &b->profile};
	const struct port_kerberos krb = {.realm = "AD.EXAMPLE.TEST",
	    .kvno = 7,
	    .password = key,
	    .salt = "AD.EXAMPLE.TESThostpc0.ad.example.test",
	    .iterations = 4096};
	int64_t offset = 0;

	(void)state;
	(void)BENCH_CALL(b, look, PORT_ALL, d);
	bench_must(b);
	assert_string_equal(d->amt_version, "14.1.70");
	assert_string_equal(d->control_mode, "acm");
	assert_true(str_starts(d->digest_realm, "Digest:"));
	assert_true(d->clock_offset_ms < -10000000);
	assert_true(d->read_at > 0);

	b->ports.device.clock_set(
	    b->ports.device.self, b->visit, bench_done, b);
	(void)bench_wait(b);
	bench_must(b);
	(void)BENCH_CALL(b, look_clock, &offset);
	bench_must(b);
	assert_in_range(offset + 3000, 0, 6000);

	(void)BENCH_CALL(b, names_set, &names);
	bench_must(b);
	(void)BENCH_CALL(b, kerberos_set, &krb);
	bench_must(b);
	/* Kerberos users need Kerberos on. */
	(void)BENCH_CALL(b, acl_set, &b->profile);
	bench_must(b);
	(void)BENCH_CALL(b, look, PORT_ALL, d);
	bench_must(b);
	assert_string_equal(d->amt_host, "renamed");
	assert_string_equal(d->amt_domain, "other.example");
	assert_string_equal(d->ddns_mode, "dhcp");
	assert_true(d->krb_enabled);
	assert_int_equal(d->krb_kvno, 7);
	assert_string_equal(d->krb_realm, "AD.EXAMPLE.TEST");
	assert_string_equal(d->krb_enctypes, "rc4,aes128,aes256");
	assert_non_null(strstr(d->acl_sids, "-512:2,3,5"));
	assert_non_null(strstr(d->acl_sids, "-1105:13"));

	/* One entry less, one changed. */
	b->profile.acl_count = 1;
	mem_replace(&b->acl[0].realms, "3");
	(void)BENCH_CALL(b, acl_set, &b->profile);
	bench_must(b);
	(void)BENCH_CALL(b, look, PORT_ALL, d);
	bench_must(b);
	assert_null(strchr(d->acl_sids, ' '));
	assert_non_null(strstr(d->acl_sids, "-512:3"));
	secret_free(key);
}

/* What is not asked for is left as the record has it. */
static void
looks_in_part(void **state)
{
	struct bench *b = open_bench("16.1.25", "none");
	struct device *d = b->device;
	struct port_pki pki = {0};

	(void)state;
	d->key_bits = 1;
	(void)BENCH_CALL(b, look, PORT_GENERAL, d);
	bench_must(b);
	assert_non_null(d->amt_host);
	assert_null(d->amt_version);
	assert_null(d->acl_sids);
	assert_null(d->cert_sha256);
	assert_int_equal(d->read_at, 0);
	(void)BENCH_CALL(b, look, PORT_CERTIFICATE, d);
	bench_must(b);
	assert_string_equal(d->cert_sha256, d->leaf_sha256);
	assert_non_null(d->cert_handle);
	assert_non_null(d->cert_key_handle);
	assert_int_equal(d->key_bits, 1);
	(void)BENCH_CALL(b, look_pki, PORT_KEYS, &pki);
	bench_must(b);
	assert_true(pki.key_count > 0);
	assert_int_equal(pki.cert_count, 0);
	assert_string_equal(pki.tls_cert, "");
	port_pki_clear(&pki);
}

/* Devices whose firmware differs: TLS versions, default certificates, plain
 * ports, what classes know. Before AMT 8 there is the RC4 key only. */
static void
look_at_all(const char *firmware, const char *enctypes)
{
	struct bench *b = open_bench(firmware, "none");
	struct secret *key = secret_new("Secret-Of-AD-1234", 17);
	const struct port_kerberos krb = {.realm = "AD.EXAMPLE.TEST",
	    .kvno = 2,
	    .password = key,
	    .salt = "salt",
	    .iterations = 4096};
	struct device *d;
	size_t i;

	for (i = 0; i < BENCH_DEVICES; i++) {
		bench_device(b, i);
		d = b->device;
		(void)BENCH_CALL(b, look, PORT_ALL, d);
		bench_must(b);
		assert_string_equal(
		    d->amt_version, simulator_fact(b->sim, i, "firmware"));
		assert_string_equal(d->uuid, simulator_fact(b->sim, i, "uuid"));
		bench_visit(b);
		(void)BENCH_CALL(b, kerberos_set, &krb);
		bench_must(b);
		(void)BENCH_CALL(b, look, PORT_ALL, d);
		bench_must(b);
		assert_string_equal(d->krb_enctypes, enctypes);
	}
	secret_free(key);
}

static void
looks_at_all_firmware(void **state)
{
	(void)state;
	look_at_all("mix", "rc4,aes128,aes256");
}

static void
looks_at_old_firmware(void **state)
{
	(void)state;
	look_at_all("7.1.91", "rc4");
}

static void
tells_the_factory_certificate(void **state)
{
	struct bench *b = open_bench("16.1.25", "none");
	struct device *d = b->device;
	struct port_pki pki = {0};
	char handle[64] = "";
	size_t i;

	(void)state;
	(void)BENCH_CALL(b, look, PORT_ALL, d);
	bench_must(b);
	assert_false(d->cert_read_only);
	(void)BENCH_CALL(b, look_pki, PORT_CERTS, &pki);
	bench_must(b);
	for (i = 0; i < pki.cert_count; i++) {
		if (!pki.certs[i].read_only)
			continue;
		mem_replace(&d->next_cert, pki.certs[i].der);
		(void)snprintf(
		    handle, sizeof(handle), "%s", pki.certs[i].handle);
	}
	port_pki_clear(&pki);
	bench_visit(b); /* trusts next_cert from now on */
	(void)BENCH_CALL(b, tls_switch, handle, &b->profile);
	bench_must(b);
	(void)BENCH_CALL(b, look, PORT_CERTIFICATE, d);
	bench_must(b);
	assert_string_equal(d->cert_handle, handle);
	assert_true(d->cert_read_only);
}

static enum err_kind
look_plain(struct bench *b)
{
	b->ports.device.look_plain(
	    b->ports.device.self, b->visit, bench_done, b);
	return bench_wait(b);
}

/* A device that should have TLS and has it off: the plain port says so without
 * credentials, and only for the device we know. */
static void
sees_tls_switched_off(void **state)
{
	struct bench *b = open_bench("12.0.67", "tls-off");
	struct device *d = b->device;

	(void)state;
	assert_false(d->use_tls);
	(void)BENCH_CALL(b, look, PORT_ALL, d);
	bench_must(b);
	d->use_tls = true;
	bench_visit(b);
	assert_int_equal(look_plain(b), ERR_UNREACHABLE);
	assert_int_equal(BENCH_CALL(b, look, PORT_CLOCK, d), ERR_UNREACHABLE);
	assert_int_equal(look_plain(b), ERR_NONE);
	mem_replace(&d->digest_realm, "Digest:of-another");
	bench_visit(b);
	assert_int_equal(BENCH_CALL(b, look, PORT_CLOCK, d), ERR_UNREACHABLE);
	assert_int_equal(look_plain(b), ERR_UNREACHABLE);
}

/* The link goes down for a moment after each; the calls that follow wait. */
static void
changes_the_address_mode(void **state)
{
	struct bench *b = open_bench("15.0.23", "none");
	struct device *d = b->device;

	(void)state;
	(void)BENCH_CALL(b, ip_set, "host");
	assert_true(b->err.kind == ERR_NONE || b->err.kind == ERR_UNKNOWN);
	(void)BENCH_CALL(b, look, PORT_ALL, d);
	bench_must(b);
	assert_false(d->dhcp_enabled);
	assert_true(d->ip_sync);
	(void)BENCH_CALL(b, ip_set, "dhcp");
	assert_true(b->err.kind == ERR_NONE || b->err.kind == ERR_UNKNOWN);
	(void)BENCH_CALL(b, look, PORT_ALL, d);
	bench_must(b);
	assert_true(d->dhcp_enabled);
}

static void
changes_the_password(void **state)
{
	struct bench *b = open_bench("15.0.23", "none");
	struct secret *fresh = secret_new("Fresh-Pass-Word-77", 18);
	int64_t offset;

	(void)state;
	(void)BENCH_CALL(b, look, PORT_ALL, b->device);
	bench_must(b);
	assert_int_equal(BENCH_CALL(b, check_login, fresh), ERR_DENIED);
	bench_fault(b,
	    "* AMT_AuthorizationService.SetAdminAclEntryEx drop-answer "
	    "times 1");
	assert_int_equal(BENCH_CALL(b, password_set, fresh), ERR_UNKNOWN);
	(void)BENCH_CALL(b, check_login, fresh);
	bench_must(b);
	b->ports.device.password_use(b->ports.device.self, b->visit, fresh);
	(void)BENCH_CALL(b, look_clock, &offset);
	bench_must(b);
	assert_int_equal(BENCH_CALL(b, check_login, b->password), ERR_DENIED);
	secret_free(fresh);
}

/* A number that the simulator counted: of all devices, or of this one. */
static long
counted(struct bench *b, const char *name, bool of_device)
{
	const char *const all[] = {"stats", NULL};
	const char *const one[] = {"get", b->device->name, NULL};
	const char *at = simulator_tell(b->sim, of_device ? one : all);
	char text[64];

	(void)snprintf(text, sizeof(text), "\"%s\":", name);
	at = strstr(at, text);
	assert_non_null(at);
	return at == NULL ? -1 : strtol(at + strlen(text), NULL, 10);
}

/* Who has logged in with a password to prove it is not challenged again; the
 * TLS session of the visit serves the login, too. */
static void
goes_on_from_a_login(void **state)
{
	struct bench *b = open_bench("15.0.23", "none");
	struct secret *wrong = secret_new("Wrong-Password-1", 16);
	long before, full;
	int64_t offset;

	(void)state;
	(void)BENCH_CALL(b, look_clock, &offset);
	full = counted(b, "handshakes", false) - counted(b, "resumed", false);
	assert_int_equal(full, 1);
	(void)BENCH_CALL(b, check_login, b->password);
	bench_must(b);
	before = counted(b, "unauthorized", false);
	b->ports.device.password_use(
	    b->ports.device.self, b->visit, b->password);
	(void)BENCH_CALL(b, look_clock, &offset);
	bench_must(b);
	assert_int_equal(counted(b, "unauthorized", false), before);
	full = counted(b, "handshakes", false) - counted(b, "resumed", false);
	assert_int_equal(full, 1);
	/* With another password, from the start: not one that was proven. */
	(void)BENCH_CALL(b, check_login, b->password);
	b->ports.device.password_use(b->ports.device.self, b->visit, wrong);
	assert_int_equal(BENCH_CALL(b, look_clock, &offset), ERR_DENIED);
	assert_int_equal(counted(b, "wrong_credentials", true), 1);
	secret_free(wrong);
}

/* A proof is over when the password changes: it is sent once, not as if its
 * nonce were stale. */
static void
proves_until_the_password_changes(void **state)
{
	struct bench *b = open_bench("15.0.23", "none");
	struct secret *fresh = secret_new("Fresh-Pass-Word-77", 18);
	int64_t offset;

	(void)state;
	(void)BENCH_CALL(b, look, PORT_ALL, b->device);
	(void)BENCH_CALL(b, check_login, b->password);
	bench_must(b);
	(void)BENCH_CALL(b, password_set, fresh);
	bench_must(b);
	b->ports.device.password_use(
	    b->ports.device.self, b->visit, b->password);
	assert_int_equal(BENCH_CALL(b, look_clock, &offset), ERR_DENIED);
	assert_int_equal(counted(b, "wrong_credentials", true), 1);
	assert_int_equal(counted(b, "stale_credentials", true), 0);
	secret_free(fresh);
}

/* --- what must not work --- */

/* One wrong password leaves, however often it is asked. */
static void
tries_a_password_once(void **state)
{
	struct bench *b = open_bench("15.0.23", "none");
	const char *const get[] = {"get", b->device->name, NULL};
	int64_t offset;

	(void)state;
	secret_free(b->password);
	b->password = secret_new("Wrong-Password-1", 16);
	bench_visit(b);
	assert_int_equal(BENCH_CALL(b, look_clock, &offset), ERR_DENIED);
	assert_int_equal(BENCH_CALL(b, look_clock, &offset), ERR_DENIED);
	assert_non_null(
	    strstr(simulator_tell(b->sim, get), "\"wrong_credentials\":1,"));
}

static void
refuses_strangers(void **state)
{
	struct bench *b = open_bench("15.0.23", "none");
	struct device *d = b->device;
	char leaf[65] = "";

	(void)state;
	mem_replace(&d->leaf_sha256, NULL);
	bench_visit(b);
	assert_int_equal(BENCH_CALL(b, look, PORT_ALL, d), ERR_UNTRUSTED);
	(void)BENCH_CALL(b, look_leaf, leaf);
	bench_must(b);
	assert_string_equal(leaf, simulator_fact(b->sim, 0, "leaf_sha256"));
	mem_replace(&d->leaf_sha256, leaf);
	mem_replace(
	    &d->digest_realm, "Digest:00000000000000000000000000000000");
	bench_visit(b);
	assert_int_equal(BENCH_CALL(b, look, PORT_ALL, d), ERR_UNTRUSTED);
	mem_replace(&d->digest_realm, NULL);
	mem_replace(&d->uuid, "00000000-1111-2222-3333-444444444444");
	bench_visit(b);
	assert_int_equal(BENCH_CALL(b, look, PORT_ALL, d), ERR_UNTRUSTED);
}

static void
tells_unreachable_from_unknown(void **state)
{
	struct bench *b = open_bench("15.0.23", "none");
	const char *const offline[] = {"set", b->device->name, "offline", NULL};
	int64_t offset;

	(void)state;
	(void)BENCH_CALL(b, look_clock, &offset);
	bench_must(b);
	/* A lost answer to a question leaves nothing unknown. */
	bench_fault(b,
	    "* AMT_TimeSynchronizationService.GetLowAccuracyTimeSynch "
	    "drop-answer times 1");
	assert_int_equal(BENCH_CALL(b, look_clock, &offset), ERR_UNREACHABLE);
	bench_fault(b,
	    "* AMT_TimeSynchronizationService.SetHighAccuracyTimeSynch "
	    "drop-answer times 1");
	b->ports.device.clock_set(
	    b->ports.device.self, b->visit, bench_done, b);
	assert_int_equal(bench_wait(b), ERR_UNKNOWN);
	(void)simulator_tell(b->sim, offline);
	assert_int_equal(BENCH_CALL(b, look_clock, &offset), ERR_UNREACHABLE);
	mem_replace(&b->device->address, NULL);
	mem_replace(&b->device->os_host, NULL);
	mem_replace(&b->device->name, "pc0.invalid");
	bench_visit(b);
	assert_int_equal(BENCH_CALL(b, look_clock, &offset), ERR_UNREACHABLE);
	assert_true(str_starts(b->err.text, "name does not resolve"));
}

/* Closing in the middle of anything is quiet. */
static void
closes_at_any_time(void **state)
{
	struct bench *b = open_bench("15.0.23", "none");
	int64_t offset = 0;

	(void)state;
	b->ports.device.look_clock(
	    b->ports.device.self, b->visit, &offset, bench_done, b);
	bench_visit(b);
	b->ports.device.look(
	    b->ports.device.self, b->visit, PORT_ALL, b->device, bench_done, b);
	bench_visit(b);
	(void)BENCH_CALL(b, look_clock, &offset);
	bench_must(b);
	b->ports.device.look(
	    b->ports.device.self, b->visit, PORT_ALL, b->device, bench_done, b);
}

#define TEST(f) cmocka_unit_test_teardown(f, teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    TEST(looks_and_sets),
	    TEST(looks_in_part),
	    TEST(looks_at_all_firmware),
	    TEST(looks_at_old_firmware),
	    TEST(tells_the_factory_certificate),
	    TEST(sees_tls_switched_off),
	    TEST(replaces_over_tls),
	    TEST(switches_tls_on),
	    TEST(survives_a_lost_commit),
	    TEST(changes_the_address_mode),
	    TEST(changes_the_password),
	    TEST(goes_on_from_a_login),
	    TEST(proves_until_the_password_changes),
	    TEST(tries_a_password_once),
	    TEST(refuses_strangers),
	    TEST(tells_unreachable_from_unknown),
	    TEST(closes_at_any_time),
	};

	if (argc != 2) {
		fputs("usage: integration_device AMTKEEPER-SIM\n", stderr);
		return 2;
	}
	program = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
