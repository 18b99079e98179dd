/* The console's own certificate: made once, renewed in time, sealed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cert_internal.h"
#include "clock.h"
#include "conf.h"
#include "fixture.h"
#include "mem.h"
#include "secret.h"
#include "store.h"
#include "users.h"

static struct fixture fixture;
static char *database;
static struct conf conf;
static struct console_source source;

static int
setup(void **state)
{
	*state = &fixture;
	fixture_open(&fixture);
	database = fixture_path(&fixture, "fleet.db");
	assert_int_equal(store_create(database, fixture.vault, NULL), 0);
	conf = (struct conf){.database = database};
	source = (struct console_source){
	    .conf = &conf, .vault = fixture.vault, .ca = fixture.ca};
	strcpy(source.dns, "console.corp.example");
	return 0;
}

static int
teardown(void **state)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	char *name;
	size_t i;

	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		name = mem_printf("%s%s", database, suffixes[i]);
		(void)unlink(name);
		free(name);
	}
	free(database);
	return fixture_teardown(state);
}

static struct console_credentials
get(int64_t now)
{
	struct console_credentials c;
	struct err err;

	if (console_credentials_get(&source, now, &c, &err) != 0)
		fail_msg("%s", err.text);
	return c;
}

static bool
same(const struct console_credentials *a, const struct console_credentials *b)
{
	return strcmp(buf_text(&a->chain), buf_text(&b->chain)) == 0 &&
	    secret_equal(a->key, b->key) == 1;
}

static int
count_valid(void *cookie, const struct ca_cert *cert, struct err *err)
{
	int *valid = cookie;

	(void)err;
	assert_string_equal(cert->device, "console");
	*valid += cert->revoked_at == 0;
	return 0;
}

static int
valid_ones(void)
{
	const struct ca_list_of of = {.device = NULL};
	int valid = 0;

	assert_int_equal(
	    ca_list(fixture.ca, &of, count_valid, &valid, NULL), 0);
	return valid;
}

/* The same one until 30 of its 90 days are left; the one before is revoked. */
static void
test_renewal(void **state)
{
	int64_t now = fixture.now;
	struct console_credentials first = get(now), again, late, renewed;

	(void)state;
	assert_in_range(
	    first.not_after, now + 89 * CLOCK_DAY, now + 90 * CLOCK_DAY);
	again = get(now + 1);
	assert_true(same(&first, &again));
	late = get(now + 59 * CLOCK_DAY);
	assert_true(same(&first, &late));
	assert_int_equal(valid_ones(), 1);
	renewed = get(now + 60 * CLOCK_DAY + 1);
	assert_false(same(&first, &renewed));
	assert_int_equal(secret_equal(first.key, renewed.key), 0);
	assert_true(renewed.not_after > now + 149 * CLOCK_DAY);
	assert_int_equal(valid_ones(), 1);
	console_credentials_clear(&first);
	console_credentials_clear(&again);
	console_credentials_clear(&late);
	console_credentials_clear(&renewed);
}

/* Nodes of other names share the store, and leave each other alone. */
static void
test_another_name(void **state)
{
	struct console_credentials first = get(fixture.now), other, address,
				   again;

	(void)state;
	strcpy(source.dns, "other.corp.example");
	other = get(fixture.now + 1);
	assert_false(same(&first, &other));
	strcpy(source.dns, "console.corp.example");
	again = get(fixture.now + 1);
	assert_true(same(&first, &again));
	assert_int_equal(valid_ones(), 2);
	strcpy(source.address, "192.0.2.10");
	address = get(fixture.now + 2);
	assert_false(same(&first, &address));
	assert_int_equal(valid_ones(), 2);
	console_credentials_clear(&again);
	console_credentials_clear(&first);
	console_credentials_clear(&other);
	console_credentials_clear(&address);
}

/* Its key is nowhere in the file as it is. */
static void
test_sealed(void **state)
{
	struct console_credentials c = get(fixture.now);
	const char *key = secret_text(c.key);
	const char *line = strchr(key, '\n') + 1;
	char part[33];
	struct buf file;
	char *wal;
	FILE *f;
	size_t n;

	(void)state;
	(void)snprintf(part, sizeof(part), "%.32s", line);
	buf_init(&file, 16u << 20);
	wal = mem_printf("%s-wal", database);
	for (n = 0; n < 2; n++) {
		char bytes[4096];
		size_t got;

		f = fopen(n == 0 ? database : wal, "r");
		while (
		    f != NULL && (got = fread(bytes, 1, sizeof(bytes), f)) > 0)
			buf_add(&file, bytes, got);
		if (f != NULL)
			(void)fclose(f);
	}
	assert_null(memmem(file.data, file.len, part, strlen(part)));
	assert_non_null(memmem(file.data, file.len, "own_certificate", 15));
	buf_free(&file);
	free(wal);
	console_credentials_clear(&c);
}

/* Nothing is made in the place of a store that does not answer. */
static void
test_no_store(void **state)
{
	struct console_credentials c;
	struct err err;

	(void)state;
	assert_int_equal(unlink(database), 0);
	assert_int_equal(
	    console_credentials_get(&source, fixture.now, &c, &err), -1);
	assert_int_equal(valid_ones(), 0);
}

static void
test_refused(void **state)
{
	struct console_credentials c;
	struct err err;

	(void)state;
	conf.console_certificate = database;
	assert_int_equal(
	    console_credentials_get(&source, fixture.now, &c, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_non_null(strstr(err.text, "console.key"));
	conf.console_certificate = NULL;
	strcpy(source.dns, "not a name");
	assert_int_equal(
	    console_credentials_get(&source, fixture.now, &c, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_int_equal(valid_ones(), 0);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(test_renewal),
	    ROW(test_another_name),
	    ROW(test_sealed),
	    ROW(test_no_store),
	    ROW(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
