/* A route whose methods have a comma between them. */
#include "zoo.h"

static const struct fascia_route routes[] = {
    {.size = sizeof(struct fascia_route), .methods = "GET,POST", .path = "/a"},
};

ZOO("http-bad-methods",
    (described = zoo_http("http-bad-methods"), described.routes = routes, described.route_count = 1))
