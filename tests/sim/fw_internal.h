#ifndef FW_INTERNAL_H_
#define FW_INTERNAL_H_
#include "firmware.h"
#include "pt_status.h"

/*
 * Inside the firmware half.  A request is parsed (fw_xml.c), its header judged
 * (fw_header.c), its class found (class_table.c), its body checked against the
 * class's tables (fw_schema.c), executed (fw_operation.c, fw_enumeration.c,
 * class_*.c) and answered (soap.c, fault.c).  A class is a row of data and a
 * few functions; nothing outside its file knows it.
 */

#define FW_MAX_REQUEST 65536
#define FW_MAX_DEPTH 32
#define FW_MAX_NODES 2048
#define FW_MAX_TEXT 16384
#define FW_MAX_ENUMS 4
#define FW_ENUM_SECONDS 60
#define FW_MAX_TRUSTED_CN 4
#define FW_MAX_DER 4100
#define FW_TEXT_SIZE 256
#define FW_CERT_ID "Intel(r) AMT Certificate: Handle: "
#define FW_KEY_ID "Intel(r) AMT Key: Handle: "

#define NS_SOAP "http://www.w3.org/2003/05/soap-envelope"
#define NS_ADDR "http://schemas.xmlsoap.org/ws/2004/08/addressing"
#define NS_ANON NS_ADDR "/role/anonymous"
#define NS_WSMAN "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
#define NS_TRANSFER "http://schemas.xmlsoap.org/ws/2004/09/transfer"
#define NS_ENUM "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
#define NS_EVENTING "http://schemas.xmlsoap.org/ws/2004/08/eventing"
#define NS_CIMBINDING "http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd"
#define NS_COMMON "http://schemas.dmtf.org/wbem/wscim/1/common"
#define NS_TRUST "http://schemas.xmlsoap.org/ws/2005/02/trust"
#define NS_WSS                                                                 \
	"http://docs.oasis-open.org/wss/2004/01/"                              \
	"oasis-200401-wss-wssecurity-secext-1.0.xsd"
#define NS_XSI "http://www.w3.org/2001/XMLSchema-instance"
#define NS_IDENTIFY                                                            \
	"http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"

#define URI_AMT "http://intel.com/wbem/wscim/1/amt-schema/1/"
#define URI_IPS "http://intel.com/wbem/wscim/1/ips-schema/1/"
#define URI_CIM "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/"

/* --- fw_xml.c: a request as a tree, namespaces resolved ----------------------
 */
struct fw_node {
	char *ns, *name; /* ns "" when none */
	char *text;	 /* own character data, trimmed */
	char *attr_name; /* attribute Name (of w:Selector), or NULL */
	bool must_understand;
	struct fw_node *first, *last, *next, *parent;
};
/* Borrowed bytes; the tree is given, NULL when it is not well-formed, has a
 * DTD, or is beyond a limit. */
struct fw_node *fw_xml_parse(const char *xml, size_t len);
void fw_xml_free(struct fw_node *n);
bool fw_is(const struct fw_node *n, const char *ns, const char *name);
/* The first child of that name, or NULL. */
const struct fw_node *fw_child(
    const struct fw_node *n, const char *ns, const char *name);
/* The text of the first child with this local name in n's own namespace. */
const char *fw_text(const struct fw_node *n, const char *name);
/* Values of checked properties; the default when the property is absent. */
bool fw_bool(const struct fw_node *n, const char *name, bool absent);
uint32_t fw_uint(const struct fw_node *n, const char *name, uint32_t absent);
size_t fw_count(const struct fw_node *n, const char *name);

/* --- fw_text.c: growing text, base64, small conversions ----------------------
 */
