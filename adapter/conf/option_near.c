#include <assert.h>
#include <string.h>

#include "option_internal.h"

/* More edits than this are no typing error. */
#define NEAR_MAX 2
#define WORD_MAX 32

/* Edits that turn a into b (Levenshtein); big for long words. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], i, j, left, corner, best;
	size_t len = strlen(b);

	if (strlen(a) > WORD_MAX || len > WORD_MAX)
		return WORD_MAX;
	for (j = 0; j <= len; j++)
		row[j] = j;
	for (i = 0; a[i] != '\0'; i++) {
		corner = row[0];
		row[0] = i + 1;
		for (j = 0; j < len; j++) {
			left = row[j];
			best = corner + (a[i] == b[j] ? 0 : 1);
			corner = row[j + 1];
			best = corner + 1 < best ? corner + 1 : best;
			row[j + 1] = left + 1 < best ? left + 1 : best;
		}
	}
	return row[len];
}

const char *
conf_option_near(const struct conf_table *t, const char *section,
    const char *word, char out[CONF_MAX_KEY])
{
	size_t i, d, skip, best = NEAR_MAX + 1, len;
	char candidate[CONF_MAX_KEY];
	const char *name;

	skip = section == NULL ? 0 : strlen(section) + 1;
	for (i = 0; i < t->count; i++) {
		if (section != NULL &&
		    (strncmp(t->options[i].key, section, skip - 1) != 0 ||
			t->options[i].key[skip - 1] != '.'))
			continue;
		name = t->options[i].key + skip;
		len = strcspn(name, ".");
		assert(len < CONF_MAX_KEY);
		memcpy(candidate, name, len);
		candidate[len] = '\0';
		d = distance(word, candidate);
		if (d >= best)
			continue;
		best = d;
		memcpy(out, candidate, len + 1);
	}
	return best <= NEAR_MAX ? out : NULL;
}
