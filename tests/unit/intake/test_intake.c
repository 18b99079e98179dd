/* intake.h: what a new device may be called, and be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>
#include <string.h>

#include "buf.h"
#include "device.h"
#include "err.h"
#include "intake.h"
#include "secret.h"

#define HEX32 "0123456789ABCDEF0123456789abcdef"

static void
makes_a_record(void **state)
{
	const struct intake in = {.name = "PC1.Corp.Example",
	    .address = "2001:db8::1",
	    .uuid = "4C4C4544-0000-1111-2222-333344445555",
	    .os_host = "pc1",
	    .os_domain = "corp.example",
	    .os_address = "192.0.2.7",
	    .site = "Zürich 2",
	    .leaf_sha256 = HEX32 HEX32};
	struct err err = {0};
	struct device *d = intake_device(&in, &err);

	(void)state;
	assert_non_null(d);
	assert_string_equal(d->name, "pc1.corp.example");
	assert_string_equal(d->address, "2001:db8::1");
	assert_string_equal(d->uuid, "4c4c4544-0000-1111-2222-333344445555");
	assert_string_equal(d->os_address, "192.0.2.7");
	assert_string_equal(d->site, "Zürich 2");
	assert_null(strpbrk(d->leaf_sha256, "ABCDEF"));
	assert_true(d->use_tls);
	assert_string_equal(d->admin_user, "admin");
	assert_true(d->next_due > 0); /* serve looks at it at once */
	assert_string_equal(d->due_play, "auto");
	device_free(d);
}

static void
takes_nothing_for_nothing(void **state)
{
	const struct intake in = {
	    .name = "pc1", .address = "", .uuid = "", .plain = true};
	struct device *d = intake_device(&in, NULL);

	(void)state;
	assert_non_null(d);
	assert_null(d->address);
	assert_null(d->uuid);
	assert_false(d->use_tls);
	device_free(d);
}

static void
refuses(void **state)
{
	static const struct {
		struct intake in;
		const char *field;
	} cases[] = {
	    {{.name = NULL}, "name: is missing"},
	    {{.name = ""}, "name: is missing"},
	    {{.name = "a b"}, "name: must be"},
	    {{.name = "a", .address = "1.2.3.4:80"}, "address: must be"},
	    {{.name = "a", .address = "192.0.2.999"}, "address: must be"},
	    {{.name = "a", .address = "pc.2"}, "address: must be"},
	    {{.name = "a", .uuid = "4c4c4544"}, "uuid: must be"},
	    {{.name = "a", .uuid = "00000000-0000-0000-0000-000000000000"},
		"uuid: must be"},
	    {{.name = "a", .uuid = "ffffffff-FFFF-ffff-ffff-ffffffffffff"},
		"uuid: must be"},
	    {{.name = "a", .uuid = "4c4c4544-0000-1111-2222-33334444555g"},
		"uuid: must be"},
	    {{.name = "a", .uuid = "4c4c4544-0000-1111-2222-3333444455555"},
		"uuid: must be"},
	    {{.name = "a", .os_host = "a.b"}, "os_host: must be"},
	    {{.name = "a", .os_domain = "-"}, "os_domain: must be"},
	    {{.name = "a", .os_address = "pc"}, "os_address: must be"},
	    {{.name = "a", .site = "a\nb"}, "site: must be"},
	    {{.name = "a", .leaf_sha256 = HEX32}, "leaf_sha256: must be"},
	    {{.name = "a", .leaf_sha256 = HEX32 HEX32, .plain = true},
		"leaf_sha256: a device without TLS"},
	};
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		err_clear(&err);
		assert_null(intake_device(&cases[i].in, &err));
		assert_int_equal(err.kind, ERR_INVALID);
		assert_non_null(strstr(err.text, cases[i].field));
	}
}

static void
knows_firmware_passwords(void **state)
{
	static const struct {
		const char *text;
		int rc;
	} cases[] = {{"P@ssw0rd", 0}, {"short1!", -1},
	    {"P@ssw0rdP@ssw0rdP@ssw0rdP@ssw0rd", 0},
	    {"P@ssw0rdP@ssw0rdP@ssw0rdP@ssw0rd1", -1}, {"P@ss:w0rd", -1},
	    {"P@ss,w0rd", -1}, {"P@ss\"w0rd", -1}, {"P@ss\x80w0rd", -1}};
	struct secret *secret;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		err_clear(&err);
		secret = secret_new(cases[i].text, strlen(cases[i].text));
		assert_int_equal(
		    intake_check_password(secret, &err), cases[i].rc);
		assert_null(strstr(err.text, cases[i].text));
		secret_free(secret);
	}
}

static void
changes_what_is_given(void **state)
{
	const struct intake facts = {.name = "pc1",
	    .address = "192.0.2.1",
	    .os_host = "PC1",
	    .site = "Berlin",
	    .leaf_sha256 = HEX32 HEX32};
	const struct intake same = {
	    .name = "pc1", .os_host = "pc1", .site = "", .uuid = ""};
	const struct intake other = {.name = "pc1",
	    .os_host = "pc9",
	    .os_domain = "corp.example",
	    .site = "berlin"};
	const struct intake wrong = {
	    .name = "pc1", .os_host = "pc2", .site = "a\nb"};
	struct device *d = intake_device(&facts, NULL);
	struct buf changed;
	struct err err = {0};

	(void)state;
	assert_non_null(d);
	buf_init(&changed, INTAKE_FIELDS_MAX);
	assert_int_equal(intake_change(&same, d, &changed, &err), 0);
	assert_string_equal(buf_text(&changed), "");
	assert_string_equal(d->os_host, "PC1"); /* host names have no case */
	assert_int_equal(intake_change(&wrong, d, &changed, &err), -1);
	assert_string_equal(buf_text(&changed), "");
	assert_string_equal(d->os_host, "PC1");
	assert_int_equal(intake_change(&other, d, &changed, &err), 0);
	assert_string_equal(buf_text(&changed), "os_host,os_domain,site");
	assert_string_equal(d->os_host, "pc9");
	assert_string_equal(d->address, "192.0.2.1");
	assert_non_null(d->leaf_sha256);
	buf_free(&changed);
	device_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(makes_a_record),
	    cmocka_unit_test(takes_nothing_for_nothing),
	    cmocka_unit_test(refuses),
	    cmocka_unit_test(changes_what_is_given),
	    cmocka_unit_test(knows_firmware_passwords),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
