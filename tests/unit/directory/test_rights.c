/* Security descriptors, as a controller sends them, and what is too much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "audit.h"
#include "err.h"
#include "str.h"

#define BYTES_MAX 1024

/* S-1-5-21-1-2-3-1103, and groups. */
#define SID_OWN                                                                \
	"010500000000000515000000010000000200000003000000"                     \
	"4f040000"
#define SID_DOMAIN_USERS                                                       \
	"010500000000000515000000010000000200000003000000"                     \
	"01020000"
#define SID_WORLD "010100000000000100000000"
#define SID_ADMINISTRATORS "01020000000000052000000020020000"
#define COMPUTER "867a96bfe60dd011a28500aa003049e2"
#define USER "ba7a96bfe60dd011a28500aa003049e2"
#define RESET                                                                  \
	"70952900"                                                             \
	"6d24d011a76800aa006e0529"
#define CHANGE                                                                 \
	"531a72ab"                                                             \
	"2f1ed011981900aa0040529b"
#define REPLICATE                                                              \
	"adf63111"                                                             \
	"079cd111f79f00c04fc2dcd2"
#define DESCRIPTION "507996bfe60dd011a28500aa003049e2"
#define RESTRICTIONS                                                           \
	"0042164c"                                                             \
	"c020d011a76800aa006e0529"

struct entry {
	const char *mask; /* little endian */
	const char *type, *inherited;
	const char *sid;
	const char *words; /* NULL: nothing is too much */
	enum directory_audit_level level;
};

static const struct entry entries[] = {
    /* What "directory delegate" gives. */
    {"03000000", COMPUTER, NULL, SID_OWN, NULL, 0},
    {"00010000", RESET, COMPUTER, SID_OWN, NULL, 0},
    {"30000000", DESCRIPTION, COMPUTER, SID_OWN, NULL, 0},
    {"94000200", NULL, NULL, SID_OWN, NULL, 0}, /* list and read */
    {"08000000", NULL, NULL, SID_OWN, NULL, 0}, /* validated writes */
    {"00010000", CHANGE, NULL, SID_OWN, NULL, 0},
    {"00000100", NULL, COMPUTER, SID_OWN, NULL, 0}, /* delete them */
    /* Masters. */
    {"ff010f00", NULL, NULL, SID_OWN, "full control", AUDIT_BAD},
    {"00000010", NULL, COMPUTER, SID_OWN, "full control", AUDIT_BAD},
    {"00000400", NULL, NULL, SID_OWN, "WriteDacl", AUDIT_BAD},
    {"00000800", NULL, COMPUTER, SID_OWN, "WriteOwner", AUDIT_BAD},
    {"20000000", NULL, NULL, SID_OWN, "write of every attribute", AUDIT_BAD},
    {"20000000", NULL, COMPUTER, SID_OWN, "write of every attribute",
	AUDIT_WARNING},
    {"00010000", NULL, NULL, SID_OWN, "every extended right", AUDIT_BAD},
    {"00010000", REPLICATE, NULL, SID_OWN, "replication of every secret",
	AUDIT_BAD},
    {"00010000", RESET, USER, SID_OWN, "password reset of every class",
	AUDIT_BAD},
    {"00040c00", NULL, NULL, SID_OWN, "WriteDacl, WriteOwner", AUDIT_BAD},
    /* More than is needed. */
    {"01000000", NULL, NULL, SID_OWN, "create or delete of every class",
	AUDIT_WARNING},
    {"02000000", USER, NULL, SID_OWN,
	"create or delete of bf967aba-0de6-11d0-a285-00aa003049e2",
	AUDIT_WARNING},
    {"20000000", RESTRICTIONS, COMPUTER, SID_OWN,
	"write of 4c164200-20c0-11d0-a768-00aa006e0529", AUDIT_WARNING},
    {"20000000", DESCRIPTION, NULL, SID_OWN, "on every class: write",
	AUDIT_WARNING},
    {"40000000", NULL, COMPUTER, SID_OWN, "delete of whole trees",
	AUDIT_WARNING},
    /* What everybody has is not our account's, but mastery is. */
    {"01000000", NULL, NULL, SID_DOMAIN_USERS, NULL, 0},
    {"00010000", RESTRICTIONS, NULL, SID_WORLD, NULL, 0},
    {"00000400", NULL, NULL, SID_WORLD, "WriteDacl", AUDIT_BAD},
};

static size_t
put(uint8_t *at, const char *hex)
{
	size_t len = strlen(hex) / 2;

	assert_int_equal(str_unhex(hex, at, len), 0);
	return len;
}

/* An entry of this type at at; its size. */
static size_t
put_ace(uint8_t *at, int type, const struct entry *e)
{
	bool object = e->type != NULL || e->inherited != NULL;
	size_t len = 4;

	at[0] = (uint8_t)(type + (object ? 5 : 0));
	at[1] = 2;
	len += put(at + len, e->mask);
	if (object) {
		memset(at + len, 0, 4);
		at[len] = (uint8_t)((e->type != NULL) |
		    ((e->inherited != NULL) << 1));
		len += 4;
	}
	if (e->type != NULL)
		len += put(at + len, e->type);
	if (e->inherited != NULL)
		len += put(at + len, e->inherited);
	len += put(at + len, e->sid);
	at[2] = (uint8_t)len;
	at[3] = (uint8_t)(len >> 8);
	return len;
}

