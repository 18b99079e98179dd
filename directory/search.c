#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "directory.h"
#include "directory_internal.h"
#include "err.h"
#include "mem.h"
#include "str.h"

#define PAGE_SIZE 500	/* below AD's MaxPageSize of 1000 */
#define PAGES_MAX 2000	/* a million objects */
#define VALUES_MAX 1024 /* of one attribute */
#define LIST_MAX 65536

/* The cookie for the next page; empty after the last. */
static int
next_page(struct directory *d, LDAPMessage *result, struct berval *cookie,
    struct err *err)
{
	LDAPControl **controls = NULL, *page;
	int code;

	ber_memfree(cookie->bv_val);
	memset(cookie, 0, sizeof(*cookie));
	code = ldap_parse_result(
	    d->ld, result, NULL, NULL, NULL, NULL, &controls, 0);
	if (code != LDAP_SUCCESS)
		return err_native(err, ERR_PROTOCOL, ERR_LDAP, code,
		    "%s answers a search with nonsense", d->dc);
	page = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
	if (page != NULL)
		code = page->ldctl_value.bv_len == 0
		    ? LDAP_DECODING_ERROR /* libldap would end the process */
		    : ldap_parse_pageresponse_control(
			  d->ld, page, NULL, cookie);
	ldap_controls_free(controls);
	if (code != LDAP_SUCCESS)
		return err_native(err, ERR_PROTOCOL, ERR_LDAP, code,
		    "%s answers a paged search with nonsense", d->dc);
	return 0;
}

/* LDAP_SERVER_SD_FLAGS_OID with DACL_SECURITY_INFORMATION (MS-ADTS
 * 3.1.1.3.4.1.11). */
static int
add_dacl_control(LDAPControl **ret, struct err *err)
{
	static const uint8_t flags[] = {0x30, 0x03, 0x02, 0x01, 0x04};
	struct berval value = {.bv_len = sizeof(flags)};
	int code;

	value.bv_val = mem_copy(flags, sizeof(flags));
	code = ldap_control_create("1.2.840.113556.1.4.801", 1, &value, 1, ret);
	free(value.bv_val);
	if (code != LDAP_SUCCESS)
		return err_native(err, ERR_BUG, ERR_LDAP, code, "DACL control");
	return 0;
}

static int
one_page(struct directory *d, const struct directory_query *q,
    struct berval *cookie, LDAPMessage **ret, struct err *err)
{
	LDAPControl *controls[3] = {NULL, NULL, NULL};
	int code, msgid = -1, result;
	char **attributes;
	size_t count = 0;

	code =
	    ldap_create_page_control(d->ld, PAGE_SIZE, cookie, 0, &controls[0]);
	if (code != LDAP_SUCCESS)
		return err_native(err, ERR_BUG, ERR_LDAP, code, "page control");
	if (q->dacl && add_dacl_control(&controls[1], err) != 0) {
		ldap_control_free(controls[0]);
		return -1;
	}
	/* libldap wants them writable, and does not write. */
	while (q->attributes[count] != NULL)
		count++;
	attributes = mem_array(count + 1, sizeof(*attributes));
	memcpy(attributes, q->attributes, count * sizeof(*attributes));
	directory_begin(d);
	code = ldap_search_ext(d->ld, q->base, q->scope, q->filter, attributes,
	    0, controls, NULL, NULL, 0, &msgid);
	result = directory_end(d, DIRECTORY_LOOK, code, msgid, ret, err);
	ldap_control_free(controls[0]);
	ldap_control_free(controls[1]);
	free(attributes);
	return result;
}

/* Who asks for one object gets one at most (RFC 4511 4.5.1.2), and may keep
 * what it is given without a thought of a second. */
static int
take_entries(struct directory *d, const struct directory_query *q,
    LDAPMessage *page, directory_entry_fn *fn, void *cookie, bool *seen,
    struct err *err)
{
	LDAPMessage *entry;
	int outcome = 0;

