/* What is asked of an ePO, and what its rows say; no I/O. */
#include "pull_internal.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "epo_client.h"
#include "err.h"
#include "intake.h"
#include "mem.h"
#include "str.h"

#define WHERE_MAX 4096

/* --- the question --- */

static const char *
behind_blanks(const char *text)
{
	return text + strspn(text, " \t\r\n");
}

/* Behind the parenthesis that closes the one at *text; NULL: there is none. */
static const char *
behind_close(const char *text)
{
	size_t depth = 0;
	char quote = '\0';

	for (; *text != '\0'; text++) {
		if (quote != '\0') {
			if (*text == '\\' && text[1] != '\0')
				text++;
			else if (*text == quote)
				quote = '\0';
		} else if (*text == '"' || *text == '\'') {
			quote = *text;
		} else if (*text == '(') {
			depth++;
		} else if (*text == ')' && --depth == 0) {
			return text + 1;
		}
	}
	return NULL;
}

bool
epo_ask_condition(const char *text, struct buf *out)
{
	const char *end, *inner;

	text = behind_blanks(text);
	if (*text != '(' || (end = behind_close(text)) == NULL ||
	    *behind_blanks(end) != '\0')
		return false;
	inner = behind_blanks(text + 1);
	if (strncasecmp(inner, "where", 5) != 0 ||
	    isalnum((unsigned char)inner[5])) {
		buf_add(out, text, (size_t)(end - text));
		return !out->over;
	}
	inner = behind_blanks(inner + 5);
	if (*inner != '(' || (end = behind_close(inner)) == NULL ||
	    *behind_blanks(end) != ')')
		return false;
	buf_add(out, inner, (size_t)(end - inner));
	return !out->over;
}

const char *
epo_condition_check(const char *text)
{
	struct buf out;
	bool good;

	buf_init(&out, WHERE_MAX);
	good = epo_ask_condition(text, &out);
	buf_free(&out);
	return good ? NULL
		    : "must be one condition in parentheses, all of them "
		      "closed";
}

static void
write_where(
    const struct epo_conf *conf, const struct epo_ask *ask, struct buf *out)
{
	bool more =
	    ask->condition != NULL || conf->where != NULL || ask->newer_ms > 0;

	buf_printf(out, "(where %s(gt EPOLeafNode.AutoID %lld)",
	    more ? "(and " : "", (long long)ask->after);
	if (ask->newer_ms > 0)
		buf_printf(out, " (newerThan EPOLeafNode.LastUpdate %lld)",
		    (long long)ask->newer_ms);
	if (ask->condition != NULL)
		buf_printf(out, " %s", ask->condition);
	if (conf->where != NULL) {
		buf_char(out, ' ');
		(void)epo_ask_condition(conf->where, out);
	}
	buf_str(out, more ? "))" : ")");
}

void
epo_ask_command(const struct epo_conf *conf, const struct epo_ask *ask,
    struct epo_command *ret)
{
	struct buf text;

	epo_command_init(ret, "core.executeQuery");
	buf_init(&text, (size_t)WHERE_MAX * 2);
	epo_command_add(ret, "target", "EPOLeafNode");
	buf_printf(&text,
	    "(select (top %lld) EPOLeafNode.AutoID EPOLeafNode.NodeName"
	    " EPOLeafNode.Tags EPOComputerProperties.ComputerName"
	    " EPOComputerProperties.DomainName"
	    " EPOComputerProperties.IPHostName"
	    " EPOComputerProperties.IPAddress",
	    (long long)ask->page);
	if (conf->take_groups)
		buf_printf(&text, " EPOBranchNode.NodeTextPath%s",
		    ask->old_path ? "" : "2");
	if (conf->uuid_column != NULL)
		buf_printf(&text, " %s", conf->uuid_column);
	buf_char(&text, ')');
	epo_command_add(ret, "select", buf_text(&text));
	buf_reset(&text);
	write_where(conf, ask, &text);
	epo_command_add(ret, "where", buf_text(&text));
	epo_command_add(ret, "order", "(order (asc EPOLeafNode.AutoID))");
	if (text.over)
		ret->args.over = true;
	buf_free(&text);
}

/* --- a row --- */

