#ifndef WSMAN_H_
#define WSMAN_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xml.h"

struct buf;
struct err;
struct net;
struct net_trust;
struct secret;
struct wsman;
struct wsman_reply;

/*
 * WS-Management as Intel AMT speaks it (DMTF DSP0226 over SOAP 1.2, HTTP/1.1
 * POST /wsman).  The upper half of this header is the codec: bytes and structs,
 * no I/O.  The lower half is a session: one device, one connection, one request
 * at a time, Digest or Negotiate.
 */

#define WSMAN_NS_AMT "http://intel.com/wbem/wscim/1/amt-schema/1/"
#define WSMAN_NS_IPS "http://intel.com/wbem/wscim/1/ips-schema/1/"
#define WSMAN_NS_CIM "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/"
#define WSMAN_ANONYMOUS                                                        \
	"http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"

/* --- codec --- */
enum wsman_verb {
	WSMAN_GET,
	WSMAN_PUT,
	WSMAN_CREATE,
	WSMAN_DELETE,
	WSMAN_ENUMERATE,
	WSMAN_PULL,
	WSMAN_INVOKE,
	WSMAN_IDENTIFY
};

/* SOAP fault subcodes we know, as err.native with ERR_SOAP. */
enum wsman_fault {
	WSMAN_FAULT_OTHER = 1,
	WSMAN_FAULT_DESTINATION_UNREACHABLE, /* no such class or instance */
	WSMAN_FAULT_ALREADY_EXISTS,
	WSMAN_FAULT_INVALID_REPRESENTATION,
	WSMAN_FAULT_SCHEMA,
	WSMAN_FAULT_QUOTA, /* busy: try later */
	WSMAN_FAULT_ACCESS_DENIED,
	WSMAN_FAULT_SELECTORS,
	WSMAN_FAULT_ENUMERATION_CONTEXT,
	WSMAN_FAULT_ACTION,
	WSMAN_FAULT_TIMEOUT,
	WSMAN_FAULT_INTERNAL
};

struct wsman_request {
	enum wsman_verb verb;
	const char
	    *class_name;    /* "AMT_GeneralSettings"; prefix picks the URI */
	const char *method; /* INVOKE: "CommitChanges" */
	/* name, value, ..., NULL; or NULL. */
	const char *const *selectors;
	const char *body;    /* inner XML of the Body; NULL: what verb needs */
	const char *context; /* PULL */
};

/* Class name to its resource URI; ERR_INVALID when it is neither AMT_, IPS_ nor
 * CIM_ followed by letters, digits and underscores. */
int wsman_uri(struct buf *out, const char *class_name, struct err *err);
/* Append the whole envelope. */
int wsman_encode(struct buf *out, const struct wsman_request *request,
    uint64_t message_id, struct err *err);

/* Writing a body: <r:CLASS xmlns:r="URI"> or <r:METHOD_INPUT ...>; then
 * children in the class's namespace; values are escaped. An empty or NULL text
 * value is left out, as firmware refuses empty elements. */
void wsman_open(struct buf *out, const char *class_name, const char *element);
void wsman_text(struct buf *out, const char *name, const char *value);
void wsman_int(struct buf *out, const char *name, int64_t value);
/* <r:NAME>endpoint reference</r:NAME> to the instance with this selector. */
void wsman_ref(struct buf *out, const char *name, const char *class_name,
    const char *selector, const char *value);
void wsman_close(struct buf *out, const char *element);
/* An instance as received, its children copied in the order received except
 * those the caller answers differently: edit() gets each child and returns true
 * to keep it, or writes its own and returns false. For read-modify-write Put.
 */
typedef bool wsman_edit_fn(
    void *cookie, struct buf *out, const struct xml_node *child);
void wsman_copy(struct buf *out, const struct xml_node *instance,
    wsman_edit_fn *edit, void *cookie);

/* Parse one answer. A SOAP fault is -1 with ERR_SOAP: QUOTA and TIMEOUT are
 * ERR_LIMIT, ACCESS_DENIED is ERR_DENIED, DESTINATION_UNREACHABLE is
 * ERR_NOTFOUND, ALREADY_EXISTS is ERR_CONFLICT, the rest ERR_REFUSED. What is
 * no SOAP envelope is ERR_PROTOCOL. message_id 0: RelatesTo is not compared. */
int wsman_decode(const void *bytes, size_t len, uint64_t message_id,
    struct wsman_reply **ret_reply, struct err *err);
void wsman_reply_free(struct wsman_reply *reply); /* NULL is allowed */
/* First element of the Body; NULL for an empty Body. Borrowed. */
const struct xml_node *wsman_body(const struct wsman_reply *reply);
/* Items of a Pull, or of all Pulls together: first item, then ->next. */
const struct xml_node *wsman_items(const struct wsman_reply *reply);
/* Enumeration context to go on with; NULL at EndOfSequence. */
const char *wsman_context(const struct wsman_reply *reply);
/* ReturnValue of an INVOKE answer: 0 or -1 with ERR_PT (ERR_PROTOCOL when there
 * is none). 2, 47, 2061, 2082 are ERR_LIMIT (later), others ERR_REFUSED. */
