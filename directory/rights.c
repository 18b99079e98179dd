/*
 * Who may do what: security identifiers and descriptors (MS-DTYP 2.4), and
 * which rights go beyond what "directory delegate" gives (MS-ADTS 5.1.3.2).
 */
#include <stdio.h>
#include <string.h>

#include "audit.h"
#include "buf.h"
#include "err.h"
#include "str.h"

#define SID_HEAD 8
#define SUBAUTHORITIES_MAX 15
#define DESCRIPTOR_HEAD 20
#define DACL_OFFSET 16
#define ACL_HEAD 8
#define ACE_HEAD 8 /* with the mask */
#define GUID_LEN 16
#define ACE_ALLOWED 0
#define ACE_ALLOWED_OBJECT 5
#define ACE_ALLOWED_CALLBACK 9
#define ACE_ALLOWED_CALLBACK_OBJECT 11
#define TYPE_PRESENT 1
#define INHERITED_TYPE_PRESENT 2

#define RIGHT_CREATE_CHILD 0x1u
#define RIGHT_DELETE_CHILD 0x2u
#define RIGHT_WRITE_PROPERTY 0x20u
#define RIGHT_DELETE_TREE 0x40u
#define RIGHT_CONTROL 0x100u
#define RIGHT_DELETE 0x10000u
#define RIGHT_WRITE_DACL 0x40000u
#define RIGHT_WRITE_OWNER 0x80000u
#define RIGHT_FULL 0xf01ffu
#define GENERIC_ALL 0x10000000u
#define GENERIC_WRITE 0x40000000u

/* --- identifiers --- */

static uint32_t
number(const uint8_t *at, size_t bytes)
{
	uint32_t value = 0;

	while (bytes > 0)
		value = value << 8 | at[--bytes];
	return value;
}

/* 0, or -1 when these bytes do not begin with one. */
static int
take_sid(const uint8_t *at, size_t len, struct directory_sid *ret)
{
	size_t need;

	if (len < SID_HEAD || at[0] != 1 || at[1] > SUBAUTHORITIES_MAX)
		return -1;
	need = SID_HEAD + 4 * (size_t)at[1];
	if (len < need)
		return -1;
	memcpy(ret->bytes, at, need);
	ret->len = need;
	return 0;
}

int
directory_sid_parse(const uint8_t *bytes, size_t len, struct directory_sid *ret)
{
	return take_sid(bytes, len, ret) == 0 && ret->len == len ? 0 : -1;
}

