#ifndef RULES_INTERNAL_H_
#define RULES_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_port;
struct text;

/*
 * Faults: "DEVICE METHOD ACTION [ARGUMENT] [times N] [after N]".
 */
#define RULES_MAX 256
#define RULES_WORD 128

enum rule_action {
	RULE_NONE,
	RULE_DROP_ANSWER,
	RULE_CLOSE_BEFORE,
	RULE_CLOSE_AFTER,
	RULE_DELAY,
	RULE_HALF_BODY,
	RULE_GARBAGE,
	RULE_ENDLESS_BODY,
	RULE_WRONG_XML,
	RULE_401,
	RULE_WRONG_REALM,
	RULE_REFUSE,
	RULE_STATUS,
	RULE_ANY_TICKET,
	RULE_FORGED_ANSWER,
	RULE_JUNK_ANSWER,
	RULE_NO_ANSWER
};

struct rule {
	char device[RULES_WORD], method[RULES_WORD]; /* globs */
	enum rule_action action;
	int64_t argument;
	int64_t times; /* -1: for ever */
	int64_t after; /* matches to let pass first */
	uint64_t fired;
};

struct rules {
	struct rule list[RULES_MAX];
	size_t count;
};

/* What a request is worth at one place in its life. */
struct rule_effect {
	enum rule_action action;
	int64_t argument;
	int64_t delay_ms;
};

/* Adds a rule; 0, or -1 and a static text that says what is wrong. */
int rules_add(struct rules *r, const char *line, const char **ret_problem);
void rules_clear(struct rules *r);
void rules_json(const struct rules *r, struct text *out);
/* The first rule that fires, and the sum of all delays that do.  wanted is a
 * set of 1 << enum rule_action. */
struct rule_effect rules_fire(struct rules *r, const struct sim_port *p,
    const char *method, unsigned wanted);
/* "Class.Method" of a request, as the firmware will name it; "" when it has
 * none. */
void rules_method(const char *xml, char ret[64]);
#endif
