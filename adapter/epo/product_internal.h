#ifndef EPO_PRODUCT_INTERNAL_H_
#define EPO_PRODUCT_INTERNAL_H_
#include <stdint.h>

struct call;
struct err;
struct order_run;
struct task;

/* The product whose client tasks these are, as consoles ask for one. */
#define PRODUCT_ID "AMTKEEPER"
#define PRODUCT_NAME "Intel AMT"

/* "productId" is that, or was left out. */
int remote_product_check(const struct call *c, struct err *err);
/* A run of the task for the systems of "names", which serve is told of. */
int call_run(struct call *c, const struct task *t, const struct order_run *how,
    int64_t *ret_run, struct err *err);
#endif
