/* tagging.h: tags of devices, and the events that they leave. */
#include "fixture.h"
#include "tagging.h"

struct seen {
	size_t count;
	char text[512]; /* "KIND NAME ACTOR DETAIL;" of each */
};

static int
note(void *cookie, const struct store_event *e, struct err *err)
{
	struct seen *s = cookie;
	size_t len = strlen(s->text);

	(void)err;
	s->count++;
	(void)snprintf(s->text + len, sizeof(s->text) - len, "%s %s %s %s;",
	    e->kind, e->name == NULL ? "-" : e->name, e->actor, e->detail);
	return 0;
}

/* Those of tags since the last time. */
static void
tells(struct fixture *f, int64_t *after, const char *wanted)
{
	struct seen s = {.count = 0};

	assert_works(
	    store_event_scan(f->store, 0, *after, 0, note, &s, &f->err));
	*after += (int64_t)s.count;
	assert_string_equal(s.text, wanted);
}

static void
makes_a_tag_once(void **state)
{
	struct fixture *f = *state;
	const struct tagging by = {f->store, "cli:test", 1000};
	struct tagging_tag first = {.name = NULL}, second = {.name = NULL};
	int64_t after = 0;

	assert_works(tagging_make(&by, "Lab \"1\"", &first, &f->err));
	tells(f, &after, "tag.created - cli:test {\"tag\":\"Lab \\\"1\\\"\"};");
	assert_works(tagging_make(&by, "lab \"1\"", &second, &f->err));
	tells(f, &after, "");
	assert_int_equal(first.id, second.id);
	assert_string_equal(second.name, "Lab \"1\"");
	tagging_tag_clear(&first);
	tagging_tag_clear(&second);
	assert_fails(tagging_make(&by, "7", &first, &f->err), ERR_INVALID);
	assert_fails(
	    tagging_find(&by, "no such", &first, &f->err), ERR_NOTFOUND);
	tells(f, &after, "");
}

static void
tells_what_changed(void **state)
{
	struct fixture *f = *state;
	const struct tagging by = {f->store, "api:alice", 1000};
	const int64_t pc1 = add_device(f, "pc1");
	struct tagging_tag tag = {.name = NULL};
	bool changed = false;
	int64_t after = 0;

	assert_works(tagging_make(&by, "lab", &tag, &f->err));
	tells(f, &after, "tag.created - api:alice {\"tag\":\"lab\"};");
	assert_works(
	    tagging_change(&by, TAGGING_APPLY, &tag, pc1, &changed, &f->err));
	assert_true(changed);
	tells(f, &after, "tag.applied pc1 api:alice {\"tag\":\"lab\"};");
	assert_works(
	    tagging_change(&by, TAGGING_APPLY, &tag, pc1, &changed, &f->err));
	assert_false(changed);
	tells(f, &after, "");
	assert_works(
	    tagging_change(&by, TAGGING_EXCLUDE, &tag, pc1, &changed, &f->err));
	assert_true(changed);
	tells(f, &after, "tag.excluded pc1 api:alice {\"tag\":\"lab\"};");
	assert_works(
	    tagging_change(&by, TAGGING_CLEAR, &tag, pc1, &changed, &f->err));
	assert_true(changed);
	tells(f, &after, "tag.cleared pc1 api:alice {\"tag\":\"lab\"};");
	assert_works(tagging_remove(&by, &tag, &f->err));
	tells(f, &after, "tag.deleted - api:alice {\"tag\":\"lab\"};");
	tagging_tag_clear(&tag);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(makes_a_tag_once),
	    TEST(tells_what_changed),
	};

	return cmocka_run_group_tests_name(
	    "tagging/tagging", tests, NULL, NULL);
}
