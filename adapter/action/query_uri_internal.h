#ifndef QUERY_URI_INTERNAL_H_
#define QUERY_URI_INTERNAL_H_
#include <stdbool.h>

/* "query:table?a=1&b=2": where its parameters begin; NULL: it has none. */
const char *query_uri_begin(const char *uri);
/* The one at *at, which is moved to the next; false: there is none. Given, with
 * codes and "+" decoded. */
bool query_uri_next(const char **at, char **ret_name, char **ret_value);
/* Of the first that has this name and a value, given; NULL. */
char *query_uri_value(const char *uri, const char *name);
#endif
