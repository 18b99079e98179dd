/* adapter/vault: the key file, sealing, and everything that must not open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "err.h"
#include "mem.h"
#include "secret.h"
#include "vault.h"

#define KEY_A "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define KEY_B "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"
#define PURPOSE "device:12:admin"
#define PASSWORD "P@ssw0rd.of.12"

struct fixture {
	char folder[32];
	char path[64];
	struct vault *vault;
	struct secret *secret;
	struct buf sealed;
	struct err err;
};

static int
setup(void **state)
{
	struct fixture *f;

	f = mem_alloc(sizeof(*f));
	strcpy(f->folder, "/tmp/test-vault-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/key", f->folder);
	assert_int_equal(vault_create(f->path, &f->err), 0);
	assert_int_equal(vault_open(f->path, &f->vault, &f->err), 0);
	f->secret = secret_new(PASSWORD, strlen(PASSWORD));
	buf_init(&f->sealed, 4096);
	assert_int_equal(
	    vault_seal(f->vault, PURPOSE, f->secret, &f->sealed, &f->err), 0);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	int r;

	vault_close(f->vault);
	secret_free(f->secret);
	buf_free(&f->sealed);
	unlink(f->path);
	r = rmdir(f->folder);
	free(f);
	return r;
}

/* Put this text in place of the key file. */
static void
put(struct fixture *f, const void *text, size_t len, mode_t mode)
{
	FILE *file;

	unlink(f->path);
	file = fopen(f->path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(f->path, mode), 0);
}

static void
open_again(struct fixture *f)
{
	vault_close(f->vault);
	f->vault = NULL;
	assert_int_equal(vault_open(f->path, &f->vault, &f->err), 0);
}

static void
assert_refuses(struct fixture *f, enum err_kind kind)
{
	struct vault *v = NULL;

	err_clear(&f->err);
	assert_int_equal(vault_open(f->path, &v, &f->err), -1);
	assert_null(v);
	assert_int_equal(f->err.kind, kind);
	/* Key material never shows in an error. */
	assert_null(strstr(f->err.text, "00112233"));
	assert_int_equal(vault_open(f->path, &v, NULL), -1);
}

static int
unseal(struct fixture *f, const char *purpose, struct secret **ret)
{
	return vault_unseal(
	    f->vault, purpose, f->sealed.data, f->sealed.len, ret, &f->err);
}

static void
assert_opens(struct fixture *f)
{
	struct secret *s;

	assert_int_equal(unseal(f, PURPOSE, &s), 0);
	assert_true(secret_equal(s, f->secret));
	secret_free(s);
}

static void
assert_stays_shut(struct fixture *f, const char *purpose)
{
	struct secret *s = NULL;

	err_clear(&f->err);
	assert_int_equal(unseal(f, purpose, &s), -1);
	assert_int_equal(f->err.kind, ERR_STORAGE);
	assert_null(s);
}

static void
test_create(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(vault_create(f->path, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_CONFLICT);
	assert_opens(f); /* and it is still the same key */
	open_again(f);
	assert_opens(f);
	assert_int_equal(vault_create("/nowhere/key", &f->err), -1);
}

static void
test_access(void **state)
{
	static const mode_t bad[] = {0644, 0640, 0604, 0660, 0610, 0601, 0777};
	struct fixture *f = *state;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(chmod(f->path, bad[i]), 0);
		assert_refuses(f, ERR_DENIED);
	}
	assert_int_equal(chmod(f->path, 0400), 0);
	open_again(f);
	if (geteuid() == 0) {
		/* Root may read everyone's, and still does not trust it. */
		assert_int_equal(chown(f->path, 12345, (gid_t)-1), 0);
		assert_refuses(f, ERR_DENIED);
	}
	unlink(f->path);
	assert_refuses(f, ERR_NOTFOUND);
	assert_int_equal(access(f->path, F_OK), -1);
	assert_int_equal(mkdir(f->path, 0700), 0);
	assert_refuses(f, ERR_STORAGE);
	assert_int_equal(rmdir(f->path), 0);
	/* A pipe must not block us. */
	assert_int_equal(mkfifo(f->path, 0600), 0);
	assert_refuses(f, ERR_STORAGE);
}

