/* "AMT-CertDue=certificate-expiring certificate-expired, AMT-ClockSkew=..." */
#include <stdlib.h>
#include <string.h>

#include "epo_client.h"
#include "err.h"
#include "mem.h"
#include "str.h"

/* Cut off at the end of the part, blanks around it taken away. */
static char *
cut(char **at, char end)
{
	char *from = *at + strspn(*at, " "), *to = strchr(from, end);

	if (to == NULL) {
		to = from + strlen(from);
		*at = to;
	} else {
		*at = to + 1;
	}
	while (to > from && to[-1] == ' ')
		to--;
	*to = '\0';
	return from;
}

int
epo_rules_parse(const char *text, struct epo_rule ret[EPO_RULES_MAX],
    size_t *ret_count, char **ret_texts, struct err *err)
{
	struct epo_rule rules[EPO_RULES_MAX];
	char *texts = mem_dup(text), *at = texts, *part;
	size_t count = 0, i;

	while (*at != '\0') {
		part = cut(&at, ',');
		if (*part == '\0' && *at == '\0')
			break;
		if (count == EPO_RULES_MAX) {
			free(texts);
			return err_set(err, ERR_INVALID, "more than %d tags",
			    EPO_RULES_MAX);
		}
		rules[count].tag = cut(&part, '=');
		rules[count].codes = cut(&part, '\0');
		for (i = 0; i < count; i++)
			if (str_ieq(rules[i].tag, rules[count].tag))
				break;
		if (*rules[count].tag == '\0' || *rules[count].codes == '\0' ||
		    i < count) {
			free(texts);
			return err_set(err, ERR_INVALID,
			    "part %zu must be TAG=CODE CODE..., each tag once",
			    count + 1);
		}
		count++;
	}
	memcpy(ret, rules, count * sizeof(*rules));
	*ret_count = count;
	*ret_texts = texts;
	return 0;
}
