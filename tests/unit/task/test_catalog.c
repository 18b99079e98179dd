#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "catalog.h"
#include "engine.h"
#include "err.h"
#include "plan.h"

/* What settings mean, and which are none. */

static struct catalog_settings
parsed(const char *type, const char *json)
{
	struct catalog_settings s = {.parts = 0};
	struct err err = {.kind = ERR_NONE};

	if (catalog_parse(type, json, &s, &err) != 0)
		fail_msg("%s: %s", json, err.text);
	return s;
}

static void
assert_canonical(const char *json, const char *wanted)
{
	struct catalog_settings s = parsed("amt-maintenance", json);
	struct buf text;

	buf_init(&text, 1000);
	catalog_write(&s, &text);
	assert_string_equal(buf_text(&text), wanted);
	buf_reset(&text);
	buf_free(&text);
}

static void
test_maintenance(void **state)
{
	(void)state;
	assert_canonical("{\"tasks\":[\"SyncAMTTime\"],\"when\":\"NEEDED\"}",
	    "{\"tasks\":[\"sync-clock\"],\"when\":\"needed\"}");
	assert_canonical(
	    " {\"when\": \"always\", \"tasks\": [\"renew-ad-password\","
	    "\"sync-network\", \"renew-ad-password\"]} ",
	    "{\"tasks\":[\"sync-network\",\"renew-ad-password\"],"
	    "\"when\":\"always\"}");
	assert_canonical(
	    "{\"tasks\":[\"sync-clock\"]}", /* when needed, if nothing said */
	    "{\"tasks\":[\"sync-clock\"],\"when\":\"needed\"}");
	assert_canonical(
	    "{\"when\":\"automatic\"}", "{\"when\":\"automatic\"}");
}

static void
test_bad_settings(void **state)
{
	static const char *const bad[] = {"", "[]", "{", "{}x", "{\"tasks\":1}",
	    "{\"tasks\":[]}", "{\"tasks\":[\"auto\"]}", "{\"tasks\":[3]}",
	    "{\"tasks\":[\"enforce-profile\"]}", "{}", "{\"when\":\"needed\"}",
	    "{\"tasks\":[\"sync-clock\"],\"when\":\"never\"}",
	    "{\"tasks\":[\"sync-clock\"],\"when\":\"automatic\"}",
	    "{\"tasks\":[\"sync-clock\"],\"else\":1}",
	    "{\"tasks\":[[[[[[\"sync-clock\"]]]]]]}"};
	struct catalog_settings s = {.parts = 77};
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err_clear(&err);
		assert_int_equal(
		    catalog_parse("amt-maintenance", bad[i], &s, &err), -1);
		assert_int_equal(err.kind, ERR_INVALID);
		assert_int_equal(s.parts, 77);
	}
	assert_int_equal(catalog_parse("nonsense", "{}", &s, &err), -1);
	assert_int_equal(catalog_parse("collect-properties",
			     "{\"when\":\"needed\"}", &s, &err),
	    -1);
}

static void
test_types(void **state)
{
	(void)state;
	assert_int_equal(
	    catalog_type_find("AMT Maintenance"), CATALOG_MAINTENANCE);
	assert_int_equal(
	    catalog_type_find("enforce amt firmware configuration policy"),
	    CATALOG_PROFILE);
	assert_int_equal(catalog_type_find("x"), -1);
}

static void
test_orders(void **state)
{
	struct engine_order o = {.device = 1};
	struct catalog_settings s;

	(void)state;
	s = parsed("collect-properties", "{}");
	catalog_order(&s, 0, &o);
	assert_int_equal(o.mode, ENGINE_LOOK);
	assert_null(o.play);
	s = parsed("enforce-profile", "{}");
	catalog_order(&s, 0, &o);
	assert_int_equal(o.mode, ENGINE_RUN);
	assert_string_equal(o.play->name, "enforce-profile");
	s = parsed("amt-maintenance", "{\"when\":\"automatic\"}");
	catalog_order(&s, 0, &o);
	assert_string_equal(o.play->name, "auto");
	s = parsed("amt-maintenance",
	    "{\"tasks\":[\"reissue-certificates\",\"renew-admin-password\"],"
	    "\"when\":\"always\"}");
	catalog_order(&s, 0, &o);
	assert_int_equal(
	    o.play->always, PLAY_CERTIFICATES | PLAY_ADMIN_PASSWORD);
	/* What was done before is done when needed alone. */
	catalog_order(&s, PLAY_ADMIN_PASSWORD, &o);
	assert_int_equal(
	    o.play->parts, PLAY_CERTIFICATES | PLAY_ADMIN_PASSWORD);
	assert_int_equal(o.play->always, PLAY_CERTIFICATES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_maintenance),
	    cmocka_unit_test(test_bad_settings), cmocka_unit_test(test_types),
	    cmocka_unit_test(test_orders)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
