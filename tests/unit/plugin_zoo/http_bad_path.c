/* A route with a '*' amid its path. */
#include "zoo.h"

static const struct fascia_route routes[] = {
    {.size = sizeof(struct fascia_route), .methods = "GET", .path = "/a/*/b"},
};

ZOO("http-bad-path", (described = zoo_http("http-bad-path"), described.routes = routes, described.route_count = 1))
