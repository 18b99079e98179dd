#ifndef CATALOG_H_
#define CATALOG_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct engine_order;
struct err;

/*
 * What types of client tasks there are, and what a task's settings say.  They
 * are kept as JSON:
 *
 *   amt-maintenance     {"tasks": ["sync-network", "reissue-certificates"],
 *                        "when": "needed"}
 *                       the check boxes of Intel SCS and ePO Deep Command, by
 *                       any of their names (amtkeeper(1), `task types`); done
 *                       when needed, or "always".  "automatic", without
 *                       "tasks": whatever is due.
 *   collect-properties  {}  read the firmware, diagnose
 *   enforce-profile     {}  bring everything that differs to the profile
 *
 * Errors are ERR_INVALID and say what would do.
 */
enum catalog_type {
	CATALOG_MAINTENANCE,
	CATALOG_COLLECT,
	CATALOG_PROFILE,
	CATALOG_TYPES
};
/* Their names, in this order; then NULL. */
#define CATALOG_TYPE_NAMES                                                     \
	"amt-maintenance", "collect-properties", "enforce-profile"
extern const char *const catalog_type_words[CATALOG_TYPES + 1];
const char *catalog_type_name(enum catalog_type type);
/* By name, or what Deep Command calls it; -1. */
int catalog_type_find(const char *word);

struct catalog_settings {
	enum catalog_type type;
	bool automatic;
	unsigned parts;	 /* enum play_part, ORed; of maintenance */
	unsigned always; /* those of them done also when not needed */
};
int catalog_parse(const char *type, const char *json,
    struct catalog_settings *ret, struct err *err);
/* As catalog_parse() reads it; appended. */
void catalog_write(const struct catalog_settings *s, struct buf *out);
/* For people: "sync-network, reissue-certificates when needed"; appended. */
void catalog_words(const struct catalog_settings *s, struct buf *out);
/* Mode and play of an order. done: parts that were done before an item was
 * interrupted, and are not to be done twice. */
void catalog_order(
    const struct catalog_settings *s, unsigned done, struct engine_order *ret);
#endif
