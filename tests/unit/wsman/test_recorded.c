#include <fts.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "buf.h"
#include "err.h"
#include "file.h"
#include "mem.h"
#include "str.h"
#include "wsman.h"

/*
 * Answers recorded from real devices, which are not part of this repository:
 * AMT_RECORDED names the folder.  Every file must be XML that we parse; every
 * one must be understood except those that were never an answer:
 */
static const struct {
	const char *path, *why;
} synthetic[] = {
    {"amt/setupandconfiguration/getuuid.xml",
	"written by hand from a request: no RelatesTo"},
    {"amt/setupandconfiguration/getuuid-bad.xml",
	"written by hand from a request: no RelatesTo"},
    {"amt/boot/settingdata/put.xml",
	"a request (Action .../transfer/Put, ReplyTo), not its answer"},
};

/* Answers whose values were replaced by hand, so that the envelope is genuine
 * and the value is not: tested to be so, in order that nobody wonders. */
static const struct {
	const char *path, *element, *value, *why;
} edited[] = {
    {"amt/publickey/management/generatepkcs10requestex.xml",
	"SignedCertificateRequest", "test?", "no base64"},
    {"amt/general/get.xml", "HostName", "Test Host Name", "no host name"},
};

/* One value each of answers that the typed operations read. */
static const struct {
	const char *path, *class_name, *element, *value;
} facts[] = {
    {"amt/general/get.xml", "AMT_GeneralSettings", "DigestRealm",
	"Digest:F3EB554784E729164447A89F60B641C5"},
    {"amt/general/get.xml", "AMT_GeneralSettings", "SharedFQDN", "true"},
    {"amt/timesynchronization/get.xml", "AMT_TimeSynchronizationService",
	"TimeSource", "0"},
    {"amt/timesynchronization/sethighaccuracytimesynch.xml",
	"SetHighAccuracyTimeSynch_OUTPUT", "ReturnValue", "0"},
    {"amt/kerberos/get.xml", "AMT_KerberosSettingData", "KrbEnabled", "false"},
    {"amt/authorization/getuseraclentryex.xml", "GetUserAclEntryEx_OUTPUT",
	"DigestUsername", "$$uns"},
    {"amt/authorization/enumerateuseraclentries.xml",
	"EnumerateUserAclEntries_OUTPUT", "TotalCount", "2"},
    {"ips/http/addproxyaccesspoint_2058.xml", "AddProxyAccessPoint_OUTPUT",
	"ReturnValue", "2058"},
};

static const char *folder;

static void
load(struct buf *b, const char *path)
{
	struct err err = {0};
	char *full = mem_printf("%s/%s", folder, path);

	buf_reset(b);
	if (file_read(full, XML_MAX_BYTES, b, &err) != 0)
		fail_msg("%s", err.text);
	free(full);
}

static const char *
why_synthetic(const char *path)
{
	size_t i;

	for (i = 0; i < sizeof(synthetic) / sizeof(synthetic[0]); i++)
		if (strcmp(synthetic[i].path, path) == 0)
			return synthetic[i].why;
	return NULL;
}

/* Is one file understood, if it should be? */
static void
check(const char *path, struct buf *in)
{
	struct wsman_reply *reply = NULL;
	const char *why = why_synthetic(path);
	struct xml *xml = NULL;
	struct err err = {0};
	struct buf json;

	buf_init(&json, 4 * XML_MAX_BYTES);
	load(in, path);
	if (xml_parse(in->data, in->len, &xml, &err) != 0)
		fail_msg("%s: %s", path, err.text);
	xml_free(xml);
	if (wsman_to_json(in->data, in->len, &json, &err) != 0) {
		if (why == NULL)
			fail_msg("%s: %s", path, err.text);
		print_message(
		    "not an answer: %s (%s): %s\n", path, why, err.text);
	} else {
		assert_null(why);
		assert_int_equal(
		    wsman_decode(in->data, in->len, 0, &reply, &err), 0);
	}
	wsman_reply_free(reply);
	buf_free(&json);
}

static void
understands_all(void **state)
{
	char *root[] = {mem_dup(folder), NULL};
	FTS *tree = fts_open(root, FTS_PHYSICAL, NULL);
	size_t count = 0;
	struct buf in;
	FTSENT *e;

	(void)state;
	buf_init(&in, XML_MAX_BYTES);
	assert_non_null(tree);
	while ((e = fts_read(tree)) != NULL) {
		if (e->fts_info != FTS_F || e->fts_namelen < 4 ||
		    strcmp(e->fts_name + e->fts_namelen - 4, ".xml") != 0)
			continue;
		check(e->fts_path + strlen(folder) + 1, &in);
		count++;
	}
	print_message("%zu recorded answers\n", count);
	assert_true(count > 0);
	fts_close(tree);
	buf_free(&in);
	free(root[0]);
}

static struct wsman_reply *
open_reply(const char *path)
{
	struct wsman_reply *reply = NULL;
	struct err err = {0};
	struct buf in;

	buf_init(&in, XML_MAX_BYTES);
	load(&in, path);
	if (wsman_decode(in.data, in.len, 0, &reply, &err) != 0)
		fail_msg("%s: %s", path, err.text);
	buf_free(&in);
	return reply;
}

static void
reads_known_values(void **state)
{
	struct wsman_reply *reply;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		reply = open_reply(facts[i].path);
		assert_string_equal(
		    wsman_body(reply)->name, facts[i].class_name);
		assert_string_equal(
		    xml_child_text(wsman_body(reply), facts[i].element),
		    facts[i].value);
		wsman_reply_free(reply);
	}
	for (i = 0; i < sizeof(edited) / sizeof(edited[0]); i++) {
		reply = open_reply(edited[i].path);
		assert_string_equal(
		    xml_child_text(wsman_body(reply), edited[i].element),
		    edited[i].value);
		print_message("edited value: %s %s (%s)\n", edited[i].path,
		    edited[i].element, edited[i].why);
		wsman_reply_free(reply);
	}
}

static void
reads_lists(void **state)
{
	struct wsman_reply *reply;
	const struct xml_node *n;
	struct err err = {0};
	size_t count = 0;

	(void)state;
	reply = open_reply("amt/publickey/certificate/pull.xml");
	for (n = wsman_items(reply); n != NULL; n = n->next)
		count++;
	assert_int_equal(count, 3);
	assert_null(wsman_context(reply));
	wsman_reply_free(reply);
	reply = open_reply("amt/tls/credentialcontext/create.xml");
	n = wsman_body(reply);
	assert_string_equal(n->name, "ResourceCreated");
	wsman_reply_free(reply);
	reply = open_reply("ips/http/addproxyaccesspoint_2058.xml");
	assert_int_equal(wsman_return_value(reply, &err), -1);
	assert_int_equal(err.native, 2058);
	wsman_reply_free(reply);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(understands_all),
	    cmocka_unit_test(reads_known_values),
	    cmocka_unit_test(reads_lists),
	};
	struct stat st;

	folder = getenv("AMT_RECORDED");
	if (folder == NULL || stat(folder, &st) != 0 || !S_ISDIR(st.st_mode)) {
		puts("SKIP: AMT_RECORDED names no folder of recorded answers");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
