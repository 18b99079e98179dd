#ifndef CSR_VECTORS_H_
#define CSR_VECTORS_H_
#include "csr_spec.h"

/* CSRs and what becomes of them, in groups like those of the rules. */
struct csr_vector {
	const char *rule; /* that refuses it; NULL: none does */
	const char *says; /* part of the text */
	void (*spec)(struct csr_spec *spec);
	void (*bytes)(struct buf *der);
	const struct ca_subject *subject; /* NULL: fixture_subject */
	const struct ca_template *t;	  /* NULL: fixture_template */
	bool constrained; /* the root may vouch for corp.example alone */
};

struct csr_vectors {
	const struct csr_vector *list;
	size_t count;
};
extern const struct csr_vectors csr_form_vectors; /* form, extension */
extern const struct csr_vectors csr_key_vectors;  /* key, signature */
extern const struct csr_vectors csr_names_vectors;

/* Key slot 0 is certified for fixture_subject there, key slot 4 is blocked. */
extern struct fixture csr_fixture;
/* Of the same name. */
extern const struct ca_subject csr_other_device;
#endif