void
epo_row_clear(struct epo_row *r)
{
	free(r->node);
	free(r->name);
	free(r->host);
	free(r->domain);
	free(r->uuid);
	free(r->address);
	free(r->group);
	free(r->tags);
	free(r->problem);
	memset(r, 0, sizeof(*r));
}

/* Without blanks around it; NULL for nothing. */
static char *
trimmed(const char *text, const char *around)
{
	size_t len;

	if (text == NULL)
		return NULL;
	text += strspn(text, around);
	len = strlen(text);
	while (len > 0 && strchr(around, text[len - 1]) != NULL)
		len--;
	return len > 0 ? mem_dup_len(text, len) : NULL;
}

static char *
value_of(struct json_object *row, const char *name)
{
	return trimmed(epo_value(row, name), " \t\r\n");
}

static bool
is_long_name(const char *name)
{
	return name != NULL && strchr(name, '.') != NULL && str_is_fqdn(name);
}

/* By the host's own word, as far as there is one. */
static void
read_name(struct json_object *row, struct epo_row *r)
{
	char *full = value_of(row, "EPOComputerProperties.IPHostName");
	char *host = value_of(row, "EPOComputerProperties.ComputerName");
	char *domain = value_of(row, "EPOComputerProperties.DomainName");

	if (is_long_name(full)) {
		r->name = mem_dup(full);
	} else if (is_long_name(r->node)) {
		r->name = mem_dup(r->node);
	} else {
		if (host == NULL)
			host = mem_dup(full != NULL ? full : r->node);
		if (host != NULL && strchr(host, '.') == NULL &&
		    is_long_name(domain))
			r->name = mem_printf("%s.%s", host, domain);
		else
			r->name = mem_dup(host);
	}
	if (r->name != NULL && str_is_fqdn(r->name)) {
		(void)str_lower(r->name);
		str_split_fqdn(r->name, &r->host, &r->domain);
		if (r->domain[0] == '\0')
			mem_replace(&r->domain, NULL);
	} else {
		r->problem = mem_dup("its name cannot be a DNS name");
	}
	free(full);
	free(host);
	free(domain);
}

static bool
is_address(const char *text)
{
	unsigned char out[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, text, out) == 1 ||
	    inet_pton(AF_INET6, text, out) == 1;
}

static void
keep_if(char **slot, bool (*is)(const char *))
{
	if (*slot != NULL && !is(*slot))
		mem_replace(slot, NULL);
}

int
epo_row_read(const struct epo_conf *conf, struct json_object *row,
    struct epo_row *ret, struct err *err)
{
	struct epo_row r = {.remote = 0};
	const char *path;

	if (epo_number(row, "EPOLeafNode.AutoID", &r.remote) != 0 ||
	    r.remote <= 0)
		return err_set(err, ERR_PROTOCOL,
		    "a row has no number EPOLeafNode.AutoID");
	r.node = value_of(row, "EPOLeafNode.NodeName");
	read_name(row, &r);
	r.address = value_of(row, "EPOComputerProperties.IPAddress");
	keep_if(&r.address, is_address);
	if (conf->uuid_column != NULL) {
		r.uuid = trimmed(epo_value(row, conf->uuid_column), " {}");
		keep_if(&r.uuid, intake_is_uuid);
		if (r.uuid != NULL)
			(void)str_lower(r.uuid);
	}
	path = epo_value(row, "EPOBranchNode.NodeTextPath2");
	if (path == NULL)
		path = epo_value(row, "EPOBranchNode.NodeTextPath");
	r.group = trimmed(path, " \\/");
	r.tags = value_of(row, "EPOLeafNode.Tags");
	r.has_tags = json_object_object_get_ex(row, "EPOLeafNode.Tags", NULL);
	*ret = r;
	return 0;
}

bool
epo_has_tag(const char *list, const char *name)
{
	size_t len = strlen(name), n;

	while (list != NULL && *list != '\0') {
		list += strspn(list, " ,");
		n = strcspn(list, ",");
		while (n > 0 && list[n - 1] == ' ')
			n--;
		if (n == len && strncasecmp(list, name, len) == 0)
			return true;
		list += strcspn(list, ",");
	}
	return false;
}
