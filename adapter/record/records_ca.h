#ifndef RECORDS_CA_H_
#define RECORDS_CA_H_
#include <stdint.h>

#include "record.h"

struct ca;
struct ca_blocked;
struct ca_bridge_row;
struct ca_cert;
struct ca_finding;
struct ca_line_info;
struct ca_template_facts;
struct conf_bridge;
struct err;
struct profile;
struct profile_template;

/*
 * What is shown of the CA, as in records.h.
 */
extern const struct record_kind record_issuer_kind, record_cert_kind,
    record_health_kind, record_blocked_kind, record_template_kind,
    record_problem_kind, record_bridge_kind, record_pending_kind;

/* State: waiting, active, old, revoked or ended. */
void record_issuer(
    struct record *r, const struct ca_line_info *info, int64_t now);
void record_cert(struct record *r, const struct ca_cert *cert);
void record_health(struct record *r, const struct ca_finding *f);
void record_blocked(struct record *r, const struct ca_blocked *b);

/* One of the profile's, and what follows from it; tls: devices get it. */
void record_template(struct record *r, const struct profile *p,
    const struct profile_template *t, const struct ca_template_facts *facts);
/* Of a template by this name; NULL: of none in particular. */
void record_problem(
    struct record *r, const char *template, const char *problem);

/* With how many requests wait for it. -1: they cannot be counted, and r is as
 * it was. */
int record_bridge(struct record *r, struct ca *ca, const struct profile *p,
    const struct conf_bridge *b, struct err *err);
void record_pending(struct record *r, const struct ca_bridge_row *row);
#endif
