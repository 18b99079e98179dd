#ifndef PEM_H_
#define PEM_H_

/* pem_password_cb of libcrypto, for what is read without one: an encrypted
 * block cannot be read, and nobody is asked at a terminal. */
int pem_no_password(char *bytes, int size, int writing, void *cookie);
#endif
