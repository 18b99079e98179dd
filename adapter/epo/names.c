/* "names": systems by whatever a console calls them. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "call_internal.h"
#include "clock.h"
#include "device.h"
#include "mem.h"
#include "query.h"
#include "store.h"
#include "str.h"

#define AT_ONCE 100 /* words in one look at the fleet */
#define WHERE_MAX 65536
#define SHOWN 40
#define MAC 12
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What a system is known by beside its name. */
static const char *const known_by[] = {"EPOComputerProperties.IPAddress",
    "EPOComputerProperties.NetAddress", "EPOComputerProperties.ComputerName",
    "EPOComputerProperties.IPHostName", "AMT_CustomProps.DNSName"};

struct word {
	char *text;
	int64_t id; /* 0: not found */
	bool several;
};

struct words {
	struct word *all;
	size_t count;
	size_t from, to; /* of one look */
};

/* --- the list --- */

static void
words_free(struct words *w)
{
	size_t i;

	for (i = 0; i < w->count; i++)
		free(w->all[i].text);
	free(w->all);
}

/* "00:11:22-..." as the fleet has it; anything else as it is. */
static void
fold_mac(char *text)
{
	char folded[MAC + 1];
	const char *at;
	size_t n = 0;

	for (at = text; *at != '\0'; at++) {
		if (*at == ':' || *at == '-')
			continue;
		if (n == MAC || !isxdigit((unsigned char)*at))
			return;
		folded[n++] = (char)toupper((unsigned char)*at);
	}
	folded[n] = '\0';
	if (n == MAC)
		memcpy(text, folded, sizeof(folded));
}

static void
word_add(struct words *w, const char *text, size_t len)
{
	while (len > 0 && isspace((unsigned char)*text)) {
		text++;
		len--;
	}
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	if (len > 0)
		w->all[w->count++].text = mem_dup_len(text, len);
}

static int
read_words(const char *text, struct words *ret, struct err *err)
{
	const char *at;
	size_t n = 1, len;

	for (at = text; *at != '\0'; at++)
		n += *at == ',' ? 1 : 0;
	if (n > REMOTE_NAMES_MAX)
		return err_set(err, ERR_LIMIT,
		    "names: more than %d at once: ask in parts",
		    REMOTE_NAMES_MAX);
	ret->all = mem_array(n, sizeof(*ret->all));
	for (at = text; *at != '\0'; at += len + (at[len] == ',' ? 1 : 0)) {
		len = strcspn(at, ",");
		word_add(ret, at, len);
	}
	if (ret->count == 0)
		return err_set(err, ERR_INVALID,
		    "names is empty: wanted names or numbers of systems, by "
		    "comma");
	return 0;
}

/* --- looking for them --- */

/* By number, else by name or UUID. */
static int
find_word(struct call *c, struct word *word, struct err *err)
{
	struct err why = {.kind = ERR_NONE};
	struct device *d = NULL;
	int64_t id = 0;
	int r;

	if (str_int(word->text, 1, INT64_MAX, &id) == 0)
		r = store_device_get(c->store, id, &d, &why);
	else
		r = store_device_find(c->store, word->text, &d, &why);
	if (r == 0) {
		word->id = d->id;
		device_free(d);
		return 0;
	}
	if (why.kind == ERR_NOTFOUND)
		return 0;
	if (err != NULL)
		*err = why;
	return -1;
}

static void
take_match(struct word *word, const struct store_cell *cells, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++)
		if (cells[i].known && str_ieq(cells[i].text, word->text))
			break;
	if (i == n)
		return;
	word->several = word->id != 0 && word->id != cells[0].number;
	word->id = cells[0].number;
}

/* Those of the look that were found by now are not compared again but with
 * what was found in the same look. */
