/*
 * Which domain controllers there are: DNS SRV records (MS-ADTS 6.3.2.3, RFC
 * 2782).  The resolver's state is the call's own, so its limits are too.
 */
#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "directory.h"
#include "directory_internal.h"
#include "err.h"
#include "mem.h"
#include "str.h"

#define ANSWER_MAX 16384
#define CONTROLLERS_MAX 64
#define NAMES_MAX ((size_t)CONTROLLERS_MAX * (NS_MAXDNAME + 1))
#define TRIES 2
#define RDATA_FIXED 6 /* priority, weight, port */

struct controller {
	unsigned priority, weight;
	char name[NS_MAXDNAME];
};

static int
by_rank(const void *a, const void *b)
{
	const struct controller *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* false: not an SRV record we can use. */
static bool
read_record(ns_msg *message, int index, struct controller *ret)
{
	const uint8_t *data;
	ns_rr rr;

	if (ns_parserr(message, ns_s_an, index, &rr) != 0 ||
	    ns_rr_type(rr) != ns_t_srv || ns_rr_rdlen(rr) <= RDATA_FIXED)
		return false;
	data = ns_rr_rdata(rr);
	ret->priority = ns_get16(data);
	ret->weight = ns_get16(data + 2);
	return ns_name_uncompress(ns_msg_base(*message), ns_msg_end(*message),
		   data + RDATA_FIXED, ret->name, sizeof(ret->name)) > 0 &&
	    str_is_fqdn(ret->name);
}

int
directory_parse_srv(const uint8_t *answer, size_t len, struct buf *out)
{
	struct controller *list;
	size_t i, count = 0;
	ns_msg message;
	int n;

	if (len > ANSWER_MAX || ns_initparse(answer, (int)len, &message) != 0)
		return -1;
	list = mem_array(CONTROLLERS_MAX, sizeof(*list));
	for (n = 0; n < ns_msg_count(message, ns_s_an); n++)
		if (count < CONTROLLERS_MAX &&
		    read_record(&message, n, &list[count]))
			count++;
	qsort(list, count, sizeof(*list), by_rank);
	for (i = 0; i < count; i++)
		buf_printf(out, "%s%s", i > 0 ? " " : "", list[i].name);
	free(list);
	return count > 0 ? 0 : -1;
}

/* The list behind one name, appended where it is not in out yet. */
static void
add_new(struct buf *out, const char *names)
{
	char *list = mem_dup(names), *rest = list, *name, *found;
	size_t len;

	while ((name = strsep(&rest, " ")) != NULL) {
		len = strlen(name);
		found = strstr(buf_text(out), name);
		if (found != NULL && (found[len] == ' ' || found[len] == '\0'))
			continue;
		buf_printf(out, "%s%s", out->len > 0 ? " " : "", name);
	}
	free(list);
}

static int
look_up(struct __res_state *state, const char *query, struct buf *names,
    struct err *err)
{
	uint8_t answer[ANSWER_MAX];
	struct buf list;
	int len, result = -1;

	len =
	    res_nquery(state, query, ns_c_in, ns_t_srv, answer, sizeof(answer));
	buf_init(&list, NAMES_MAX);
	if (len < 0 && state->res_h_errno == TRY_AGAIN)
		err_set(err, ERR_UNREACHABLE,
		    "the DNS does not answer for %s: is the server in "
		    "resolv.conf up? or name a domain controller "
		    "(directory.dc)",
		    query);
	else if (len < 0 ||
	    directory_parse_srv(answer, (size_t)len, &list) != 0)
		err_set(err, ERR_NOTFOUND,
		    "the DNS has no SRV records %s: is the domain's name right, "
		    "and does this machine use the domain's DNS?",
		    query);
	else
		result = 0;
	if (result == 0)
		add_new(names, buf_text(&list));
	buf_free(&list);
	return result;
}

/* The site's first; a site that has none is served by the others. */
static int
look_up_all(struct __res_state *state, const char *domain, const char *site,
    struct buf *names, struct err *err)
{
	char *query;
	int result;

	if (site != NULL) {
		query = mem_printf(
		    "_ldap._tcp.%s._sites.dc._msdcs.%s", site, domain);
		result = look_up(state, query, names, err);
		free(query);
		if (result != 0 && err->kind == ERR_UNREACHABLE)
			return -1;
	}
	query = mem_printf("_ldap._tcp.dc._msdcs.%s", domain);
	result = look_up(state, query, names, err);
	free(query);
	return result;
}

int
directory_locate(const char *domain, const char *site, unsigned deadline_ms,
    char **ret_dcs, struct err *err)
{
	struct __res_state state;
	struct buf names;
	int result;

	memset(&state, 0, sizeof(state));
	if (res_ninit(&state) != 0)
		return err_set(err, ERR_INVALID, "resolv.conf cannot be used");
	state.retry = TRIES;
	state.retrans = (int)(deadline_ms / 1000 / TRIES);
	if (state.nscount > 1)
		state.retrans /= state.nscount;
	if (state.retrans < 1)
		state.retrans = 1;
	buf_init(&names, 2 * NAMES_MAX);
	result = look_up_all(&state, domain, site, &names, err);
	if (result == 0)
		*ret_dcs = mem_dup(buf_text(&names));
	buf_free(&names);
	res_nclose(&state);
	return result;
}
