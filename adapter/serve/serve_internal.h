#ifndef SERVE_INTERNAL_H_
#define SERVE_INTERNAL_H_

/* Tell the service manager, when there is one (sd_notify(3)): "READY=1". */
void serve_notify(const char *state);
#endif
