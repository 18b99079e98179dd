#include <assert.h>
#include <string.h>

#include "option_internal.h"
#include "str.h"

/* More edits than this are no typing error. */
#define NEAR_MAX 2

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
		d = str_distance(word, candidate);
		if (d >= best)
			continue;
		best = d;
		memcpy(out, candidate, len + 1);
	}
	return best <= NEAR_MAX ? out : NULL;
}