	/* References to other partitions are not entries. */
	for (entry = ldap_first_entry(d->ld, page);
	     entry != NULL && outcome == 0;
	     entry = ldap_next_entry(d->ld, entry)) {
		if (*seen && q->scope == LDAP_SCOPE_BASE)
			return err_set(err, ERR_PROTOCOL,
			    "%s answers with several objects where one was "
			    "asked for",
			    d->dc);
		*seen = true;
		outcome = fn(cookie, d, entry, err);
	}
	return outcome;
}

int
directory_search(struct directory *d, const struct directory_query *q,
    directory_entry_fn *fn, void *cookie, struct err *err)
{
	struct berval page = {.bv_len = 0, .bv_val = NULL};
	LDAPMessage *result = NULL;
	int pages = 0, outcome = 0;
	bool seen = false;

	do {
		if (++pages > PAGES_MAX) {
			outcome = err_set(err, ERR_LIMIT,
			    "the search has more than %d pages", PAGES_MAX);
			break;
		}
		if (one_page(d, q, &page, &result, err) != 0) {
			outcome = -1;
			break;
		}
		outcome = take_entries(d, q, result, fn, cookie, &seen, err);
		if (outcome == 0)
			outcome = next_page(d, result, &page, err);
		ldap_msgfree(result);
	} while (outcome == 0 && page.bv_len > 0);
	ber_memfree(page.bv_val);
	return outcome;
}

char *
directory_text(struct directory *d, LDAPMessage *entry, const char *attribute)
{
	struct berval **values;
	char *text = NULL;

	values = ldap_get_values_len(d->ld, entry, attribute);
	if (values == NULL)
		return NULL;
	if (values[0] != NULL && values[0]->bv_len <= DIRECTORY_VALUE_MAX &&
	    memchr(values[0]->bv_val, '\0', values[0]->bv_len) == NULL)
		text = mem_dup_len(values[0]->bv_val, values[0]->bv_len);
	ldap_value_free_len(values);
	return text;
}

int64_t
directory_number(struct directory *d, LDAPMessage *entry, const char *attribute,
    int64_t absent_value)
{
	char *text = directory_text(d, entry, attribute);
	int64_t value = absent_value;

	if (text != NULL)
		(void)str_int(text, INT64_MIN, INT64_MAX, &value);
	free(text);
	return value;
}

static int
by_text(const void *a, const void *b)
{
	const struct berval *const *x = a, *const *y = b;

	return strcasecmp((*x)->bv_val, (*y)->bv_val);
}

char *
directory_list(struct directory *d, LDAPMessage *entry, const char *attribute)
{
	struct berval **values;
	size_t i, count;
	struct buf out;
	char *text;

	values = ldap_get_values_len(d->ld, entry, attribute);
	if (values == NULL)
		return mem_dup("");
	count = (size_t)ldap_count_values_len(values);
	qsort(values, count, sizeof(struct berval *), by_text);
	buf_init(&out, LIST_MAX);
	for (i = 0; i < count && i < VALUES_MAX; i++) {
		if (i > 0)
			buf_char(&out, ' ');
		buf_add(&out, values[i]->bv_val, strlen(values[i]->bv_val));
	}
	ldap_value_free_len(values);
	text = mem_dup(buf_text(&out));
	buf_free(&out);
	return text;
}

struct root_text {
	const char *attribute;
	char *text;
};

static int
take_root_text(
    void *cookie, struct directory *d, LDAPMessage *entry, struct err *err)
{
	struct root_text *r = cookie;

	(void)err;
	if (r->text == NULL)
		r->text = directory_text(d, entry, r->attribute);
	return 0;
}

int
directory_root_text(struct directory *d, const char *attribute, char **ret_text,
    struct err *err)
{
	const char *const attributes[] = {attribute, NULL};
	const struct directory_query q = {.base = "",
	    .scope = LDAP_SCOPE_BASE,
	    .filter = "(objectClass=*)",
	    .attributes = attributes};
	struct root_text r = {.attribute = attribute};

	if (directory_search(d, &q, take_root_text, &r, err) != 0) {
		free(r.text);
		return -1;
	}
	*ret_text = r.text;
	return 0;
}
