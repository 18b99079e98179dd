/* Why certificates are revoked (RFC 5280, 5.3.1), but for holds. */
#include "ca.h"
#include "str.h"

static const struct {
	const char *word;
	int number;
} reasons[] = {{"unspecified", 0}, {"key-compromise", 1}, {"ca-compromise", 2},
    {"affiliation-changed", 3}, {"superseded", 4},
    {"cessation-of-operation", 5}, {"privilege-withdrawn", 9}};
#define COUNT (sizeof(reasons) / sizeof(reasons[0]))

int
ca_reason_number(const char *word)
{
	size_t i;

	for (i = 0; i < COUNT; i++)
		if (str_eq(word, reasons[i].word))
			return reasons[i].number;
	return -1;
}

const char *
ca_reason_word(int number)
{
	size_t i;

	for (i = 0; i < COUNT; i++)
		if (reasons[i].number == number)
			return reasons[i].word;
	return NULL;
}
