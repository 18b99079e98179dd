/* pull_internal.h, rules, plan: what is asked, what rows say, and what is to be
 * at the console; all without a server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "epo_client.h"
#include "err.h"
#include "mem.h"
#include "pull_internal.h"
#include "str.h"
#include "sync_internal.h"

static const struct epo_conf plain = {.name = "corp", .page = 500};

/* --- conditions --- */

static void
takes_conditions(void **state)
{
	static const struct {
		const char *text, *taken; /* NULL: refused */
	} cases[] = {
	    {"(eq T.C 1)", "(eq T.C 1)"},
	    {" ( where ( eq T.C 1 ) ) ", "( eq T.C 1 )"},
	    {"(WHERE (and (a) (b \")\")))", "(and (a) (b \")\"))"},
	    {"(where(eq T.C 'it\\'s)'))", "(eq T.C 'it\\'s)')"},
	    {"(whereabouts T.C)", "(whereabouts T.C)"},
	    {"(eq T.C 1", NULL},
	    {"(eq T.C 1))", NULL},
	    {"(eq T.C 1) (eq T.D 2)", NULL},
	    {"(where (a) (b))", NULL},
	    {"(where)", NULL},
	    {"(eq T.C \"1)", NULL},
	    {"eq T.C 1", NULL},
	    {")(", NULL},
	    {"", NULL},
	    {"Error reading property; see log for details", NULL},
	};
	struct buf out;
	size_t i;
	bool taken;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_init(&out, 1000);
		taken = epo_ask_condition(cases[i].text, &out);
		if (taken != (cases[i].taken != NULL) ||
		    (taken && !str_eq(buf_text(&out), cases[i].taken)))
			fail_msg("%s: %s", cases[i].text, buf_text(&out));
		assert_int_equal(
		    epo_condition_check(cases[i].text) == NULL, taken);
		buf_free(&out);
	}
}

static void
expect_where(
    const struct epo_conf *conf, const struct epo_ask *ask, const char *wanted)
{
	struct epo_command c;
	struct buf all;
	const char *from, *to;

	epo_ask_command(conf, ask, &c);
	assert_false(c.args.over);
	from = strstr(buf_text(&c.args), "where=");
	assert_non_null(from);
	to = strchr(from, '&');
	buf_init(&all, 10000);
	buf_add(&all, from + 6, (size_t)(to - from) - 6);
	if (!str_eq(buf_text(&all), wanted))
		fail_msg("%s", buf_text(&all));
	buf_free(&all);
	epo_command_free(&c);
}

static void
asks_for_pages(void **state)
{
	const struct epo_ask first = {.page = 500},
			     next = {.after = 17,
				 .page = 500,
				 .newer_ms = 9,
				 .condition = "(a)"};
	struct epo_conf conf = plain;

	(void)state;
	expect_where(
	    &conf, &first, "%28where%20%28gt%20EPOLeafNode.AutoID%200%29%29");
	conf.where = "(where (b \"&\"))";
	expect_where(&conf, &next,
	    "%28where%20%28and%20%28gt%20EPOLeafNode.AutoID%2017%29%20"
	    "%28newerThan%20EPOLeafNode.LastUpdate%209%29%20%28a%29%20"
	    "%28b%20%22%26%22%29%29%29");
}

static void
has_room_for_a_url(void **state)
{
	struct epo_command c;
	size_t i;

	(void)state;
	epo_command_init(&c, "a.b");
	assert_true(epo_command_has_room(&c, 4000));
	for (i = 0; i < EPO_URL_MAX; i++)
		epo_command_add(&c, "n", "v");
	assert_true(c.args.over);
	assert_false(epo_command_has_room(&c, 0));
	epo_command_free(&c);
}

/* --- rows --- */

static struct epo_row
row_of(const struct epo_conf *conf, const char *json)
{
	struct json_object *row = json_tokener_parse(json);
	struct epo_row r = {0};
	struct err err;

	assert_non_null(row);
	if (epo_row_read(conf, row, &r, &err) != 0)
		fail_msg("%s", err.text);
	json_object_put(row);
	return r;
}

