/* FHIR R4 (4.0.1), http://hl7.org/fhir/R4/: the elements of resources and data types, in their order. What every resource, element and backbone has is not repeated. */
#include "fhir/schema.h"

#define IDENTIFIED       "identifier:Identifier* "
#define REPEAT_UNITS     "(s,min,h,d,wk,mo,a)"
#define REQUEST_STATUS   "(draft,active,on-hold,revoked,completed,entered-in-error,unknown)"
#define REQUEST_PRIORITY "(routine,urgent,asap,stat)"
#define WEEK             "(mon,tue,wed,thu,fri,sat,sun)"
#define COMPARATOR       "(<,<=,>=,>)"
#define DIMENSION        "value:decimal comparator:code" COMPARATOR " unit:string system:uri code:code"

/* clang-format off */
const struct fhir_schema_row fhir_schema_types[] = {
    {"Element", ""},
    {"Extension", "url:uri! value[x]:any"},
    {"Meta", "versionId:id lastUpdated:instant source:uri profile:canonical* security:Coding* tag:Coding*"},
    {"Narrative", "status:code(generated,extensions,additional,empty)! div:xhtml!"},
    {"Identifier", "use:code(usual,official,temp,secondary,old) type:CodeableConcept system:uri value:string period:Period assigner:Reference"},
    {"HumanName", "use:code(usual,official,temp,nickname,anonymous,old,maiden) text:string family:string given:string* prefix:string* suffix:string* period:Period"},
    {"Address", "use:code(home,work,temp,old,billing) type:code(postal,physical,both) text:string line:string* city:string district:string state:string postalCode:string country:string period:Period"},
    {"ContactPoint", "system:code(phone,fax,email,pager,url,sms,other) value:string use:code(home,work,temp,old,mobile) rank:positiveInt period:Period"},
    {"Coding", "system:uri version:string code:code display:string userSelected:boolean"},
    {"CodeableConcept", "coding:Coding* text:string"},
    {"Reference", "reference:string type:uri identifier:Identifier display:string"},
    {"Period", "start:dateTime end:dateTime"},
    {"Quantity", DIMENSION},
    {"SimpleQuantity", "value:decimal unit:string system:uri code:code"},
    {"Age", DIMENSION}, {"Duration", DIMENSION}, {"Count", DIMENSION}, {"Distance", DIMENSION},
    {"Money", "value:decimal currency:code"},
    {"Range", "low:SimpleQuantity high:SimpleQuantity"},
    {"Ratio", "numerator:Quantity denominator:Quantity"},
    {"SampledData", "origin:SimpleQuantity! period:decimal! factor:decimal lowerLimit:decimal upperLimit:decimal dimensions:positiveInt! data:string"},
    {"Attachment", "contentType:code language:code data:base64Binary url:url size:unsignedInt hash:base64Binary title:string creation:dateTime"},
    {"Annotation", "author[x]:Reference|string time:dateTime text:markdown!"},
    {"Signature", "type:Coding+ when:instant! who:Reference! onBehalfOf:Reference targetFormat:code sigFormat:code data:base64Binary"},
    {"Timing", "event:dateTime* repeat:Timing.repeat code:CodeableConcept"},
    {"Timing.repeat", "bounds[x]:Duration|Range|Period count:positiveInt countMax:positiveInt duration:decimal durationMax:decimal durationUnit:code" REPEAT_UNITS
     " frequency:positiveInt frequencyMax:positiveInt period:decimal periodMax:decimal periodUnit:code" REPEAT_UNITS " dayOfWeek:code" WEEK "* timeOfDay:time*"
     " when:code(MORN,MORN.early,MORN.late,NOON,AFT,AFT.early,AFT.late,EVE,EVE.early,EVE.late,NIGHT,PHS,HS,WAKE,C,CM,CD,CV,AC,ACM,ACD,ACV,PC,PCM,PCD,PCV)* offset:unsignedInt"},
    {"ContactDetail", "name:string telecom:ContactPoint*"},
};
const size_t fhir_schema_type_count = sizeof fhir_schema_types / sizeof fhir_schema_types[0];

