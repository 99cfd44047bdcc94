/* Claims options that are not there. */
#include "zoo.h"

ZOO("table-null", described.option_count = 3)