bool
directory_sid_eq(const struct directory_sid *a, const struct directory_sid *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static uint64_t
authority(const struct directory_sid *sid)
{
	uint64_t value = 0;
	size_t i;

	for (i = 2; i < SID_HEAD; i++)
		value = value << 8 | sid->bytes[i];
	return value;
}

static size_t
subauthorities(const struct directory_sid *sid)
{
	return sid->len < SID_HEAD ? 0 : (sid->len - SID_HEAD) / 4;
}

static uint32_t
subauthority(const struct directory_sid *sid, size_t i)
{
	return number(sid->bytes + SID_HEAD + 4 * i, 4);
}

char *
directory_sid_text(
    const struct directory_sid *sid, char out[DIRECTORY_SID_TEXT])
{
	size_t i, len;

	len = (size_t)snprintf(out, DIRECTORY_SID_TEXT, "S-1-%llu",
	    (unsigned long long)authority(sid));
	for (i = 0; i < subauthorities(sid); i++)
		len += (size_t)snprintf(out + len, DIRECTORY_SID_TEXT - len,
		    "-%lu", (unsigned long)subauthority(sid, i));
	return out;
}

#define AUTHORITY_WORLD 1
#define AUTHORITY_NT 5
#define NT_BUILTIN 32
#define NT_DOMAIN 21

/* The last number of one of the domain's own, or of the built-in ones; 0. */
static uint32_t
rid_under(const struct directory_sid *sid, uint32_t first, size_t count)
{
	if (authority(sid) != AUTHORITY_NT || subauthorities(sid) != count ||
	    subauthority(sid, 0) != first)
		return 0;
	return subauthority(sid, count - 1);
}

const char *
directory_sid_master(const struct directory_sid *sid)
{
	switch (rid_under(sid, NT_DOMAIN, 5)) {
	case 512:
		return "Domain Admins";
	case 518:
		return "Schema Admins";
	case 519:
		return "Enterprise Admins";
	default:
		break;
	}
	switch (rid_under(sid, NT_BUILTIN, 2)) {
	case 544:
		return "Administrators";
	case 548:
		return "Account Operators";
	case 549:
		return "Server Operators";
	case 551:
		return "Backup Operators";
	default:
		return NULL;
	}
}

/* Groups that every account is in. */
static bool
is_everybody(const struct directory_sid *sid)
{
	uint32_t domain = rid_under(sid, NT_DOMAIN, 5);
	uint32_t builtin = rid_under(sid, NT_BUILTIN, 2);
	uint32_t plain =
	    authority(sid) == AUTHORITY_NT && subauthorities(sid) == 1
	    ? subauthority(sid, 0)
	    : 0;

	return authority(sid) == AUTHORITY_WORLD || plain == 7 || plain == 11 ||
	    (domain >= 513 && domain <= 515) || builtin == 545 ||
	    builtin == 546 || builtin == 554;
}

/* --- descriptors --- */

static void
take_guid(const uint8_t **at, uint8_t out[GUID_LEN])
{
	memcpy(out, *at, GUID_LEN);
	*at += GUID_LEN;
}

/* What is behind the mask of an object ACE, up to the SID; NULL: cut off. */
static const uint8_t *
take_types(const uint8_t *at, const uint8_t *end, struct directory_ace *ret)
{
	uint32_t present;
	size_t guids;

	if (end - at < 4)
		return NULL;
	present = number(at, 4);
	at += 4;
	ret->typed = (present & TYPE_PRESENT) != 0;
	ret->inherited_typed = (present & INHERITED_TYPE_PRESENT) != 0;
	guids = (size_t)ret->typed + ret->inherited_typed;
	if ((size_t)(end - at) < guids * GUID_LEN)
		return NULL;
	if (ret->typed)
		take_guid(&at, ret->type);
	if (ret->inherited_typed)
		take_guid(&at, ret->inherited_type);
	return at;
}

/* 1: it allows something, 0: it does not, -1: nonsense. */
static int
take_ace(const uint8_t *at, size_t size, struct directory_ace *ret)
{
	const uint8_t *end = at + size;
	uint8_t type = at[0];
	bool object =
	    type == ACE_ALLOWED_OBJECT || type == ACE_ALLOWED_CALLBACK_OBJECT;

	if (!object && type != ACE_ALLOWED && type != ACE_ALLOWED_CALLBACK)
		return 0;
	if (size < ACE_HEAD)
		return -1;
	memset(ret, 0, sizeof(*ret));
	ret->flags = at[1];
	ret->mask = number(at + 4, 4);
	at += ACE_HEAD;
	if (object)
		at = take_types(at, end, ret);
	if (at == NULL || take_sid(at, (size_t)(end - at), &ret->sid) != 0)
		return -1;
	return 1;
}

static int
nonsense(struct err *err)
{
	return err_set(err, ERR_PROTOCOL,
	    "a security descriptor that nobody can understand");
}

/* at: the first entry of count. */
static int
each_ace(const uint8_t *at, const uint8_t *end, size_t count,
    directory_ace_fn *fn, void *cookie, struct err *err)
{
	struct directory_ace ace;
	size_t size;
	int kind, rc = 0;

	for (; count > 0 && rc == 0; count--) {
		if (end - at < 4)
			return nonsense(err);
		size = number(at + 2, 2);
		if (size < 4 || (size_t)(end - at) < size)
			return nonsense(err);
		kind = take_ace(at, size, &ace);
		if (kind < 0)
			return nonsense(err);
		if (kind > 0)
			rc = fn(cookie, &ace, err);
		at += size;
	}
	return rc;
}

int
directory_aces(const uint8_t *bytes, size_t len, directory_ace_fn *fn,
    void *cookie, struct err *err)
{
	const uint8_t *acl;
	size_t offset, size;

	if (len < DESCRIPTOR_HEAD)
		return nonsense(err);
	offset = number(bytes + DACL_OFFSET, 4);
	if (offset < DESCRIPTOR_HEAD || offset > len || len - offset < ACL_HEAD)
		return nonsense(err);
	acl = bytes + offset;
	size = number(acl + 2, 2);
	if (size < ACL_HEAD || size > len - offset)
		return nonsense(err);
	return each_ace(
	    acl + ACL_HEAD, acl + size, number(acl + 4, 2), fn, cookie, err);
}

/* --- what is too much --- */

#define CLASS_COMPUTER "bf967a86-0de6-11d0-a285-00aa003049e2"
#define RIGHT_RESET "00299570-246d-11d0-a768-00aa006e0529"
/* With the old password in hand, as anybody may. */
#define RIGHT_CHANGE "ab721a53-1e2f-11d0-9819-00aa0040529b"
/* Replication of secrets to whoever asks. */
#define RIGHT_REPLICATE "1131f6ad-9c07-11d1-f79f-00c04fc2dcd2"

static const struct directory_grant grants[] = {
    {DIRECTORY_GRANT_CHILDREN, "computer", CLASS_COMPUTER},
    {DIRECTORY_GRANT_RIGHT, "Reset Password", RIGHT_RESET},
    {DIRECTORY_GRANT_ATTRIBUTE, "servicePrincipalName",
	"f3a64788-5306-11d1-a9c5-0000f80367c1"},
    {DIRECTORY_GRANT_ATTRIBUTE, "dNSHostName",
	"72e39547-7b18-11d1-adef-00c04fd8d5cd"},
    {DIRECTORY_GRANT_ATTRIBUTE, "userAccountControl",
	"bf967a68-0de6-11d0-a285-00aa003049e2"},
    {DIRECTORY_GRANT_ATTRIBUTE, "msDS-SupportedEncryptionTypes",
	"20119867-1d04-4ab7-9371-cfc3d5df0afd"},
    {DIRECTORY_GRANT_ATTRIBUTE, "sAMAccountName",
	"3e0abfd0-126a-11d0-a060-00aa006c33ed"},
    {DIRECTORY_GRANT_ATTRIBUTE, "pwdLastSet",
	"bf967a0a-0de6-11d0-a285-00aa003049e2"},
    {DIRECTORY_GRANT_ATTRIBUTE, "description",
	"bf967950-0de6-11d0-a285-00aa003049e2"},
    /* To move an object is to rename it. */
    {DIRECTORY_GRANT_ATTRIBUTE, "cn", "bf96793f-0de6-11d0-a285-00aa003049e2"},
    {DIRECTORY_GRANT_ATTRIBUTE, "name", "bf967a0e-0de6-11d0-a285-00aa003049e2"},
};

const struct directory_grant *
directory_grant(size_t i)
{
	return i < sizeof(grants) / sizeof(grants[0]) ? &grants[i] : NULL;
}

/* "bf967a86-0de6-11d0-a285-00aa003049e2" of bytes as in descriptors. */
#define GUID_TEXT 64
static const char *
guid_text(const uint8_t g[GUID_LEN], char out[GUID_TEXT])
{
	(void)snprintf(out, GUID_TEXT,
	    "%08lx-%04lx-%04lx-%02x%02x-%02x%02x%02x%02x%02x%02x",
	    (unsigned long)number(g, 4), (unsigned long)number(g + 4, 2),
	    (unsigned long)number(g + 6, 2), (unsigned)g[8], (unsigned)g[9],
	    (unsigned)g[10], (unsigned)g[11], (unsigned)g[12], (unsigned)g[13],
	    (unsigned)g[14], (unsigned)g[15]);
	return out;
}

struct excess {
	const struct directory_ace *ace;
	bool computers; /* on computer objects alone */
	enum directory_audit_level level;
	struct buf words;
};

static void
add_excess(struct excess *x, enum directory_audit_level level, const char *what)
{
	if (level > x->level)
		x->level = level;
	buf_printf(&x->words, "%s%s", x->words.len > 0 ? ", " : "", what);
}

static bool
is_type(const struct directory_ace *ace, const char *guid)
{
	char text[GUID_TEXT];

	return ace->typed && str_eq(guid_text(ace->type, text), guid);
}

/* "write of 4c164200-20c0-11d0-a768-00aa006e0529" */
static void
add_typed(struct excess *x, const char *what)
{
	char guid[GUID_TEXT], text[128];

	(void)snprintf(text, sizeof(text), "%s of %s", what,
	    guid_text(x->ace->type, guid));
	add_excess(x, AUDIT_WARNING, text);
}

static bool
needs_attribute(const struct directory_ace *ace)
{
	size_t i;

	for (i = 0; i < sizeof(grants) / sizeof(grants[0]); i++)
		if (grants[i].kind == DIRECTORY_GRANT_ATTRIBUTE &&
		    is_type(ace, grants[i].guid))
			return true;
	return false;
}

/* What makes its holder the master of an object. */
static void
judge_mastery(struct excess *x)
{
	const struct directory_ace *a = x->ace;
	enum directory_audit_level level =
	    x->computers ? AUDIT_WARNING : AUDIT_BAD;

	if ((a->mask & GENERIC_ALL) != 0 ||
	    ((a->mask & RIGHT_FULL) == RIGHT_FULL && !a->typed)) {
		add_excess(x, AUDIT_BAD, "full control");
		return;
	}
	if ((a->mask & RIGHT_WRITE_DACL) != 0)
		add_excess(x, AUDIT_BAD, "WriteDacl");
	if ((a->mask & RIGHT_WRITE_OWNER) != 0)
		add_excess(x, AUDIT_BAD, "WriteOwner");
	if ((a->mask & GENERIC_WRITE) != 0 ||
	    ((a->mask & RIGHT_WRITE_PROPERTY) != 0 && !a->typed))
		add_excess(x, level, "write of every attribute");
	if ((a->mask & RIGHT_CONTROL) != 0 && !a->typed)
		add_excess(x, level, "every extended right");
}

static void
judge_control(struct excess *x)
{
	const struct directory_ace *a = x->ace;

	if (is_type(a, RIGHT_REPLICATE))
		add_excess(x, AUDIT_BAD, "replication of every secret");
	else if (is_type(a, RIGHT_RESET) && !x->computers)
		add_excess(x, AUDIT_BAD, "password reset of every class");
	else if (!is_type(a, RIGHT_RESET) && !is_type(a, RIGHT_CHANGE))
		add_typed(x, "extended right");
}

static void
judge_rest(struct excess *x)
{
	const struct directory_ace *a = x->ace;

	if ((a->mask & RIGHT_WRITE_PROPERTY) != 0 && a->typed) {
		if (!needs_attribute(a))
			add_typed(x, "write");
		else if (!x->computers)
			add_typed(x, "on every class: write");
	}
	if ((a->mask & RIGHT_CONTROL) != 0 && a->typed)
		judge_control(x);
	if ((a->mask & (RIGHT_CREATE_CHILD | RIGHT_DELETE_CHILD)) != 0 &&
	    !is_type(a, CLASS_COMPUTER)) {
		if (a->typed)
			add_typed(x, "create or delete");
		else
			add_excess(x, AUDIT_WARNING,
			    "create or delete of every class");
	}
	if ((a->mask & RIGHT_DELETE_TREE) != 0)
		add_excess(x, AUDIT_WARNING, "delete of whole trees");
	if ((a->mask & RIGHT_DELETE) != 0 && !x->computers)
		add_excess(x, AUDIT_WARNING, "delete");
}

const char *
directory_ace_excess(const struct directory_ace *ace,
    enum directory_audit_level *ret_level, char out[DIRECTORY_ACE_WORDS])
{
	struct excess x = {.ace = ace, .level = AUDIT_NOTE};
	char guid[GUID_TEXT];
	bool some;

	x.computers = ace->inherited_typed &&
	    str_eq(guid_text(ace->inherited_type, guid), CLASS_COMPUTER);
	buf_init(&x.words, DIRECTORY_ACE_WORDS - 1);
	judge_mastery(&x);
	/* Full control has all the others in it. */
	if (!is_everybody(&ace->sid) &&
	    strcmp(buf_text(&x.words), "full control") != 0)
		judge_rest(&x);
	some = x.words.len > 0;
	(void)snprintf(out, DIRECTORY_ACE_WORDS, "%s", buf_text(&x.words));
	buf_free(&x.words);
	if (!some)
		return NULL;
	*ret_level = x.level;
	return out;
}