#define L "\"EPOLeafNode."
#define P "\"EPOComputerProperties."

static void
names_a_host(void **state)
{
	static const struct {
		const char *row, *name, *domain;
	} cases[] = {
	    {P "IPHostName\":\"PC1.Corp.Example\"," P "ComputerName\":\"X\"",
		"pc1.corp.example", "corp.example"},
	    {P "ComputerName\":\"PC1\"," P "DomainName\":\"corp.example\"",
		"pc1.corp.example", "corp.example"},
	    {P "ComputerName\":\"PC1\"," P "DomainName\":\"CORP\"", "pc1",
		NULL},
	    {P "IPHostName\":\"PC1\"," P "DomainName\":\"corp.example\"",
		"pc1.corp.example", "corp.example"},
	    {L "NodeName\":\"pc1.corp.example\"," P "ComputerName\":\"Y\"",
		"pc1.corp.example", "corp.example"},
	    {L "NodeName\":\"PC1\"", "pc1", NULL},
	    {P "IPHostName\":\"pc 1.corp.example\"," P "ComputerName\":\"PC1\"",
		"pc1", NULL},
	};
	struct epo_row r;
	char *json;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json = mem_printf("{" L "AutoID\":5,%s}", cases[i].row);
		r = row_of(&plain, json);
		assert_null(r.problem);
		assert_string_equal(r.name, cases[i].name);
		assert_string_equal(r.host, "pc1");
		assert_true(str_eq(r.domain, cases[i].domain));
		epo_row_clear(&r);
		free(json);
	}
	r = row_of(&plain, "{" L "AutoID\":\"5\"," L "NodeName\":\"A_B\"}");
	assert_non_null(r.problem);
	assert_null(r.host);
	epo_row_clear(&r);
}

static void
reads_facts(void **state)
{
	struct epo_conf conf = plain;
	struct json_object *row;
	struct epo_row r;
	struct err err;

	(void)state;
	conf.uuid_column = "X.UUID";
	r = row_of(&conf,
	    "{" L "AutoID\":5," L "NodeName\":\"a\"," L "Tags\":\"A, B C\","
	    "\"X.uuid\":\"{4C4C4544-0000-1111-2222-333344445555}\"," P
	    "IPAddress\":\"192.0.2.7\",\"EPOBranchNode.NodeTextPath2\":"
	    "\"\\\\My Organization\\\\Lab\\\\\"}");
	assert_string_equal(r.uuid, "4c4c4544-0000-1111-2222-333344445555");
	assert_string_equal(r.address, "192.0.2.7");
	assert_string_equal(r.group, "My Organization\\Lab");
	assert_true(r.has_tags);
	assert_true(epo_has_tag(r.tags, "b c"));
	assert_false(epo_has_tag(r.tags, "B"));
	assert_false(epo_has_tag(NULL, "B"));
	epo_row_clear(&r);
	r = row_of(&conf,
	    "{" L "AutoID\":5,\"X.UUID\":\"00000000-0000-0000-0000-"
	    "000000000000\"," P "IPAddress\":\"pc\"}");
	assert_null(r.uuid);
	assert_null(r.address);
	assert_false(r.has_tags);
	epo_row_clear(&r);
	row = json_tokener_parse("{" L "NodeName\":\"a\"}");
	assert_int_equal(epo_row_read(&conf, row, &r, &err), -1);
	assert_int_equal(err.kind, ERR_PROTOCOL);
	json_object_put(row);
}

/* --- rules --- */

static void
reads_rules(void **state)
{
	static const char *const bad[] = {
	    "A", "A=", "=x", "A=x,,B=y", "A=x, a=y", "A= , B=y"};
	struct epo_rule rules[EPO_RULES_MAX];
	struct err err;
	char *texts = NULL;
	size_t count = 0, i;

	(void)state;
	assert_int_equal(
	    epo_rules_parse("AMT Old = a  b ,B=c", rules, &count, &texts, &err),
	    0);
	assert_int_equal(count, 2);
	assert_string_equal(rules[0].tag, "AMT Old");
	assert_string_equal(rules[0].codes, "a  b");
	assert_string_equal(rules[1].codes, "c");
	free(texts);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (epo_rules_parse(bad[i], rules, &count, &texts, &err) == 0)
			fail_msg("%s", bad[i]);
	assert_int_equal(epo_rules_parse("", rules, &count, &texts, &err), 0);
	assert_int_equal(count, 0);
	free(texts);
}

