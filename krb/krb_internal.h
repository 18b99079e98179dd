#ifndef KRB_INTERNAL_H_
#define KRB_INTERNAL_H_
#include <gssapi/gssapi.h>
#include <krb5.h>
#include <profile.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "file.h"
#include "krb.h"

struct addrinfo;
struct buf;
struct krb;

/* What the transport saw of the last exchange with the KDC. */
struct krb_exchange {
	int64_t until;	    /* clock_mono_ms() at which the call must end */
	struct err trouble; /* why the KDC did not answer; ERR_NONE if it did */
	krb5_error_code refused; /* the KRB-ERROR's code; 0 if it was none */
	bool timed;	   /* the answer was a KRB-ERROR, which holds a time */
	int64_t offset_us; /* KDC's clock minus ours */
	int64_t trip_us;   /* from sending to the answer */
};

/* How the KDC makes an account's key of its password. */
struct krb_etype_info {
	krb5_enctype type;
	krb5_data salt;
	krb5_data parameters;
};

struct krb {
	krb5_context ctx;
	profile_t file; /* krb5.conf as it is; NULL: none */
	char *realm;
	char *kdc;
	char *keytab;
	krb5_principal self;
	unsigned deadline_ms;
	struct addrinfo *addresses; /* of kdc, from the first exchange on */
	struct krb_exchange exchange;
	krb5_ccache cache; /* MEMORY, this struct's own */
	bool logged_in;
	int64_t renew_at,
	    ends_at; /* unix seconds; of no use after the second */
	char keytab_stamp[FILE_STAMP]; /* at the last attempt to log in */
	struct err
	    renewal; /* why the last one failed; ERR_NONE: told, or none */
};

/* What is kept of a ticket that was shown, until the answer. */
struct krb_proof {
	gss_cred_id_t credential;
	gss_name_t target;
	gss_ctx_id_t context;
};

/* Long-term keys are as good as passwords: may the file be used? */
int krb_check_keytab(const char *path, struct err *err);
/* Word for an encryption type of RFC 3961; "other" for one that is never met.
 */
const char *krb_enctype_name(krb5_enctype type);
krb5_enctype krb_enctype_of(enum krb_type type);
/* A new cache with a copy of our TGT in it and nothing else. */
krb5_error_code krb_fresh_cache(struct krb *k, krb5_ccache *ret_cache);
/* Our TGT; to be freed with krb5_free_cred_contents(). */
krb5_error_code krb_find_tgt(struct krb *k, krb5_creds *ret);
/* What the transport reads off an answer, which came in this time. */
void krb_note_answer(
    struct krb *k, const krb5_data *reply, int64_t sent, int64_t got);

/* Read krb5.conf, into k->file. */
krb5_error_code krb_profile_read(struct krb *k);
/* The realm's first KDC there, given; NULL if there is none. */
char *krb_profile_kdc(struct krb *k);
/* The context, with k->kdc for the realm's only KDC; k stays where it is. */
krb5_error_code krb_profile_context(struct krb *k);
/* Start the deadline of a public call. */
void krb_begin(struct krb *k);
/* A nonblocking socket to the one KDC, or -1 and k->exchange.trouble. */
int krb_connect(struct krb *k, unsigned port);
/* Length and message out, length and reply (given) in, over TCP. 0, or -1 and
 * k->exchange.trouble. */
int krb_talk(
    struct krb *k, int fd, const krb5_data *message, krb5_data *ret_reply);
/* krb5_pre_send_fn: does the exchange itself, with the one KDC. data is the
 * struct krb. */
krb5_error_code krb_transport(krb5_context ctx, void *data,
    const krb5_data *realm, const krb5_data *message,
    krb5_data **ret_new_message, krb5_data **ret_reply);
/* Turn a libkrb5 code into *err; returns -1. Text: "fmt...: what it means". */
int krb_fail(struct krb *k, krb5_error_code code, struct err *err,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The kind a libkrb5 code stands for. */
enum err_kind krb_kind(krb5_error_code code);

/* krb5_get_etype_info(), which by itself takes silence and refusals for "no
 * information". */
krb5_error_code krb_etype_info(struct krb *k, krb5_principal who,
    krb5_get_init_creds_opt *options, struct krb_etype_info *ret);
void krb_etype_info_clear(struct krb *k, struct krb_etype_info *info);
/* An account of our realm by its sAMAccountName, taken literally. */
int krb_account(
    struct krb *k, const char *account, krb5_principal *ret, struct err *err);
/* "service/host:port" as a principal of our realm. */
int krb_service_name(
    struct krb *k, const char *spn, krb5_principal *ret, struct err *err);
/* One of the struct's own, for a service it has a ticket for; given. */
int krb_cached(
    struct krb *k, const char *spn, krb5_creds **ret, struct err *err);
/* The password server's answer to a request of ours: 0 when it says so, and it
 * is the one that has our key. ERR_UNKNOWN when it cannot be understood. */
#define KRB_SET_HEAD 6 /* length, version, length of the AP-REQ or AP-REP */
struct krb_set_peer {
	int fd;			/* for its address */
	krb5_auth_context auth; /* that made the request */
};
int krb_set_answer(struct krb *k, const struct krb_set_peer *peer,
    const krb5_data *reply, struct err *err);
/* Service ticket into cache, which must hold a TGT. */
int krb_ticket(
    struct krb *k, krb5_ccache cache, const char *spn, struct err *err);
#endif
