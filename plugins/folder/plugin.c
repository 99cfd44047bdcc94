#include "folder/source.h"

const struct fascia_plugin *fascia_plugin(void)
{
    return &folder_plugin;
}
