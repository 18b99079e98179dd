#ifndef WISH_INTERNAL_H_
#define WISH_INTERNAL_H_
#include <stdbool.h>
#include <stdint.h>

#include "wish.h"

struct buf;
struct device;
struct port_roots;
struct profile;

/*
 * What the profile wishes of one device, in the form in which the record holds
 * what it has, so that the two can be compared as text.  Pure.
 */
#define WISH_STRONG_MAJOR 22 /* firmware refuses RSA-2048 from here on */

/* The FQDN AMT should have: the host's, or what it has with names.sync off. */
void wish_fqdn(const struct device *d, const struct profile *p, char out[256]);
/* Host part and domain part of that; domain as it is when the host has none. */
void wish_host(const struct device *d, const struct profile *p, char out[256]);
void wish_domain(
    const struct device *d, const struct profile *p, char out[256]);
/* cert_names, as the record and the template have them, sorted. */
void wish_cert_names(
    const struct device *d, const struct profile *p, struct buf *out);
/* acl_sids: "SID:realms SID:realms", sorted. */
void wish_acl(const struct profile *p, struct buf *out);
/* RSA bits of a new key: by template, else by firmware generation. */
int wish_key_bits(const struct device *d, const struct profile *p);
/* The AD account name: the record's, else the profile's pattern with the host
 * part in lower case for %h. */
void wish_account(
    const struct device *d, const struct profile *p, char out[256]);
bool wish_names_met(const struct device *d, const struct profile *p);
bool wish_general_met(const struct device *d, const struct profile *p);
bool wish_ip_met(const struct device *d, const struct profile *p);
bool wish_tls_met(const struct device *d, const struct profile *p);
bool wish_cert_names_met(const struct device *d, const struct profile *p);
/* A device whose firmware was updated may have a key that it would refuse now.
 */
bool wish_cert_key_met(const struct device *d);
/* Is it in the profile's OU, and not below? */
bool wish_ou_met(const struct device *d, const struct profile *p);
/* The same of any object and OU, however their names are written (RFC 4514). */
bool wish_dn_in(const char *dn, const char *ou);
bool wish_object_met(const struct device *d, const struct profile *p);
/* Does it trust each of our roots, as far as the profile wants that? Roots that
 * are not known (NULL) are wanted by nobody. */
bool wish_roots_met(const struct device *d, const struct profile *p,
    const struct port_roots *roots);
/* Is there one that we put there and that is not among ours any more? */
bool wish_roots_spare(const struct device *d, const struct profile *p,
    const struct port_roots *roots);
/* Is it this one? */
bool wish_root_spare(
    const struct device *d, const struct port_roots *roots, const char *sha256);
/* Lists of hashes, separated by blanks; NULL is empty. */
bool wish_list_has(const char *list, const char *word);
void wish_list_add(char **list, const char *word);
bool wish_acl_met(const struct device *d, const struct profile *p);
#endif
