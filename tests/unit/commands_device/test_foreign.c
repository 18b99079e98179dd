/* foreign_internal.h: what other consoles' lists become. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>
#include <json-c/json.h>
#include <string.h>

#include "buf.h"
#include "csv_table.h"
#include "err.h"
#include "foreign_internal.h"
#include "str.h"

#define PIN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct buf csv;
static struct foreign_notes notes;
static struct err err;

static int
begin(void **state)
{
	(void)state;
	buf_init(&csv, 65536);
	memset(&notes, 0, sizeof(notes));
	err_clear(&err);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	buf_free(&csv);
	return 0;
}

static void
expect(const char *text)
{
	if (!str_eq(buf_text(&csv), text))
		fail_msg("%s", buf_text(&csv));
}

static int
dmt(const char *text, size_t *ret_count)
{
	struct json_object *page = foreign_json(text, strlen(text), &err);
	int rc;

	if (page == NULL)
		return -1;
	rc = foreign_dmt(page, &csv, &notes, ret_count, &err);
	json_object_put(page);
	return rc;
}

static void
takes_dmt(void **state)
{
	size_t count = 0;

	(void)state;
	assert_int_equal(
	    dmt("[{\"guid\":\"4c4c4544-0000-1111-2222-333344445555\","
		"\"hostname\":\"pc1\",\"dnsSuffix\":\"corp.example\","
		"\"tags\":[\"a\",\"b\"],\"useTLS\":true,"
		"\"certHash\":\"" PIN "\",\"username\":\"admin\"},"
		"{\"hostname\":\"192.0.2.7\",\"friendlyName\":"
		"\"pc2.corp.example\",\"useTLS\":false,\"username\":\"root\","
		"\"certHash\":\"" PIN "\",\"mpsusername\":\"m\"},"
		"{\"hostname\":\"192.0.2.8\",\"friendlyName\":\"my pc\"},"
		"{},7,null]",
		&count),
	    0);
	assert_int_equal(count, 6);
	expect("\"pc1.corp.example\",\"\",\"pc1\",\"corp.example\","
	       "\"4c4c4544-0000-1111-2222-333344445555\",\"" PIN
	       "\",\"\",\"a, b\",\"\"\n"
	       "\"pc2.corp.example\",\"192.0.2.7\",\"pc2\",\"corp.example\","
	       "\"\",\"\",\"\",\"\",\"no\"\n");
	assert_int_equal(notes.devices, 2);
	assert_int_equal(notes.no_name, 4);
	assert_int_equal(notes.other_user, 1);
	assert_int_equal(notes.cira, 1);
}

static void
takes_pages(void **state)
{
	size_t count = 7;

	(void)state;
	assert_int_equal(dmt("{\"totalCount\":9,\"data\":[]}", &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(dmt("{\"error\":\"no\"}", &count), -1);
	assert_int_equal(err.kind, ERR_PROTOCOL);
	assert_int_equal(dmt("[{}", &count), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_int_equal(dmt("[] x", &count), -1);
}

/* As Windows writes a text; and identities that are none. */
static void
takes_oddities(void **state)
{
	size_t count = 0;

	(void)state;
	assert_int_equal(
	    dmt("\xef\xbb\xbf"
		"[{\"guid\":\"FFFFFFFF-FFFF-ffff-ffff-ffffffffffff\","
		"\"hostname\":\"pc1\"},{\"hostname\":\"pc2\","
		"\"guid\":\"00000000-0000-0000-0000-000000000000\"}]\r\n",
		&count),
	    0);
	expect("\"pc1\",\"\",\"pc1\",\"\",\"\",\"\",\"\",\"\",\"\"\n"
	       "\"pc2\",\"\",\"pc2\",\"\",\"\",\"\",\"\",\"\",\"\"\n");
}

static void
takes_meshcentral(void **state)
{
	static const char text[] =
	    "[{\"_id\":\"node//a\",\"name\":\"PC1\",\"rname\":\"pc1\","
	    "\"host\":\"pc1.corp.example\",\"groupname\":\"Lab, \\\"A\\\"\","
	    "\"tags\":[\"x\"],\"intelamt\":{\"user\":\"admin\",\"pass\":1,"
	    "\"tls\":1,\"ver\":\"16.1.25\",\"state\":2,\"warn\":8,"
	    "\"uuid\":\"4c4c4544-0000-1111-2222-333344445555\"}},"
	    "{\"name\":\"pc2\",\"host\":\"192.0.2.7\",\"intelamt\":"
	    "{\"state\":2,\"tls\":0,\"host\":\"pc2.corp.example\"}},"
	    "{\"name\":\"pc3\",\"intelamt\":{\"state\":0}},"
	    "{\"name\":\"pc4\"}]";
	struct json_object *list = foreign_json(text, strlen(text), &err);

	(void)state;
	assert_int_equal(foreign_mesh(list, &csv, &notes, &err), 0);
	json_object_put(list);
	expect("\"pc1.corp.example\",\"\",\"pc1\",\"corp.example\","
	       "\"4c4c4544-0000-1111-2222-333344445555\",\"\","
	       "\"Lab, \"\"A\"\"\",\"x\",\"\"\n"
	       "\"pc2.corp.example\",\"192.0.2.7\",\"pc2\",\"corp.example\","
	       "\"\",\"\",\"\",\"\",\"no\"\n");
	assert_int_equal(notes.no_amt, 2);
	assert_int_equal(notes.bad_login, 1);
	list = foreign_json("{}", 2, &err);
	assert_int_equal(foreign_mesh(list, &csv, &notes, &err), -1);
	json_object_put(list);
}

static void
takes_meshcentral_csv(void **state)
{
	static const char *const names[] = {
	    "name", "rname", "host", "ip", "groupname"};
	char text[] = "id,name,rname,host,icon,ip,osdesc,groupname\n"
		      "node//a,PC1,pc1,pc1.corp.example,1,192.0.2.7,W,Lab\n"
		      "node//b,my pc,,,1,,,\n"
		      "broken\n";
	struct csv_table t = {.file = "f", .names = names, .count = 5};

	(void)state;
	assert_int_equal(csv_table_open(&t, text, strlen(text), &err), 0);
	foreign_mesh_csv(&t, &csv, &notes);
	expect("\"pc1.corp.example\",\"192.0.2.7\",\"pc1\",\"corp.example\","
	       "\"\",\"\",\"Lab\",\"\",\"\"\n");
	assert_int_equal(notes.no_name, 2);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(takes_dmt),
	    ROW(takes_pages),
	    ROW(takes_oddities),
	    ROW(takes_meshcentral),
	    ROW(takes_meshcentral_csv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
