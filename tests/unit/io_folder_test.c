#include "io/folder.h"

#include "io_peer.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

/* A folder in the temporary directory, its watcher, and what the watcher was given. */
struct place {
    struct scene scene; /* first: peers get it as a scene */
    struct io_folder *folder;
    char path[64];
    bool fail, hold; /* the answer to the next files */
    int later;       /* so many times "not now" first */
    atomic_int given;
    char names[16][64];
    char contents[16][64];
};

static void on_file(void *context, struct io_folder *folder, const char *name, const uint8_t *bytes, size_t size)
{
    struct place *place = context;
    struct fault fault = {{0}};
    char result[96];
    int length;

    if (place->later > 0) {
        place->later--;
        io_folder_later(folder, 40);
        return;
    }
    snprintf(place->names[place->given], sizeof place->names[0], "%.60s", name);
    snprintf(place->contents[place->given], sizeof place->contents[0], "%.*s", (int)size, (const char *)bytes);
    length = snprintf(result, sizeof result, "result of %.*s", (int)size, (const char *)bytes);
    place->given++;
    if (place->hold)
        return;
    if (!io_folder_done(folder, place->fail, (const uint8_t *)result, (size_t)length, &fault))
        snprintf(place->scene.got, sizeof place->scene.got, "%s", fault.text);
}

static int place_set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    struct fault fault;

    strcpy(place->path, "/tmp/fascia-folder-XXXXXX");
    assert_non_null(mkdtemp(place->path));
    place->scene.loop = io_loop_create(&fault);
    place->scene.watchdog = io_timer_create(place->scene.loop, scene_watchdog, &place->scene);
    *state = place;
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int flag, struct FTW *at)
{
    (void)status;
    (void)flag;
    (void)at;
    return remove(path);
}

static int place_tear_down(void **state)
{
    struct place *place = *state;

    nftw(place->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(place);
    return 0;
}

static void watch(struct place *place, int64_t settle_ms, int64_t scan_ms, size_t maximum)
{
    const struct io_folder_settings settings = {
        .path = place->path, .settle_ms = settle_ms, .scan_ms = scan_ms, .maximum_bytes = maximum};
    const struct io_folder_handler handler = {.context = place, .file = on_file};
    struct fault fault = {{0}};

    place->folder = io_folder_watch(place->scene.loop, &settings, &handler, &fault);
    if (place->folder == NULL)
        fail_msg("%s", fault.text);
}

static void run(struct place *place, void (*peer)(struct scene *scene))
{
    pthread_t thread;

    place->scene.peer = peer;
    io_timer_set(place->scene.watchdog, PATIENCE_MS);
    assert_int_equal(pthread_create(&thread, NULL, scene_peer_thread, &place->scene), 0);
    io_loop_run(place->scene.loop);
    io_folder_destroy(place->folder);
    io_timer_destroy(place->scene.watchdog);
    io_loop_destroy(place->scene.loop);
    pthread_join(thread, NULL);
    assert_false(place->scene.late);
}

static void put(const struct place *place, const char *name, const char *text)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", place->path, name);
    file = fopen(path, "w");
    if (file != NULL) {
        fputs(text, file);
        fclose(file);
    }
}

static void set_age(const struct place *place, const char *name, int seconds)
{
    struct timespec times[2] = {{.tv_sec = 1700000000 - seconds}, {.tv_sec = 1700000000 - seconds}};
    char path[512];

    snprintf(path, sizeof path, "%s/%s", place->path, name);
    utimensat(AT_FDCWD, path, times, 0);
}

static bool is_there(const struct place *place, const char *name)
{
    char path[512];
    struct stat status;

    snprintf(path, sizeof path, "%s/%s", place->path, name);
    return lstat(path, &status) == 0;
}

/* The file's text; "(none)" without one. */
static const char *text_in(const struct place *place, const char *name)
{
    static char text[256];
    char path[512];
    FILE *file;
    size_t size;

    snprintf(path, sizeof path, "%s/%s", place->path, name);
    file = fopen(path, "r");
    if (file == NULL)
        return "(none)";
    size = fread(text, 1, sizeof text - 1, file);
    text[size] = '\0';
    fclose(file);
    return text;
}

static bool wait_for(const struct place *place, const char *name)
{
    int i;

    for (i = 0; i < 300 && !is_there(place, name); i++)
        sleep_ms(10);
    return i < 300;
}

/* ---- what is taken ------------------------------------------------------------------------------------------------- */

static void drop_one(struct scene *scene)
{
    struct place *place = (struct place *)scene;

    put(place, "a.csv", "alpha");
    wait_for(place, "done/a.csv");
}