static void
test_damaged_file(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} bad[] = {
#define BAD(text) {text, sizeof(text) - 1}
	    BAD(""),
	    BAD("\n"),
	    BAD("a:" KEY_A "\n\n"),
	    BAD(KEY_A "\n"),
	    BAD(":" KEY_A "\n"),
	    BAD("a:00112233\n"),
	    BAD("a:" KEY_A "00\n"),
	    BAD("a:" KEY_A " \n"),
	    BAD("a:" KEY_A "\r\n"),
	    BAD("a b:" KEY_A "\n"),
	    BAD("a:x" KEY_A "\n"),
	    BAD("a:g0112233445566778899aabbccddeeff"
		"00112233445566778899aabbccddeeff\n"),
	    BAD("a:" KEY_A "\nb:" KEY_B "\na:" KEY_B "\n"),
	    BAD("a:" KEY_A "\0\n"),
	    BAD("a:" KEY_A "\nb:0011"),
	    BAD("123456789012345678901234567890123:" KEY_A "\n"),
#undef BAD
	};
	struct fixture *f = *state;
	char *big;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put(f, bad[i].text, bad[i].len, 0600);
		assert_refuses(f, ERR_STORAGE);
	}
	big = mem_alloc(100000);
	memset(big, 'a', 100000);
	put(f, big, 100000, 0600);
	assert_refuses(f, ERR_STORAGE);
	free(big);
	/* Every truncation inside the first key. */
	for (i = 0; i < strlen("a:" KEY_A); i++) {
		put(f, "a:" KEY_A, i, 0600);
		assert_refuses(f, ERR_STORAGE);
	}
	put(f, "a:" KEY_A, strlen("a:" KEY_A), 0600); /* no newline: whole */
	open_again(f);
}

static void
test_too_many_keys(void **state)
{
	struct fixture *f = *state;
	struct buf text;
	int i;

	buf_init(&text, 4096);
	for (i = 0; i < 16; i++)
		buf_printf(&text, "k%d:%s\n", i, KEY_A);
	put(f, text.data, text.len, 0600);
	open_again(f);
	buf_printf(&text, "k%d:%s\n", i, KEY_A);
	put(f, text.data, text.len, 0600);
	assert_refuses(f, ERR_STORAGE);
	buf_free(&text);
}

