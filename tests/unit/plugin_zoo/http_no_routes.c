/* Serves HTTP, on no route. */
#include "zoo.h"

ZOO("http-no-routes", (described = zoo_http("http-no-routes"), described.routes = NULL))
