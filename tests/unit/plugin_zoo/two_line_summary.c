/* A summary that would break a table. */
#include "zoo.h"

ZOO("two-line-summary", described.summary = "one\ntwo")
