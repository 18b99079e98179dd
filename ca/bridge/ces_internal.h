#ifndef CES_INTERNAL_H_
#define CES_INTERNAL_H_
#include "bridge_internal.h"

struct secret;

/* The messages of Microsoft's enrolment web services: bytes in, words out, no
 * I/O.  Answers are read within xml.h's limits, a document type is refused. */

#define CA_CES_NS_POLICY                                                       \
	"http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy"
#define CA_CES_ID_MAX 48	       /* "urn:uuid:" and 36 characters */
#define CA_CES_POLICY_MAX (256 * 1024) /* one answer with templates */

/* A message to a service; borrowed. */
struct ca_ces_call {
	const char *url;
	const char *id;	  /* of the message */
	const char *user; /* NULL: the transport tells who we are */
	const struct secret *password; /* UTF-8 without control characters */
	int64_t now;
};
/* A new message id: random. */
void ca_ces_name_message(char ret[CA_CES_ID_MAX]);
/* NULL, or why this cannot be sent as a password. */
const char *ca_ces_password_check(const struct secret *password);

/* MS-WSTEP: ask for a certificate.  template_name is told beside the request;
 * NULL: none. */
void ca_ces_write_request(const struct ca_ces_call *call, struct ca_span csr,
    const char *template_name, struct buf *out);
/* MS-WSTEP: ask after a request. */
void ca_ces_write_query(
    const struct ca_ces_call *call, const char *request_id, struct buf *out);
/* What the service answered to the message with this id; spki is the key that a
 * certificate must have.  *ret gets outcome, text, and what goes with those.
 * False, and *ret untouched: it is no SOAP message, see *ret_why. */
bool ca_ces_read(struct ca_span body, const char *id, struct ca_span spki,
    struct ca_bridge_answer *ret, const char **ret_why);

/* MS-XCEP: ask which templates there are. */
void ca_ces_write_policies(const struct ca_ces_call *call, struct buf *out);
/* A line about each CA and template of the answer into *out.  -1: it is none
 * (ERR_PROTOCOL, as ca_bridge_test_failed() for a fault), or the bridge's
 * template is not there or not fit for devices (ERR_REFUSED). */
int ca_ces_read_policies(const struct ca_bridge *b, struct ca_span body,
    const char *id, struct buf *out, struct err *err);

/* The body of a SOAP message to us, or a fault turned into *ret with NULL. */
struct xml;
struct xml_node;
const struct xml_node *ca_ces_open(const struct xml *xml, const char *id,
    struct ca_bridge_answer *ret, const char **ret_why);

/* What an HRESULT of the CA means (ces_code.c): outcome, ended and text,
 * with the service's words; denied: the CA itself refused. */
void ca_ces_judge(uint32_t code, bool denied, const char *words,
    struct ca_bridge_answer *ret);
#endif
