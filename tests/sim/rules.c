#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet_internal.h"

#define MAX_LINE 512

static const struct {
	const char *word;
	enum rule_action action;
	int64_t min, max; /* of the argument; none when max is 0 */
} actions[] = {
    {"drop-answer", RULE_DROP_ANSWER, 0, 0},
    {"close-before", RULE_CLOSE_BEFORE, 0, 0},
    {"close-after", RULE_CLOSE_AFTER, 0, 0},
    {"delay", RULE_DELAY, 1, 3600000},
    {"half-body", RULE_HALF_BODY, 0, 0},
    {"garbage", RULE_GARBAGE, 0, 0},
    {"endless-body", RULE_ENDLESS_BODY, 0, 0},
    {"wrong-xml", RULE_WRONG_XML, 0, 0},
    {"401", RULE_401, 0, 0},
    {"wrong-realm", RULE_WRONG_REALM, 0, 0},
    {"refuse", RULE_REFUSE, 1, 86400},
    {"status", RULE_STATUS, 100, 599},
    {"any-ticket", RULE_ANY_TICKET, 0, 0},
    {"forged-answer", RULE_FORGED_ANSWER, 0, 0},
    {"junk-answer", RULE_JUNK_ANSWER, 0, 0},
    {"no-answer", RULE_NO_ANSWER, 0, 0},
};
#define ACTIONS (sizeof(actions) / sizeof(actions[0]))

static size_t
action_row(const char *word)
{
	size_t i;

	for (i = 0; i < ACTIONS; i++)
		if (word != NULL && strcmp(actions[i].word, word) == 0)
			break;
	return i;
}

static int
take_glob(char **rest, char to[RULES_WORD])
{
	char *word = word_next(rest);

	if (word == NULL || strlen(word) >= RULES_WORD)
		return -1;
	strcpy(to, word);
	return 0;
}

static int
take_number(char **rest, int64_t min, int64_t max, int64_t *ret)
{
	char *word = word_next(rest);

	return word == NULL ? -1 : number(word, min, max, ret);
}

/* "times N", "after N", in any order. */
static int
take_limits(char **rest, struct rule *rule)
{
	char *word;

	while ((word = word_next(rest)) != NULL) {
		if (strcmp(word, "times") == 0) {
			if (take_number(rest, 1, INT32_MAX, &rule->times) < 0)
				return -1;
		} else if (strcmp(word, "after") == 0) {
			if (take_number(rest, 0, INT32_MAX, &rule->after) < 0)
				return -1;
		} else {
			return -1;
		}
	}
	return 0;
}

int
rules_add(struct rules *r, const char *line, const char **ret_problem)
{
	struct rule rule = {.times = -1};
	char copy[MAX_LINE], *rest = copy;
	size_t row;

	*ret_problem = "too many rules";
	if (r->count == RULES_MAX)
		return -1;
	*ret_problem = "a rule is DEVICE METHOD ACTION [ARGUMENT] [times N] "
		       "[after N]";
	if (strlen(line) >= sizeof(copy))
		return -1;
	strcpy(copy, line);
	if (take_glob(&rest, rule.device) < 0 ||
	    take_glob(&rest, rule.method) < 0)
		return -1;
	row = action_row(word_next(&rest));
	*ret_problem = "unknown action";
	if (row == ACTIONS)
		return -1;
	rule.action = actions[row].action;
	*ret_problem = "the action's number is missing or out of range";
	if (actions[row].max > 0 &&
	    take_number(
		&rest, actions[row].min, actions[row].max, &rule.argument) < 0)
		return -1;
	*ret_problem = "after the action only \"times N\" and \"after N\"";
	if (take_limits(&rest, &rule) < 0)
		return -1;
	r->list[r->count++] = rule;
	return 0;
}

void
rules_clear(struct rules *r)
{
	r->count = 0;
}

