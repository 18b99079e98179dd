/* Answers recorded of a real KDC, through the calls that read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "err.h"
#include "file.h"
#include "krb.h"
#include "krb_internal.h"
#include "mem.h"

#define ANSWER_MAX 65536
#define TEXT_MAX 1024
#define SENT_US INT64_C(1795877617000000) /* as if we had asked then */
#define TRIP_US 3000

struct replay {
	struct krb *k;
	struct buf answer; /* to every question */
	int asked;
};
static struct replay replay;

static krb5_error_code
say(krb5_context ctx, void *data, const krb5_data *realm,
    const krb5_data *message, krb5_data **ret_message, krb5_data **ret_reply)
{
	struct replay *r = data;
	krb5_data bytes = {
	    .length = (unsigned)r->answer.len, .data = (char *)r->answer.data};

	(void)realm;
	(void)message;
	(void)ret_message;
	r->asked++;
	err_clear(&r->k->exchange.trouble);
	krb_note_answer(r->k, &bytes, SENT_US, SENT_US + TRIP_US);
	return krb5_copy_data(ctx, &bytes, ret_reply);
}

static int
setup(void **state)
{
	const struct krb_conf conf = {.realm = "AD.EXAMPLE.TEST",
	    .kdc = "127.0.0.1",
	    .principal = "svc-amt@AD.EXAMPLE.TEST",
	    .deadline_ms = 1000};

	(void)state;
	setenv("KRB5_CONFIG", "/dev/null", 1);
	if (krb_open(&conf, &replay.k, NULL) != 0)
		return -1;
	krb5_set_kdc_send_hook(replay.k->ctx, say, &replay);
	buf_init(&replay.answer, ANSWER_MAX);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	krb_close(replay.k);
	buf_free(&replay.answer);
	return 0;
}

/* The fuzzer's corpus has them, behind an octet that says what is asked. */
static void
load(const char *name)
{
	char *path = mem_printf("%s/fuzz/krb/kdc.corpus/%s", TESTS_DIR, name);
	struct buf bytes;
	struct err err;

	buf_init(&bytes, ANSWER_MAX);
	if (file_read(path, ANSWER_MAX, &bytes, &err) != 0)
		fail_msg("%s", err.text);
	buf_reset(&replay.answer);
	buf_add(&replay.answer, bytes.data + 1, bytes.len - 1);
	replay.asked = 0;
	buf_free(&bytes);
	free(path);
}

static void
a_salt(void **state)
{
	int64_t rounds = -1;
	struct buf salt;
	struct err err;

	(void)state;
	load("salt-computer");
	buf_init(&salt, TEXT_MAX);
	if (krb_salt(replay.k, "pc001-iME$", &salt, &rounds, &err) != 0)
		fail_msg("%s", err.text);
	assert_string_equal(
	    buf_text(&salt), "AD.EXAMPLE.TESThostpc001-ime.ad.example.test");
	assert_int_equal(rounds, 4096);
	assert_int_equal(replay.asked, 1);
	buf_free(&salt);
}

static void
no_salt(void **state)
{
	static const struct {
		const char *name;
		enum err_kind kind;
		const char *says;
	} cases[] = {
	    {"salt-unknown", ERR_NOTFOUND, "does not know this account"},
	    {"salt-no-type", ERR_REFUSED, "msDS-SupportedEncryptionTypes"},
	    {"salt-must-change", ERR_REFUSED, "set a new one"},
	    {"salt-expired", ERR_REFUSED, "Active Directory"},
	    {"salt-refused", ERR_DENIED, "refuses"},
	};
	struct buf salt;
	int64_t rounds = -1;
	struct err err;
	size_t i;

	(void)state;
	buf_init(&salt, TEXT_MAX);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		load(cases[i].name);
		assert_int_equal(
		    krb_salt(replay.k, "x", &salt, &rounds, &err), -1);
		if (err.kind != cases[i].kind ||
		    strstr(err.text, cases[i].says) == NULL)
			fail_msg("%s: %s: %s", cases[i].name,
			    err_kind_name(err.kind), err.text);
	}
	assert_int_equal(salt.len, 0);
	assert_int_equal(rounds, -1);
	buf_free(&salt);
}

/* The time stands in whatever the KDC refuses, as UTC of 2026. */
static void
a_time(void **state)
{
	static const char *const names[] = {
	    "time-computer", "time-unknown", "time-no-type"};
	int64_t offset, error;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		offset = error = -1;
		load(names[i]);
		if (krb_time(replay.k, 3, &offset, &error, &err) != 0)
			fail_msg("%s: %s", names[i], err.text);
		assert_int_equal(replay.asked, 3);
		assert_int_equal(error, TRIP_US / 2000 + 1);
		/* They were recorded within the same few seconds, 10 to 30
		 * later. */
		assert_in_range(offset - 10000, 0, 20000);
		assert_true(offset != 0);
	}
	/* a ticket has none that can be read */
	load("time-ticket");
	assert_int_equal(krb_time(replay.k, 1, &offset, &error, &err), -1);
	assert_int_equal(err.kind, ERR_PROTOCOL);
}

static void
types(void **state)
{
	struct buf list;
	struct err err;

	(void)state;
	buf_init(&list, TEXT_MAX);
	load("types-computer"); /* says AES256 to whatever is asked */
	assert_int_equal(krb_types_offered(replay.k, &list, &err), 0);
	assert_string_equal(buf_text(&list), "aes256");
	buf_reset(&list);
	load("types-no-type");
	assert_int_equal(krb_types_offered(replay.k, &list, &err), 0);
	assert_string_equal(buf_text(&list), "");
	load("types-unknown");
	assert_int_equal(krb_types_offered(replay.k, &list, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	buf_free(&list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_salt),
	    cmocka_unit_test(no_salt),
	    cmocka_unit_test(a_time),
	    cmocka_unit_test(types),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
