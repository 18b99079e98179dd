/* conf.h: defaults, merging, and every complaint with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "conf.h"
#include "err.h"
#include "yaml_json.h"

struct fixture {
	char folder[64];
	char file[96];
	char dropins[96];
};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	strcpy(f->folder, "/tmp/amtkeeper-conf-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->file, sizeof(f->file), "%s/a.yaml", f->folder);
	snprintf(f->dropins, sizeof(f->dropins), "%s/conf.d", f->folder);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const names[] = {"10.yaml", "20.yaml", "x.txt"};
	struct fixture *f = *state;
	char path[160];
	size_t i;

	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", f->dropins, names[i]);
		unlink(path);
	}
	rmdir(f->dropins);
	unlink(f->file);
	assert_int_equal(rmdir(f->folder), 0);
	free(f);
	return 0;
}

static void
put(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

static void
drop_in(const struct fixture *f, const char *name, const char *text)
{
	char path[160];

	mkdir(f->dropins, 0700);
	snprintf(path, sizeof(path), "%s/%s", f->dropins, name);
	put(path, text);
}

static struct conf *
load(const struct fixture *f, const char *text)
{
	struct conf *conf = NULL;
	struct err err = {0};

	put(f->file, text);
	if (conf_load(f->file, &conf, &err) != 0)
		fail_msg("%s", err.text);
	return conf;
}

static void
gives_defaults(void **state)
{
	const struct fixture *f = *state;
	struct conf *conf = load(f, "# nothing\n");
	char path[128];

	assert_string_equal(conf->file, f->file);
	assert_string_equal(conf->database, "/var/lib/amtkeeper/fleet.db");
	snprintf(path, sizeof(path), "%s/vault.key", f->folder);
	assert_string_equal(conf->vault_key, path);
	assert_int_equal(conf->parallel, 64);
	assert_int_equal(conf->retry_first, 900);
	assert_int_equal(conf->lease, 300);
	assert_false(conf->directory);
	assert_string_equal(conf->transport, "gssapi");
	assert_null(conf->dc);
	conf_free(conf);
}

static void
reads_all_types(void **state)
{
	const struct fixture *f = *state;
	struct conf *conf = load(f,
	    "database: data/x.db\n"
	    "run:\n  parallel: 4000\n  retry_first: 90s\n  retry_most: 2h\n"
	    "device:\n  legacy_tls: Yes\n  call_timeout: 45\n"
	    "directory: {enabled: true, realm: AD.EXAMPLE.TEST,\n"
	    "  domain: ad.example.test, principal: 'x@AD.EXAMPLE.TEST',\n"
	    "  keytab: \"/etc/x y.keytab\", transport: ldaps, ldap_ca: c}\n"
	    "serve:\n  # nothing here\n");
	char path[128];

	snprintf(path, sizeof(path), "%s/data/x.db", f->folder);
	assert_string_equal(conf->database, path);
	assert_int_equal(conf->parallel, 4000);
	assert_int_equal(conf->retry_first, 90);
	assert_int_equal(conf->retry_most, 7200);
	assert_int_equal(conf->call_timeout, 45);
	assert_true(conf->legacy_tls);
	assert_true(conf->directory);
	assert_string_equal(conf->keytab, "/etc/x y.keytab");
	assert_string_equal(conf->transport, "ldaps");
	conf_free(conf);
}

static void
merges_drop_ins(void **state)
{
	const struct fixture *f = *state;
	struct conf *conf;
	char path[128];

	drop_in(f, "20.yaml", "run:\n  parallel: 20\n");
	drop_in(
	    f, "10.yaml", "run:\n  parallel: 10\n  attempts: 7\nca_key: k\n");
	drop_in(f, "x.txt", "no: yaml: at all");
	conf = load(f,
	    "run:\n  parallel: 1\n  lease: 1h\n"
	    "directory:\n  dc: dc1.example.test\n");
	assert_int_equal(conf->parallel, 20);
	assert_int_equal(conf->attempts, 7);
	assert_int_equal(conf->lease, 3600);
	snprintf(path, sizeof(path), "%s/k", f->folder);
	assert_string_equal(conf->ca_key, path);
	conf_free(conf);

	drop_in(f, "20.yaml", "directory:\n  dc: ''\n");
	conf = load(f, "directory:\n  dc: dc1.example.test\n");
	assert_null(conf->dc);
	conf_free(conf);
}

static void
names_the_drop_in(void **state)
{
	const struct fixture *f = *state;
	struct conf *conf = NULL;
	struct err err = {0};

	put(f->file, "run:\n  retry_most: 1h\n");
	drop_in(f, "10.yaml", "run:\n  retry_first: 2h\n  retry_most: 1h\n");
	assert_int_equal(conf_load(f->file, &conf, &err), -1);
	assert_non_null(strstr(err.text, "conf.d/10.yaml:3:3: run.retry_most"));
}

/* Each text and how the complaint must end. */
static const struct {
	const char *text;
	const char *complaint;
} wrong[] = {
    {"run:\n  paralel: 3\n",
	"a.yaml:2:3: run.paralel: unknown key (did you mean "
	"\"parallel\"?)"},
    {"rum:\n  parallel: 3\n",
	"a.yaml:1:1: rum: unknown key (did you mean \"run\"?)"},
    {"zzzzzzzz: 3\n", "a.yaml:1:1: zzzzzzzz: unknown key"},
    {"run.parallel: 3\n", "a.yaml:1:1: run.parallel: unknown key"},
    {"run: 3\n", "a.yaml:1:6: run: must be a section"},
    {"run:\n  parallel: [3]\n", ":2:13: run.parallel: must be a single"},
    {"run:\n  parallel:\n", "run.parallel: has no value"},
    {"run:\n  parallel: x\n",
	":2:13: run.parallel: must be a number, 1 to 4000"},
    {"run:\n  parallel: 4001\n", "must be a number, 1 to 4000"},
    {"run:\n  parallel: 0\n", "must be a number, 1 to 4000"},
    {"run:\n  lease: soon\n", "must be a time such as"},
    {"run:\n  lease: 9s\n", "run.lease: must be 10s to 1d"},
    {"run:\n  lease: 1m\n  lease: 2m\n",
	":3:3: lease: given twice (first in line 2)"},
    {"run: {}\nrun: {}\n", ":2:1: run: given twice"},
    {"device:\n  legacy_tls: maybe\n", "must be true or false"},
    {"forward:\n- {name: a, kind: cef}\n", "forward: entry 1 has no to"},
    {"forward:\n- {name: 'a b', kind: cef, to: udp://a}\n",
	"name: must have letters"},
    {"forward:\n- {name: a, kind: cef, to: udp://u:p@a}\n",
	"must not hold a user"},
    {"forward:\n- {name: a, kind: cef, to: udp://a, key: k}\n",
	"a: certificate and key come together"},
    {"forward:\n- {name: a, kind: cef, to: udp://a, retry_first: 1h}\n",
	"a: retry_most must not be less"},
    {"forward:\n- {name: a, kind: cef, to: udp://a}\n"
     "- {name: a, kind: cef, to: udp://b}\n",
	"forward: two are named a"},
    {"epo:\n- {name: a, url: 'https://a'}\n", "epo: entry 1 has no ca"},
    {"epo:\n- {name: A, url: 'https://a', ca: a}\n", "of a-z, 0-9 and -"},
    {"epo:\n- {name: a, url: 'http://a', ca: a}\n", "must be https://HOST"},
    {"epo:\n- {name: a, url: 'https://u:p@a', ca: a}\n",
	"must be https://HOST"},
    {"epo:\n- {name: a, url: 'https://a', ca: a, uuid: x}\n",
	"must be TABLE.COLUMN"},
    {"epo:\n- {name: a, url: 'https://a', ca: a}\n"
     "- {name: a, url: 'https://b', ca: a}\n",
	"epo: two are named a"},
    {"epo:\n- {name: a, url: 'https://a', ca: a, password: x}\n",
	"password: unknown key"},
    {"bridges:\n- {kind: est}\n", "bridges: entry 1 has no name"},
    {"bridges:\n- {name: a, kind: est, url: 'https://u:p@ca'}\n",
	"url: must not hold a user or password"},
    {"bridges:\n- {name: a}\n", "bridges: entry 1 has no kind"},
    {"bridges:\n- {name: a, kind: scep}\n", "must be one of \"est\", \"cmp\""},
    {"bridges:\n- {name: a, kind: est}\n- {name: a, kind: est}\n",
	"bridges: two are named a"},
    {"bridges:\n- {name: a, kind: est, retry_first: 1h, retry_most: 1m}\n",
	"a: retry_most must not be less"},
    {"bridges:\n- {name: a, kind: est, password: x}\n",
	"password: unknown key"},
    {"directory:\n  transport: ldap\n",
	"must be one of \"gssapi\", \"ldaps\", \"starttls\""},
    {"directory:\n  realm: 'a b'\n", "directory.realm: must be a DNS name"},
    {"directory:\n  principal: x\n", "must be a principal"},
    {"revocation:\n  listen: localhost:80\n",
	"revocation.listen: must be ADDRESS:PORT"},
    {"revocation:\n  listen: '[::1]'\n", "must be ADDRESS:PORT"},
    {"revocation:\n  url: https://pki.corp.example\n",
	"revocation.url: must be http://HOST"},
    {"revocation:\n  url: http:///amt\n", "must be http://HOST"},
    {"revocation:\n  url: http://pki.corp.example/\n", "in a slash"},
    {"revocation:\n  url: 'http://pki.corp.example/a b'\n", "plain"},
    {"revocation:\n  url: 'http://pki.corp.example/?a'\n", "plain"},
    {"directory:\n  enabled: true\n",
	"directory.realm: must be set when directory is enabled"},
    {"directory:\n  enabled: true\n  realm: A.B\n  domain: a.b\n"
     "  principal: x@A.B\n  keytab: k\n  transport: ldaps\n",
	"directory.ldap_ca: must be set when transport is TLS"},
    {"directory:\n  enabled: true\n  realm: A.B\n  domain: a.b\n"
     "  principal: x@A.B\n  keytab: k\n  bind_dn: CN=x\n"
     "  bind_password_file: p\n",
	":7:3: directory.bind_dn: a simple bind needs"},
    {"database: ''\n", "database: must not be empty"},
    {"database: /a\nca_database: /a\n",
	":2:1: ca_database: is the same file as database"},
    {"run:\n  retry_first: 2d\n",
	"run.retry_most: must not be less than run.retry_first"},
    {"- a\n- b\n", ":1:1: the file must be"},
    {"just text\n", ":1:1: the file must be"},
    {"run: &a\n  parallel: 3\n", "anchors (&name) are not allowed"},
    {"&a run:\n  parallel: 3\n", "anchors"},
    {"run: &a [x]\n", "anchors"},
    {"run: *a\n", "aliases (*name) are not allowed"},
    {"run:\n  parallel: !!int 3\n", "tags (!name) are not allowed"},
    {"? [a]\n: b\n", "a key must be a word"},
    {"run: {}\n---\nrun: {}\n", "a second document (---) is not allowed"},
    {"%YAML 1.1\n---\nrun: {}\n", "directives (%) are not allowed"},
    {"database: \"a\\tb\"\n", "control characters"},
    {"database: \"a\\0b\"\n", "control characters"},
    {"database: |\n  a\n  b\n", "control characters and line breaks"},
    {"run: [[[[[[[[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]]]]]]]]\n",
	"nested too deeply"},
    {"run: [\n", "a.yaml:2:1:"},
    {"run:\n\tparallel: 3\n", "a.yaml:2:1:"},
    {"database: \x80\n", "a.yaml:"},
    {"\x1b[31m: 3\n", "a.yaml:"},
};

