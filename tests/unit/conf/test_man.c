/*
 * contrib/man/amtkeeper.yaml.5 says of each option of configuration and
 * profile, and of no other: its default and range as they are, and an example
 * that is accepted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "conf.h"
#include "err.h"
#include "file.h"
#include "mem.h"
#include "profile.h"

#define PAGE TESTS_DIR "/../contrib/man/amtkeeper.yaml.5"
#define PAGE_MAX (256 * 1024)
#define ITEM ".It Cm "
#define EXAMPLE "\n.Dl "

/* So that their options show. */
static const char lists[] = "bridges:\n- {name: a, kind: est}\n"
			    "forward:\n- {name: a, kind: cef, to: udp://a}\n"
			    "epo:\n- {name: a, url: \"https://a\", ca: a}\n";
static const char profile_lists[] =
    "ad:\n  acl:\n  - {sid: S-1-5-32-544}\ntemplates:\n- {name: tls}\n";

struct page {
	struct buf text;
	bool profile; /* the entries that come are the profile's */
	size_t count;
	char file[64];
};

/* "bridges[0].url" -> "bridges[].url" */
static char *
key_of(const struct conf_entry *e)
{
	const char *digit = strstr(e->key, "[0]");

	if (digit == NULL)
		return mem_dup(e->key);
	return mem_printf("%.*s[]%s", (int)(digit - e->key), e->key, digit + 3);
}

/* The item's text, lines joined by spaces where no macro begins; given. */
static char *
item_of(const struct page *page, const char *key)
{
	char *head = mem_printf("\n" ITEM "%s\n", key);
	const char *at = strstr(buf_text(&page->text), head), *end;
	char *item;

	if (at == NULL)
		fail_msg(PAGE " does not have %s", key);
	at += strlen(head) - 1;
	end = strstr(at, "\n" ITEM);
	if (end == NULL || strstr(at, "\n.El") < end)
		end = strstr(at, "\n.El");
	item = mem_dup_len(at, (size_t)(end - at));
	free(head);
	return item;
}

static void
check_note(const char *key, const char *item, const char *note)
{
	char *words = mem_dup(item), *wanted = mem_printf(" (%s)", note), *at;

	for (at = words; *at != '\0'; at++)
		if (*at == '\n')
			*at = ' ';
	if (strstr(words, wanted) == NULL)
		fail_msg(PAGE ": %s: does not say%s", key, wanted);
	free(wanted);
	free(words);
}

static void
load(const struct page *page, const char *key, const char *text)
{
	struct profile *profile = NULL;
	struct conf *conf = NULL;
	struct err err = {0};
	FILE *out = fopen(page->file, "w");
	int rc;

	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
	rc = page->profile ? profile_load(page->file, &profile, &err)
			   : conf_load(page->file, &conf, &err);
	if (rc != 0)
		fail_msg("the example of %s: %s", key, err.text);
	profile_free(profile);
	conf_free(conf);
}

/* With the others that every entry has. */
static char *
epo_file(const char *key, const char *example)
{
	const struct {
		const char *key, *line;
	} needed[] = {{"epo[].name", "  name: a\n"},
	    {"epo[].url", "  url: https://a\n"}, {"epo[].ca", "  ca: a\n"}};
	char *text = mem_printf("epo:\n- %s\n", example), *more;
	size_t i;

	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (strcmp(key, needed[i].key) == 0)
			continue;
		more = mem_printf("%s%s", text, needed[i].line);
		free(text);
		text = more;
	}
	return text;
}