static void a_file_is_given_and_moved_and_has_a_result(void **state)
{
    struct place *place = *state;

    watch(place, 40, 10000, 0);
    run(place, drop_one);
    assert_int_equal(place->given, 1);
    assert_string_equal(place->names[0], "a.csv");
    assert_string_equal(place->contents[0], "alpha");
    assert_false(is_there(place, "a.csv"));
    assert_string_equal(text_in(place, "done/a.csv"), "alpha");
    assert_string_equal(text_in(place, "results/a.csv.result"), "result of alpha");
    assert_false(is_there(place, "results/.fascia-draft"));
}

static void drop_one_that_fails(struct scene *scene)
{
    struct place *place = (struct place *)scene;

    put(place, "a.csv", "alpha");
    wait_for(place, "failed/a.csv");
}

static void a_failed_file_goes_to_failed(void **state)
{
    struct place *place = *state;

    place->fail = true;
    watch(place, 40, 10000, 0);
    run(place, drop_one_that_fails);
    assert_string_equal(text_in(place, "failed/a.csv"), "alpha");
    assert_string_equal(text_in(place, "results/a.csv.result"), "result of alpha");
    assert_false(is_there(place, "done/a.csv"));
}

static void wait_for_three(struct scene *scene)
{
    wait_for((struct place *)scene, "done/c.csv");
}

static void files_that_lie_there_at_the_start_come_oldest_first_then_by_name(void **state)
{
    struct place *place = *state;

    put(place, "c.csv", "new");
    put(place, "b.csv", "old");
    put(place, "a.csv", "old too");
    set_age(place, "b.csv", 100);
    set_age(place, "a.csv", 100);
    watch(place, 40, 10000, 0);
    run(place, wait_for_three);
    assert_int_equal(place->given, 3);
    assert_string_equal(place->names[0], "a.csv");
    assert_string_equal(place->names[1], "b.csv");
    assert_string_equal(place->names[2], "c.csv");
}

static void write_slowly(struct scene *scene)
{
    struct place *place = (struct place *)scene;
    char path[128];
    int fd, i;

    snprintf(path, sizeof path, "%s/slow.csv", place->path);
    fd = open(path, O_WRONLY | O_CREAT, 0600);
    sleep_ms(200); /* empty for longer than it takes to settle */
    for (i = 0; i < 3; i++) {
        scene->numbers[0] += write(fd, "row\n", 4) == 4;
        sleep_ms(200); /* and between two rows too */
    }
    scene->numbers[1] = place->given;
    close(fd);
    wait_for(place, "done/slow.csv");
}

static void a_file_that_is_written_with_long_pauses_is_taken_when_it_is_closed(void **state)
{
    struct place *place = *state;

    watch(place, 50, 60, 0);
    run(place, write_slowly);
    assert_int_equal(place->scene.numbers[0], 3);
    assert_int_equal(place->scene.numbers[1], 0);
    assert_int_equal(place->given, 1);
    assert_string_equal(place->contents[0], "row\nrow\nrow\n");
}

static void append_every_moment(struct scene *scene)
{
    struct place *place = (struct place *)scene;
    char path[128];
    int fd, i;

    snprintf(path, sizeof path, "%s/log.csv", place->path);
    for (i = 0; i < 12; i++) {
        fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
        scene->numbers[0] += write(fd, ".", 1) == 1;
        close(fd); /* each time complete for inotify, but not settled */
        sleep_ms(40);
    }
    scene->numbers[1] = place->given;
    wait_for(place, "done/log.csv");
}

static void a_file_that_is_written_again_and_again_has_to_settle(void **state)
{
    struct place *place = *state;

    watch(place, 300, 10000, 0);
    run(place, append_every_moment);
    assert_int_equal(place->scene.numbers[1], 0);
    assert_string_equal(place->contents[0], "............");
}

static void write_aside_and_rename(struct scene *scene)
{
    struct place *place = (struct place *)scene;
    char from[128], to[128];

    put(place, "x.csv.tmp", "partial");
    put(place, "y.csv.part", "partial");
    put(place, "z.csv.filepart", "partial");
    put(place, ".hidden.csv", "partial");
    sleep_ms(200);
    scene->numbers[0] = place->given;
    snprintf(from, sizeof from, "%s/x.csv.tmp", place->path);
    snprintf(to, sizeof to, "%s/x.csv", place->path);
    rename(from, to);
    wait_for(place, "done/x.csv");
}