static const char *
action_word(enum rule_action action)
{
	size_t i;

	for (i = 0; i < ACTIONS; i++)
		if (actions[i].action == action)
			return actions[i].word;
	return "?";
}

void
rules_json(const struct rules *r, struct text *out)
{
	size_t i;

	text_adds(out, "[");
	for (i = 0; i < r->count; i++) {
		const struct rule *rule = &r->list[i];

		text_adds(out, i == 0 ? "{\"device\":" : ",{\"device\":");
		text_json(out, rule->device);
		text_adds(out, ",\"method\":");
		text_json(out, rule->method);
		text_addf(out,
		    ",\"action\":\"%s\",\"argument\":%lld,\"times\":%lld,"
		    "\"after\":%lld,\"fired\":%llu}",
		    action_word(rule->action), (long long)rule->argument,
		    (long long)rule->times, (long long)rule->after,
		    (unsigned long long)rule->fired);
	}
	text_adds(out, "]");
}

/* A new connection has to be meant by name: "*" is for requests. */
static bool
matches(const struct rule *rule, const struct sim_port *p, const char *method)
{
	if (strcmp(method, "connect") == 0 &&
	    strcmp(rule->method, "connect") != 0)
		return false;
	return rule->times != 0 && fnmatch(rule->method, method, 0) == 0 &&
	    fleet_named(p, rule->device);
}

struct rule_effect
rules_fire(struct rules *r, const struct sim_port *p, const char *method,
    unsigned wanted)
{
	struct rule_effect effect = {.action = RULE_NONE};
	size_t i;

	for (i = 0; i < r->count; i++) {
		struct rule *rule = &r->list[i];

		if ((wanted & 1u << rule->action) == 0 ||
		    (effect.action != RULE_NONE &&
			rule->action != RULE_DELAY) ||
		    !matches(rule, p, method))
			continue;
		if (rule->after > 0) {
			rule->after--;
			continue;
		}
		if (rule->times > 0)
			rule->times--;
		rule->fired++;
		if (rule->action == RULE_DELAY) {
			effect.delay_ms += rule->argument;
		} else {
			effect.action = rule->action;
			effect.argument = rule->argument;
		}
	}
	return effect;
}

/* The text of the first element with this local name, whatever its prefix.
 * No parser: a request that confuses this only escapes the rules. */
static size_t
element_text(const char *xml, const char *name, const char **ret)
{
	size_t len = strlen(name);
	const char *at = xml, *start;

	while ((at = strstr(at, name)) != NULL) {
		start = at;
		at += len;
		if (start == xml || (start[-1] != '<' && start[-1] != ':') ||
		    strchr("> \t\r\n", *at) == NULL)
			continue;
		start = strchr(at, '>');
		if (start == NULL)
			return 0;
		start += 1 + strspn(start + 1, " \t\r\n");
		*ret = start;
		return strcspn(start, "< \t\r\n");
	}
	return 0;
}

/* What follows the last slash. */
static int
last_part(const char *uri, size_t len, char *ret, size_t size)
{
	const char *slash = memrchr(uri, '/', len);

	if (slash == NULL)
		return -1;
	len -= (size_t)(slash - uri) + 1;
	if (len == 0 || len >= size)
		return -1;
	memcpy(ret, slash + 1, len);
	ret[len] = '\0';
	return 0;
}

void
rules_method(const char *xml, char ret[64])
{
	const char *uri = NULL, *action = NULL;
	size_t uri_len = element_text(xml, "ResourceURI", &uri);
	size_t action_len = element_text(xml, "Action", &action);
	char class[64], method[64];

	ret[0] = '\0';
	if (uri_len == 0 || action_len == 0 ||
	    last_part(uri, uri_len, class, sizeof(class)) < 0 ||
	    last_part(action, action_len, method, sizeof(method)) < 0 ||
	    strlen(class) + strlen(method) + 2 > 64)
		return;
	strcpy(ret, class);
	strcat(ret, ".");
	strcat(ret, method);
}
