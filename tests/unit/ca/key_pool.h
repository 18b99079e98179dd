#ifndef KEY_POOL_H_
#define KEY_POOL_H_

/*
 * RSA keys of CAs take long to make, and each test wants its own.  Here the
 * n-th key of this size that a test wants is made once per process: within a
 * test no two are the same.  Real keys, by OpenSSL; EC keys are made as ever.
 */
void key_pool_open(void); /* a fixture */
/* ... is closed.  When it was the last, the next test begins anew, behind the
 * keys that key_pool_keep() has set aside. */
void key_pool_close(void);
/* What was given so far is of all tests. */
void key_pool_keep(void);
/* From here on every key is a new one: in a child, of whose keys the parent
 * does not know. */
void key_pool_off(void);
#endif
