#ifndef AD_CONF_H_
#define AD_CONF_H_

struct conf;

/* What of the configuration says how to reach the lab's controller; to be
 * cleared. */
void ad_conf(struct conf *conf);
void ad_conf_clear(struct conf *conf);
#endif
