/* The folder source behind its one exported symbol (plugin.c), for tests that link it. */
#ifndef FOLDER_SOURCE_H
#define FOLDER_SOURCE_H

#include "fascia/plugin.h"

extern const struct fascia_plugin folder_plugin;

#endif
