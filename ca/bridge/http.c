/* One exchange over HTTP with a CA, whatever its protocol, and what its answer
 * means before anybody reads the body. */
#include <string.h>
#include <strings.h>

#include "bridge_internal.h"
#include "clock.h"
#include "fetch.h"
#include "str.h"

const char *
ca_bridge_url_check(const char *url)
{
	if (strcspn(url, " \t\r\n@?#") != strlen(url))
		return "url holds a user, a query or a space";
	return NULL;
}

const char *
ca_bridge_url_server(char *url)
{
	char *slash;

	if (!str_starts(url, "https://"))
		return "url must begin with https://";
	slash = strchr(url + strlen("https://"), '/');
	if (slash != NULL && slash[1] == '\0')
		*slash = '\0';
	else if (slash != NULL)
		return "url must be https://HOST or https://HOST:PORT";
	return ca_bridge_url_check(url);
}

int
ca_bridge_fetch(struct ca_bridge *b, struct net_fetch *f, const char *name,
    struct net_fetched *ret, struct ca_bridge_answer *answer)
{
	enum ca_bridge_outcome outcome = CA_BRIDGE_UNKNOWN;
	struct err err = {.kind = ERR_NONE};

	f->ca_pem = b->tls_pem;
	if (!b->kind->signs) {
		f->cert_pem = b->cert_pem;
		f->key_pem = b->key_pem;
	}
	f->timeout_ms = (unsigned)(b->timeout * 1000);
	if (f->answer_max == 0)
		f->answer_max = CA_BRIDGE_ANSWER_MAX;
	if (net_fetch(f, ret, &err) == 0)
		return 0;
	if (err.kind == ERR_UNREACHABLE)
		outcome = CA_BRIDGE_UNREACHABLE;
	else if (err.kind == ERR_UNTRUSTED || err.kind == ERR_INVALID ||
	    err.kind == ERR_DENIED || err.kind == ERR_NOTFOUND ||
	    err.kind == ERR_LIMIT)
		outcome = CA_BRIDGE_MISCONFIGURED;
	ca_bridge_answer_set(answer, outcome, "%s: %s", name, err.text);
	return -1;
}

void
ca_bridge_add_words(struct ca_bridge_answer *a, const char *words, size_t len)
{
	while (len > 0 && strchr(" \r\n", words[len - 1]) != NULL)
		len--;
	if (len == 0)
		return;
	buf_str(&a->text, ": ");
	str_printable(&a->text, words, len, CA_BRIDGE_WORDS);
}

/* The server's own words, where it has some for people. */
static void
add_plain_words(const struct net_fetched *got, struct ca_bridge_answer *a)
{
	if (got->content_type != NULL &&
	    strncasecmp(got->content_type, "text/plain", 10) == 0)
		ca_bridge_add_words(a, buf_text(&got->body), got->body.len);
}

void
ca_bridge_judge_status(const struct net_fetched *got, const char *where,
    struct ca_bridge_answer *a)
{
	static const struct {
		int status;
		enum ca_bridge_outcome outcome;
		const char *text;
	} rows[] = {
	    {202, CA_BRIDGE_PENDING, "the CA has not decided yet"},
	    {401, CA_BRIDGE_MISCONFIGURED, "the CA refuses our credentials"},
	    {403, CA_BRIDGE_MISCONFIGURED,
		"the CA does not let us ask for this"},
	    {404, CA_BRIDGE_MISCONFIGURED, NULL},
	    {405, CA_BRIDGE_MISCONFIGURED, NULL},
	    {429, CA_BRIDGE_LIMITED, "the CA has too much to do"},
	    {503, CA_BRIDGE_LIMITED, "the CA is not ready"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].status == got->status)
			break;
	if (i < sizeof(rows) / sizeof(rows[0]))
		ca_bridge_answer_set(a, rows[i].outcome, "%s%s (HTTP %d)",
		    rows[i].text != NULL ? "" : "there is no ",
		    rows[i].text != NULL ? rows[i].text : where, got->status);
	else if (got->status >= 400 && got->status < 500)
		ca_bridge_answer_set(a, CA_BRIDGE_REJECTED,
		    "the CA refuses (HTTP %d)", got->status);
	else
		ca_bridge_answer_set(a, CA_BRIDGE_UNKNOWN,
		    "the CA answers with HTTP %d", got->status);
	add_plain_words(got, a);
	a->retry_after = ca_bridge_retry_after(got->retry_after, clock_now());
}

int64_t
ca_bridge_retry_after(const char *value, int64_t now)
{
	return net_retry_after(value, now, CA_BRIDGE_HINT_MAX);
}
