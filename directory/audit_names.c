/* Rules about service names and host names. */
#include <stdlib.h>
#include <string.h>

#include "directory_audit_internal.h"
#include "mem.h"
#include "str.h"

#define NETBIOS_MAX 15

/* The next word of a list, given; NULL after the last. */
static char *
next_word(const char **list)
{
	size_t len = strcspn(*list, " ");
	char *word = len == 0 ? NULL : mem_dup_len(*list, len);

	*list += len + strspn(*list + len, " ");
	return word;
}

static bool
list_has(const char *list, const char *wanted)
{
	bool has = false;
	char *word;

	if (list == NULL)
		return false;
	while (!has && (word = next_word(&list)) != NULL) {
		has = str_ieq(word, wanted);
		free(word);
	}
	return has;
}

static void
add_word(struct buf *list, const char *word)
{
	buf_printf(list, "%s%s", list->len > 0 ? " " : "", word);
}

/* Words of one list that the other has not. */
static void
add_missing(const char *list, const char *other, struct buf *out)
{
	char *word;

	while ((word = next_word(&list)) != NULL) {
		if (!list_has(other, word))
			add_word(out, word);
		free(word);
	}
}

/* "HTTP/pc1.corp.example:16993" -> "pc1.corp.example", given. */
static char *
host_of(const char *spn)
{
	const char *slash = strchr(spn, '/');

	if (slash == NULL)
		return mem_dup("");
	return mem_dup_len(slash + 1, strcspn(slash + 1, ":/"));
}

/* The account without its dollar, given. */
static char *
account_base(const struct directory_audit_object *o)
{
	size_t len = o->account == NULL ? 0 : strlen(o->account);

	if (len > 0 && o->account[len - 1] == '$')
		len--;
	return mem_dup_len(o->account == NULL ? "" : o->account, len);
}

static bool
own_host(const struct directory_audit_object *o, const char *host)
{
	char *base = account_base(o), *label;
	bool own;

	label = o->dns_host == NULL
	    ? mem_dup("")
	    : mem_dup_len(o->dns_host, strcspn(o->dns_host, "."));
	own = str_ieq(host, o->dns_host) || str_ieq(host, label) ||
	    str_ieq(host, base) || list_has(o->more_hosts, host);
	free(label);
	free(base);
	return own;
}

static void
add_foreign(const struct directory_audit_object *o, struct buf *out)
{
	const char *list = o->spns;
	char *word, *host;

	while ((word = next_word(&list)) != NULL) {
		host = host_of(word);
		if (!own_host(o, host))
			add_word(out, word);
		free(host);
		free(word);
	}
}

/* Ports of Intel's guide: is this an object for AMT, whoever made it? */
static const char *const ports[] = {
    "16992", "16993", "16994", "16995", "623", "664"};
#define PORTS (sizeof(ports) / sizeof(ports[0]))

static bool
for_amt(const struct directory_audit_object *o)
{
	const char *list = o->spns, *colon;
	bool is = false;
	char *word;
	size_t i;

	while (!is && (word = next_word(&list)) != NULL) {
		colon = strrchr(word, ':');
		for (i = 0; colon != NULL && i < PORTS && !is; i++)
			is = str_eq(colon + 1, ports[i]);
		free(word);
	}
	return is;
}

/* What an object of that host name should have, without a device to ask. */
static void
usual_spns(const struct directory_audit_object *o, struct buf *out)
{
	char *word;
	size_t i;

	for (i = 0; for_amt(o) && i < PORTS; i++) {
		word = mem_printf("HTTP/%s:%s", o->dns_host, ports[i]);
		add_word(out, word);
		free(word);
	}
	if (out->len == 0)
		buf_printf(out, "HOST/%s", o->dns_host);
}

static int
check_missing(struct dir_look *l, const char *wanted)
{
	add_missing(wanted, l->o->spns, &l->add);
	if (l->add.len == 0)
		return 0;
	buf_printf(
	    &l->evidence, "servicePrincipalName without %s", buf_text(&l->add));
	return dir_audit_found(l, AUDIT_SPN_MISSING);
}

static int
check_foreign(struct dir_look *l)
{
	if (l->c->wish == NULL)
		add_foreign(l->o, &l->drop);
	else
		add_missing(l->o->spns, l->c->wish->spns, &l->drop);
	if (l->drop.len == 0)
		return 0;
	buf_printf(&l->evidence, "servicePrincipalName=%s", buf_text(&l->drop));
	return dir_audit_found(l, AUDIT_SPN_FOREIGN);
}

/* Of user objects and controllers nobody can say which names are theirs. */
static bool
names_known(const struct dir_look *l)
{
	return l->c->wish != NULL ||
	    (!dir_audit_is_controller(l) &&
		(!dir_audit_is_user(l) || for_amt(l->o)));
}

int
dir_audit_spns(struct dir_look *l)
{
	const struct directory_audit_wish *w = l->c->wish;
	struct buf usual;
	int rc;

	if (!names_known(l) || (w == NULL && str_empty(l->o->dns_host)))
		return 0;
	buf_init(&usual, DIR_AUDIT_LIST);
	if (w == NULL)
		usual_spns(l->o, &usual);
	rc = check_missing(l, w == NULL ? buf_text(&usual) : w->spns);
	buf_free(&usual);
	return rc != 0 ? rc : check_foreign(l);
}

/* Accounts are called like their host, or begin so: "pc1$", "pc1-iME$", and
 * NetBIOS has cut longer names. */
static bool
host_fits_account(const struct directory_audit_object *o)
{
	size_t len = strcspn(o->dns_host, ".");

	if (len > NETBIOS_MAX)
		len = NETBIOS_MAX;
	return o->account == NULL ||
	    strncasecmp(o->account, o->dns_host, len) == 0;
}

int
dir_audit_dns_host(struct dir_look *l)
{
	const struct directory_audit_object *o = l->o;
	const struct directory_audit_wish *w = l->c->wish;
	bool good;

	if (!names_known(l))
		return 0;
	if (w != NULL)
		good = str_ieq(o->dns_host, w->fqdn);
	else if (str_empty(o->dns_host))
		good = o->spns[0] == '\0';
	else
		good = host_fits_account(o);
	if (good)
		return 0;
	buf_printf(&l->evidence, "dNSHostName=%s",
	    str_empty(o->dns_host) ? "-" : o->dns_host);
	if (w != NULL) {
		buf_printf(&l->evidence, " device=%s", w->fqdn);
		buf_str(&l->add, w->fqdn);
		if (o->dns_host != NULL)
			buf_str(&l->drop, o->dns_host);
	} else {
		buf_printf(&l->evidence, " sAMAccountName=%s",
		    o->account == NULL ? "-" : o->account);
	}
	return dir_audit_found(l, AUDIT_DNS_HOST);
}
