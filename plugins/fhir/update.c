/* update and patch. */
#include "fhir/work.h"

void fhir_work_update(struct fhir_call *call)
{
    fhir_fail(call, 501, "not-supported", "", "not yet");
}
