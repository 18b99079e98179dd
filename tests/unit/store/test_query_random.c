/*
 * Random conditions over random rows, by the store and by an evaluator that is
 * as simple as the language's description; each operator and its contrary part
 * the rows between them; parts of times against the C library's.
 */
#include "fixture.h"

#include <arpa/inet.h>
#include <time.h>

#include "buf.h"
#include "query.h"
#include "str.h"

#define NOW_MS INT64_C(1700000000500) /* 2023-11-14T22:13:20.5Z */
#define NOW INT64_C(1700000000)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ROWS 60
#define QUERIES 800

/* --- the fleet --- */

struct row {
	char name[32];
	const char *profile, *version, *address, *reasons;
	int64_t failures, cert_end;
};

struct random {
	struct fixture *f;
	unsigned seed;
	struct row rows[ROWS];
	struct buf text;
};

static unsigned
dice(struct random *z, unsigned sides)
{
	z->seed = z->seed * 1103515245u + 12345u;
	return (z->seed >> 16) % sides;
}

#define PICK(z, list) (list)[dice(z, COUNT(list))]

static const char *const words[] = {
    "16.1", "16.1.25", "6.1", "x", "X1", "1x", " ", "a_b", "a%b"};
static const char *const versions[] = {
    "16.1", "16.1.0", "9.5", "11.8.50.3425", "11.8", "16.10", "0"};
static const char *const addresses[] = {
    "10.1.2.3", "10.1.2.200", "10.2.0.1", "9.9.9.9", "192.168.0.1"};
static const char *const lists[] = {"a,b", "ab", "b", "a-b,c", "c,a,b"};
static const char *const parts[] = {"a", "b", "c", "a-b", "ab"};

static void
make_row(struct random *z, size_t i)
{
	struct row *r = &z->rows[i];
	struct device *d;

	(void)snprintf(r->name, sizeof(r->name), "pc%02zu", i);
	r->profile = dice(z, 4) == 0 ? NULL : PICK(z, words);
	r->version = dice(z, 5) == 0 ? NULL : PICK(z, versions);
	r->address = dice(z, 5) == 0 ? NULL : PICK(z, addresses);
	r->reasons = dice(z, 3) == 0 ? NULL : PICK(z, lists);
	r->failures = (int64_t)dice(z, 7) - 3;
	r->cert_end = dice(z, 3) == 0 ? 0 : NOW + (int64_t)dice(z, 7) - 3;
	d = device_new(r->name);
	d->profile = mem_dup(r->profile);
	d->amt_version = mem_dup(r->version);
	d->ip_address = mem_dup(r->address);
	d->reasons = mem_dup(r->reasons);
	d->failures = r->failures;
	d->cert_not_after = r->cert_end;
	assert_works(store_device_add(z->f->store, d, &z->f->err));
	device_free(d);
}

static int
setup_random(void **state)
{
	struct random *z = mem_alloc(sizeof(*z));
	void *fixture;
	size_t i;

	if (setup(&fixture) != 0)
		return -1;
	z->f = fixture;
	z->seed = 20231114;
	buf_init(&z->text, QUERY_TEXT_MAX);
	for (i = 0; i < ROWS; i++)
		make_row(z, i);
	assert_works(store_commit(z->f->store, &z->f->err));
	*state = z;
	return 0;
}

static int
teardown_random(void **state)
{
	struct random *z = *state;
	void *fixture = z->f;

	buf_free(&z->text);
	free(z);
	return teardown(&fixture);
}

/* --- what the store says: devices have the numbers of their rows, from 1 ---
 */

static int
take_row(
    void *cookie, const struct store_cell *cells, size_t n, struct err *err)
{
	bool *holds = cookie;

	(void)n;
	(void)err;
	assert_in_range(cells[0].number, 1, ROWS);
	holds[cells[0].number - 1] = true;
	return 0;
}

static void
ask(struct random *z, const char *where, bool *ret)
{
	const struct query_text text = {.target = "AMT_CustomProps",
	    .select = "LeafNodeID",
	    .where = where};
	struct query *q;
	bool cut;

	if (query_compile(store_graph(), &text, NOW_MS, &q, &z->f->err) != 0)
		fail_msg("%s: %s", where, z->f->err.text);
	memset(ret, 0, ROWS * sizeof(*ret));
	if (store_query(z->f->store, q, take_row, ret, &cut, &z->f->err) != 0)
		fail_msg("%s: %s", where, z->f->err.text);
	query_free(q);
}