static void
refuses(void **state)
{
	const struct fixture *f = *state;
	struct conf *conf;
	struct err err;
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		conf = NULL;
		err_clear(&err);
		put(f->file, wrong[i].text);
		if (conf_load(f->file, &conf, &err) != -1)
			fail_msg("accepted: %s", wrong[i].text);
		assert_null(conf);
		assert_int_equal(err.kind, ERR_INVALID);
		if (strstr(err.text, wrong[i].complaint) == NULL)
			fail_msg("%s\n gave: %s\n not: %s", wrong[i].text,
			    err.text, wrong[i].complaint);
	}
}

static void
refuses_what_is_too_big(void **state)
{
	const struct fixture *f = *state;
	struct conf *conf = NULL;
	struct err err = {0};
	FILE *out = fopen(f->file, "w");
	int i;

	assert_non_null(out);
	for (i = 0; i < 10001; i++)
		fprintf(out, "%s%d", i == 0 ? "run: [" : ",", i);
	fprintf(out, "]\n");
	fclose(out);
	assert_int_equal(conf_load(f->file, &conf, &err), -1);
	assert_non_null(strstr(err.text, "too many values"));

	out = fopen(f->file, "w");
	assert_non_null(out);
	for (i = 0; i < 1024 * 1024 / 8 + 1; i++)
		fputs("# 45678\n", out);
	fclose(out);
	assert_int_equal(conf_load(f->file, &conf, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
}

static void
needs_the_file(void **state)
{
	const struct fixture *f = *state;
	struct conf *conf = NULL;
	struct err err = {0};

	assert_int_equal(conf_load(f->file, &conf, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
}

static void
show(void *cookie, const struct conf_entry *e)
{
	(void)fprintf(cookie, "%s = %s # %s (%s)\n", e->key,
	    e->value == NULL ? "-" : e->value, e->help, e->note);
}

static char *
shown(const struct conf *conf)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	conf_entries(conf, show, out);
	fclose(out);
	return text;
}

struct wanted {
	const char *key, *value, *file; /* file: its last part; NULL: default */
	size_t line;
	bool seen;
};

static void
compare(void *cookie, const struct conf_entry *e)
{
	struct wanted *w = cookie;
	const char *file = e->file;

	for (; w->key != NULL && strcmp(w->key, e->key) != 0; w++)
		;
	if (w->key == NULL)
		return;
	w->seen = true;
	if (w->value == NULL)
		assert_null(e->value);
	else
		assert_string_equal(e->value, w->value);
	if (w->file == NULL) {
		assert_null(file);
		return;
	}
	assert_non_null(file);
	assert_string_equal(strrchr(file, '/') + 1, w->file);
	assert_int_equal(e->line, w->line);
}

/* The last one wins, a list as a whole; what an item leaves out is a default.
 */
static void
says_where_it_was_set(void **state)
{
	struct wanted wanted[] = {{"run.parallel", "200", "20.yaml", 4, 0},
	    {"run.retry_most", "6h", "a.yaml", 3, 0},
	    {"run.lease", "5m", NULL, 0, 0},
	    {"directory.realm", NULL, "10.yaml", 2, 0},
	    {"directory.domain", NULL, NULL, 0, 0},
	    {"bridges[0].name", "two", "20.yaml", 2, 0},
	    {"bridges[0].kind", "est", "20.yaml", 2, 0},
	    {"bridges[0].timeout", "30s", NULL, 0, 0},
	    {NULL, NULL, NULL, 0, 0}};
	const struct fixture *f = *state;
	struct conf *conf;
	size_t i;

	drop_in(f, "10.yaml", "directory:\n  realm: ''\n");
	drop_in(f, "20.yaml",
	    "bridges:\n- {name: two, kind: est}\nrun:\n  parallel: 200\n");
	conf = load(f,
	    "run:\n  parallel: 100\n  retry_most: 6h\n"
	    "directory: {realm: A.TEST}\n"
	    "bridges:\n- {name: one, kind: est, timeout: 5s}\n");
	conf_entries(conf, compare, wanted);
	for (i = 0; wanted[i].key != NULL; i++)
		if (!wanted[i].seen)
			fail_msg("%s is not among the entries", wanted[i].key);
	conf_free(conf);
}

/* The example, with every comment taken off its option, is the defaults. */
static void
example_is_valid(void **state)
{
	const struct fixture *f = *state;
	struct conf *conf, *again;
	char line[2048], *before, *after;
	char *text = NULL;
	size_t len = 0;
	FILE *in, *out = fopen(f->file, "w");

	assert_non_null(out);
	conf_example(out);
	fclose(out);
	conf = NULL;
	assert_int_equal(conf_load(f->file, &conf, NULL), 0);
	before = shown(conf);
	assert_non_null(strstr(before, "run.parallel "));
	assert_non_null(strstr(before, "(default 64, 1 to 4000)"));

	in = fopen(f->file, "r");
	out = open_memstream(&text, &len);
	assert_non_null(in);
	assert_non_null(out);
	while (fgets(line, sizeof(line), in) != NULL) {
		char *hash = strchr(line, '#');

		/* An empty list of maps has no value to show. */
		if (hash != NULL && hash[1] != ' ' &&
		    strcmp(hash, "#bridges:\n") != 0 &&
		    strcmp(hash, "#forward:\n") != 0 &&
		    strcmp(hash, "#epo:\n") != 0)
			memmove(hash, hash + 1, strlen(hash));
		fputs(line, out);
	}
	fclose(in);
	fclose(out);
	assert_non_null(strstr(text, "\n  parallel: 64\n"));
	again = load(f, text);
	after = shown(again);
	assert_string_equal(before, after);
	free(before);
	free(after);
	free(text);
	conf_free(conf);
	conf_free(again);
}

static void
writes_settings(void **state)
{
	static const struct conf_setting good[] = {
	    {"database", "it's \"here\": # x.db"}, {"run.parallel", "7"},
	    {"directory.realm", "A.B"}};
	static const struct conf_setting bad[] = {{"run.x", "7"}};
	const struct fixture *f = *state;
	struct conf *conf = NULL;
	struct err err = {0};
	FILE *out = fopen(f->file, "w");

	assert_non_null(out);
	assert_int_equal(conf_write(bad, 1, out, &err), -1);
	assert_string_equal(err.text, "run.x: unknown option");
	assert_int_equal(conf_write(good, 3, out, &err), 0);
	fclose(out);
	if (conf_load(f->file, &conf, &err) != 0)
		fail_msg("%s", err.text);
	assert_non_null(strstr(conf->database, "/it's \"here\": # x.db"));
	assert_int_equal(conf->parallel, 7);
	assert_string_equal(conf->realm, "A.B");
	conf_free(conf);
}

/* Files that are no configuration may have texts of several lines. */
static void
reads_lines_elsewhere(void **state)
{
	struct fixture *f = *state;
	struct err err = {.kind = ERR_NONE};
	struct conf *conf = NULL;
	struct buf json;

	buf_init(&json, 1000);
	put(f->file, "database: |\n  a\n  b\n");
	assert_int_equal(yaml_json(f->file, &json, &err), 0);
	assert_string_equal(
	    buf_text(&json), "{\"database\":\"a\\u000ab\\u000a\"}");
	assert_int_equal(conf_load(f->file, &conf, &err), -1);
	buf_reset(&json);
	put(f->file, "{\"database\": \"a\\tb\"}");
	assert_int_equal(yaml_json(f->file, &json, &err), -1);
	assert_non_null(strstr(err.text, ":1:14: control characters"));
	buf_free(&json);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(gives_defaults),
	    TEST(reads_all_types),
	    TEST(merges_drop_ins),
	    TEST(names_the_drop_in),
	    TEST(refuses),
	    TEST(refuses_what_is_too_big),
	    TEST(needs_the_file),
	    TEST(says_where_it_was_set),
	    TEST(example_is_valid),
	    TEST(writes_settings),
	    TEST(reads_lines_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
