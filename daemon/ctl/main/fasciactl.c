#include "ctl/ctl.h"

#include <argp.h>
#include <langinfo.h>
#include <locale.h>
#include <string.h>

int main(int count, char **arguments)
{
    /* Names are UTF-8 whatever the terminal's locale; tables need to know how wide they are. */
    setlocale(LC_CTYPE, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_CTYPE, "C.UTF-8");
    argp_program_version = "fasciactl " FASCIA_VERSION;
    return ctl_run(count, arguments, stdout, stderr);
}
