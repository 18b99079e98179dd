#ifndef CSR_SPEC_H_
#define CSR_SPEC_H_
#include "fixture.h"

/* A span over a static array. */
#define SPAN(array) ((struct ca_span){array, sizeof(array)})

/* What requests of devices and of issuing CAs alike are refused for, or not. */
void csr_exponent_three(struct csr_spec *s);
void csr_ec_own_curve(struct csr_spec *s);
void csr_signature_flipped(struct csr_spec *s);
void csr_version_one(struct csr_spec *s);
void csr_subject_empty(struct csr_spec *s);
#endif