static void
test_purpose(void **state)
{
	static const char *const other[] = {"", "device:12:ad",
	    "device:1:admin", "device:123:admin", "device:12:admin ",
	    "evice:12:admin", "store:check"};
	struct fixture *f = *state;
	size_t i;

	assert_opens(f);
	for (i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		assert_stays_shut(f, other[i]);
}

/* Each single bit of the blob counts. */
static void
test_bit_flips(void **state)
{
	struct fixture *f = *state;
	size_t i;
	int bit;

	for (i = 0; i < f->sealed.len; i++)
		for (bit = 0; bit < 8; bit++) {
			f->sealed.data[i] ^= (uint8_t)(1 << bit);
			assert_stays_shut(f, PURPOSE);
			f->sealed.data[i] ^= (uint8_t)(1 << bit);
		}
	assert_opens(f);
}

static void
test_lengths(void **state)
{
	struct fixture *f = *state;
	size_t len, i;

	len = f->sealed.len;
	for (i = 0; i < len; i++) {
		f->sealed.len = i;
		assert_stays_shut(f, PURPOSE);
	}
	f->sealed.len = len;
	buf_char(&f->sealed, 'x');
	assert_stays_shut(f, PURPOSE);
}

/* The password is nowhere in the blob, and no two blobs are alike. */
static void
test_opaque(void **state)
{
	struct fixture *f = *state;
	struct buf second;

	assert_null(
	    memmem(f->sealed.data, f->sealed.len, PASSWORD, strlen(PASSWORD)));
	buf_init(&second, 4096);
	assert_int_equal(
	    vault_seal(f->vault, PURPOSE, f->secret, &second, &f->err), 0);
	assert_int_equal(second.len, f->sealed.len);
	assert_memory_not_equal(second.data, f->sealed.data, second.len);
	buf_free(&second);
}

static void
test_sizes(void **state)
{
	static const size_t sizes[] = {0, 1, 15, 16, 17, 3000, 65536};
	struct fixture *f = *state;
	struct secret *s, *back;
	struct buf sealed;
	uint8_t *bytes;
	size_t i;

	bytes = mem_alloc(65537);
	memset(bytes, 0x5a, 65537);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		buf_init(&sealed, 70000);
		s = secret_new(bytes, sizes[i]);
		assert_int_equal(
		    vault_seal(f->vault, "p", s, &sealed, &f->err), 0);
		assert_int_equal(vault_unseal(f->vault, "p", sealed.data,
				     sealed.len, &back, &f->err),
		    0);
		assert_true(secret_equal(s, back));
		secret_free(s);
		secret_free(back);
		buf_free(&sealed);
	}
	buf_init(&sealed, 70000);
	s = secret_new(bytes, 65537);
	assert_int_equal(vault_seal(f->vault, "p", s, &sealed, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_LIMIT);
	assert_int_equal(sealed.len, 0);
	secret_free(s);
	buf_free(&sealed);
	free(bytes);
	/* No room for the blob is an error, not half a blob. */
	buf_init(&sealed, 20);
	assert_int_equal(
	    vault_seal(f->vault, "p", f->secret, &sealed, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_LIMIT);
	buf_free(&sealed);
}

/* A new key in front seals; what the old one sealed still opens. */
static void
test_rotation(void **state)
{
	struct fixture *f = *state;

	put(f, "old:" KEY_A "\n", strlen("old:" KEY_A "\n"), 0600);
	open_again(f);
	buf_reset(&f->sealed);
	assert_int_equal(
	    vault_seal(f->vault, PURPOSE, f->secret, &f->sealed, &f->err), 0);

	put(f, "new:" KEY_B "\nold:" KEY_A "\n",
	    strlen("new:" KEY_B "\nold:" KEY_A "\n"), 0600);
	open_again(f);
	assert_opens(f);
	buf_reset(&f->sealed);
	assert_int_equal(
	    vault_seal(f->vault, PURPOSE, f->secret, &f->sealed, &f->err), 0);
	assert_opens(f);

	/* Without the new key: the error names which one is missing. */
	put(f, "old:" KEY_A "\n", strlen("old:" KEY_A "\n"), 0600);
	open_again(f);
	assert_stays_shut(f, PURPOSE);
	assert_non_null(strstr(f->err.text, "new"));

	/* Another key under the same name. */
	put(f, "new:" KEY_A "\n", strlen("new:" KEY_A "\n"), 0600);
	open_again(f);
	assert_stays_shut(f, PURPOSE);
}

/* What was written once must open for ever: made by an independent program
 * (Python's AESGCM) from the layout in vault.c. */
static void
test_known_blob(void **state)
{
	static const uint8_t blob[] = {0x01, 0x01, 0x61, 0x00, 0x01, 0x02, 0x03,
	    0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x46, 0x58, 0xc6,
	    0x45, 0x37, 0x79, 0xbf, 0xd2, 0xe7, 0x54, 0x09, 0xd2, 0x00, 0xe7,
	    0x96, 0x17, 0xe9, 0x8b, 0xab, 0x08, 0xaf, 0xa1, 0xd5, 0xd4, 0x39,
	    0x2d, 0x3f, 0xd0, 0x47, 0xbe};
	struct fixture *f = *state;
	struct secret *s;

	put(f, "a:" KEY_A "\n", strlen("a:" KEY_A "\n"), 0600);
	open_again(f);
	assert_int_equal(
	    vault_unseal(f->vault, PURPOSE, blob, sizeof(blob), &s, &f->err),
	    0);
	assert_true(secret_equal(s, f->secret));
	secret_free(s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_create),
	    TEST(test_access),
	    TEST(test_damaged_file),
	    TEST(test_too_many_keys),
	    TEST(test_purpose),
	    TEST(test_bit_flips),
	    TEST(test_lengths),
	    TEST(test_opaque),
	    TEST(test_sizes),
	    TEST(test_rotation),
	    TEST(test_known_blob),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