struct fw_text {
	char *p;
	size_t len, cap;
};
void *fw_alloc(size_t n); /* zeroed, never NULL */
char *fw_strndup(const char *s, size_t n);
void fw_add(struct fw_text *t, const char *s);
void fw_addn(struct fw_text *t, const char *s, size_t n);
void fw_addf(struct fw_text *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void fw_add_escaped(struct fw_text *t, const char *s);
void fw_text_free(struct fw_text *t);
char *fw_base64(const uint8_t *p, size_t n); /* given */
bool fw_is_base64(const char *s);
/* Strict; *ret given, -1 when it is not base64 or longer than max. */
int fw_unbase64(const char *s, size_t max, uint8_t **ret, size_t *ret_len);
/* A decimal number within [0, max], nothing else. */
int fw_number(const char *s, uint64_t max, uint64_t *ret);
/* The caller has checked that it fits. */
void fw_copy(char *to, size_t size, const char *from);

/* --- fault.c -------------------------------------------------------------- */
enum fw_fault {
	FW_OK = 0,
	FW_DESTINATION_UNREACHABLE,
	FW_ACTION_NOT_SUPPORTED,
	FW_HEADER_REQUIRED,
	FW_HEADER_INVALID,
	FW_MUST_UNDERSTAND,
	FW_ALREADY_EXISTS,
	FW_INVALID_REPRESENTATION, /* detail InvalidValues */
	FW_MISSING_VALUES,	   /* the same with detail MissingValues */
	FW_SCHEMA,
	FW_QUOTA,
	FW_ACCESS_DENIED,
	FW_INVALID_SELECTORS,
	FW_INVALID_CONTEXT,
	FW_FILTER,
	FW_ENCODING_LIMIT,
	FW_UNSUPPORTED,
	FW_INTERNAL
};
struct fw_call;
void fw_fault_write(struct fw_call *c, enum fw_fault fault);

/* --- fw_schema.c: property and parameter tables ------------------------------
 */
enum fw_type { T_BOOL, T_U8, T_U16, T_U32, T_STRING, T_BASE64, T_EPR };
#define P_KEY 1u      /* must equal the selected instance's */
#define P_RO 2u	      /* accepted and ignored in a Put */
#define P_REQUIRED 4u /* in a Put, or as a parameter */
#define P_ARRAY 8u
#define P_WO 16u /* never returned */

struct fw_prop {
	const char *name;
	enum fw_type type;
	unsigned flags;
	unsigned since; /* major * 100 + minor, 0: always */
	size_t max;	/* length of a string, 0: FW_TEXT_SIZE */
};
/* Are n's children what the table allows for firmware of this version?
 * ordered: in the table's order, as parameters have to be. */
enum fw_fault fw_check(const struct fw_node *n, const struct fw_prop *props,
    size_t count, unsigned version, bool ordered);
/* The InstanceID (or other selector) an EPR names, which must point to this
 * class. Borrowed, NULL when it does not. */
const char *fw_epr(
    const struct fw_node *epr, const char *uri, const char *selector);

/* --- classes -------------------------------------------------------------- */
#define R(n) (UINT32_C(1) << (n))
#define REALM_REDIRECTION R(2)
#define REALM_PT R(3)
#define REALM_HARDWARE R(4)
#define REALM_TIME R(12)
#define REALM_GENERAL R(13)
#define REALM_ACL R(21)

struct fw_emit; /* where a class writes an instance, or is compared to one */

struct fw_method {
	const char *name;
	const struct fw_prop *in;
	size_t in_count;
	/* PT_STATUS; with PT_SUCCESS its outputs are emitted. */
	int (*run)(struct fw_call *c, const struct fw_node *in);
	uint32_t realms;
	unsigned since;
	bool mutating;
	bool plain_action;   /* answers without "Response" */
	const char *out_epr; /* placeholder output when it fails */
	int ms_min, ms_max;
};

struct fw_class {
	const char *name, *prefix; /* URI is prefix + name */
	const struct fw_prop *props;
	size_t prop_count;
	const struct fw_method *methods;
	size_t method_count;
	uint32_t read, write; /* realms that may, REALM_PT and admin always */
	unsigned since;
	bool common; /* its answers declare the CIM common namespace */
	/* Emit the i-th instance; false: there are not so many. */
	bool (*show)(struct fw_emit *e, const struct sim_device *d, size_t i);
	enum fw_fault (*put)(
	    struct fw_call *c, size_t i, const struct fw_node *in);
	enum fw_fault (*create)(struct fw_call *c, const struct fw_node *in);
	enum fw_fault (*remove)(struct fw_call *c, size_t i);
	/* an abstract class: what its enumeration yields */
	const struct fw_class *const *parts;
};
#define PROPS(a) (a), sizeof(a) / sizeof((a)[0])

const struct fw_class *fw_class_find(const char *uri, unsigned version);
/* For tests: the i-th class or NULL. */
const struct fw_class *fw_class_at(size_t i);
extern const struct fw_class fw_class_time, fw_class_general, fw_class_ethernet,
    fw_class_host_ip, fw_class_cert, fw_class_key, fw_class_pki_caps,
    fw_class_pki, fw_class_tls, fw_class_tls_context, fw_class_tls_collection,
    fw_class_setup, fw_class_host_setup, fw_class_acl, fw_class_kerberos,
    fw_class_software, fw_class_package, fw_class_system, fw_class_credential,
    fw_class_dependency, fw_class_redirection, fw_class_environment,
    fw_class_8021x;

/* --- emitting an instance ------------------------------------------------- */
struct fw_selector {
	const char *name, *value;
};
void fw_emit_string(struct fw_emit *e, const char *name, const char *value);
void fw_emit_uint(struct fw_emit *e, const char *name, uint32_t value);
void fw_emit_bool(struct fw_emit *e, const char *name, bool value);
void fw_emit_base64(
    struct fw_emit *e, const char *name, const uint8_t *p, size_t n);
struct fw_epr {
	const struct fw_class *cls;
	struct fw_selector sel[2]; /* second may be {NULL, NULL} */
};
void fw_emit_epr(struct fw_emit *e, const char *name, const struct fw_epr *epr);
/* Nothing is written, this instance is compared with selectors: only what they
 * may name has to be emitted. */
bool fw_emit_comparing(const struct fw_emit *e);
/* Who is asking: some properties are for administrators only. */
const struct sim_login *fw_emit_who(const struct fw_emit *e);

/* --- one request ---------------------------------------------------------- */
struct fw_prefixes {
	char soap[4], addr[4], wsman[4], trust[4], wss[4], bind[4];
	char body[4], item[4], common[4];
};

struct fw_call {
	struct sim_device *d;
	const struct sim_login *who;
	unsigned version;
	/* the request */
	struct fw_node *tree;
	const char *action, *uri, *relates_to;
	const struct fw_node *selectors, *body;
	const struct fw_class *cls;
	char cls_uri[160]; /* cls's own, and the items' */
	char item_uri[160];
	/* the answer */
	struct fw_prefixes px;
	struct fw_text out; /* content of Body */
	char answer_action[192];
	const char *body_ns, *item_ns;
	bool common;
	bool mutating;
	struct sim_answer *ret;
};

struct fw_emit {
	struct fw_call *c;
	const char *prefix;
	/* comparing instead of writing: how many selectors were met */
	const struct fw_node *match;
	size_t met;
	bool differs;
};

enum fw_fault fw_header(struct fw_call *c);
enum fw_fault fw_operation(struct fw_call *c);
enum fw_fault fw_enumerate(struct fw_call *c);
enum fw_fault fw_pull(struct fw_call *c);
enum fw_fault fw_release(struct fw_call *c);
/* The instance the selectors name. */
enum fw_fault fw_select(struct fw_call *c, size_t *ret_index);
bool fw_may(const struct fw_call *c, uint32_t realms);
void fw_instance(struct fw_call *c, const struct fw_class *cls, size_t i,
    const char *prefix);
void fw_set_action(struct fw_call *c, const char *base, const char *name);
void fw_envelope_open(struct fw_call *c, struct fw_text *t);
void fw_envelope_close(struct fw_call *c, struct fw_text *t);
/* An emitter for the method output of this call. */
struct fw_emit fw_output(struct fw_call *c);
/* Something the device keeps was changed. */
void fw_changed(struct fw_call *c);
unsigned fw_version(const struct sim_device *d);
/* AMT 22 and later.  All that follows from it is conjecture, there is no such
 * firmware yet: a proposed design record of the Device Management Toolkit (its
 * deployment#605) says that AMT 22 will make and take no RSA keys of 2048 bits,
 * no P-256, no SHA-256 and no AES-128. */
bool fw_hardened(unsigned version);
void fw_take_time(struct fw_call *c, int min, int max);

/* --- fw_keypool.c fw_store.c fw_der.c fw_cert.c fw_krbkey.c
 * -------------------
 */
/* Free place, or -1 when the store is full. */
int fw_key_free(const struct sim_device *d);
int fw_cert_free(const struct sim_device *d);
struct sim_key *fw_key_by_handle(struct sim_device *d, int handle);
struct sim_cert *fw_cert_by_handle(struct sim_device *d, int handle);
/* A handle from "Intel(r) AMT Key: Handle: 3", -1 when it is not one. */
int fw_handle(const char *text, const char *before);
/* Where in its DER a certificate says what. 0 or -1. */
struct fw_cert_parts {
	const uint8_t *issuer, *subject, *key; /* borrowed */
	size_t issuer_len, subject_len, key_len;
};
int fw_cert_parts(const struct sim_cert *cert, struct fw_cert_parts *ret);
/* PKCS#1 RSAPublicKey of a stored key, given. 0 or -1. */
int fw_key_public(const struct sim_key *k, uint8_t **ret, size_t *ret_len);
/* A new RSA key as PKCS#8, real or from the pool, other than those stored. */
int fw_key_make(struct sim_device *d, int bits, uint8_t **ret, size_t *ret_len);
/* A device has it already: the pool goes on after it. */
void fw_key_given(const struct sim_key *k);
/* PKCS#1 private key to PKCS#8; its size in bits. */
int fw_key_import(const uint8_t *der, size_t len, uint8_t **ret,
    size_t *ret_len, int *ret_bits);
int fw_key_store(struct sim_device *d, const uint8_t *der, size_t len);
/* Does the certificate hold this key / which stored key does it hold, or -1. */
bool fw_cert_has_key(const struct sim_cert *cert, const struct sim_key *key);
int fw_cert_key(const struct sim_device *d, const struct sim_cert *cert);
/* PT_STATUS of a certificate offered for the store. */
int fw_cert_check(const uint8_t *der, size_t len, bool root, unsigned version);
int fw_cert_store(
    struct sim_device *d, const uint8_t *der, size_t len, bool root);
/* "C=...,O=...,CN=...", given. */
void fw_cert_names(
    const struct sim_cert *cert, char **ret_issuer, char **ret_subject);
struct fw_self_signed {
	const char *name;
	int64_t not_before, not_after;
};
int fw_cert_self_sign(const struct sim_key *key,
    const struct fw_self_signed *what, uint8_t **ret, size_t *ret_len);
/* Sign the request in der with the key: PT_STATUS. */
int fw_csr_sign(const struct sim_key *key, const uint8_t *der, size_t len,
    uint32_t algorithm, uint8_t **ret, size_t *ret_len);
/* MD5(user:realm:password). */
void fw_ha1(
    const char *user, const char *realm, const char *password, uint8_t ret[16]);
struct fw_passphrase {
	const char *passphrase, *salt;
	uint32_t iterations;
};
/* RFC 3962 and RFC 4757 keys of a passphrase into the state. 0 or -1. */
int fw_krb_derive(struct sim_state *s, const struct fw_passphrase *p);

/* --- firmware.c: what a device forgets when the power goes ---------------- */
struct fw_enum {
	bool used;
	uint32_t id;
	const struct fw_class *cls;
	size_t part, next;
	int64_t made; /* device independent seconds */
};

struct sim_volatile {
	struct sim_options options;
	uint32_t message_id, enum_id, random;
	struct fw_enum enums[FW_MAX_ENUMS];
	int64_t drift_from_ms;
	int64_t hour_from;
	int hour_writes;
	/* properties kept in RAM only by this simulation */
	bool network_off;
	uint32_t dhcp_sync_hostname, address_family, dhcp6_timeout;
	uint32_t presence_interval, thunderbolt, local_time_sync;
	uint32_t wlan_retransmissions, wlan_preference;
	bool credential_cache;
	char trusted_cn[FW_MAX_TRUSTED_CN][FW_TEXT_SIZE];
	size_t trusted_cn_count;
	uint8_t nonce[20];
};
void fw_options_init(struct sim_options *o);
uint32_t fw_random(struct sim_device *d);
int64_t fw_real_ms(void);
void fw_clock_set(struct sim_device *d, int64_t device_ms);
/* The UUID in the byte order firmware shows it. */
void fw_guid(const struct sim_device *d, uint8_t ret[16]);
#endif