static int
match_row(
    void *cookie, const struct store_cell *cells, size_t n, struct err *err)
{
	struct words *w = cookie;
	size_t i;

	for (i = w->from; i < w->to; i++) {
		take_match(&w->all[i], cells, n);
		if (w->all[i].several)
			return err_set(err, ERR_CONFLICT,
			    "names: several systems are known by \"%.*s\": "
			    "give their numbers",
			    SHOWN, w->all[i].text);
	}
	return 0;
}

static void
write_where(const struct words *w, struct buf *out)
{
	size_t i, j;

	buf_str(out, "(or");
	for (i = 0; i < COUNT(known_by); i++) {
		buf_printf(out, " (in %s", known_by[i]);
		for (j = w->from; j < w->to; j++) {
			buf_char(out, ' ');
			call_quote(out, w->all[j].text);
		}
		buf_char(out, ')');
	}
	buf_char(out, ')');
}

static int
look(struct call *c, struct words *w, struct err *err)
{
	struct query_text text = {.target = "EPOLeafNode",
	    .select = "(select EPOLeafNode.AutoID "
		      "EPOComputerProperties.IPAddress "
		      "EPOComputerProperties.NetAddress "
		      "EPOComputerProperties.ComputerName "
		      "EPOComputerProperties.IPHostName "
		      "AMT_CustomProps.DNSName)",
	    .top = QUERY_ROWS_MAX};
	struct query *q = NULL;
	struct buf where;
	bool cut;
	int r;

	buf_init(&where, WHERE_MAX);
	write_where(w, &where);
	text.where = buf_text(&where);
	r = where.over
	    ? err_set(err, ERR_LIMIT, "names: one is too long")
	    : query_compile(store_graph(), &text, clock_now_ms(), &q, err);
	if (r == 0)
		r = store_query(c->store, q, match_row, w, &cut, err);
	query_free(q);
	buf_free(&where);
	return r;
}

/* The ones that no name has: moved to the end, and looked for together. */
static int
find_others(struct call *c, struct words *w, struct err *err)
{
	struct word swap;
	size_t i, found = 0;

	for (i = 0; i < w->count; i++) {
		if (w->all[i].id == 0) {
			fold_mac(w->all[i].text);
			continue;
		}
		swap = w->all[found];
		w->all[found++] = w->all[i];
		w->all[i] = swap;
	}
	for (w->from = found; w->from < w->count; w->from = w->to) {
		w->to =
		    w->from + AT_ONCE < w->count ? w->from + AT_ONCE : w->count;
		if (look(c, w, err) == -1)
			return -1;
	}
	return 0;
}

/* --- what comes of it --- */

static int
compare(const void *a, const void *b)
{
	int64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

static int
take_ids(const struct words *w, struct systems *ret, struct err *err)
{
	size_t i, n = 0;

	ret->ids = mem_array(w->count, sizeof(*ret->ids));
	for (i = 0; i < w->count; i++)
		if (w->all[i].id != 0)
			ret->ids[n++] = w->all[i].id;
	ret->unknown = w->count - n;
	if (n == 0) {
		free(ret->ids);
		ret->ids = NULL;
		return err_set(err, ERR_NOTFOUND,
		    "names: no such system: \"%.*s\"", SHOWN, w->all[0].text);
	}
	qsort(ret->ids, n, sizeof(*ret->ids), compare);
	for (i = 0; i < n; i++)
		if (i == 0 || ret->ids[i] != ret->ids[ret->count - 1])
			ret->ids[ret->count++] = ret->ids[i];
	return 0;
}

int
call_systems(struct call *c, struct systems *ret, struct err *err)
{
	const char *text = call_text(c, "names");
	struct words w = {.all = NULL};
	size_t i;
	int r;

	memset(ret, 0, sizeof(*ret));
	r = read_words(text != NULL ? text : "", &w, err);
	for (i = 0; r == 0 && i < w.count; i++)
		r = find_word(c, &w.all[i], err);
	if (r == 0)
		r = find_others(c, &w, err);
	if (r == 0)
		r = take_ids(&w, ret, err);
	words_free(&w);
	return r;
}
