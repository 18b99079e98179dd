/* Why certificates are revoked (RFC 5280, 5.3.1), but for holds. */
#include "ca.h"
#include "str.h"

const char *const ca_reason_words[] = {"unspecified", "key-compromise",
    "affiliation-changed", "superseded", "cessation-of-operation",
    "privilege-withdrawn", NULL};
static const int numbers[] = {0, 1, 3, 4, 5, 9}; /* of these */

#define OF_A_CA "ca-compromise"
#define NUMBER_OF_A_CA 2

int
ca_reason_number(const char *word)
{
	size_t i;

	for (i = 0; ca_reason_words[i] != NULL; i++)
		if (str_eq(word, ca_reason_words[i]))
			return numbers[i];
	return str_eq(word, OF_A_CA) ? NUMBER_OF_A_CA : -1;
}

const char *
ca_reason_word(int number)
{
	size_t i;

	for (i = 0; ca_reason_words[i] != NULL; i++)
		if (number == numbers[i])
			return ca_reason_words[i];
	return number == NUMBER_OF_A_CA ? OF_A_CA : NULL;
}
