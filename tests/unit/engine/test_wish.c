/* The object that stands for a device: the engine says what it is to be, once,
 * for those who compare and those who write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "device.h"
#include "mem.h"
#include "profile.h"
#include "wish_internal.h"

static char pattern[64];
static struct profile profile = {.names_sync = true, .account = pattern};
static struct wish_object object;
static struct device *d;

static int
set_up(void **state)
{
	(void)state;
	(void)strcpy(pattern, "%h-iME$");
	d = device_new("in-fleet.corp.example");
	mem_replace(&d->os_host, "PC1");
	mem_replace(&d->os_domain, "Corp.Example");
	memset(&object, 0, sizeof(object));
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	device_free(d);
	return 0;
}

static void
test_names_of_the_object(void **state)
{
	(void)state;
	wish_object(d, &profile, &object);
	assert_string_equal(object.account, "pc1-iME$");
	assert_string_equal(object.fqdn, "pc1.corp.example");
	assert_string_equal(object.spns,
	    "HTTP/pc1.corp.example:16992 HTTP/pc1.corp.example:16993 "
	    "HTTP/pc1.corp.example:16994 HTTP/pc1.corp.example:16995 "
	    "HTTP/pc1.corp.example:623 HTTP/pc1.corp.example:664");
}

static void
test_account_patterns(void **state)
{
	static const struct {
		const char *pattern, *account;
	} cases[] = {
	    {"%h$", "pc1$"},
	    {"%h$iME$", "pc1$iME$"},
	    {"AMT-%h$", "AMT-pc1$"},
	    {"%h%h$", "pc1pc1$"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)strcpy(pattern, cases[i].pattern);
		wish_object(d, &profile, &object);
		assert_string_equal(object.account, cases[i].account);
	}
	/* An object that is there keeps its name: with it the key's salt. */
	mem_replace(&d->ad_account, "Old-iME$");
	wish_object(d, &profile, &object);
	assert_string_equal(object.account, "Old-iME$");
}

/* The longest names there are do not run into each other. */
static void
test_long_names(void **state)
{
	char host[64], domain[190];

	(void)state;
	memset(host, 'a', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	memset(domain, 'b', sizeof(domain) - 1);
	domain[sizeof(domain) - 1] = '\0';
	domain[62] = domain[125] = '.';
	mem_replace(&d->os_host, host);
	mem_replace(&d->os_domain, domain);
	wish_object(d, &profile, &object);
	assert_int_equal(strlen(object.fqdn), 253);
	assert_int_equal(strlen(object.account), 63 + strlen("-iME$"));
	assert_int_equal(strlen(object.spns),
	    6 * (strlen("HTTP/:") + 253 + 1) - 1 + 4 * 5 + 2 * 3);
}

/* What an old device cannot hold a key of, the KDC must not use. */
static void
test_encryption_types(void **state)
{
	static const struct {
		const char *version;
		int64_t enctypes;
	} cases[] = {{NULL, 24}, {"16.1.25", 24}, {"8.0.0", 24}, {"7.1.91", 4}};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		mem_replace(&d->amt_version, cases[i].version);
		wish_object(d, &profile, &object);
		assert_int_equal(object.enctypes, cases[i].enctypes);
	}
}

/* Of what the template names: what is known, and of addresses those that stay.
 */
static void
test_names_of_the_certificate(void **state)
{
	static char name[] = "tls";
	struct profile_template t = {.name = name, .short_name = true};
	struct profile p = {.names_sync = true,
	    .template_name = name,
	    .templates = &t,
	    .template_count = 1};
	struct buf out;

	(void)state;
	buf_init(&out, WISH_TEXT);
	t.address = t.upn = t.sid = true;
	wish_cert_names(d, &p, &out);
	assert_string_equal(buf_text(&out), "dns:pc1 dns:pc1.corp.example");
	d->read_at = 1;
	mem_replace(&d->ip_address, "192.0.2.7");
	mem_replace(&d->ad_upn, "pc1-iME$@corp.example");
	mem_replace(&d->ad_sid, "S-1-5-21-7");
	buf_reset(&out);
	wish_cert_names(d, &p, &out);
	assert_string_equal(buf_text(&out),
	    "dns:pc1 dns:pc1.corp.example ip:192.0.2.7 sid:S-1-5-21-7 "
	    "upn:pc1-iME$@corp.example");
	mem_replace(&d->cert_names, buf_text(&out));
	assert_true(wish_cert_names_met(d, &p));
	d->dhcp_enabled = true;
	assert_false(wish_cert_names_met(d, &p));
	t = (struct profile_template){.name = name};
	buf_reset(&out);
	wish_cert_names(d, &p, &out);
	assert_string_equal(buf_text(&out), "dns:pc1.corp.example");
	buf_free(&out);
}

static void
test_marks(void **state)
{
	(void)state;
	wish_object(d, &profile, &object);
	assert_string_equal(
	    object.mark, "Intel AMT device in-fleet.corp.example");
	assert_string_equal(object.former_mark, "");
	mem_replace(&d->uuid, "4c4c4544-0000-1000-8000-000000000001");
	wish_object(d, &profile, &object);
	assert_string_equal(object.mark,
	    "Intel AMT device 4c4c4544-0000-1000-8000-000000000001");
	assert_string_equal(
	    object.former_mark, "Intel AMT device in-fleet.corp.example");
}

static void
test_object_as_wished(void **state)
{
	(void)state;
	wish_object(d, &profile, &object);
	assert_false(wish_object_met(d, &profile));
	mem_replace(&d->ad_dn, "CN=pc1-iME,OU=AMT");
	mem_replace(&d->ad_dns_host, "PC1.corp.example"); /* case is nothing */
	mem_replace(&d->ad_spns, object.spns);
	d->ad_enctypes = 24;
	assert_true(wish_object_met(d, &profile));
	d->ad_enctypes = 28;
	assert_false(wish_object_met(d, &profile));
	d->ad_enctypes = 24;
	mem_replace(&d->os_host, "pc2");
	assert_false(wish_object_met(d, &profile));
}

/* However a writer escapes and pads. */
static void
test_names_of_places(void **state)
{
	static const char plain[] = "OU=Caf\xc3\xa9\\, north,DC=x";

	(void)state;
	assert_true(wish_dn_in("CN=a,OU=b,DC=x", "ou=B, dc = X"));
	assert_true(wish_dn_in("CN=a\\,b,OU=b", "OU=b"));
	assert_true(wish_dn_in("CN=a\\2cb,OU=b", "OU=b"));
	assert_true(wish_dn_in("CN=a,OU=Caf\\C3\\A9\\2C north ,DC=x", plain));
	assert_false(wish_dn_in("CN=a,OU=b c,DC=x", "OU=bc,DC=x"));
	assert_false(wish_dn_in("CN=a,OU=b,OU=c", "OU=c"));
	assert_false(wish_dn_in("OU=c", "OU=c"));
	assert_false(wish_dn_in("CN=a\\,OU=c", "OU=c"));
	assert_false(wish_dn_in("", ""));
	assert_false(wish_dn_in("CN=a\\", "OU=c"));
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(test_names_of_the_object),
	    cmocka_unit_test(test_names_of_places),
	    ROW(test_account_patterns),
	    ROW(test_long_names),
	    ROW(test_encryption_types),
	    ROW(test_names_of_the_certificate),
	    ROW(test_marks),
	    ROW(test_object_as_wished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
