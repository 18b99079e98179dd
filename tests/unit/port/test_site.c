/* When a controller of another site is left, and when not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "log.h"
#include "site.h"

#define NOON 5000000 /* some time of clock_mono_ms() */

static const struct site_sight near = {
    .controller = "dc2", .theirs = "Branch", .ours = "Branch", .near = true};
static const struct site_sight far = {
    .controller = "dc1", .theirs = "Main", .ours = "Branch"};
static const struct site_sight silent = {.controller = "dc1"};

static void
learns_its_site(void **state)
{
	struct site *s = site_new(NULL);

	(void)state;
	assert_null(site_ours(s));
	site_looked(s, NOON);
	assert_true(site_moves(s, &far, NOON));
	assert_string_equal(site_ours(s), "Branch");
	assert_false(site_moves(s, &near, NOON + 1));
	site_free(s);
}

/* None of ours answers: we stay, and look again later, time after time. */
static void
looks_again(void **state)
{
	struct site *s = site_new(NULL);
	int64_t now = NOON;
	int i;

	(void)state;
	site_looked(s, now);
	for (i = 0; i < 3; i++) {
		assert_true(site_moves(s, &far, now));
		site_looked(s, now);
		assert_false(site_moves(s, &far, now));
		assert_false(site_moves(s, &far, now + SITE_AGAIN_MS - 1));
		now += SITE_AGAIN_MS;
	}
	site_free(s);
}

/* The near one went down a moment ago: the far one is not left for it. */
static void
stays_after_a_loss(void **state)
{
	struct site *s = site_new(NULL);
	int64_t later = NOON + 10 * SITE_AGAIN_MS;

	(void)state;
	site_looked(s, NOON);
	assert_false(site_moves(s, &near, NOON));
	site_looked(s, later);
	assert_false(site_moves(s, &far, later + 1));
	assert_true(site_moves(s, &far, later + SITE_AGAIN_MS));
	site_free(s);
}

static void
configured_or_unknown(void **state)
{
	const struct site_sight berlin = {
	    .controller = "dc3", .theirs = "berlin", .ours = "Branch"};
	struct site *s = site_new("Berlin");

	(void)state;
	site_looked(s, NOON);
	assert_false(site_moves(s, &far, NOON)); /* not learnt */
	assert_string_equal(site_ours(s), "Berlin");
	assert_false(site_moves(s, &berlin, NOON + SITE_AGAIN_MS));
	/* the nearest to another site than ours */
	assert_true(site_moves(s, &near, NOON + SITE_AGAIN_MS));
	site_looked(s, NOON);
	assert_true(site_moves(s, &far, NOON + SITE_AGAIN_MS));
	site_free(s);
	s = site_new(NULL);
	site_looked(s, NOON);
	assert_false(site_moves(s, &silent, NOON + 2 * SITE_AGAIN_MS));
	assert_null(site_ours(s));
	site_free(s);
}

/* A machine that travels; and controllers that do not agree do not make us run
 * to and fro. */
static void
another_site_later(void **state)
{
	const struct site_sight main = {.controller = "dc2",
	    .theirs = "Branch",
	    .ours = "Main",
	    .near = false};
	struct site *s = site_new(NULL);
	int64_t now = NOON;

	(void)state;
	site_looked(s, now);
	assert_false(site_moves(s, &near, now));
	assert_false(site_moves(s, &main, now));
	assert_string_equal(site_ours(s), "Main");
	assert_true(site_moves(s, &main, now + SITE_AGAIN_MS));
	now += SITE_AGAIN_MS;
	assert_false(site_moves(s, &far, now));
	assert_false(site_moves(s, &main, now));
	site_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(learns_its_site),
	    cmocka_unit_test(looks_again),
	    cmocka_unit_test(stays_after_a_loss),
	    cmocka_unit_test(configured_or_unknown),
	    cmocka_unit_test(another_site_later),
	};

	log_set_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