int wsman_return_value(const struct wsman_reply *reply, struct err *err);
/* PT_STATUS name: "NOT_PERMITTED"; "PT_STATUS_n" for an unknown one. */
const char *wsman_pt_name(long status, char out[32]);
/* The InstanceID (or named) selector of an endpoint reference element; NULL. */
const char *wsman_ref_selector(const struct xml_node *ref, const char *name);

/* A saved answer of any class appended as JSON text: {"header": {...}, "body":
 * {...}}, for a SOAP fault "fault" in place of "body". Elements by local name,
 * repeated ones as arrays; json.c has the rules. 0 only when it was understood:
 * an answer, not a request, and converted wholly; out is unchanged otherwise.
 */
int wsman_to_json(
    const void *bytes, size_t len, struct buf *out, struct err *err);

/* --- Digest, RFC 2617 with AMT's habits; no I/O --- */
struct wsman_digest; /* a parsed challenge and its use count */
/* Any separators between parameters, blanks or commas; other schemes give
 * ERR_NOTFOUND. Only MD5, qop auth or auth-int. */
int wsman_digest_parse(
    const char *challenge, struct wsman_digest **ret_digest, struct err *err);
const char *wsman_digest_realm(const struct wsman_digest *d);
struct wsman_digest_request {
	const char *user;
	const struct secret *password;
	const char *method, *uri;
	const void *body; /* goes into the answer with auth-int only */
	size_t body_len;
};
/* Append "Digest username=..."; counts nc up (8 hex digits). */
int wsman_digest_answer(struct wsman_digest *d,
    const struct wsman_digest_request *request, struct buf *out,
    struct err *err);
void wsman_digest_free(struct wsman_digest *d);
/* Append base64(MD5(user:realm:password)), as DigestPassword wants it. */
int wsman_digest_ha1(struct buf *out, const char *user, const char *realm,
    const struct secret *password, struct err *err);

/* --- session --- */
struct wsman_conf {
	const char *address; /* literal */
	uint16_t port;
	bool tls;
	bool legacy_tls;
	const struct net_trust *trust; /* TLS; see net.h */
	const char *realm; /* the device's known Digest realm; credentials go
			    * to no other (ERR_UNTRUSTED). NULL: first contact,
			    * any realm of the form "Digest:..." */
	const char *user;  /* Digest */
	const struct secret *password;
	const char *token; /* Negotiate: base64 SPNEGO token, used once */
	unsigned connect_ms;
	unsigned call_ms;
};

/* Everything is copied. No I/O yet. */
int wsman_new(struct net *net, const struct wsman_conf *conf,
    struct wsman **ret_session, struct err *err);
void wsman_free(struct wsman *session); /* cancels: done() is not called */
void wsman_disconnect(struct wsman *session);
/* The device's next TLS handshake, in any session, is a full one. */
void wsman_forget(struct wsman *session);
/* Realm of the last challenge, leaf (hex SHA-256, DER, X509) of the last
 * handshake, Negotiate answer token; NULL before. Borrowed. */
const char *wsman_realm(const struct wsman *session);
const char *wsman_leaf(const struct wsman *session);
const uint8_t *wsman_leaf_der(const struct wsman *session, size_t *ret_len);
struct x509_st *wsman_leaf_parsed(const struct wsman *session);
const char *wsman_token(const struct wsman *session);

/* reply is NULL when err->kind is set. Borrowed for the callback. */
typedef void wsman_done_fn(
    void *cookie, const struct wsman_reply *reply, const struct err *err);

/*
 * One call; a second one before done() is ERR_BUG. done() exactly once, never
 * from inside wsman_call(). ENUMERATE runs on through all Pulls (at most 100)
 * and delivers all items at once. timeout_ms 0: the session's call_ms.
 *
 * A 401 to our credentials is ERR_DENIED and nothing more is ever sent with
 * them in this session: at most one wrong credential leaves per session. A 401
 * with a new nonce after a success on this session (stale nonce, flushed cache)
 * is answered once. ERR_UNREACHABLE: nothing that could have effect left.
 * ERR_UNKNOWN: the authenticated request left, and nothing came back.
 * ERR_PROTOCOL: what came back is no answer to it (half of one, no envelope, an
 * HTTP status without a fault); it may have been executed all the same. A
 * request that firmware certainly refused to execute (401 challenge) does not
 * count as sent.
 */
int wsman_call(struct wsman *session, const struct wsman_request *request,
    unsigned timeout_ms, wsman_done_fn *done, void *cookie, struct err *err);
/* Did a call that ended so get behind the authentication? Then the credentials
 * are good, be the answer a fault. */
bool wsman_let_in(const struct err *err);
#endif