/* The whole, its length: owner first, then a DACL of a denial and one entry. */
static size_t
put_descriptor(uint8_t *out, const struct entry *e)
{
	static const struct entry denied = {
	    "ff010f00", NULL, NULL, SID_WORLD, NULL, 0};
	size_t owner = 20, dacl, len;

	memset(out, 0, BYTES_MAX);
	out[0] = 1;
	out[2] = 4;
	out[3] = 0x80;
	dacl = owner + put(out + owner, SID_ADMINISTRATORS);
	out[4] = (uint8_t)owner;
	out[16] = (uint8_t)dacl;
	len = dacl + 8;
	len += put_ace(out + len, 1, &denied);
	len += put_ace(out + len, 0, e);
	out[dacl] = 4;
	out[dacl + 2] = (uint8_t)(len - dacl);
	out[dacl + 4] = 2;
	return len;
}

static int
take(void *cookie, const struct directory_ace *ace, struct err *err)
{
	struct directory_ace *to = cookie;

	(void)err;
	assert_int_equal(to->sid.len, 0); /* the denial is not shown */
	*to = *ace;
	return 0;
}

static void
excess(void **state)
{
	char words[DIRECTORY_ACE_WORDS];
	enum directory_audit_level level;
	uint8_t bytes[BYTES_MAX];
	size_t i, len;
	struct err err;

	(void)state;
	for (i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		const struct entry *e = &entries[i];
		struct directory_ace ace = {.mask = 0};
		const char *said;

		len = put_descriptor(bytes, e);
		assert_int_equal(
		    directory_aces(bytes, len, take, &ace, &err), 0);
		assert_int_equal(ace.flags, 2);
		said = directory_ace_excess(&ace, &level, words);
		if ((said == NULL) != (e->words == NULL) ||
		    (said != NULL && strstr(said, e->words) != said))
			fail_msg("entry %zu: %s", i, said == NULL ? "-" : said);
		if (said != NULL)
			assert_int_equal(level, e->level);
	}
}

/* "bf967a86-0de6-..." as in a descriptor, in hex. */
static void
guid_hex(const char *text, char out[33])
{
	static const int order[] = {6, 7, 4, 5, 2, 3, 0, 1, 11, 12, 9, 10, 16,
	    17, 14, 15, 19, 20, 21, 22, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33,
	    34, 35};
	size_t i;

	for (i = 0; i < 32; i++)
		out[i] = text[order[i]];
	out[32] = '\0';
}

/* What we tell people to give is not held against them; the same on objects of
 * every class is. */
static void
grants(void **state)
{
	static const char *const masks[] = {
	    [DIRECTORY_GRANT_CHILDREN] = "03000000",
	    [DIRECTORY_GRANT_RIGHT] = "00010000",
	    [DIRECTORY_GRANT_ATTRIBUTE] = "30000000"};
	char words[DIRECTORY_ACE_WORDS], hex[33];
	const struct directory_grant *g;
	enum directory_audit_level level;
	uint8_t bytes[BYTES_MAX];
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; (g = directory_grant(i)) != NULL; i++) {
		struct entry e = {.mask = masks[g->kind],
		    .type = hex,
		    .inherited = COMPUTER,
		    .sid = SID_OWN};
		struct directory_ace ace = {.mask = 0};

		guid_hex(g->guid, hex);
		assert_int_equal(
		    directory_aces(
			bytes, put_descriptor(bytes, &e), take, &ace, &err),
		    0);
		assert_null(directory_ace_excess(&ace, &level, words));
		ace.inherited_typed = false;
		if (g->kind != DIRECTORY_GRANT_CHILDREN)
			assert_non_null(
			    directory_ace_excess(&ace, &level, words));
	}
	assert_true(i > 8);
}

static int
ignore(void *cookie, const struct directory_ace *ace, struct err *err)
{
	(void)cookie;
	(void)ace;
	(void)err;
	return 0;
}

/* Cut anywhere, and with lengths that lie: an error, and nothing is read that
 * is not there (the sanitizer's build sees it). */
static void
nonsense(void **state)
{
	uint8_t bytes[BYTES_MAX];
	size_t len, i, all = put_descriptor(bytes, &entries[1]);
	struct err err;

	(void)state;
	for (len = 0; len < all; len++)
		assert_int_equal(
		    directory_aces(bytes, len, ignore, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_PROTOCOL);
	for (i = 0; i < all; i++) {
		(void)put_descriptor(bytes, &entries[1]);
		bytes[i] = 0xff;
		(void)directory_aces(bytes, all, ignore, NULL, &err);
	}
}

static void
identifiers(void **state)
{
	char text[DIRECTORY_SID_TEXT];
	struct directory_sid sid, other;
	uint8_t bytes[BYTES_MAX];
	size_t len;

	(void)state;
	len = put(bytes, SID_OWN);
	assert_int_equal(directory_sid_parse(bytes, len, &sid), 0);
	assert_string_equal(
	    directory_sid_text(&sid, text), "S-1-5-21-1-2-3-1103");
	assert_null(directory_sid_master(&sid));
	assert_int_equal(directory_sid_parse(bytes, len - 1, &other), -1);
	assert_int_equal(directory_sid_parse(bytes, len + 1, &other), -1);
	bytes[len - 4] = 0;
	bytes[len - 3] = 2;
	assert_int_equal(directory_sid_parse(bytes, len, &other), 0);
	assert_false(directory_sid_eq(&sid, &other));
	assert_string_equal(directory_sid_master(&other), "Domain Admins");
	len = put(bytes, SID_ADMINISTRATORS);
	assert_int_equal(directory_sid_parse(bytes, len, &other), 0);
	assert_string_equal(directory_sid_master(&other), "Administrators");
	bytes[1] = 16;
	assert_int_equal(directory_sid_parse(bytes, BYTES_MAX, &other), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(excess),
	    cmocka_unit_test(grants),
	    cmocka_unit_test(nonsense),
	    cmocka_unit_test(identifiers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
