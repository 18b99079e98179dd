/* adapter/store/device: the table of fields and what follows from them. */
#include "fixture.h"

#include "buf.h"
#include "file.h"
#include "str.h"

#define HEADER TESTS_DIR "/../adapter/store/device.h"

/* The declared type a member of this name has in the header, or -1. */
static int
declared(const char *header, const char *name)
{
	static const struct {
		const char *text;
		int kind;
	} forms[] = {
	    {"char *", DEVICE_TEXT},
	    {"char\n\t    *", DEVICE_TEXT},
	    {"int64_t ", DEVICE_INT},
	    {"bool ", DEVICE_BOOL},
	};
	char *text;
	size_t i;
	int kind = -1;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		text = mem_printf("%s%s;", forms[i].text, name);
		if (strstr(header, text) != NULL)
			kind = forms[i].kind;
		free(text);
	}
	return kind;
}

/* The struct and nothing behind it, and how many members it has. */
static size_t
read_struct(struct buf *header)
{
	char *body, *end, *at;
	size_t n = 0;

	buf_init(header, 1 << 20);
	assert_int_equal(file_read(HEADER, 1 << 20, header, NULL), 0);
	body = strstr((char *)header->data, "struct device {");
	assert_non_null(body);
	end = strstr(body, "\n};");
	assert_non_null(end);
	*end = '\0';
	memmove(header->data, body, strlen(body) + 1);
	/* Comments hold semicolons too: a member is a ';' outside of them. */
	for (at = (char *)header->data; *at != '\0'; at++) {
		if (str_starts(at, "/*"))
			at = strstr(at, "*/");
		assert_non_null(at);
		if (*at == ';')
			n++;
	}
	return n;
}

/* A member that is missing in the table would silently not be stored. */
static void
test_every_member(void **state)
{
	const struct device_field *fields;
	struct buf header;
	size_t count, members, i;
	int kind;

	(void)state;
	members = read_struct(&header);
	fields = device_fields(&count);
	assert_int_equal(members, count + 1); /* and id */
	for (i = 0; i < count; i++) {
		kind = declared((const char *)header.data, fields[i].name);
		if (kind == -1)
			fail_msg("%s is no member", fields[i].name);
		if (fields[i].type == DEVICE_TIME)
			assert_int_equal(kind, DEVICE_INT);
		else
			assert_int_equal(kind, fields[i].type);
		assert_ptr_equal(device_field(fields[i].name), &fields[i]);
		if (i > 0)
			assert_true(fields[i - 1].offset < fields[i].offset);
	}
	assert_null(device_field("id"));
	assert_null(device_field(""));
	assert_null(device_field("Name"));
	buf_free(&header);
}

static void
test_groups(void **state)
{
	(void)state;
	assert_int_equal(device_field("name")->group, DEVICE_HOST);
	assert_int_equal(device_field("plain_port")->group, DEVICE_HOST);
	assert_int_equal(device_field("use_tls")->group, DEVICE_STATE);
	assert_int_equal(device_field("next_due")->group, DEVICE_STATE);
	assert_int_equal(device_field("lease_token")->group, DEVICE_LEASE);
}

static void
test_defaults(void **state)
{
	struct device *d;

	(void)state;
	d = device_new("pc1.corp.example");
	assert_string_equal(d->name, "pc1.corp.example");
	assert_string_equal(d->admin_user, "admin");
	assert_int_equal(d->tls_port, 16993);
	assert_int_equal(d->plain_port, 16992);
	assert_false(d->use_tls);
	assert_int_equal(d->id, 0);
	device_free(d);
	device_free(NULL);
}

static void
test_set_get_copy(void **state)
{
	const struct device_field *fields;
	struct device *d, *copy;
	size_t count, i;

	(void)state;
	d = device_new("pc1");
	d->id = 7;
	fields = device_fields(&count);
	for (i = 0; i < count; i++)
		if (fields[i].type == DEVICE_TEXT)
			device_set_text(d, &fields[i], fields[i].name);
		else
			device_set_int(d, &fields[i],
			    fields[i].type == DEVICE_BOOL ? 1 : INT64_MIN);
	assert_string_equal(d->name, "name");
	assert_string_equal(d->ad_spns, "ad_spns");
	assert_true(d->use_tls);
	assert_true(d->next_due == INT64_MIN);
	copy = device_copy(d);
	device_set_text(d, device_field("name"), NULL);
	assert_null(d->name);
	assert_int_equal(copy->id, 7);
	for (i = 0; i < count; i++)
		if (fields[i].type == DEVICE_TEXT)
			assert_string_equal(
			    device_get_text(copy, &fields[i]), fields[i].name);
		else
			assert_true(device_get_int(copy, &fields[i]) ==
			    (fields[i].type == DEVICE_BOOL ? 1 : INT64_MIN));
	device_free(d);
	device_free(copy);
}

