/* The same route twice. */
#include "zoo.h"

static const struct fascia_route routes[] = {
    {.size = sizeof(struct fascia_route), .methods = "GET", .path = "/a"},
    {.size = sizeof(struct fascia_route), .methods = "POST", .path = "/a"},
};

ZOO("http-twice", (described = zoo_http("http-twice"), described.routes = routes, described.route_count = 2))
