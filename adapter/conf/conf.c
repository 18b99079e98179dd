#include "conf_internal.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "mem.h"
#include "option_internal.h"
#include "str.h"
#include "yaml_internal.h"

#define CONF_MAX_DROPINS 256
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- files --- */

static char *
folder_of(const char *file)
{
	const char *slash = strrchr(file, '/');

	if (slash == NULL)
		return mem_dup(".");
	return slash == file ? mem_dup("/")
			     : mem_dup_len(file, (size_t)(slash - file));
}

static int
is_dropin(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 &&
	    str_eq(entry->d_name + len - 5, ".yaml");
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

struct conf_sources {
	char *names[CONF_MAX_DROPINS + 1];
	size_t count;
	struct conf_node *roots; /* chained by next, in reading order */
};

static void
sources_free(struct conf_sources *s)
{
	size_t i;

	if (s == NULL)
		return;
	conf_yaml_free(s->roots);
	for (i = 0; i < s->count; i++)
		free(s->names[i]);
	free(s);
}

static int
list_sources(struct conf_sources *s, const char *file, const char *folder,
    struct err *err)
{
	char *dropins = mem_printf("%s/conf.d", folder);
	struct dirent **entries = NULL;
	int i, count, rc = 0;

	s->names[s->count++] = mem_dup(file);
	count = scandir(dropins, &entries, is_dropin, by_name);
	if (count < 0 && errno != ENOENT && errno != ENOTDIR)
		rc = err_errno(err, errno, "%s", dropins);
	if (count > CONF_MAX_DROPINS)
		rc = err_set(err, ERR_LIMIT, "%s: more than %d files", dropins,
		    CONF_MAX_DROPINS);
	for (i = 0; i < count; i++) {
		if (rc == 0)
			s->names[s->count++] =
			    mem_printf("%s/%s", dropins, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	free(dropins);
	return rc;
}

static int
read_sources(struct conf_sources *s, struct conf *conf, const char *folder,
    struct err *err)
{
	struct conf_node **end = &s->roots;
	size_t i;

	for (i = 0; i < s->count; i++) {
		if (conf_yaml_load(s->names[i], false, end, err) != 0)
			return -1;
		if (conf_option_apply(
			&conf_main_table, conf, *end, folder, err) != 0)
			return -1;
		end = &(*end)->next;
	}
	return 0;
}

/* --- rules over several options --- */

static int
check_directory(
    const struct conf *c, const struct conf_node *roots, struct err *err)
{
	bool tls = !str_eq(c->transport, "gssapi");
	const struct {
		const char *key, *value, *why;
		bool needed;
	} rules[] = {
	    {"directory.realm", c->realm, "directory is enabled", true},
	    {"directory.domain", c->domain, "directory is enabled", true},
	    {"directory.principal", c->principal, "directory is enabled", true},
	    {"directory.keytab", c->keytab, "directory is enabled", true},
	    {"directory.ldap_ca", c->ldap_ca, "transport is TLS", tls},
	    {"directory.bind_password_file", c->bind_password_file,
		"bind_dn is set", c->bind_dn != NULL},
	};
	size_t i;

	for (i = 0; i < COUNT(rules); i++)
		if (rules[i].needed && rules[i].value == NULL)
			return conf_option_error(roots, rules[i].key, c->file,
			    err, "must be set when %s", rules[i].why);
	if (c->bind_dn != NULL && !tls)
		return conf_option_error(roots, "directory.bind_dn", c->file,
		    err,
		    "a simple bind needs transport ldaps or starttls, or its "
		    "password would be readable on the network");
	return 0;
}

static int
check_rules(
    const struct conf *c, const struct conf_node *roots, struct err *err)
{
	const struct {
		const char *key, *value;
	} paths[] = {{"database", c->database}, {"vault_key", c->vault_key},
	    {"profile", c->profile}, {"ca_database", c->ca_database},
	    {"ca_key", c->ca_key}};
	size_t i, j;

	for (i = 0; i < COUNT(paths); i++) {
		if (paths[i].value == NULL)
			return conf_option_error(roots, paths[i].key, c->file,
			    err, "must not be empty");
		for (j = 0; j < i; j++)
			if (str_eq(paths[i].value, paths[j].value))
				return conf_option_error(roots, paths[i].key,
				    c->file, err, "is the same file as %s",
				    paths[j].key);
	}
	if (c->retry_most < c->retry_first)
		return conf_option_error(roots, "run.retry_most", c->file, err,
		    "must not be less than run.retry_first");
	if (conf_bridge_check(c, roots, err) != 0 ||
	    conf_forward_check(c, roots, err) != 0 ||
	    conf_epo_check(c, roots, err) != 0)
		return -1;
	return c->directory ? check_directory(c, roots, err) : 0;
}

/* --- the way in --- */

int
conf_load(const char *file, struct conf **ret_conf, struct err *err)
{
	struct conf *conf = mem_alloc(sizeof(*conf));
	char *folder = folder_of(file);
	int rc = -1;

	conf->file = mem_dup(file);
	conf->sources = mem_alloc(sizeof(*conf->sources));
	conf_option_defaults(&conf_main_table, conf, folder);
	if (list_sources(conf->sources, file, folder, err) != 0)
		goto out;
	if (read_sources(conf->sources, conf, folder, err) != 0)
		goto out;
	if (check_rules(conf, conf->sources->roots, err) != 0)
		goto out;
	*ret_conf = conf;
	conf = NULL;
	rc = 0;
out:
	conf_free(conf);
	free(folder);
	return rc;
}

void
conf_free(struct conf *conf)
{
	if (conf == NULL)
		return;
	conf_option_free(&conf_main_table, conf);
	sources_free(conf->sources);
	free(conf->file);
	free(conf);
}

void
conf_example(FILE *out)
{
	conf_option_example(&conf_main_table, NULL, 0, out);
}

int
conf_write(const struct conf_setting *settings, size_t count, FILE *out,
    struct err *err)
{
	size_t i, j;

	for (i = 0; i < count; i++) {
		for (j = 0; j < conf_main_table.count; j++)
			if (str_eq(settings[i].key,
				conf_main_table.options[j].key))
				break;
		if (j == conf_main_table.count)
			return err_set(err, ERR_INVALID, "%s: unknown option",
			    settings[i].key);
	}
	conf_option_example(&conf_main_table, settings, count, out);
	return 0;
}

void
conf_entries(const struct conf *conf, conf_entry_fn *fn, void *cookie)
{
	conf_option_entries(
	    &conf_main_table, conf, conf->sources->roots, fn, cookie);
}