/* --- what is to be there --- */

static void
shows_what_is_wrong(void **state)
{
	static const struct {
		struct upstream_published p;
		const char *text;
	} cases[] = {
	    {{.device = 1, .read_at = 5}, "AMT: ok"},
	    {{.device = 1}, ""},
	    {{.device = 0, .read_at = 5, .reasons = "clock-skew"}, ""},
	    {{.device = 1, .reasons = "clock-skew,key-refused"},
		"AMT: clock-skew, key-refused"},
	    {{.device = 1, .error_code = "offline", .reasons = "clock-skew"},
		"Failed to enforce policy: offline, clock-skew"},
	    {{.device = 1, .error_code = "offline", .reasons = "offline"},
		"Failed to enforce policy: offline"},
	    {{.device = 1, .error_code = "ad-object-missing"},
		"AMT: ad-object-missing"},
	};
	char text[EPO_SHOWN_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		epo_shown(&cases[i].p, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void
knows_codes(void **state)
{
	const struct upstream_published p = {
	    .reasons = "clock-skew,key-refused", .error_code = "offline"};

	(void)state;
	assert_true(epo_has_code(&p, "x key-refused"));
	assert_true(epo_has_code(&p, "offline"));
	assert_false(epo_has_code(&p, "clock key"));
	assert_false(epo_has_code(&p, ""));
}

static void
plans_differences(void **state)
{
	static const struct epo_rule rules[] = {{"Due", "due"}, {"Bad", "bad"}};
	const struct epo_conf conf = {.rules = rules, .rule_count = 2};
	struct epo_sync y = {.conf = &conf};
	const struct upstream_published p[] = {
	    {.link = 1, .remote = 11, .device = 1, .reasons = "due"},
	    {.link = 2,
		.remote = 12,
		.device = 2,
		.reasons = "due",
		.tags = {{"Due", UPSTREAM_ON}},
		.tag_count = 1},
	    {.link = 3,
		.remote = 13,
		.device = 3,
		.tags = {{"Due", UPSTREAM_UNSURE}, {"Old", UPSTREAM_ON}},
		.tag_count = 2},
	    {.link = 4,
		.remote = 14,
		.device = 4,
		.reasons = "due",
		.gone = true},
	    {.link = 5, .remote = 15, .device = 5, .reasons = "bad"},
	    {.link = 6, .remote = 16, .device = 6, .reasons = "due"},
	};
	size_t i;

	(void)state;
	buf_init(&y.remarks, EPO_REMARKS_MAX);
	y.tags_there = mem_dup("due, Old");
	for (i = 0; i < sizeof(p) / sizeof(p[0]); i++)
		epo_plan(&y, &p[i]);
	assert_int_equal(y.list_count, 3);
	assert_int_equal(y.lists[0].change, EPO_TAG_ON);
	assert_int_equal(y.lists[0].count, 2);
	assert_int_equal(y.lists[0].items[1].remote, 16);
	assert_int_equal(y.lists[1].change, EPO_TAG_OFF); /* was unsure */
	assert_int_equal(y.lists[1].items[0].remote, 13);
	assert_string_equal(y.lists[2].word, "Old"); /* no rule's any more */
	assert_non_null(strstr(buf_text(&y.remarks), "no tag Bad"));
	epo_lists_free(&y);
	free(y.tags_there);
	buf_free(&y.remarks);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_conditions),
	    cmocka_unit_test(asks_for_pages),
	    cmocka_unit_test(has_room_for_a_url),
	    cmocka_unit_test(names_a_host),
	    cmocka_unit_test(reads_facts),
	    cmocka_unit_test(reads_rules),
	    cmocka_unit_test(shows_what_is_wrong),
	    cmocka_unit_test(knows_codes),
	    cmocka_unit_test(plans_differences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
