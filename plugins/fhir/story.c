#include "fhir/story.h"

#include <string.h>

#define STATE(name) FASCIA__STATE__STATE_##name

bool fhir_story_is_version(const Fascia__HistoryEntry *entry)
{
    if (entry->event == NULL)
        return entry->erased;
    switch (entry->event->body_case) {
    case FASCIA__EVENT__BODY_VIEWED:
    case FASCIA__EVENT__BODY_STATUS_DELIVERED:
    case FASCIA__EVENT__BODY__NOT_SET:
        return false;
    default:
        return true;
    }
}

static struct fhir_visit *find_visit(struct fhir_story *story, uint32_t visit)
{
    for (size_t i = 0; i < story->visit_count; i++)
        if (story->visits[i].visit == visit)
            return &story->visits[i];
    return NULL;
}

static struct fhir_visit *find_appointment(struct fhir_story *story, uint32_t number)
{
    for (size_t i = 0; number != 0 && i < story->visit_count; i++)
        if (story->visits[i].number == number)
            return &story->visits[i];
    return NULL;
}

static void book(struct fhir_story *story, const Fascia__HistoryEntry *entry)
{
    const Fascia__VisitBooked *booked = entry->event->visit_booked;
    struct fhir_visit *visit = find_appointment(story, booked->appointment);

    story->state = STATE(SCHEDULED);
    if (visit == NULL) {
        visit = &story->visits[story->visit_count++];
        visit->number = booked->appointment != 0 ? booked->appointment : booked->visit;
        visit->created = entry->at;
    }
    visit->visit = booked->visit;
    visit->therapist = booked->therapist;
    visit->from = booked->from;
    visit->to = booked->to;
    visit->how = FHIR_VISIT_BOOKED;
    visit->changed = entry->at;
    visit->version = entry->sequence;
}

static bool is_booked(const struct fhir_story *story)
{
    for (size_t i = 0; i < story->visit_count; i++)
        if (story->visits[i].how == FHIR_VISIT_BOOKED)
            return true;
    return false;
}

static void end_visit(struct fhir_story *story, const Fascia__HistoryEntry *entry)
{
    const Fascia__VisitEnded *ended = entry->event->visit_ended;
    struct fhir_visit *visit = find_visit(story, ended->visit);

    if (visit != NULL && ended->how != FASCIA__VISIT_ENDED__HOW__MOVED) {
        visit->how = ended->how == FASCIA__VISIT_ENDED__HOW__DONE      ? FHIR_VISIT_DONE
                     : ended->how == FASCIA__VISIT_ENDED__HOW__NO_SHOW ? FHIR_VISIT_NO_SHOW
                                                                       : FHIR_VISIT_CANCELLED;
        visit->changed = entry->at;
        visit->version = entry->sequence;
    }
    if (ended->how == FASCIA__VISIT_ENDED__HOW__DONE)
        story->state = STATE(IN_PROGRESS);
    else if (ended->how == FASCIA__VISIT_ENDED__HOW__NO_SHOW)
        story->state = STATE(NO_SHOW);
    else if (ended->how == FASCIA__VISIT_ENDED__HOW__CANCELLED)
        story->state = is_booked(story) ? STATE(SCHEDULED) : STATE(VISIT_CANCELLED);
}

static bool has_errors(const Fascia__Screened *screened)
{
    for (size_t i = 0; i < screened->n_problems; i++)
        if (screened->problems[i]->severity == FASCIA__PROBLEM__SEVERITY__ERROR)
            return true;
    return false;
}

static void screen(struct fhir_story *story, const Fascia__Screened *screened)
{
    if (has_errors(screened))
        story->state = STATE(NEEDS_INFORMATION);
    else if (story->state == STATE(RECEIVED) || story->state == STATE(NEEDS_INFORMATION) ||
             story->state == STATE(WAITLISTED))
        story->state = STATE(MATCHING);
}

static void give_back(struct fhir_story *story, const Fascia__OfferClosed *closed)
{
    story->state = STATE(MATCHING);
    story->therapist = "";
    story->reason = closed->reason;
    story->reason_code = closed->reason_code;
}

static void tell(struct fhir_story *story, const Fascia__HistoryEntry *entry)
{
    const Fascia__Event *event = entry->event;

    switch (event->body_case) {
    case FASCIA__EVENT__BODY_RECEIVED:
        story->state = STATE(RECEIVED);
        story->content_since = entry->sequence;
        story->content_at = entry->at;
        break;
    case FASCIA__EVENT__BODY_MODIFIED:
        story->content_since = entry->sequence;
        story->content_at = entry->at;
        break;
    case FASCIA__EVENT__BODY_SCREENED:
        screen(story, event->screened);
        break;
    case FASCIA__EVENT__BODY_MOVED:
        story->state = event->moved->to;
        story->reason = event->moved->reason;
        story->reason_code = "";
        break;
    case FASCIA__EVENT__BODY_OFFERED:
        story->state = STATE(OFFERED);
        story->therapist = event->offered->therapist;
        break;
    case FASCIA__EVENT__BODY_OFFER_CLOSED:
        give_back(story, event->offer_closed);
        break;
    case FASCIA__EVENT__BODY_ACCEPTED:
        story->state = STATE(ACCEPTED);
        story->therapist = event->accepted->therapist;
        story->reason = story->reason_code = "";
        break;
    case FASCIA__EVENT__BODY_VISIT_BOOKED:
        book(story, entry);
        break;
    case FASCIA__EVENT__BODY_VISIT_ENDED:
        end_visit(story, entry);
        break;
    case FASCIA__EVENT__BODY_OUTCOME:
        story->state = STATE(COMPLETED);
        story->outcome = event->outcome;
        story->outcome_version = entry->sequence;
        break;
    case FASCIA__EVENT__BODY_ERASED:
        story->content_since = 0;
        break;
    default:
        break;
    }
}

static size_t count_visits(const Fascia__ReferralDetail *detail)
{
    size_t count = 0;

    for (size_t i = 0; i < detail->n_history; i++)
        count += detail->history[i]->event != NULL &&
                 detail->history[i]->event->body_case == FASCIA__EVENT__BODY_VISIT_BOOKED;
    return count;
}

void fhir_story_read(struct fhir_arena *arena, const Fascia__ReferralDetail *detail, uint64_t until,
                     struct fhir_story *story)
{
    const Fascia__ReferralRow *row = detail->row;

    *story = (struct fhir_story){.therapist = "", .reason = "", .reason_code = ""};
    story->visits = fhir_arena_take(arena, (count_visits(detail) + 1) * sizeof *story->visits);
    for (size_t i = 0; i < detail->n_history && detail->history[i]->sequence <= until; i++) {
        const Fascia__HistoryEntry *entry = detail->history[i];
        if (!fhir_story_is_version(entry))
            continue;
        if (entry->event != NULL)
            tell(story, entry);
        story->version = entry->sequence;
        story->updated = entry->at;
    }
    if (until != UINT64_MAX || row == NULL)
        return;
    /* What the node says now stands above what events read like. */
    story->state = row->state;
    story->therapist = row->therapist;
    if (story->version == 0) {
        story->version = story->content_since = 1;
        story->content_at = row->opened;
        story->updated = row->changed;
    }
}