const struct fhir_schema_row fhir_schema_resources[] = {
    {"ServiceRequest", IDENTIFIED "instantiatesCanonical:canonical* instantiatesUri:uri* basedOn:Reference* replaces:Reference* requisition:Identifier status:code" REQUEST_STATUS
     "! intent:code(proposal,plan,directive,order,original-order,reflex-order,filler-order,instance-order,option)! category:CodeableConcept* priority:code" REQUEST_PRIORITY
     " doNotPerform:boolean code:CodeableConcept orderDetail:CodeableConcept* quantity[x]:Quantity|Ratio|Range subject:Reference! encounter:Reference occurrence[x]:dateTime|Period|Timing"
     " asNeeded[x]:boolean|CodeableConcept authoredOn:dateTime requester:Reference performerType:CodeableConcept performer:Reference* locationCode:CodeableConcept*"
     " locationReference:Reference* reasonCode:CodeableConcept* reasonReference:Reference* insurance:Reference* supportingInfo:Reference* specimen:Reference* bodySite:CodeableConcept*"
     " note:Annotation* patientInstruction:string relevantHistory:Reference*"},
    {"Patient", IDENTIFIED "active:boolean name:HumanName* telecom:ContactPoint* gender:code(male,female,other,unknown) birthDate:date deceased[x]:boolean|dateTime address:Address*"
     " maritalStatus:CodeableConcept multipleBirth[x]:boolean|integer photo:Attachment* contact:Patient.contact* communication:Patient.communication* generalPractitioner:Reference*"
     " managingOrganization:Reference link:Patient.link*"},
    {"Patient.contact", "relationship:CodeableConcept* name:HumanName telecom:ContactPoint* address:Address gender:code(male,female,other,unknown) organization:Reference period:Period"},
    {"Patient.communication", "language:CodeableConcept! preferred:boolean"},
    {"Patient.link", "other:Reference! type:code(replaced-by,replaces,refer,seealso)!"},
    {"RelatedPerson", IDENTIFIED "active:boolean patient:Reference! relationship:CodeableConcept* name:HumanName* telecom:ContactPoint* gender:code(male,female,other,unknown) birthDate:date"
     " address:Address* photo:Attachment* period:Period communication:Patient.communication*"},
    {"Practitioner", IDENTIFIED "active:boolean name:HumanName* telecom:ContactPoint* address:Address* gender:code(male,female,other,unknown) birthDate:date photo:Attachment*"
     " qualification:Practitioner.qualification* communication:CodeableConcept*"},
    {"Practitioner.qualification", IDENTIFIED "code:CodeableConcept! period:Period issuer:Reference"},
    {"PractitionerRole", IDENTIFIED "active:boolean period:Period practitioner:Reference organization:Reference code:CodeableConcept* specialty:CodeableConcept* location:Reference*"
     " healthcareService:Reference* telecom:ContactPoint* availableTime:PractitionerRole.availableTime* notAvailable:PractitionerRole.notAvailable* availabilityExceptions:string endpoint:Reference*"},
    {"PractitionerRole.availableTime", "daysOfWeek:code" WEEK "* allDay:boolean availableStartTime:time availableEndTime:time"},
    {"PractitionerRole.notAvailable", "description:string! during:Period"},
    {"Organization", IDENTIFIED "active:boolean type:CodeableConcept* name:string alias:string* telecom:ContactPoint* address:Address* partOf:Reference contact:Organization.contact* endpoint:Reference*"},
    {"Organization.contact", "purpose:CodeableConcept name:HumanName telecom:ContactPoint* address:Address"},
    {"Location", IDENTIFIED "status:code(active,suspended,inactive) operationalStatus:Coding name:string alias:string* description:string mode:code(instance,kind) type:CodeableConcept*"
     " telecom:ContactPoint* address:Address physicalType:CodeableConcept position:Location.position managingOrganization:Reference partOf:Reference hoursOfOperation:Location.hoursOfOperation*"
     " availabilityExceptions:string endpoint:Reference*"},
    {"Location.position", "longitude:decimal! latitude:decimal! altitude:decimal"},
    {"Location.hoursOfOperation", "daysOfWeek:code" WEEK "* allDay:boolean openingTime:time closingTime:time"},
    {"Coverage", IDENTIFIED "status:code(active,cancelled,draft,entered-in-error)! type:CodeableConcept policyHolder:Reference subscriber:Reference subscriberId:string beneficiary:Reference!"
     " dependent:string relationship:CodeableConcept period:Period payor:Reference+ class:Coverage.class* order:positiveInt network:string costToBeneficiary:Coverage.costToBeneficiary*"
     " subrogation:boolean contract:Reference*"},
    {"Coverage.class", "type:CodeableConcept! value:string! name:string"},
    {"Coverage.costToBeneficiary", "type:CodeableConcept value[x]:Quantity|Money! exception:Coverage.costToBeneficiary.exception*"},
    {"Coverage.costToBeneficiary.exception", "type:CodeableConcept! period:Period"},
    {"Condition", IDENTIFIED "clinicalStatus:CodeableConcept verificationStatus:CodeableConcept category:CodeableConcept* severity:CodeableConcept code:CodeableConcept bodySite:CodeableConcept*"
     " subject:Reference! encounter:Reference onset[x]:dateTime|Age|Period|Range|string abatement[x]:dateTime|Age|Period|Range|string recordedDate:dateTime recorder:Reference asserter:Reference"
     " stage:Condition.stage* evidence:Condition.evidence* note:Annotation*"},
    {"Condition.stage", "summary:CodeableConcept assessment:Reference* type:CodeableConcept"},
    {"Condition.evidence", "code:CodeableConcept* detail:Reference*"},
    {"Observation", IDENTIFIED "basedOn:Reference* partOf:Reference* status:code(registered,preliminary,final,amended,corrected,cancelled,entered-in-error,unknown)! category:CodeableConcept*"
     " code:CodeableConcept! subject:Reference focus:Reference* encounter:Reference effective[x]:dateTime|Period|Timing|instant issued:instant performer:Reference*"
     " value[x]:Quantity|CodeableConcept|string|boolean|integer|Range|Ratio|SampledData|time|dateTime|Period dataAbsentReason:CodeableConcept interpretation:CodeableConcept* note:Annotation*"
     " bodySite:CodeableConcept method:CodeableConcept specimen:Reference device:Reference referenceRange:Observation.referenceRange* hasMember:Reference* derivedFrom:Reference*"
     " component:Observation.component*"},
    {"Observation.referenceRange", "low:SimpleQuantity high:SimpleQuantity type:CodeableConcept appliesTo:CodeableConcept* age:Range text:string"},
    {"Observation.component", "code:CodeableConcept! value[x]:Quantity|CodeableConcept|string|boolean|integer|Range|Ratio|SampledData|time|dateTime|Period dataAbsentReason:CodeableConcept"
     " interpretation:CodeableConcept* referenceRange:Observation.referenceRange*"},
    {"AllergyIntolerance", IDENTIFIED "clinicalStatus:CodeableConcept verificationStatus:CodeableConcept type:code(allergy,intolerance) category:code(food,medication,environment,biologic)*"
     " criticality:code(low,high,unable-to-assess) code:CodeableConcept patient:Reference! encounter:Reference onset[x]:dateTime|Age|Period|Range|string recordedDate:dateTime recorder:Reference"
     " asserter:Reference lastOccurrence:dateTime note:Annotation* reaction:AllergyIntolerance.reaction*"},
    {"AllergyIntolerance.reaction", "substance:CodeableConcept manifestation:CodeableConcept+ description:string onset:dateTime severity:code(mild,moderate,severe) exposureRoute:CodeableConcept note:Annotation*"},
    {"Flag", IDENTIFIED "status:code(active,inactive,entered-in-error)! category:CodeableConcept* code:CodeableConcept! subject:Reference! period:Period encounter:Reference author:Reference"},
    {"DocumentReference", "masterIdentifier:Identifier " IDENTIFIED "status:code(current,superseded,entered-in-error)! docStatus:code(preliminary,final,amended,entered-in-error) type:CodeableConcept"
     " category:CodeableConcept* subject:Reference date:instant author:Reference* authenticator:Reference custodian:Reference relatesTo:DocumentReference.relatesTo* description:string"
     " securityLabel:CodeableConcept* content:DocumentReference.content+ context:DocumentReference.context"},
    {"DocumentReference.relatesTo", "code:code(replaces,transforms,signs,appends)! target:Reference!"},
    {"DocumentReference.content", "attachment:Attachment! format:Coding"},
    {"DocumentReference.context", "encounter:Reference* event:CodeableConcept* period:Period facilityType:CodeableConcept practiceSetting:CodeableConcept sourcePatientInfo:Reference related:Reference*"},
    {"Binary", "contentType:code! securityContext:Reference data:base64Binary"},
    {"Task", IDENTIFIED "instantiatesCanonical:canonical instantiatesUri:uri basedOn:Reference* groupIdentifier:Identifier partOf:Reference*"
     " status:code(draft,requested,received,accepted,rejected,ready,cancelled,in-progress,on-hold,failed,completed,entered-in-error)! statusReason:CodeableConcept businessStatus:CodeableConcept"
     " intent:code(unknown,proposal,plan,order,original-order,reflex-order,filler-order,instance-order,option)! priority:code" REQUEST_PRIORITY " code:CodeableConcept description:string focus:Reference"
     " for:Reference encounter:Reference executionPeriod:Period authoredOn:dateTime lastModified:dateTime requester:Reference performerType:CodeableConcept* owner:Reference location:Reference"
     " reasonCode:CodeableConcept reasonReference:Reference insurance:Reference* note:Annotation* relevantHistory:Reference* restriction:Task.restriction input:Task.input* output:Task.output*"},
    {"Task.restriction", "repetitions:positiveInt period:Period recipient:Reference*"},
    {"Task.input", "type:CodeableConcept! value[x]:any!"},
    {"Task.output", "type:CodeableConcept! value[x]:any!"},
    {"Appointment", IDENTIFIED "status:code(proposed,pending,booked,arrived,fulfilled,cancelled,noshow,entered-in-error,checked-in,waitlist)! cancelationReason:CodeableConcept"
     " serviceCategory:CodeableConcept* serviceType:CodeableConcept* specialty:CodeableConcept* appointmentType:CodeableConcept reasonCode:CodeableConcept* reasonReference:Reference*"
     " priority:unsignedInt description:string supportingInformation:Reference* start:instant end:instant minutesDuration:positiveInt slot:Reference* created:dateTime comment:string"
     " patientInstruction:string basedOn:Reference* participant:Appointment.participant+ requestedPeriod:Period*"},
    {"Appointment.participant", "type:CodeableConcept* actor:Reference required:code(required,optional,information-only) status:code(accepted,declined,tentative,needs-action)! period:Period"},
    {"MessageHeader", "event[x]:Coding|uri! destination:MessageHeader.destination* sender:Reference enterer:Reference author:Reference source:MessageHeader.source! responsible:Reference"
     " reason:CodeableConcept response:MessageHeader.response focus:Reference* definition:canonical"},
    {"MessageHeader.destination", "name:string target:Reference endpoint:url! receiver:Reference"},
    {"MessageHeader.source", "name:string software:string version:string contact:ContactPoint endpoint:url!"},
    {"MessageHeader.response", "identifier:id! code:code(ok,transient-error,fatal-error)! details:Reference"},
    {"Bundle", "identifier:Identifier type:code(document,message,transaction,transaction-response,batch,batch-response,history,searchset,collection)! timestamp:instant total:unsignedInt"
     " link:Bundle.link* entry:Bundle.entry* signature:Signature"},
    {"Bundle.link", "relation:string! url:uri!"},
    {"Bundle.entry", "link:Bundle.link* fullUrl:uri resource:Resource search:Bundle.entry.search request:Bundle.entry.request response:Bundle.entry.response"},
    {"Bundle.entry.search", "mode:code(match,include,outcome) score:decimal"},
    {"Bundle.entry.request", "method:code(GET,HEAD,POST,PUT,DELETE,PATCH)! url:uri! ifNoneMatch:string ifModifiedSince:instant ifMatch:string ifNoneExist:string"},
    {"Bundle.entry.response", "status:string! location:uri etag:string lastModified:instant outcome:Resource"},
};
/* clang-format on */
const size_t fhir_schema_resource_count = sizeof fhir_schema_resources / sizeof fhir_schema_resources[0];
