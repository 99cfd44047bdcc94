/* Each animal of check_zoo is wrong in one way: the kit finds it, by the check that is there for it, and finds nothing in the good one. */
#include "kit.h"

static const struct animal {
    const char *name;
    const char *check; /* NULL: nothing is found */
    const char *says;  /* a piece of what the finding quotes */
} animals[] = {
    {"good", NULL, NULL},
    {"hangs_when_loaded", "load.describe", "No callback may block"},
    {"frame_counts", "framing.pure", "same bytes, same answer"},
    {"frame_skips_a_byte", "framing.splits", "however it was cut"},
    {"frame_scans_again", "framing.endless", "no byte is read twice"},
    {"frame_scans_in_secret", "framing.endless", "no byte is read twice"},
    {"frame_logs", "framing.pure", "no host calls"},
    {"frame_reads_beyond", "framing.whole", "No input may crash you"},
    {"frame_promises_too_much", "framing.whole", "must lie in the buffer"},
    {"replies_from_the_buffer", "framing.endless", "static bytes"},
    {"keeps_names_in_the_reply_map", "delivery.submissions", "stays in the message"},
    {"forgets_the_refused", "verdicts.each", "deadline"},
    {"completes_twice", "delivery.samples", "completed exactly once"},
    {"completes_after_abandon", "abandon.waiting", "waits no longer"},
    {"answers_early", "delivery.samples", "Never answer a sender earlier"},
    {"answers_all_alike", "verdicts.refused", "must be able to tell"},
    {"answers_the_last", "verdicts.order", "its own sender"},
    {"replies_without_end", "delivery.replies", "framed already"},
    {"asks_of_a_part", "delivery.too-large", "Submit nothing"},
    {"refuses_in_silence", "delivery.too-large", "what its sender is to hear"},
    {"drops_the_original", "delivery.submissions", "original"},
    {"names_the_patient_in_places", "delivery.submissions", "stays in the message"},
    {"counts_its_ids", "resend.same", "sender_referral_id"},
    {"crashes_on_nul", "input.mutated", "No input may crash you"},
    {"hangs_on_long", "input.mutated", "No callback may block"},
    {"passes_any_bytes", "input.mutated", "UTF-8"},
    {"waits_when_busy", "verdicts.busy", "deadline"},
    {"leaks", "memory.rounds", "what ended is forgotten"},
    {"leaks_when_closed", "closing.rounds", NULL},
    {"keeps_what_was_lent", "delivery.samples", NULL},
    {"logs_the_patient", "privacy.log", "never anything that was sent"},
    {"prints", "privacy.log", "prints nothing"},
    {"clumsy_help", "load.help", "one sentence"},
    {"tells_secrets", "load.odd-options", "never shown"},
    {"never_ends_a_status", "statuses.states", "deadline"},
    {"names_files_after_patients", "statuses.states", "name"},
    {"leaves_files_open", "closing.rounds", "close() gives everything back"},
    {"calls_from_a_thread", "delivery.samples", "no other thread"},
    {"ends_the_process", "verdicts.each", "No input may crash you"},
    {"eats_memory", "input.mutated", NULL},
};

/* The group of its check alone, or everything: the good one, and those that do the most harm to what runs them. */
static void only_group(const struct animal *animal, char *only, size_t room)
{
    static const char *const whole[] = {"good", "completes_twice", "frame_reads_beyond", "ends_the_process"};

    only[0] = '\0';
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        if (strcmp(animal->name, whole[i]) == 0)
            return;
    snprintf(only, room, "--only %.*s", (int)strcspn(animal->check, "."), animal->check);
}

static void find_it(void **state)
{
    const struct animal *animal = *state;
    char plugin[512], only[64], arguments[192], seen[512] = "";
    json_t *report = NULL;

    snprintf(plugin, sizeof plugin, FASCIA_BUILD "/tests/check_zoo/%s.so", animal->name);
    only_group(animal, only, sizeof only);
    /* Little memory, so that one that eats it is full soon. */
    snprintf(arguments, sizeof arguments, "--patience 2 --memory 256 --mutations 80 %s", only);
    report = kit_run(arguments, plugin, FASCIA_SOURCE "/tests/unit/check_zoo/samples", animal->check == NULL ? 0 : 1);
    if (animal->check == NULL) {
        assert_string_equal(kit_found(report, seen, sizeof seen), "");
    } else {
        print_message("%s: %s\n", animal->name, kit_found(report, seen, sizeof seen));
        assert_non_null(kit_finding(report, animal->check, animal->says));
    }
    json_decref(report);
}

/* The sanitizer for threads counts no memory, and none lets the kit watch what is read. */
static bool can_be_found(const char *name)
{
    const char *kind = getenv("FASCIA_SANITIZE");
    bool threads = kind != NULL && strcmp(kind, "thread") == 0;

    return (!threads || strncmp(name, "leaks", 5) != 0) &&
           (!KIT_HAS_SANITIZER || strcmp(name, "frame_scans_in_secret") != 0);
}

int main(void)
{
    struct CMUnitTest tests[sizeof animals / sizeof animals[0]] = {0};
    size_t count = 0;

    for (size_t i = 0; i < sizeof animals / sizeof animals[0]; i++)
        if (can_be_found(animals[i].name))
            tests[count++] = (struct CMUnitTest){
                .name = animals[i].name, .test_func = find_it, .initial_state = (void *)(uintptr_t)&animals[i]};
    return _cmocka_run_group_tests("check_zoo", tests, count, NULL, NULL);
}