static void
test_fqdn(void **state)
{
	static const struct {
		const char *name, *os_host, *os_domain, *amt_os_fqdn;
		const char *want;
	} cases[] = {
	    {"a.b", NULL, NULL, NULL, "a.b"},
	    {"a.b", "", "corp", "", "a.b"},
	    {"a.b", "pc1", "corp.example", "other.corp", "pc1.corp.example"},
	    {"a.b", "pc1", "", "other.corp", "pc1"},
	    {"a.b", "pc1", NULL, NULL, "pc1"},
	    {"a.b", NULL, "corp.example", "other.corp", "other.corp"},
	    {NULL, NULL, NULL, NULL, ""},
	};
	struct device *d;
	char out[256], *longest;
	size_t i;

	(void)state;
	d = device_new(NULL);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		mem_replace(&d->name, cases[i].name);
		mem_replace(&d->os_host, cases[i].os_host);
		mem_replace(&d->os_domain, cases[i].os_domain);
		mem_replace(&d->amt_os_fqdn, cases[i].amt_os_fqdn);
		assert_string_equal(device_host_fqdn(d, out), cases[i].want);
	}
	assert_string_equal(device_amt_fqdn(d, out), "");
	mem_replace(&d->amt_domain, "corp");
	assert_string_equal(device_amt_fqdn(d, out), "");
	mem_replace(&d->amt_host, "pc1");
	assert_string_equal(device_amt_fqdn(d, out), "pc1.corp");
	mem_replace(&d->amt_domain, NULL);
	assert_string_equal(device_amt_fqdn(d, out), "pc1");
	/* A peer's name of any length stays within the buffer. */
	longest = mem_alloc(10001);
	memset(longest, 'x', 10000);
	mem_replace(&d->amt_host, longest);
	mem_replace(&d->amt_domain, longest);
	assert_int_equal(strlen(device_amt_fqdn(d, out)), 255);
	free(longest);
	device_free(d);
}

static void
test_major(void **state)
{
	static const struct {
		const char *text;
		int want;
	} cases[] = {
	    {NULL, 0},
	    {"", 0},
	    {"16.1.25", 16},
	    {"9", 9},
	    {"x16", 0},
	    {"16x", 0},
	    {"999.0", 999},
	    {"1000.0", 0},
	    {"99999999999999999999", 0},
	    {"-1.0", 0},
	};
	struct device *d;
	size_t i;

	(void)state;
	d = device_new("pc1");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		mem_replace(&d->amt_version, cases[i].text);
		assert_int_equal(device_amt_major(d), cases[i].want);
	}
	device_free(d);
}

static void
test_wished_name(void **state)
{
	struct device *d = device_new("Pc1.corp.example");
	char out[256];

	(void)state;
	assert_string_equal(
	    device_wished_fqdn(d, true, out), "pc1.corp.example");
	assert_string_equal(
	    device_wished_fqdn(d, false, out), "pc1.corp.example");
	mem_replace(&d->amt_host, "OLD");
	mem_replace(&d->amt_domain, "corp.example");
	assert_string_equal(
	    device_wished_fqdn(d, false, out), "old.corp.example");
	mem_replace(&d->os_host, "new");
	assert_string_equal(
	    device_wished_fqdn(d, true, out), "new.corp.example");
	device_free(d);
}

static void
test_places_are_tried_once_each(void **state)
{
	struct device *d = device_new("pc1.corp.example");
	char out[256];
	size_t at = 0;

	(void)state;
	mem_replace(&d->amt_os_fqdn, "new.corp.example");
	mem_replace(&d->amt_host, "PC1");
	mem_replace(&d->amt_domain, "corp.example");
	mem_replace(&d->ip_address, "192.0.2.7");
	assert_string_equal(device_next_place(d, &at, out), "new.corp.example");
	assert_string_equal(device_next_place(d, &at, out), "pc1.corp.example");
	assert_string_equal(device_next_place(d, &at, out), "192.0.2.7");
	assert_null(device_next_place(d, &at, out));
	assert_null(device_next_place(d, &at, out));
	mem_replace(&d->address, "192.0.2.9");
	at = 0;
	assert_string_equal(device_next_place(d, &at, out), "192.0.2.9");
	assert_null(device_next_place(d, &at, out));
	device_free(d);
}

static void
test_static_address(void **state)
{
	struct device *d = device_new("pc1.corp.example");

	(void)state;
	mem_replace(&d->ip_address, "192.0.2.7");
	mem_replace(&d->os_address, "192.0.2.8");
	assert_null(device_static_address(d));
	mem_replace(&d->os_ip_mode, "static");
	assert_string_equal(device_static_address(d), "192.0.2.8");
	/* The firmware knows better. */
	d->read_at = 1;
	assert_string_equal(device_static_address(d), "192.0.2.7");
	d->dhcp_enabled = true;
	assert_null(device_static_address(d));
	d->dhcp_enabled = false;
	mem_replace(&d->ip_address, "0.0.0.0");
	assert_null(device_static_address(d));
	mem_replace(&d->ip_address, NULL);
	assert_null(device_static_address(d));
	device_free(d);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_wished_name),
	    cmocka_unit_test(test_static_address),
	    cmocka_unit_test(test_places_are_tried_once_each),
	    cmocka_unit_test(test_every_member),
	    cmocka_unit_test(test_groups),
	    cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_set_get_copy),
	    cmocka_unit_test(test_fqdn),
	    cmocka_unit_test(test_major),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
