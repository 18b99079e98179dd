#ifndef QUERY_KEY_H_
#define QUERY_KEY_H_

/*
 * Comparable keys of versions and addresses: texts whose order, byte by byte,
 * is the order of what they stand for, so that an index over them serves
 * comparisons and subnets.  They are for storing beside the value and never
 * shown.  -1: the text is none (NULL is none), and out is unchanged.
 */
#define QUERY_KEY_SIZE 64 /* with its NUL */

/* Numbers parted by dots, with blanks around: "16.1.25" is more than "9.5";
 * numbers of 0 at the end do not count ("16.1" is "16.1.0"). At most 6 numbers
 * of 9 digits. */
int query_version_key(const char *version, char out[QUERY_KEY_SIZE]);
/* IPv4 and IPv6; an IPv4 address is the IPv6 one that is mapped to it
 * (RFC 4291, 2.5.5.2). */
int query_address_key(const char *address, char out[QUERY_KEY_SIZE]);
/* First and last address of "10.1.0.0/16", "10.1.0.0/255.255.0.0", "fd00::/8",
 * or of one address alone; bits behind the mask do not count. mask: what stands
 * behind the slash, when it is said apart; or NULL. */
int query_subnet_keys(const char *subnet, const char *mask,
    char first[QUERY_KEY_SIZE], char last[QUERY_KEY_SIZE]);
#endif
