/* What the service manager lent the daemon for its spawner, the daemon does not keep. */
#ifndef FASCIA_NODE_PRIVILEGES_H
#define FASCIA_NODE_PRIVILEGES_H

/* Gives up every capability, unless the daemon runs as root, which has them by being root. */
void privileges_drop(void);

#endif
