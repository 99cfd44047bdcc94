/* fascia_plugin() has nothing to say. */
#include <fascia/plugin.h>

const struct fascia_plugin *fascia_plugin(void)
{
    return NULL;
}
