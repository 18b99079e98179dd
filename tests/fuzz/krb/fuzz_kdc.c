/*
 * What a KDC may answer: KRB-ERROR with ETYPE-INFO2 and its time, from recorded
 * answers.  The first octet picks what is asked; every request gets the rest.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "krb.h"
#include "krb_internal.h"

#define TEXT_MAX 1024
#define SALT_LONGEST 512
#define ROUNDS_MOST (INT64_C(1) << 32)
#define TRIP_US 1000
#define OPERATIONS 3
/* The KDC's time is 32 bits of seconds and as many of microseconds. */
#define OFFSET_MOST ((INT64_C(1) << 33) * 1000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct answer {
	struct krb *k;
	krb5_data bytes;
};
static struct answer answer;

static krb5_error_code
replay(krb5_context ctx, void *data, const krb5_data *realm,
    const krb5_data *message, krb5_data **ret_message, krb5_data **ret_reply)
{
	const struct answer *a = data;

	(void)realm;
	(void)message;
	(void)ret_message;
	err_clear(&a->k->exchange.trouble);
	krb_note_answer(a->k, &a->bytes, 0, TRIP_US);
	return krb5_copy_data(ctx, &a->bytes, ret_reply);
}

static void
set_up(void)
{
	const struct krb_conf conf = {.realm = "AD.EXAMPLE.TEST",
	    .kdc = "127.0.0.1",
	    .principal = "svc-amt@AD.EXAMPLE.TEST",
	    .deadline_ms = 1000};

	setenv("KRB5_CONFIG", "/dev/null", 1);
	if (krb_open(&conf, &answer.k, NULL) != 0)
		abort();
	krb5_set_kdc_send_hook(answer.k->ctx, replay, &answer);
}

static int
ask_time(struct err *err)
{
	int64_t offset = 0, error = 0;

	if (krb_time(answer.k, 2, &offset, &error, err) != 0)
		return -1;
	assert(error == TRIP_US / 1000);
	assert(offset > -OFFSET_MOST && offset < OFFSET_MOST);
	return 0;
}

static int
ask_salt(struct err *err)
{
	int64_t rounds = -1;
	struct buf salt;
	int rc;

	buf_init(&salt, TEXT_MAX);
	rc = krb_salt(answer.k, "pc001-iME$", &salt, &rounds, err);
	if (rc == 0) {
		assert(rounds >= 0 && rounds <= ROUNDS_MOST);
		assert(salt.len <= (rounds == 0 ? 0 : SALT_LONGEST));
	}
	assert(rc == 0 || salt.len == 0);
	buf_free(&salt);
	return rc;
}

static int
ask_types(struct err *err)
{
	struct buf types;
	int rc;

	buf_init(&types, TEXT_MAX);
	rc = krb_types_offered(answer.k, &types, err);
	assert(types.len <= sizeof("aes256,aes128,rc4"));
	buf_free(&types);
	return rc;
}

/* What a person reads holds nothing that a terminal obeys. */
static void
check_error(const struct err *err)
{
	const char *at;

	assert(err->kind != ERR_NONE && err->text[0] != '\0');
	for (at = err->text; *at != '\0'; at++)
		assert(*at >= 0x20 && *at < 0x7f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int (*const asks[OPERATIONS])(struct err *) = {
	    ask_time, ask_salt, ask_types};
	struct err err = {.kind = ERR_NONE};
	char *copy;

	if (size < 2)
		return 0;
	if (answer.k == NULL)
		set_up();
	copy = malloc(size - 1); /* so that reading past it is seen */
	if (copy == NULL)
		abort();
	memcpy(copy, data + 1, size - 1);
	answer.bytes =
	    (krb5_data){.length = (unsigned)(size - 1), .data = copy};
	if (asks[data[0] % OPERATIONS](&err) != 0)
		check_error(&err);
	free(copy);
	return 0;
}
