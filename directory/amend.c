/*
 * Single values of one object, for repairs: out with those that were found
 * wrong, in with those that are right, both or neither, and only while what was
 * found is still there.
 */
#include <stdlib.h>
#include <string.h>

#include "directory.h"
#include "directory_internal.h"
#include "err.h"
#include "mem.h"
#include "str.h"

#define WORDS_MAX 1024

/* The words of a blank-separated list. */
struct words {
	char *text;  /* cut into them */
	char **list; /* NULL at the end */
	size_t count;
};

static int
split(const char *text, struct words *ret, struct err *err)
{
	char *rest, *word;

	ret->text = mem_dup(text == NULL ? "" : text);
	ret->list = mem_array(WORDS_MAX + 1, sizeof(*ret->list));
	for (rest = ret->text; (word = strsep(&rest, " ")) != NULL;) {
		if (*word == '\0')
			continue;
		if (ret->count == WORDS_MAX)
			return err_set(err, ERR_LIMIT,
			    "more than %d values to change", WORDS_MAX);
		ret->list[ret->count++] = word;
	}
	return 0;
}

static void
words_clear(struct words *w)
{
	free(w->list);
	free(w->text);
}

static int
send(struct directory *d, const struct directory_amendment *a,
    struct words *drop, struct words *add, struct err *err)
{
	char *attribute = mem_dup(a->attribute);
	LDAPMod out = {.mod_op = LDAP_MOD_DELETE,
	    .mod_type = attribute,
	    .mod_vals.modv_strvals = drop->list};
	LDAPMod in = {.mod_op = LDAP_MOD_ADD,
	    .mod_type = attribute,
	    .mod_vals.modv_strvals = add->list};
	LDAPMod *mods[3] = {NULL, NULL, NULL};
	int code, msgid = -1, count = 0, result;

	if (drop->count > 0)
		mods[count++] = &out;
	if (add->count > 0)
		mods[count++] = &in;
	directory_begin(d);
	code = ldap_modify_ext(d->ld, a->dn, mods, NULL, NULL, &msgid);
	result = directory_end(d, DIRECTORY_WRITE, code, msgid, NULL, err);
	free(attribute);
	if (result != 0)
		err_context(err, "%s of %s", a->attribute, a->dn);
	return result;
}

int
directory_amend(
    struct directory *d, const struct directory_amendment *a, struct err *err)
{
	struct words drop = {.count = 0}, add = {.count = 0};
	int result = -1;

	if (split(a->drop, &drop, err) != 0 || split(a->add, &add, err) != 0)
		goto out;
	result = 0;
	if (drop.count + add.count > 0)
		result = send(d, a, &drop, &add, err);
out:
	words_clear(&drop);
	words_clear(&add);
	return result;
}

/* --- is it so? --- */

struct look {
	const struct directory_amendment *a;
	char *mark, *values;
};

static int
take(void *cookie, struct directory *d, LDAPMessage *entry, struct err *err)
{
	struct look *l = cookie;

	(void)err;
	l->values = directory_list(d, entry, l->a->attribute);
	l->mark = directory_text(d, entry, "description");
	return 0;
}

static bool
has_word(const char *values, const char *wanted)
{
	char *copy = mem_dup(values), *rest = copy, *word;
	bool has = false;

	while (!has && (word = strsep(&rest, " ")) != NULL)
		has = str_ieq(word, wanted);
	free(copy);
	return has;
}

/* Are all of them in values, or (not wanted) is none? */
static bool
all_are(const char *list, const char *values, bool wanted)
{
	char *copy = mem_dup(list == NULL ? "" : list), *rest = copy, *word;
	bool so = true;

	while (so && (word = strsep(&rest, " ")) != NULL)
		if (*word != '\0')
			so = has_word(values, word) == wanted;
	free(copy);
	return so;
}

int
directory_amended(struct directory *d, const struct directory_amendment *a,
    bool *ret_so, struct err *err)
{
	const char *const attributes[] = {a->attribute, "description", NULL};
	const struct directory_query q = {.base = a->dn,
	    .scope = LDAP_SCOPE_BASE,
	    .filter = "(objectClass=*)",
	    .attributes = attributes};
	struct look l = {.a = a};
	int result = directory_search(d, &q, take, &l, err);

	if (result == 0 && l.values == NULL)
		result = err_set(err, ERR_NOTFOUND, "there is no %s", a->dn);
	else if (result == 0 && a->mark != NULL && !str_eq(a->mark, l.mark))
		result = err_set(err, ERR_CONFLICT,
		    "%s does not carry the mark '%s' any more", a->dn, a->mark);
	else if (result == 0)
		*ret_so = all_are(a->add, l.values, true) &&
		    all_are(a->drop, l.values, false);
	free(l.values);
	free(l.mark);
	return result;
}
