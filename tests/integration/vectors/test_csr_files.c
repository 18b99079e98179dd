/*
 * CSRs that somebody else made, right and wrong, at our door: each passes or is
 * refused by the rule that csr.verdicts names.  The device that asks has the
 * name that is in the CSR, so that names stop only what has none or too many.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "ca.h"
#include "csr_internal.h"
#include "fixture.h"
#include "mem.h"
#include "str.h"
#include "verdicts.h"

static struct fixture fixture;

/* The CN, or what nobody has. */
static char *
name_in(const struct buf *der)
{
	struct ca_csr csr;
	char *cn = NULL;

	if (ca_csr_parse(ca_der_bytes(der), &csr) != NULL ||
	    ca_names_read_cn(csr.subject, &cn, NULL) != 0 || cn == NULL)
		return mem_dup("nobody.example");
	return cn;
}

/* By a template for this kind of key: "ok", or rule and value. */
static void
judge_by(const char *key, const struct buf *der, char *out, size_t room)
{
	static const char prefix[] = "CSR rule ";
	struct ca_template t = fixture_template;
	struct ca_subject subject = fixture_subject;
	struct ca_request request = fixture_request(&fixture, der, NULL);
	char *name = name_in(der);
	struct err err;

	t.key = key;
	subject.device = subject.fqdn = name;
	request.template = &t;
	request.subject = &subject;
	(void)snprintf(out, room, "ok");
	if (ca_csr_check(fixture.ca, &request, &err) != 0) {
		assert_memory_equal(err.text, prefix, strlen(prefix));
		(void)snprintf(out, room, "%s", err.text + strlen(prefix));
	}
	free(name);
}

static void
judge(const char *file, char *out, size_t room)
{
	struct buf text, der;
	struct err err;

	buf_init(&text, 1u << 20);
	buf_init(&der, 65536);
	vectors_read(VECTORS "/requests", file, &text);
	if (ca_csr_read(&text, &der, &err) != 0)
		fail_msg("%s: %s", file, err.text);
	judge_by("auto", &der, out, room);
	if (str_starts(out, "key.type: EC"))
		judge_by("ec-p384", &der, out, room);
	buf_free(&text);
	buf_free(&der);
}

static void
test_files(void **state)
{
	static const struct verdict *list;
	static const char *const *files;
	const struct verdict *v;
	size_t known = verdicts_read(VERDICTS "/csr.verdicts", &list), i;
	size_t count = vectors_list(VECTORS "/requests", "", &files), bad = 0;
	char said[512];

	(void)state;
	for (i = 0; i < count; i++) {
		judge(files[i], said, sizeof(said));
		v = verdicts_find(list, known, files[i]);
		if (v != NULL && v->says[0] != '\0' &&
		    str_starts(said, v->says))
			continue;
		print_error("%s | %s\n", files[i], said);
		bad++;
	}
	assert_int_equal(bad, 0);
	assert_int_equal(known, count);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_prestate_setup_teardown(
		test_files, fixture_setup, fixture_teardown, &fixture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