static void temporary_names_are_left_alone_until_they_are_renamed(void **state)
{
    struct place *place = *state;

    watch(place, 40, 50, 0);
    run(place, write_aside_and_rename);
    assert_int_equal(place->scene.numbers[0], 0);
    assert_int_equal(place->given, 1);
    assert_string_equal(place->names[0], "x.csv");
    assert_true(is_there(place, ".hidden.csv"));
}

static void drop_what_is_no_file(struct scene *scene)
{
    struct place *place = (struct place *)scene;
    char path[128];

    snprintf(path, sizeof path, "%s/link.csv", place->path);
    scene->numbers[0] = symlink("/etc/passwd", path);
    snprintf(path, sizeof path, "%s/pipe.csv", place->path);
    scene->numbers[1] = mkfifo(path, 0600);
    snprintf(path, sizeof path, "%s/directory.csv", place->path);
    scene->numbers[2] = mkdir(path, 0700);
    sleep_ms(200);
    put(place, "a.csv", "alpha");
    wait_for(place, "done/a.csv");
}

static void links_pipes_and_directories_are_not_taken(void **state)
{
    struct place *place = *state;

    watch(place, 40, 50, 0);
    run(place, drop_what_is_no_file);
    assert_int_equal(place->scene.numbers[0], 0);
    assert_int_equal(place->scene.numbers[1], 0);
    assert_int_equal(place->scene.numbers[2], 0);
    assert_int_equal(place->given, 1);
    assert_true(is_there(place, "link.csv"));
}

static void drop_a_large_one(struct scene *scene)
{
    struct place *place = (struct place *)scene;

    put(place, "large.csv", "0123456789a");
    put(place, "small.csv", "0123456789");
    wait_for(place, "failed/large.csv");
    wait_for(place, "done/small.csv");
}

/* What the watcher logs meanwhile goes to a file, whose text is returned. */
static const char *run_and_read_log(struct place *place, void (*peer)(struct scene *scene))
{
    static char text[4096];
    FILE *file = tmpfile();
    int real = dup(STDERR_FILENO);
    size_t size;

    assert_non_null(file);
    dup2(fileno(file), STDERR_FILENO);
    run(place, peer);
    dup2(real, STDERR_FILENO);
    close(real);
    rewind(file);
    size = fread(text, 1, sizeof text - 1, file);
    text[size] = '\0';
    fclose(file);
    return text;
}

static void a_file_that_is_too_large_is_refused_in_its_result(void **state)
{
    struct place *place = *state;
    const char *log;

    watch(place, 40, 10000, 10);
    log = run_and_read_log(place, drop_a_large_one);
    assert_non_null(strstr(log, "\"event\":\"folder.too-large\""));
    assert_null(strstr(log, "large.csv")); /* files are named after patients */
    assert_int_equal(place->given, 1);
    assert_string_equal(place->names[0], "small.csv");
    assert_string_equal(text_in(place, "results/large.csv.result"),
                        "error: the file has 11 bytes, but at most 10 are taken\n");
}

/* ---- names, crashes, pauses ---------------------------------------------------------------------------------------- */

static void drop_twice(struct scene *scene)
{
    struct place *place = (struct place *)scene;

    put(place, "a.csv", "first");
    wait_for(place, "done/a.csv");
    sleep_ms(20);
    put(place, "a.csv", "second");
    wait_for(place, "done/a.csv.1");
}

static void a_name_that_is_taken_gets_a_number_and_so_does_its_result(void **state)
{
    struct place *place = *state;

    watch(place, 40, 10000, 0);
    run(place, drop_twice);
    assert_string_equal(text_in(place, "done/a.csv"), "first");
    assert_string_equal(text_in(place, "done/a.csv.1"), "second");
    assert_string_equal(text_in(place, "results/a.csv.result"), "result of first");
    assert_string_equal(text_in(place, "results/a.csv.1.result"), "result of second");
}

static void wait_for_one(struct scene *scene)
{
    wait_for((struct place *)scene, "done/a.csv");
}

static void a_result_that_a_crash_left_is_replaced(void **state)
{
    struct place *place = *state;
    char path[128];

    put(place, "a.csv", "alpha");
    snprintf(path, sizeof path, "%s/results", place->path);
    assert_int_equal(mkdir(path, 0700), 0);
    sleep_ms(20);
    put(place, "results/a.csv.result", "of before the crash");
    put(place, "results/.fascia-draft", "half");
    watch(place, 40, 10000, 0);
    run(place, wait_for_one);
    assert_int_equal(place->given, 1);
    assert_string_equal(text_in(place, "results/a.csv.result"), "result of alpha");
    assert_false(is_there(place, "results/a.csv.1.result"));
    assert_false(is_there(place, "results/.fascia-draft"));
}