/* The example as a whole file: an entry of a list among those it needs. */
static char *
file_of(const char *key, const char *example)
{
	if (strcmp(key, "tls.template") == 0)
		return mem_printf(
		    "%s\ntemplates:\n- {name: desktops}\n", example);
	if (strncmp(key, "epo[]", 5) == 0)
		return epo_file(key, example);
	if (strcmp(key, "bridges[].name") == 0)
		return mem_printf("bridges:\n- {kind: est, %s}\n", example);
	if (strcmp(key, "bridges[].kind") == 0)
		return mem_printf("bridges:\n- {name: a, %s}\n", example);
	if (strcmp(key, "forward[].name") == 0)
		return mem_printf(
		    "forward:\n- {kind: cef, to: udp://a, %s}\n", example);
	if (strcmp(key, "forward[].kind") == 0)
		return mem_printf(
		    "forward:\n- {name: a, to: udp://a, %s}\n", example);
	if (strcmp(key, "forward[].to") == 0)
		return mem_printf(
		    "forward:\n- {name: a, kind: cef, %s}\n", example);
	if (strcmp(key, "forward[].certificate") == 0 ||
	    strcmp(key, "forward[].key") == 0)
		return mem_printf("forward:\n- {name: a, kind: cef, "
				  "to: tls://a, %s, %s}\n",
		    strcmp(key, "forward[].key") == 0 ? "certificate: a"
						      : "key: a",
		    example);
	if (strncmp(key, "forward[]", 9) == 0)
		return mem_printf("forward:\n- {name: a, kind: cef, "
				  "to: udp://a, %s}\n",
		    example);
	if (strncmp(key, "bridges", 7) == 0)
		return mem_printf(
		    "bridges:\n- {name: a, kind: est, %s}\n", example);
	if (strcmp(key, "templates[].name") == 0)
		return mem_printf(
		    "templates:\n- {name: tls}\n- {%s}\n", example);
	if (strcmp(key, "templates[].upn") == 0 ||
	    strcmp(key, "templates[].sid") == 0)
		return mem_printf("ad: {enabled: true, ou: 'OU=a,DC=b'}\n"
				  "templates:\n- {name: tls, %s}\n",
		    example);
	if (strncmp(key, "templates", 9) == 0)
		return mem_printf("templates:\n- {name: tls, %s}\n", example);
	if (strcmp(key, "ad.acl[].sid") == 0)
		return mem_printf("ad:\n  acl:\n  - {%s}\n", example);
	if (strncmp(key, "ad.acl", 6) == 0)
		return mem_printf(
		    "ad:\n  acl:\n  - {sid: S-1-5-32-544, %s}\n", example);
	return mem_printf("%s\n", example);
}

static void
check_example(const struct page *page, const char *key, const char *item)
{
	const char *at = strstr(item, EXAMPLE);
	char *example, *file;

	if (at == NULL)
		fail_msg(PAGE ": %s: has no example", key);
	at += strlen(EXAMPLE);
	example = mem_dup_len(at, strcspn(at, "\n"));
	file = file_of(key, example);
	load(page, key, file);
	free(file);
	free(example);
}

static void
check_entry(void *cookie, const struct conf_entry *e)
{
	struct page *page = cookie;
	char *key = key_of(e), *item = item_of(page, key);

	page->count++;
	check_note(key, item, e->note);
	check_example(page, key, item);
	free(item);
	free(key);
}

static void
put(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

static size_t
items_in(const char *text)
{
	size_t count = 0;

	for (; (text = strstr(text, "\n" ITEM)) != NULL; text++)
		count++;
	return count;
}

static void
page_is_true(void **state)
{
	struct page page = {.profile = false};
	struct err err = {0};
	struct profile *profile = NULL;
	struct conf *conf = NULL;

	(void)state;
	strcpy(page.file, "/tmp/amtkeeper-man-XXXXXX");
	assert_int_not_equal(mkstemp(page.file), -1);
	buf_init(&page.text, PAGE_MAX);
	if (file_read(PAGE, PAGE_MAX, &page.text, &err) != 0)
		fail_msg("%s", err.text);
	put(page.file, lists);
	assert_int_equal(conf_load(page.file, &conf, &err), 0);
	put(page.file, profile_lists);
	assert_int_equal(profile_load(page.file, &profile, &err), 0);
	conf_entries(conf, check_entry, &page);
	page.profile = true;
	profile_entries(profile, check_entry, &page);
	assert_int_equal(items_in(buf_text(&page.text)), page.count);
	conf_free(conf);
	profile_free(profile);
	buf_free(&page.text);
	(void)unlink(page.file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(page_is_true),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
