/* Needs a symbol that nobody has: RTLD_NOW finds it at loading, not in the middle of the night. */
#include "zoo.h"

void a_symbol_that_nobody_has(void);

ZOO("unresolved", a_symbol_that_nobody_has())