static void wait_for_numbered(struct scene *scene)
{
    wait_for((struct place *)scene, "done/a.csv.1");
}

static void a_result_of_an_earlier_file_stays_although_done_was_emptied(void **state)
{
    struct place *place = *state;
    char path[128];

    snprintf(path, sizeof path, "%s/results", place->path);
    assert_int_equal(mkdir(path, 0700), 0);
    put(place, "results/a.csv.result", "of an earlier file");
    sleep_ms(20);
    put(place, "a.csv", "alpha");
    watch(place, 40, 10000, 0);
    run(place, wait_for_numbered);
    assert_string_equal(text_in(place, "results/a.csv.result"), "of an earlier file");
    assert_string_equal(text_in(place, "results/a.csv.1.result"), "result of alpha");
}

static void finish_held(void *context)
{
    struct place *place = context;
    struct fault fault = {{0}};

    place->hold = false;
    place->scene.numbers[1] = io_folder_done(place->folder, false, (const uint8_t *)"held", 4, &fault);
}

static void change_while_held(struct scene *scene)
{
    struct place *place = (struct place *)scene;
    int i;

    put(place, "a.csv", "first");
    for (i = 0; i < 300 && place->given == 0; i++)
        sleep_ms(10);
    put(place, "b.csv", "waits");
    sleep_ms(150);
    scene->numbers[0] = place->given;
    put(place, "a.csv", "second, and longer");
    io_post(scene->loop, finish_held, place);
    wait_for(place, "done/a.csv");
    wait_for(place, "done/b.csv");
}

static void one_file_at_a_time_and_one_that_changed_meanwhile_comes_again(void **state)
{
    struct place *place = *state;

    place->hold = true;
    watch(place, 40, 10000, 0);
    run(place, change_while_held);
    assert_int_equal(place->scene.numbers[0], 1);
    assert_true(place->scene.numbers[1]);
    assert_int_equal(place->given, 3);
    assert_string_equal(text_in(place, "done/a.csv"), "second, and longer");
}

static void drop_two(struct scene *scene)
{
    struct place *place = (struct place *)scene;

    put(place, "a.csv", "alpha");
    set_age(place, "a.csv", 100);
    put(place, "b.csv", "beta");
    wait_for(place, "done/b.csv");
}

static void a_file_that_was_put_off_comes_again_before_the_others(void **state)
{
    struct place *place = *state;

    place->later = 3;
    watch(place, 40, 10000, 0);
    run(place, drop_two);
    assert_int_equal(place->later, 0);
    assert_int_equal(place->given, 2);
    assert_string_equal(place->names[0], "a.csv");
    assert_string_equal(place->names[1], "b.csv");
}

static void unpause(void *context)
{
    io_folder_pause(((struct place *)context)->folder, false);
}

static void drop_while_paused(struct scene *scene)
{
    struct place *place = (struct place *)scene;

    put(place, "a.csv", "alpha");
    sleep_ms(200);
    scene->numbers[0] = place->given;
    io_post(scene->loop, unpause, place);
    wait_for(place, "done/a.csv");
}

static void a_paused_folder_gives_nothing_until_the_pause_ends(void **state)
{
    struct place *place = *state;

    watch(place, 40, 10000, 0);
    io_folder_pause(place->folder, true);
    run(place, drop_while_paused);
    assert_int_equal(place->scene.numbers[0], 0);
    assert_int_equal(place->given, 1);
}

