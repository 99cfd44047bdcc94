/* Serves HTTP and can't be given a request. */
#include "zoo.h"

ZOO("http-no-request", (described = zoo_http("http-no-request"), described.request = NULL))
