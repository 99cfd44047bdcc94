/* batch and transaction. */
#include "fhir/work.h"

void fhir_work_batch(struct fhir_call *call)
{
    fhir_fail(call, 501, "not-supported", "", "not yet");
}
