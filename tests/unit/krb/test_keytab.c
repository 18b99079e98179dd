/* Keytabs that we write, as MIT's library reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <cmocka.h>
#include <krb5.h>

#include "buf.h"
#include "err.h"
#include "file.h"
#include "krb.h"
#include "mem.h"
#include "secret.h"

#define KEYTAB_MAX 65536
#define SPN "HTTP/pc1.ad.example.test:16993"
#define REALM "AD.EXAMPLE.TEST"

static char folder[] = "/tmp/amtkeeper-keytab.XXXXXX";
static char *path;

static int
setup(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	path = mem_printf("%s/keytab", folder);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)unlink(path);
	free(path);
	return rmdir(folder);
}

static void
make_keys(struct krb_keys *keys)
{
	uint8_t bytes[32];

	memset(bytes, 0x11, sizeof(bytes));
	keys->of[KRB_AES256] = secret_new(bytes, 32);
	memset(bytes, 0x22, sizeof(bytes));
	keys->of[KRB_AES128] = secret_new(bytes, 16);
	memset(bytes, 0x33, sizeof(bytes));
	keys->of[KRB_RC4] = secret_new(bytes, 16);
}

static void
write_file(const struct buf *bytes, mode_t mode)
{
	struct err err;

	(void)unlink(path);
	if (file_write(path, bytes->data, bytes->len, mode, true, &err) != 0)
		fail_msg("%s", err.text);
}

/* One key as the library finds it, by name, version and type. */
static void
has_key(const char *name, krb5_kvno kvno, krb5_enctype type, uint8_t byte,
    unsigned len)
{
	krb5_keytab_entry entry;
	krb5_principal who;
	krb5_context ctx;
	krb5_keytab tab;
	unsigned i;

	assert_int_equal(krb5_init_context(&ctx), 0);
	assert_int_equal(krb5_kt_resolve(ctx, path, &tab), 0);
	assert_int_equal(krb5_parse_name(ctx, name, &who), 0);
	assert_int_equal(
	    krb5_kt_get_entry(ctx, tab, who, kvno, type, &entry), 0);
	assert_int_equal(entry.vno, kvno);
	assert_int_equal(entry.timestamp, 1700000000);
	assert_int_equal(entry.key.length, len);
	for (i = 0; i < len; i++)
		assert_int_equal(entry.key.contents[i], byte);
	krb5_free_keytab_entry_contents(ctx, &entry);
	krb5_free_principal(ctx, who);
	krb5_kt_close(ctx, tab);
	krb5_free_context(ctx);
}

static void
write_two(struct buf *bytes)
{
	struct krb_owner owner = {
	    .realm = REALM, .name = SPN, .kvno = 7, .now = 1700000000};
	struct krb_keys keys = {{NULL}};

	make_keys(&keys);
	krb_keytab_add(bytes, &owner, &keys);
	/* an account with AES256 alone, and a version of more than a byte */
	secret_free(keys.of[KRB_AES128]);
	keys.of[KRB_AES128] = NULL;
	secret_free(keys.of[KRB_RC4]);
	keys.of[KRB_RC4] = NULL;
	owner.name = "pc1-iME$";
	owner.kvno = 0x1234;
	krb_keytab_add(bytes, &owner, &keys);
	krb_keys_clear(&keys);
}

static void
keys_are_found(void **state)
{
	struct buf bytes;

	(void)state;
	buf_init(&bytes, KEYTAB_MAX);
	write_two(&bytes);
	write_file(&bytes, 0600);
	has_key(SPN "@" REALM, 7, ENCTYPE_AES256_CTS_HMAC_SHA1_96, 0x11, 32);
	has_key(SPN "@" REALM, 7, ENCTYPE_AES128_CTS_HMAC_SHA1_96, 0x22, 16);
	has_key(SPN "@" REALM, 7, ENCTYPE_ARCFOUR_HMAC, 0x33, 16);
	has_key("pc1-iME$@" REALM, 0x1234, ENCTYPE_AES256_CTS_HMAC_SHA1_96,
	    0x11, 32);
	buf_free(&bytes);
}

static int
list_entry(void *cookie, const struct krb_entry *entry, struct err *err)
{
	(void)err;
	buf_printf(cookie, "%s %lld %s\n", entry->principal,
	    (long long)entry->kvno, entry->type);
	return 0;
}

static int
stop_at_once(void *cookie, const struct krb_entry *entry, struct err *err)
{
	(void)entry;
	++*(int *)cookie;
	return err_set(err, ERR_CANCELLED, "enough");
}

static void
entries_are_listed(void **state)
{
	struct buf bytes, list;
	struct err err;
	int count = 0;

	(void)state;
	buf_init(&bytes, KEYTAB_MAX);
	buf_init(&list, KEYTAB_MAX);
	write_two(&bytes);
	write_file(&bytes, 0600);
	assert_int_equal(krb_keytab_scan(path, list_entry, &list, &err), 0);
	assert_string_equal(buf_text(&list),
	    SPN "@" REALM " 7 aes256\n" SPN "@" REALM " 7 aes128\n" SPN
		"@" REALM " 7 rc4\npc1-iME$@" REALM " 4660 aes256\n");
	assert_int_equal(krb_keytab_scan(path, stop_at_once, &count, &err), -1);
	assert_int_equal(err.kind, ERR_CANCELLED);
	assert_int_equal(count, 1);
	buf_free(&bytes);
	buf_free(&list);
}

static void
what_is_none(void **state)
{
	struct buf bytes, list;
	struct err err;

	(void)state;
	buf_init(&bytes, KEYTAB_MAX);
	buf_init(&list, KEYTAB_MAX);
	buf_str(&bytes, "# not a keytab\n");
	write_file(&bytes, 0600);
	assert_int_equal(krb_keytab_scan(path, list_entry, &list, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	buf_reset(&bytes);
	write_two(&bytes);
	write_file(&bytes, 0640);
	assert_int_equal(krb_keytab_scan(path, list_entry, &list, &err), 0);
	write_file(&bytes, 0604);
	assert_int_equal(krb_keytab_scan(path, list_entry, &list, &err), -1);
	assert_non_null(strstr(err.text, "open to everyone"));
	(void)unlink(path);
	assert_int_equal(krb_keytab_scan(path, list_entry, &list, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	buf_free(&bytes);
	buf_free(&list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_are_found),
	    cmocka_unit_test(entries_are_listed),
	    cmocka_unit_test(what_is_none),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