/* --- and what a person would --- */

static bool
holds(const char *op, int order)
{
	return str_eq(op, "eq") ? order == 0
	    : str_eq(op, "gt")	? order > 0
	    : str_eq(op, "lt")	? order < 0
	    : str_eq(op, "ge")	? order >= 0
	    : str_eq(op, "le")	? order <= 0
				: order != 0;
}

static int
order_of(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
version_order(const char *a, const char *b)
{
	long one, other;
	char *end;

	while (*a != '\0' || *b != '\0') {
		one = strtol(a, &end, 10);
		a = *end == '.' ? end + 1 : end;
		other = strtol(b, &end, 10);
		b = *end == '.' ? end + 1 : end;
		if (one != other)
			return order_of(one, other);
	}
	return 0;
}

static uint32_t
number_of(const char *address)
{
	uint32_t word;

	assert_int_equal(inet_pton(AF_INET, address, &word), 1);
	return ntohl(word);
}

static bool
is_part(const char *op, const char *text, const char *part)
{
	size_t n = strlen(text), m = strlen(part);

	if (str_eq(op, "contains"))
		return strcasestr(text, part) != NULL;
	if (n < m)
		return false;
	return strncasecmp(str_eq(op, "startsWith") ? text : text + n - m, part,
		   m) == 0;
}

static bool
has_word(const char *list, const char *word)
{
	size_t len;

	while (list != NULL && *list != '\0') {
		len = strcspn(list, ",");
		if (len == strlen(word) && strncmp(list, word, len) == 0)
			return true;
		list += len + (list[len] == ',' ? 1 : 0);
	}
	return false;
}

/* --- one condition, and what it is for each row --- */

struct atom {
	const char *op, *end, *text;
	int64_t number;
	int bits;
};

typedef void write_fn(struct buf *out, const struct atom *a);
typedef bool eval_fn(const struct row *r, const struct atom *a);

static void
write_failures(struct buf *out, const struct atom *a)
{
	buf_printf(out, "(%s Failures %lld)", a->op, (long long)a->number);
}

static bool
eval_failures(const struct row *r, const struct atom *a)
{
	return holds(a->op, order_of(r->failures, a->number));
}

static void
write_time(struct buf *out, const struct atom *a)
{
	buf_printf(out, "(%s CertExpires (timestamp %lld))", a->op,
	    (long long)(NOW * 1000 + a->number * 500));
}

static bool
eval_time(const struct row *r, const struct atom *a)
{
	if (r->cert_end == 0)
		return str_eq(a->op, "ne");
	return holds(
	    a->op, order_of(r->cert_end * 1000, NOW * 1000 + a->number * 500));
}

static void
write_profile(struct buf *out, const struct atom *a)
{
	buf_printf(
	    out, "(%s EPOComputerProperties.Profile \"%s\")", a->op, a->text);
}

static bool
eval_profile(const struct row *r, const struct atom *a)
{
	if (r->profile == NULL)
		return str_eq(a->op, "ne");
	return holds(a->op, strcasecmp(r->profile, a->text));
}

static void
write_part(struct buf *out, const struct atom *a)
{
	buf_printf(
	    out, "(%s EPOComputerProperties.Profile '%s')", a->end, a->text);
}

static bool
eval_part(const struct row *r, const struct atom *a)
{
	return r->profile != NULL && is_part(a->end, r->profile, a->text);
}

static void
write_blank(struct buf *out, const struct atom *a)
{
	(void)a;
	buf_str(out, "(isBlank EPOComputerProperties.Profile)");
}

static bool
eval_blank(const struct row *r, const struct atom *a)
{
	(void)a;
	return r->profile == NULL || str_eq(r->profile, " ");
}

static void
write_word(struct buf *out, const struct atom *a)
{
	buf_printf(out, "(contains Reasons '%s')", a->text);
}

static bool
eval_word(const struct row *r, const struct atom *a)
{
	return has_word(r->reasons, a->text);
}

/* "versionGt" is for versions what "gt" is. */
static void
write_version(struct buf *out, const struct atom *a)
{
	if (a->number > 0)
		buf_printf(out, "(version%s Version '%s')", a->op, a->text);
	else
		buf_printf(out, "(%s Version %s)", a->op, a->text);
}

static bool
eval_version(const struct row *r, const struct atom *a)
{
	if (r->version == NULL)
		return str_eq(a->op, "ne");
	return holds(a->op, version_order(r->version, a->text));
}

static void
write_subnet(struct buf *out, const struct atom *a)
{
	buf_printf(out, "(isInSubnet IPAddress \"%s/%d\")", a->text, a->bits);
}

static bool
eval_subnet(const struct row *r, const struct atom *a)
{
	uint32_t mask = a->bits == 0 ? 0 : UINT32_MAX << (32 - a->bits);

	return r->address != NULL &&
	    ((number_of(r->address) ^ number_of(a->text)) & mask) == 0;
}

static void
write_address(struct buf *out, const struct atom *a)
{
	buf_printf(out, "(%s IPAddress '%s')", a->op, a->text);
}

static bool
eval_address(const struct row *r, const struct atom *a)
{
	if (r->address == NULL)
		return str_eq(a->op, "ne");
	return holds(
	    a->op, order_of(number_of(r->address), number_of(a->text)));
}

static const struct kind {
	write_fn *write;
	eval_fn *eval;
	const char *const *texts;
	size_t count;
} kinds[] = {
    {write_failures, eval_failures, words, COUNT(words)},
    {write_time, eval_time, words, COUNT(words)},
    {write_profile, eval_profile, words, COUNT(words)},
    {write_part, eval_part, words, COUNT(words)},
    {write_blank, eval_blank, words, COUNT(words)},
    {write_word, eval_word, parts, COUNT(parts)},
    {write_version, eval_version, versions, COUNT(versions)},
    {write_subnet, eval_subnet, addresses, COUNT(addresses)},
    {write_address, eval_address, addresses, COUNT(addresses)},
};

static void
random_atom(struct random *z, bool *ret)
{
	static const char *const compares[] = {
	    "eq", "gt", "lt", "ge", "le", "ne"};
	static const char *const ends[] = {
	    "startsWith", "endsWith", "contains"};
	const struct kind *kind = &PICK(z, kinds);
	struct atom a = {.op = PICK(z, compares),
	    .end = PICK(z, ends),
	    .text = kind->texts[dice(z, (unsigned)kind->count)],
	    .number = (int64_t)dice(z, 7) - 3,
	    .bits = (int)dice(z, 33)};
	size_t i;

	kind->write(&z->text, &a);
	for (i = 0; i < ROWS; i++)
		ret[i] = kind->eval(&z->rows[i], &a);
}

static void
random_condition(struct random *z, unsigned depth, bool *ret)
{
	unsigned kind = depth == 0 ? 3 : dice(z, 4), n, j;
	bool one[ROWS];
	size_t i;

	if (kind == 3) {
		random_atom(z, ret);
		return;
	}
	buf_str(&z->text, kind == 0 ? "(and" : kind == 1 ? "( or " : "(not ");
	n = kind == 2 ? 1 : 1 + dice(z, 4);
	for (i = 0; i < ROWS; i++)
		ret[i] = kind == 0;
	for (j = 0; j < n; j++) {
		random_condition(z, depth - 1, one);
		for (i = 0; i < ROWS; i++)
			ret[i] = kind == 0 ? ret[i] && one[i]
			    : kind == 1	   ? ret[i] || one[i]
					   : !one[i];
	}
	buf_str(&z->text, ")");
}

static void
check(struct random *z, const bool *wanted)
{
	bool got[ROWS];
	size_t i;

	ask(z, buf_text(&z->text), got);
	for (i = 0; i < ROWS; i++)
		if (got[i] != wanted[i])
			fail_msg("%s: %s%s", buf_text(&z->text),
			    wanted[i] ? "not " : "", z->rows[i].name);
}

static size_t
count(const bool *rows)
{
	size_t i, n = 0;

	for (i = 0; i < ROWS; i++)
		n += rows[i];
	return n;
}

static void
test_random(void **state)
{
	struct random *z = *state;
	bool wanted[ROWS];
	size_t q, some = 0;

	for (q = 0; q < QUERIES; q++) {
		buf_reset(&z->text);
		random_condition(z, 4, wanted);
		check(z, wanted);
		some += count(wanted) > 0 && count(wanted) < ROWS;
	}
	assert_true(some > QUERIES / 2); /* neither all nor none */
}

/* Each kind by itself, so that none hides behind the others. */
static void
test_each(void **state)
{
	struct random *z = *state;
	bool wanted[ROWS];
	size_t q, some = 0;

	for (q = 0; q < QUERIES; q++) {
		buf_reset(&z->text);
		random_atom(z, wanted);
		check(z, wanted);
		some += count(wanted) > 0 && count(wanted) < ROWS;
	}
	assert_true(some > QUERIES / 2);
}

/* --- contraries --- */

static const struct {
	const char *op, *contrary, *args;
} pairs[] = {
    {"eq", "ne", "Version 16.1"},
    {"eq", "ne", "IPAddress 10.2.0.1"},
    {"eq", "ne", "EPOComputerProperties.Profile x"},
    {"eq", "ne", "Failures 1"},
    {"eq", "ne", "CertExpires (timestamp 1700000000000)"},
    {"isBlank", "notBlank", "EPOComputerProperties.Profile"},
    {"isBlank", "isNotBlank", "Version"},
    {"startsWith", "notStartsWith", "EPOComputerProperties.Profile 16"},
    {"startsWith", "doesNotStartWith", "Version 16."},
    {"endsWith", "notEndsWith", "EPOComputerProperties.Profile 1"},
    {"endsWith", "doesNotEndWith", "IPAddress 1"},
    {"contains", "notContains", "EPOComputerProperties.Profile 1"},
    {"contains", "doesNotContain", "Reasons b"},
    {"in", "notIn", "Version 16.1 9.5"},
    {"in", "notIn", "EPOComputerProperties.Profile x X1"},
    {"in", "notIn", "Failures 0 1 2"},
    {"versionEq", "versionNe", "Version 16.1.0"},
    {"isInSubnet", "isNotInSubnet", "IPAddress '10.0.0.0/8'"},
    {"isInSubnet", "notInSubnet", "IPAddress 10.1.2.0 255.255.255.0"},
    {"hasTag", "doesNotHaveTag", "EPOLeafNode.AppliedTags odd"},
    {"hasTag", "doesNotHaveAnyTag", "EPOLeafNode.AppliedTags"},
    {"stateEq", "stateNe", "EPOLeafNode.ManagedState managed"},
};

/* Of two tags each other device has one, the rest none. */
static void
tag_some(struct random *z)
{
	int64_t odd, more;
	bool changed;
	size_t i;

	assert_works(store_tag_take(z->f->store, "odd", &odd, &z->f->err));
	assert_works(store_tag_take(z->f->store, "more", &more, &z->f->err));
	for (i = 1; i < ROWS; i += 2)
		assert_works(store_tag_apply(z->f->store, (int64_t)i,
		    i % 3 == 0 ? more : odd, &changed, &z->f->err));
	assert_works(store_commit(z->f->store, &z->f->err));
}

static void
see_half(struct random *z)
{
	reopen(z->f);
	tamper(z->f, "UPDATE device SET seen_at = 5 WHERE id % 2 = 0");
	assert_works(
	    store_open(z->f->path, z->f->vault, &z->f->store, &z->f->err));
}

static void
test_contraries(void **state)
{
	struct random *z = *state;
	bool one[ROWS], other[ROWS];
	const char *args;
	size_t i, j;

	tag_some(z);
	see_half(z);
	for (i = 0; i < COUNT(pairs); i++) {
		/* "has any tag" is said by naming them all */
		args = str_eq(pairs[i].contrary, "doesNotHaveAnyTag")
		    ? "EPOLeafNode.AppliedTags odd more"
		    : pairs[i].args;
		buf_reset(&z->text);
		buf_printf(&z->text, "(%s %s)", pairs[i].op, args);
		ask(z, buf_text(&z->text), one);
		buf_reset(&z->text);
		buf_printf(
		    &z->text, "(%s %s)", pairs[i].contrary, pairs[i].args);
		ask(z, buf_text(&z->text), other);
		for (j = 0; j < ROWS; j++)
			if (one[j] == other[j])
				fail_msg("%s: %s", buf_text(&z->text),
				    z->rows[j].name);
		if (count(one) == 0 || count(one) == ROWS)
			fail_msg("%s: no choice", buf_text(&z->text));
	}
}

/* Every operator that begins like a contrary is in the table. */
static void
test_all_contraries(void **state)
{
	const struct query_operator *op;
	bool contrary, found;
	size_t i, j;

	(void)state;
	for (i = 0; (op = query_operator(i)) != NULL; i++) {
		contrary = str_eq(op->name, "ne") ||
		    (str_starts(op->name, "not") && strlen(op->name) > 3) ||
		    str_starts(op->name, "isNot") ||
		    str_starts(op->name, "doesNot") ||
		    str_eq(op->name + strlen(op->name) - 2, "Ne");
		found = false;
		for (j = 0; j < COUNT(pairs); j++)
			found = found || str_eq(pairs[j].contrary, op->name);
		if (contrary != found)
			fail_msg("%s", op->name);
	}
}

/* --- parts of times --- */

typedef size_t form_fn(char out[32], const struct tm *tm);
#define FORM(name, form)                                                       \
	static size_t name(char out[32], const struct tm *tm)                  \
	{                                                                      \
		return strftime(out, 32, form, tm);                            \
	}
FORM(as_year, "%Y")
FORM(as_month, "%Y-%m")
FORM(as_week, "%G-W%V")
FORM(as_day, "%Y-%m-%d")
FORM(as_hour, "%Y-%m-%dT%H:00Z")
FORM(as_day_of_week, "%u")
FORM(as_hour_of_day, "%H")

static size_t
as_quarter(char out[32], const struct tm *tm)
{
	return (size_t)snprintf(
	    out, 32, "%d-Q%d", tm->tm_year + 1900, tm->tm_mon / 3 + 1);
}

static const struct part {
	const char *name;
	form_fn *form;
} times[] = {{"year", as_year}, {"quarter", as_quarter}, {"month", as_month},
    {"week", as_week}, {"day", as_day}, {"hour", as_hour},
    {"dayOfWeek", as_day_of_week}, {"hourOfDay", as_hour_of_day}};

static int
take_part(
    void *cookie, const struct store_cell *cells, size_t n, struct err *err)
{
	const struct part *part = cookie;
	time_t at = cells[0].number;
	char wanted[32];
	struct tm tm;
	int64_t number;

	(void)n;
	(void)err;
	assert_non_null(gmtime_r(&at, &tm));
	assert_true(part->form(wanted, &tm) > 0);
	if (cells[1].text != NULL) {
		assert_string_equal(cells[1].text, wanted);
	} else {
		assert_int_equal(str_int(wanted, 0, 99, &number), 0);
		assert_int_equal(cells[1].number, number);
	}
	return 0;
}

/* Around every turn of a year from 2000 to 2060, and at odd hours between. */
static void
test_times(void **state)
{
	struct random *z = *state;
	struct query_text text = {.target = "AMT_CustomProps"};
	struct part part;
	struct query *q;
	char *select;
	bool cut;
	size_t i;

	reopen(z->f);
	tamper(z->f,
	    "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n"
	    " WHERE i < 3000) INSERT INTO device (name, cert_not_after)"
	    " SELECT 't' || i, CASE WHEN i < 900 THEN"
	    " unixepoch((2000 + i / 15) || '-01-01') + (i % 15 - 7) * 86400"
	    " - i % 2 ELSE i * 630001 END FROM n");
	assert_works(
	    store_open(z->f->path, z->f->vault, &z->f->store, &z->f->err));
	for (i = 0; i < COUNT(times); i++) {
		part = times[i];
		select = mem_printf("CertExpires (%s CertExpires)", part.name);
		text.select = select;
		text.where = "(notBlank CertExpires)";
		assert_works(query_compile(
		    store_graph(), &text, NOW_MS, &q, &z->f->err));
		assert_works(store_query(
		    z->f->store, q, take_part, &part, &cut, &z->f->err));
		query_free(q);
		free(select);
	}
}

#define RANDOM(name)                                                           \
	cmocka_unit_test_setup_teardown(name, setup_random, teardown_random)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    RANDOM(test_random),
	    RANDOM(test_each),
	    RANDOM(test_contraries),
	    cmocka_unit_test(test_all_contraries),
	    RANDOM(test_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
