/* Built with a later minor version: larger, and that is right. */
#include "zoo.h"

/* What a later ABI 1.x may look like. */
struct grown_plugin {
    struct fascia_plugin now;
    void (*later)(void);
};

FASCIA_EXPORT const struct fascia_plugin *fascia_plugin(void)
{
    static struct grown_plugin grown;

    grown.now = zoo_good("grown");
    grown.now.size = sizeof grown;
    grown.now.abi_minor = 7;
    return &grown.now;
}
