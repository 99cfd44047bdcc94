/* Starts and ends the processes of isolated plugins for the daemon (plugin/spawn.h). */
#ifndef FASCIA_PLUGIN_RUNNER_SPAWNER_H
#define FASCIA_PLUGIN_RUNNER_SPAWNER_H

/* Until the daemon goes. user: name or number; whoever started us when we may not be anybody else. Returns the process's exit code. */
int spawner_run(const char *user);

#endif
