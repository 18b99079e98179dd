#ifndef CONF_H_
#define CONF_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct conf_epo;
struct conf_sources;
struct err;

/*
 * Everything the administrator configures, read once, then immutable.  One
 * table of options (conf.c) makes parser, defaults, ranges, `config show` and
 * the example; amtkeeper.yaml(5) is compared with it.  YAML (libyaml) read
 * strictly: an unknown or duplicate key, a wrong type, an anchor, alias or tag
 * is an error with file:line:column and the key; no second document.  FILE,
 * then FILE's folder's conf.d/ *.yaml in name order, later ones win key by key.
 *
 * Times are seconds; in the file they are written "30d", "15m", "90s".
 * Relative paths are relative to FILE's folder, also those in conf.d.
 */
struct conf_bridge { /* to another CA; see ca/bridge.h */
	char *name;
	char *kind;
	char *url;
	char *policy;
	char *label;
	char *mount;
	char *space; /* "namespace" */
	char *anchors;
	char *tls_ca;
	char *certificate;
	char *key;
	char *user;
	char *password_file;
	char *token_file;
	char *signer;
	char *command;
	int64_t timeout;
	int64_t retry_first;
	int64_t retry_most;
};

struct conf_forward { /* a place for events; see forward.h */
	char *name;
	char *kind; /* "syslog", "cef", "webhook" */
	char *to;
	char *tls_ca;
	char *certificate;
	char *key;
	char *facility;
	char *severity;
	char *from;
	int64_t timeout;
	int64_t retry_first;
	int64_t retry_most;
	int64_t refusals;
};

struct conf {
	char *file;	   /* where it was read from */
	char *database;	   /* store: path of the SQLite file */
	char *vault_key;   /* key file */
	char *profile;	   /* profile file */
	char *ca_database; /* the CA's own store */
	char *ca_key;	   /* issuing CA key, PKCS#8 sealed by the vault */

	/* run: */
	int64_t parallel; /* devices in flight at once, 1..4000 */
	/* So many of those at one site, at one CA, at Active Directory at a
	 * time; 0: any number. */
	int64_t per_site, per_ca, per_directory;
	int64_t
	    retry_first;    /* back-off after a failed run, doubled each time */
	int64_t retry_most; /* up to this */
	int64_t lease;	    /* how long a worker holds a device */
	int64_t attempts;   /* act() of one step, at most */

	/* device: */
	int64_t connect_timeout; /* TCP and TLS */
	int64_t call_timeout;	 /* one WS-Man call */
	int64_t keygen_timeout;	 /* GenerateKeyPair */
	int64_t commit_window; /* until a device must be back after a commit */
	int64_t dns_timeout;
	bool legacy_tls; /* allow TLS < 1.2 to firmware <= 11 */

	/* directory: */
	bool directory;	 /* is Active Directory used at all? */
	char *realm;	 /* AD.EXAMPLE.TEST */
	char *domain;	 /* ad.example.test */
	char *dc;	 /* FQDN of the DC to use; NULL: by DNS SRV */
	char *site;	 /* prefer its DCs; NULL: as the first DC says */
	char *principal; /* svc-amt@AD.EXAMPLE.TEST */
	char *keytab;	 /* its keys */
	char *transport; /* "gssapi" (sealed, port 389) or "ldaps" */
	/* "ldap" or "kerberos" (RFC 3244) sets passwords; "auto": the second
	 * where the first does not answer. */
	char *password_by;
	char *ldap_ca;		   /* CA file for ldaps */
	char *bind_dn;		   /* ldaps with simple bind: who */
	char *bind_password_file;  /* and with what */
	int64_t directory_timeout; /* each LDAP or KDC exchange */
	int64_t replication;	   /* until all controllers know of a change */
	int64_t clock_limit;	   /* our clock may be off the KDC's by this */

	/* revocation: */
	char *revocation_listen; /* "192.0.2.1:80"; NULL: not served */
	char *revocation_url; /* base URL written into certificates, or NULL */

	/* console: */
	char *console_listen;	   /* "127.0.0.1:8443"; NULL: not served */
	char *console_name;	   /* DNS name; NULL: this host's own */
	char *console_certificate; /* PEM; NULL: one of our own CA */
	char *console_key;	   /* its key */
	char *console_client_ca;   /* who may vouch for clients; NULL: nobody */
	int64_t console_connections; /* at once */
	int64_t console_per_address; /* of those from one address */
	int64_t console_rate;	     /* requests a second; 0: any number */

	/* report, mail: for server tasks */
	char *report_folder; /* where they may write; NULL: nowhere */
	char *mail_server;   /* "smtps://HOST:465", "smtp://HOST:587" */
	char *mail_from;
	char *mail_user; /* NULL: without a login */
	char *mail_tls_ca;
	int64_t mail_timeout;

	struct conf_bridge *bridges;
	size_t bridge_count;
	struct conf_epo *epos; /* conf_epo.h */
	size_t epo_count;

	struct conf_forward *forwards; /* "forward" in the file */
	size_t forward_count;

	/* serve: */
	int64_t poll; /* look for new work at least this often */
	/* Work on whatever is due; else on client tasks alone. */
	bool automatic;

	struct conf_sources *sources; /* for conf_entries() */
};

int conf_load(const char *file, struct conf **ret_conf, struct err *err);
void conf_free(struct conf *conf);
/* Write a commented configuration file with every option and its default. */
void conf_example(FILE *out);
/* The same with these set, e.g. {"directory.realm", "AD.EXAMPLE.TEST"}; values
 * are checked by conf_load() only. A key that is none: ERR_INVALID, nothing is
 * written. */
struct conf_setting {
	const char *key;
	const char *value;
};
int conf_write(const struct conf_setting *settings, size_t count, FILE *out,
    struct err *err);

/* An option as now in force; all is borrowed for the call. */
struct conf_entry {
	const char *key;   /* "run.parallel", "bridges[0].url" */
	const char *value; /* as written in a file; NULL: not set */
	const char *file;  /* where it was set; NULL: it is the default */
	size_t line;
	bool path;	  /* the value names a file */
	const char *help; /* what it is */
	const char *note; /* "default 64, 1 to 4000" */
};
typedef void conf_entry_fn(void *cookie, const struct conf_entry *entry);
/* Each option in the order of the example file. No option holds a secret: they
 * name the files that do. */
void conf_entries(const struct conf *conf, conf_entry_fn *fn, void *cookie);
#endif