static void move_the_folder_away(struct scene *scene)
{
    struct place *place = (struct place *)scene;
    char aside[128];

    snprintf(aside, sizeof aside, "%s-aside", place->path);
    rename(place->path, aside);
    sleep_ms(100);
    mkdir(place->path, 0700);
    sleep_ms(100);
    put(place, "a.csv", "alpha");
    wait_for(place, "done/a.csv");
    nftw(aside, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void a_folder_that_was_replaced_is_watched_again(void **state)
{
    struct place *place = *state;

    watch(place, 40, 50, 0);
    run(place, move_the_folder_away);
    assert_int_equal(place->given, 1);
}

static void remove_the_subdirectories(struct scene *scene)
{
    struct place *place = (struct place *)scene;
    char path[128];

    put(place, "a.csv", "alpha");
    wait_for(place, "done/a.csv");
    sleep_ms(20);
    snprintf(path, sizeof path, "%s/results", place->path);
    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    snprintf(path, sizeof path, "%s/done", place->path);
    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    put(place, "b.csv", "beta");
    wait_for(place, "done/b.csv");
}

static void subdirectories_that_somebody_removed_are_made_again(void **state)
{
    struct place *place = *state;

    watch(place, 40, 10000, 0);
    run(place, remove_the_subdirectories);
    assert_int_equal(place->given, 2);
    assert_string_equal(text_in(place, "results/b.csv.result"), "result of beta");
}

static void remove_results_while_held(struct scene *scene)
{
    struct place *place = (struct place *)scene;
    char path[128];
    int i;

    put(place, "a.csv", "alpha");
    for (i = 0; i < 300 && place->given == 0; i++)
        sleep_ms(10);
    snprintf(path, sizeof path, "%s/results", place->path);
    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    io_post(scene->loop, finish_held, place);
    wait_for(place, "done/a.csv");
}

static void a_result_that_cannot_be_written_leaves_the_file_to_come_again(void **state)
{
    struct place *place = *state;

    place->hold = true;
    watch(place, 40, 60, 0);
    run(place, remove_results_while_held);
    assert_false(place->scene.numbers[1]); /* io_folder_done() said so */
    assert_int_equal(place->given, 2);
    assert_string_equal(text_in(place, "results/a.csv.result"), "result of alpha");
}

/* ---- settings and results ------------------------------------------------------------------------------------------ */

static void end_at_once(struct scene *scene)
{
    (void)scene;
}

static void a_result_of_another_name_is_written_and_replaced(void **state)
{
    struct place *place = *state;
    struct fault fault = {{0}};

    watch(place, 40, 10000, 0);
    assert_true(io_folder_write(place->folder, "status.json", (const uint8_t *)"one", 3, &fault));
    assert_true(io_folder_write(place->folder, "status.json", (const uint8_t *)"two!", 4, &fault));
    assert_string_equal(text_in(place, "results/status.json"), "two!");
    assert_false(io_folder_write(place->folder, "../status.json", (const uint8_t *)"one", 3, &fault));
    assert_non_null(strstr(fault.text, "a result's name must have"));
    assert_false(io_folder_write(place->folder, ".hidden", (const uint8_t *)"one", 3, &fault));
    run(place, end_at_once);
}

static void a_place_that_cannot_be_watched_is_a_fault(void **state)
{
    struct place *place = *state;
    struct io_folder_settings settings = {.path = "/nonexistent/in"};
    const struct io_folder_handler handler = {.context = place, .file = on_file};
    struct fault fault = {{0}};
    char path[128];

    assert_null(io_folder_watch(place->scene.loop, &settings, &handler, &fault));
    assert_string_equal(fault.text, "/nonexistent/in: No such file or directory");
    settings.path = "relative";
    assert_null(io_folder_watch(place->scene.loop, &settings, &handler, &fault));
    assert_string_equal(fault.text, "relative: the path of a folder must begin with '/'");
    snprintf(path, sizeof path, "%s/done", place->path);
    assert_int_equal(symlink("/tmp", path), 0);
    settings.path = place->path;
    assert_null(io_folder_watch(place->scene.loop, &settings, &handler, &fault));
    assert_non_null(strstr(fault.text, ": done/ must be a directory, no link"));
    run(place, end_at_once);
}

#define PLACE(name) cmocka_unit_test_setup_teardown(name, place_set_up, place_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE(a_file_is_given_and_moved_and_has_a_result),
        PLACE(a_failed_file_goes_to_failed),
        PLACE(files_that_lie_there_at_the_start_come_oldest_first_then_by_name),
        PLACE(a_file_that_is_written_with_long_pauses_is_taken_when_it_is_closed),
        PLACE(a_file_that_is_written_again_and_again_has_to_settle),
        PLACE(temporary_names_are_left_alone_until_they_are_renamed),
        PLACE(links_pipes_and_directories_are_not_taken),
        PLACE(a_file_that_is_too_large_is_refused_in_its_result),
        PLACE(a_name_that_is_taken_gets_a_number_and_so_does_its_result),
        PLACE(a_result_that_a_crash_left_is_replaced),
        PLACE(a_result_of_an_earlier_file_stays_although_done_was_emptied),
        PLACE(one_file_at_a_time_and_one_that_changed_meanwhile_comes_again),
        PLACE(a_file_that_was_put_off_comes_again_before_the_others),
        PLACE(a_paused_folder_gives_nothing_until_the_pause_ends),
        PLACE(a_folder_that_was_replaced_is_watched_again),
        PLACE(subdirectories_that_somebody_removed_are_made_again),
        PLACE(a_result_that_cannot_be_written_leaves_the_file_to_come_again),
        PLACE(a_result_of_another_name_is_written_and_replaced),
        PLACE(a_place_that_cannot_be_watched_is_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
