#ifndef TRANSPORT_INTERNAL_H_
#define TRANSPORT_INTERNAL_H_
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdio.h>

#include "loop_internal.h"
#include "rules_internal.h"
#include "sim.h"
#include "words_internal.h"

/*
 * What the files of the transport half know of each other.  Ownership is a
 * tree: the simulation owns its ports (one per device), a port its
 * connections.
 */
#define SIM_MAX_DEVICES 100000
#define SIM_NONCES 16	/* remembered per device */
#define SIM_ACCOUNTS 8	/* with failures remembered, per device */
#define SIM_REPLAYS 24	/* Kerberos tickets remembered: the real number */
#define SIM_METHODS 128 /* counted by name */
#define SIM_PROFILES 5	/* TLS, by age of the firmware */

enum { SIM_PORT_PLAIN, SIM_PORT_TLS, SIM_PORTS };

struct options { /* see --help; strings are argv's or static */
	int64_t devices, port[SIM_PORTS];
	struct in_addr first;
	const char *domain, *realm, *state_dir, *control, *firmware, *drift;
	const char *password_file, *fleet_csv, *hosts, *pid_file, *key_pool;
	const char *trace;		  /* NULL: none */
	int64_t seed, skew_min, skew_max; /* seconds */
	int64_t latency_ms, commit_down_ms, link_down_ms, idle_s;
	int64_t connections, lock_after, lock_s, nonce_uses, nonce_s;
	int64_t ready_fd; /* -1: none */
	bool stale_true;
	const char *const *faults;
	size_t fault_count;
};

struct digest_nonce {
	char text[33]; /* base64 of 24 bytes; "": free */
	uint32_t nc;   /* the highest seen */
	uint32_t uses;
	uint64_t conn; /* that used it last */
	int64_t issued, used;
};

struct digest_account {
	char user[17];
	int64_t failures, locked_until;
};

struct replay {
	uint8_t ticket[32]; /* SHA-256 */
	int64_t time_us;    /* of the newest authenticator */
	int64_t seen;	    /* loop_now(); 0: free */
};

struct sim_port {
	struct sim *sim;
	struct sim_device *dev;
	struct in_addr addr;
	char name[256]; /* FQDN the device was configured under */
	struct loop_watch listener[SIM_PORTS];
	struct conn *conns;
	struct loop_timer reopen;
	bool offline;
	int64_t refuse_until; /* loop_now() time */
	/* the presented certificate, read from state when first needed */
	X509 *leaf;
	EVP_PKEY *key;
	/* authentication */
	uint64_t acl_generation;
	struct digest_nonce nonces[SIM_NONCES];
	struct digest_account accounts[SIM_ACCOUNTS];
	struct replay *replays; /* SIM_REPLAYS, once Kerberos was used */
	/* counters for tests */
	uint64_t requests, connections, stale, client_errors, tickets_refused;
	const char *last_client_error; /* static text, or NULL */
};

struct stats {
	uint64_t connections, refused, handshakes, resumed, requests;
	uint64_t unauthorized, faults;
	struct {
		char name[64];
		uint64_t count;
	} methods[SIM_METHODS];
};

struct sim {
	struct options opt;
	struct loop loop;
	struct sim_device *devices;
	struct sim_port *ports;
	size_t count;
	bool shared;			       /* one listener per port */
	struct loop_watch listener[SIM_PORTS]; /* then */
	SSL_CTX *tls[SIM_PROFILES];
	struct _krb5_context *krb; /* made when first needed */
	struct dice dice;
	struct rules rules;
	struct stats stats;
	FILE *trace;	   /* NULL: none */
	struct conn *dead; /* freed at the end of the turn */
	uint64_t last_conn;
	struct control *ctl;
};

/* arguments.c: fills ret, prints --help and mistakes itself; -1 to go on, else
 * the program's exit status. */
int arguments_parse(int argc, char **argv, struct options *ret);

/* trace.c: 0 or -1 with a message on stderr. */
int trace_start(struct sim *s);
void trace_stop(struct sim *s);

/* state.c: 0 or -1 with a message on stderr.  Load: 1 when there is none. */
int state_load(const struct sim *s, struct sim_device *d);
int state_save(const struct sim *s, struct sim_device *d);

/* listen.c */
int listen_start(struct sim *s);
void listen_stop(struct sim *s);
/* Opens and closes the device's listeners as its state demands now. */
void listen_update(struct sim_port *p);
/* Refuses connections from now on for so long. */
void listen_refuse(struct sim_port *p, int64_t ms);
bool listen_open(const struct sim_port *p, int which);

/* tls.c */
int tls_start(struct sim *s);
void tls_stop(struct sim *s);
/* Forgets the port's certificate, to take the committed one next. */
void tls_reload(struct sim_port *p);
/* A server's half of a connection, or NULL: nothing to present. */
SSL *tls_accept(struct sim_port *p, int fd);
/* After the handshake: NULL, or why the client must be turned away. */
const char *tls_refuses(const struct sim_port *p, SSL *ssl);
/* SHA-256 of the presented leaf; false when there is none. */
bool tls_leaf(struct sim_port *p, uint8_t ret[32]);
#endif
