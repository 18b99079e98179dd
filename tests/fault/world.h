#ifndef WORLD_H_
#define WORLD_H_
#include <stdbool.h>
#include <stdint.h>

struct loop;
struct ports;
struct world;

/*
 * A fake world for crash tests: one device, a CA, Active Directory and its KDC,
 * behind the engine's four ports.  Fakes, not models: they keep just enough
 * state to say what a crash lost.  The world lives in shared memory, so it
 * survives the process that is killed while changing it.
 */
#define WORLD_SLOTS 8
#define WORLD_ISSUED 64
#define WORLD_TEXT 512

struct world_cert {
	char der[WORLD_TEXT]; /* base64; "" = empty slot */
	char spki[WORLD_TEXT];
	char names[WORLD_TEXT];
	char serial[64];
	int64_t not_after;
	bool ours, read_only;
	bool root; /* a trusted one, in the device */
};

/* Trusted roots, base64: of the CA, of the CA before (which we put into the
 * device, and nothing needs any more), of somebody else. */
#define WORLD_ROOT_NEW "cm9vdC1uZXc="
#define WORLD_ROOT_CROSS "cm9vdC1jcm9zcw=="
#define WORLD_ROOT_OLD "cm9vdC1vbGQ="
#define WORLD_ROOT_FOREIGN "cm9vdC1mb3JlaWdu"
bool world_has_root(const struct world *w, const char *der);

enum world_loss {
	WORLD_NO_LOSS,
	WORLD_LOSE_AFTER,  /* it is done, the answer is lost */
	WORLD_LOSE_BEFORE, /* it is not done, and nobody is told */
	WORLD_REFUSE_LINK, /* nothing can be sent */
	WORLD_LDAP_GOES	   /* all is well, but no LDAP answers after it */
};

/* Drifted in every respect that a play repairs, and: */
enum world_kind {
	WORLD_TLS,    /* TLS on, with a certificate of someone else */
	WORLD_PLAIN,  /* TLS off: it answers on the plain port alone */
	WORLD_AMT22,  /* as the first, with firmware that wants longer keys */
	WORLD_FACTORY /* as the first, but the certificate is the firmware's
		       * own, which cannot be deleted */
};

/* What the device does when it is shown a ticket. */
enum world_manners {
	WORLD_HONEST,
	WORLD_SILENT,	       /* honest, but sends no answer token */
	WORLD_FORGETS_KEY,     /* says the key is set, and has another */
	WORLD_TAKES_ANY,       /* the same, and takes any ticket, silently */
	WORLD_ANSWERS_WRONGLY, /* the same, with an answer of another key */
	WORLD_MANNERS
};

/* What one domain controller has. */
struct world_ad {
	bool object;
	char ou[256], account[256], dns_host[256], spns[1024], password[256];
	int64_t enctypes, kvno, password_at;
};

struct world {
	/* the device */
	bool offline;
	char version[16];
	int64_t least_bits; /* of a key */
	enum world_manners manners;
	char admin_password[64];
	bool garbles; /* what it takes for a new one is another */
	bool locked;  /* after others' attempts: it refuses the right one */
	int64_t clock_offset_ms;
	char host[128], domain[128], os_fqdn[256];
	char ddns[16];
	bool ping, shared, dhcp;
	bool tls;
	char keys[WORLD_SLOTS][WORLD_TEXT]; /* spki; "" = empty */
	struct world_cert certs[WORLD_SLOTS];
	int tls_slot;	 /* -1: none */
	bool roots_full; /* it takes no further trusted root */
	bool krb;
	char krb_realm[128], krb_password[256], acl[WORLD_TEXT];
	int64_t krb_kvno;
	/* the CA */
	struct {
		char key[WORLD_TEXT];
		struct world_cert cert;
		bool revoked;
	} issued[WORLD_ISSUED];
	int issued_count;
	int ca_delay;		     /* times it has not decided yet */
	char ca_waiting[WORLD_TEXT]; /* the key it has a request for */
	/* Active Directory */
	bool denied;	    /* our account may not write */
	bool no_tickets;    /* the KDC does not know the service */
	bool no_ldap;	    /* Kerberos alone answers */
	char away[16];	    /* the one of dc1 and dc2 that does not answer */
	struct world_ad ad; /* what the one that does has */
	int behind;	    /* looks at which the other is behind still */
	int created;	    /* times that an object was made, at any */

	int serial; /* of keys, certificates */

	/* faults and counts */
	enum world_loss loss;
	unsigned long loss_at; /* of this mutating call */
	unsigned long mutations;
	unsigned wrong_in_row, worst_wrong_in_row;
};

/* In shared memory. */
struct world *world_new(void);
void world_reset(struct world *w, enum world_kind kind);
void world_free(struct world *w);
/* Fill ports with fakes over the world. */
void world_ports(struct world *w, struct loop *loop, struct ports *ports);
/* Of the certificate in use; the device has TLS on. */
void world_leaf(const struct world *w, char out[65]);

/* --- for the two files of fakes --- */
struct err;
typedef void world_done_fn(void *cookie, const struct err *err);
/* Report err from the next turn of the loop. */
void world_answer(
    struct world *w, world_done_fn *done, void *cookie, const struct err *err);
/* A change is about to be made: false = it is not, *ret_err says what the
 * caller is told. After it was made, world_changed() says what the caller is
 * told. */
bool world_change(struct world *w, struct err *ret_err);
void world_changed(struct world *w, struct err *ret_err);
void world_device_port(struct world *w, struct ports *ports);
void world_back_ports(struct world *w, struct ports *ports);
const char *world_next_text(struct world *w, const char *what, char *out);
#endif
