#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64];

static int make_directory(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/fascia-config-XXXXXX");
    return mkdtemp(directory) == NULL;
}

static int remove_directory(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    return system(command);
}

static const char *path_of(const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "w");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static struct config *load_good(const char *text)
{
    struct config_errors errors;
    struct config *config = NULL;

    write_file("fascia.yaml", text);
    config = config_load(path_of("fascia.yaml"), &errors);
    if (config == NULL)
        fail_msg("%s", errors.items[0].text);
    assert_int_equal(errors.count, 0);
    config_errors_finish(&errors);
    return config;
}

/* Loads what is wrong and wants `expected` errors; each is compared without the directory's name. */
static void assert_errors(const char *text, const char *const *expected)
{
    struct config_errors errors;
    size_t count = 0;

    if (text != NULL)
        write_file("fascia.yaml", text);
    assert_null(config_load(path_of("fascia.yaml"), &errors));
    for (; expected[count] != NULL; count++) {
        char said[sizeof errors.items[0].text] = "(no error)", *at = said;
        if (count < errors.count)
            memcpy(said, errors.items[count].text, sizeof said);
        while ((at = strstr(at, directory)) != NULL)
            memmove(at, at + strlen(directory) + 1, strlen(at + strlen(directory)));
        assert_string_equal(said, expected[count]);
    }
    if (errors.count != count)
        fail_msg("one more error: %s", errors.items[count].text);
    config_errors_finish(&errors);
}
#define ASSERT_ERRORS(text, ...) assert_errors(text, (const char *const[]){__VA_ARGS__, NULL})

static void servers_are_shared_by_sources_of_one_mind(void **state)
{
    struct config *config = load_good("sources:\n"
                                      "  - {name: a, plugin: p, http: {listen: '127.0.0.1:8443', prefix: /fhir}}\n"
                                      "  - {name: b, plugin: q, http: {listen: '127.0.0.1:8443'}}\n");

    (void)state;
    assert_string_equal(config->sources[0].http.prefix, "/fhir");
    assert_string_equal(config->sources[1].http.prefix, "");
    assert_int_equal(config->sources[1].http.body, 16 << 20);
    assert_int_equal(config->sources[1].http.client_certificates, CONFIG_CERTIFICATES_NONE);
    config_destroy(config);
    ASSERT_ERRORS(
        "sources:\n"
        "  - {name: a, plugin: p, http: {listen: '127.0.0.1:8443', prefix: /fhir}}\n"
        "  - {name: b, plugin: q, http: {listen: '127.0.0.1:8443', prefix: /fhir}}\n"
        "  - {name: c, plugin: q, http: {listen: '127.0.0.1:8443', rate: 5}}\n"
        "  - {name: d, plugin: q, stream: {listen: '127.0.0.1:8443'}}\n"
        "  - {name: e, plugin: q, http: {listen: '127.0.0.1:9128'}}\n",
        "fascia.yaml:3:5: sources: the address and prefix '/fhir' is also that of the source at fascia.yaml:2; give "
        "each its own",
        "fascia.yaml:4:5: sources: '127.0.0.1:8443' is served by the source at fascia.yaml:2 too; say the same of "
        "certificates, limits and times there and here",
        "fascia.yaml:4:5: sources: '127.0.0.1:8443' is served by the source at fascia.yaml:3 too; say the same of "
        "certificates, limits and times there and here",
        "fascia.yaml:5:5: sources: the address '127.0.0.1:8443' is also that of the source at fascia.yaml:2; give each "
        "its own",
        "fascia.yaml:5:5: sources: the address '127.0.0.1:8443' is also that of the source at fascia.yaml:3; give each "
        "its own",
        "fascia.yaml:5:5: sources: the address '127.0.0.1:8443' is also that of the source at fascia.yaml:4; give each "
        "its own",
        "fascia.yaml:6:5: sources: the address '127.0.0.1:9128' is also that of node.http; give each its own");
}

static void what_is_asked_of_tls_must_be_whole(void **state)
{
    (void)state;
    ASSERT_ERRORS(
        "sources:\n"
        "  - {name: a, plugin: p, http: {listen: '127.0.0.1:1', certificate: /c.pem}}\n"
        "  - {name: b, plugin: p, http: {listen: '127.0.0.1:2', client_certificates: required}}\n"
        "  - {name: c, plugin: p, http: {listen: '127.0.0.1:3', certificate: /c, key: /k, client_certificates: "
        "optional}}\n"
        "  - {name: d, plugin: p, http: {listen: '127.0.0.1:4', prefix: fhir, url: 'ftp://x'}}\n",
        "fascia.yaml:2:5: sources.a.http has a certificate without its key, or a key alone; write both",
        "fascia.yaml:3:5: sources.b.http asks clients for certificates but has no TLS; write certificate and key",
        "fascia.yaml:4:5: sources.c.http asks clients for certificates; write client_authorities, whose they are",
        "fascia.yaml:5:64: sources.d.http.prefix 'fhir' is not '' for the root, or a path such as /fhir",
        "fascia.yaml:5:75: sources.d.http.url 'ftp://x' is not a URL without a '/' at its end, such as "
        "https://refer.example/fhir, or ''");
}

static void every_key_has_its_default(void **state)
{
    struct config *config = load_good("node: {name: here}\n");

    (void)state;
    assert_string_equal(config->name, "here");
    assert_string_equal(config->data_directory, "/var/lib/fascia");
    assert_null(config->node_key_file);
    assert_string_equal(config->zoneinfo_directory, "/usr/share/zoneinfo");
    assert_string_equal(config->control_socket, "/run/fascia/control.sock");
    assert_string_equal(config->control_group, "");
    assert_int_equal(config->control_mode, 0660);
    assert_string_equal(config->http, "127.0.0.1:9128");
    assert_int_equal(config->log_level, 1);
    assert_int_equal(config->queue, 8192);
    assert_int_equal(config->offer_lifetime[0], 24 * 3600000);
    assert_int_equal(config->offer_lifetime[1], 24 * 3600000);
    assert_int_equal(config->offer_lifetime[2], 4 * 3600000);
    assert_int_equal(config->offer_lifetime[3], 3600000);
    assert_int_equal(config->max_distance, 40000);
    assert_int_equal(config->duration_minutes, 60);
    assert_false(config->payer_required);
    assert_int_equal(config->weight[0], 300);
    assert_int_equal(config->weight[5], 50);
    assert_int_equal(config->retry_first_ms, 5000);
    assert_int_equal(config->retry_last_ms, 15 * 60000);
    assert_int_equal(config->give_up_after_ms, 7 * 86400000LL);
    assert_int_equal(config->answer_timeout_ms, 30000);
    assert_int_equal(config->refusals, 10);
    assert_int_equal(config->source_count, 0);
    config_destroy(config);
}

static void a_written_value_takes_the_place_of_a_default(void **state)
{
    struct config *config = load_good("node:\n"
                                      "  country: CA\n"
                                      "  time_zone: America/Toronto\n"
                                      "  control_mode: 0600\n"
                                      "  http: ''\n"
                                      "  log_level: error\n"
                                      "matching:\n"
                                      "  offer_lifetime: {routine: 2d, stat: 30m}\n"
                                      "  max_distance: 12 km\n"
                                      "  duration: 90m\n"
                                      "  payer_required: true\n"
                                      "  weights: {load: 0}\n"
                                      "delivery: {retry_first: 250ms}\n");

    (void)state;
    assert_string_equal(config->country, "CA");
    assert_string_equal(config->time_zone, "America/Toronto");
    assert_int_equal(config->control_mode, 0600);
    assert_string_equal(config->http, "");
    assert_int_equal(config->log_level, 3);
    assert_int_equal(config->offer_lifetime[0], 2 * 86400000);
    assert_int_equal(config->offer_lifetime[1], 2 * 86400000);
    assert_int_equal(config->offer_lifetime[2], 4 * 3600000);
    assert_int_equal(config->offer_lifetime[3], 30 * 60000);
    assert_int_equal(config->max_distance, 12000);
    assert_int_equal(config->duration_minutes, 90);
    assert_true(config->payer_required);
    assert_int_equal(config->weight[4], 100);
    assert_int_equal(config->weight[5], 0);
    assert_int_equal(config->retry_first_ms, 250);
    config_destroy(config);
}

static void sources_are_read_with_their_transports(void **state)
{
    struct config *config = load_good("sources:\n"
                                      "  - name: clinic-a\n"
                                      "    plugin: hl7v2\n"
                                      "    stream: {listen: \"127.0.0.1:2575\", connections: 512, input: 64KiB}\n"
                                      "    in_flight: 16\n"
                                      "    deadline: 2s\n"
                                      "    options: {anything: [goes, here]}\n"
                                      "  - name: chiro\n"
                                      "    plugin: /opt/plugins/folder.so\n"
                                      "    folder: {path: /srv/in, settle: 3s}\n");

    (void)state;
    assert_int_equal(config->source_count, 2);
    assert_string_equal(config->sources[0].name, "clinic-a");
    assert_string_equal(config->sources[0].plugin, "hl7v2");
    assert_string_equal(config->sources[0].stream.listen, "127.0.0.1:2575");
    assert_int_equal(config->sources[0].stream.connections, 512);
    assert_int_equal(config->sources[0].stream.per_peer, 0);
    assert_int_equal(config->sources[0].stream.input, 65536);
    assert_int_equal(config->sources[0].stream.idle_ms, 300000);
    assert_int_equal(config->sources[0].stream.frame_ms, 60000);
    assert_null(config->sources[0].folder.path);
    assert_int_equal(config->sources[0].in_flight, 16);
    assert_int_equal(config->sources[0].deadline_ms, 2000);
    assert_string_equal(config->sources[1].plugin, "/opt/plugins/folder.so");
    assert_null(config->sources[1].stream.listen);
    assert_string_equal(config->sources[1].folder.path, "/srv/in");
    assert_int_equal(config->sources[1].folder.settle_ms, 3000);
    assert_int_equal(config->sources[1].folder.scan_ms, 10000);
    assert_int_equal(config->sources[1].folder.maximum_bytes, 64 << 20);
    assert_int_equal(config->sources[1].in_flight, 4096);
    config_destroy(config);
}

static void all_errors_are_collected_with_their_places(void **state)
{
    (void)state;
    ASSERT_ERRORS(
        "node:\n"
        "  name: Here!\n"
        "  time_zone: Amerika/X\n"
        "  tiem_zone: UTC\n"
        "  queue: many\n"
        "  control_mode: 0999\n"
        "matching:\n"
        "  max_distance: 5 miles\n"
        "  duration: 50\n"
        "  offer_lifetime: 24h\n"
        "  weights: {distance: 10001}\n",
        "fascia.yaml:2:9: node.name 'Here!' is not a name of lower-case letters, digits and '-' that begins "
        "with a letter, at most 63 bytes",
        "fascia.yaml:4:3: node: 'tiem_zone' is no key here; did you mean 'time_zone'?",
        "fascia.yaml:5:10: node.queue 'many' is not a whole number from 16 to 1048576",
        "fascia.yaml:6:17: node.control_mode '0999' is not a socket's permissions in octal, such as 0660",
        "fascia.yaml:8:17: matching.max_distance '5 miles' is not a distance (40km, 800m, or plain metres) from 100m "
        "to 20000km",
        "fascia.yaml:9:13: matching.duration '50' is not minutes, in steps of 15, from 15 to 480 (60, 90m, 1h)",
        "fascia.yaml:10:19: matching.offer_lifetime is a text; write a map of its keys",
        "fascia.yaml:11:23: matching.weights.distance '10001' is not a whole number from 0 to 10000",
        "fascia.yaml:3:3: node.time_zone 'Amerika/X' is no zone in /usr/share/zoneinfo; write one that is, "
        "such as America/New_York");
}

static void a_key_without_a_value_says_so(void **state)
{
    (void)state;
    ASSERT_ERRORS("node:\n  name:\n  country: ~\nmatching:\n",
                  "fascia.yaml:2:3: node.name has no value; write a name of lower-case letters, digits and '-' that "
                  "begins with a letter, at most 63 bytes, or remove the key",
                  "fascia.yaml:3:12: node.country has no value; write a country's two letters, such as US or CA, or "
                  "remove the key",
                  "fascia.yaml:4:1: matching is empty; write a map of its keys");
}

static void what_is_not_yaml_is_named_where_it_stands(void **state)
{
    (void)state;
    ASSERT_ERRORS("node:\n  name: 'unterminated\n", "fascia.yaml:2:10: single-quoted scalar without closing quote");
    ASSERT_ERRORS("node:\n\tname: x\n", "fascia.yaml:2:1: tab character may not be used as indentation");
    ASSERT_ERRORS("node: {name: x}\n---\nnode: {}\n",
                  "fascia.yaml:2:1: a second document begins here ('---'); write one document a file");
    ASSERT_ERRORS("node: \xff\n", "fascia.yaml:1:7: here is a byte that no UTF-8 text has; save the file as UTF-8");
    ASSERT_ERRORS("node: {name: \"a\\0b\"}\n", "fascia.yaml:1:14: this text contains a zero byte");
    ASSERT_ERRORS("[]\n",
                  "fascia.yaml:1:1: this is a list; write a map with node, matching, delivery, sources, plugins");
}

static void aliases_and_tags_are_refused(void **state)
{
    (void)state;
    ASSERT_ERRORS("node: &a {name: x}\n",
                  "fascia.yaml:1:10: anchors (&), aliases (*) and tags (!) are not taken; write the value itself");
    ASSERT_ERRORS("node: {name: !!str x}\n",
                  "fascia.yaml:1:20: anchors (&), aliases (*) and tags (!) are not taken; write the value itself");
}

static void a_key_that_stands_twice_is_an_error(void **state)
{
    (void)state;
    ASSERT_ERRORS("node:\n  name: a\n  name: b\n",
                  "fascia.yaml:3:3: the key 'name' stands twice; it first stands at line 2");
}

static void deep_nesting_is_refused(void **state)
{
    char text[256] = "node: ";

    (void)state;
    for (int i = 0; i < 40; i++)
        strcat(text, "[");
    ASSERT_ERRORS(text, "fascia.yaml:1:22: this is nested deeper than 16 levels");
}

static void a_source_says_what_it_lacks(void **state)
{
    (void)state;
    ASSERT_ERRORS(
        "sources:\n"
        "  - name: a\n"
        "    plugin: hl7v2\n"
        "  - plugin: hl7v2\n"
        "    stream: {connections: 0}\n"
        "  - name: c\n"
        "    plugin: ../c.so\n"
        "    stream: {listen: 'localhost'}\n"
        "    folder: {path: in}\n"
        "  - just a text\n",
        "fascia.yaml:2:5: sources.a has no way in; write stream: {listen: ...}, folder: {path: ...} or http: {listen: "
        "...}",
        "fascia.yaml:5:27: sources[2].stream.connections '0' is not a whole number from 1 to 65536",
        "fascia.yaml:4:5: sources[2].name is missing; write a name of lower-case letters, digits and '-' that "
        "begins with a letter, at most 63 bytes",
        "fascia.yaml:5:13: sources[2].stream.listen is missing; write an address to listen on "
        "(127.0.0.1:2575, [::1]:2575, unix:/run/fascia/in.sock)",
        "fascia.yaml:7:13: sources.c.plugin '../c.so' is not a plugin's name (hl7v2) or the absolute path of "
        "its file",
        "fascia.yaml:8:22: sources.c.stream.listen 'localhost' is not an address to listen on "
        "(127.0.0.1:2575, [::1]:2575, unix:/run/fascia/in.sock)",
        "fascia.yaml:9:20: sources.c.folder.path 'in' is not an absolute path",
        "fascia.yaml:6:5: sources.c has two of stream, folder and http; make as many sources of it",
        "fascia.yaml:10:5: sources[4] is a text; write a map of its keys");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_has_its_default),
        cmocka_unit_test(servers_are_shared_by_sources_of_one_mind),
        cmocka_unit_test(what_is_asked_of_tls_must_be_whole),
        cmocka_unit_test(a_written_value_takes_the_place_of_a_default),
        cmocka_unit_test(sources_are_read_with_their_transports),
        cmocka_unit_test(all_errors_are_collected_with_their_places),
        cmocka_unit_test(a_key_without_a_value_says_so),
        cmocka_unit_test(what_is_not_yaml_is_named_where_it_stands),
        cmocka_unit_test(aliases_and_tags_are_refused),
        cmocka_unit_test(a_key_that_stands_twice_is_an_error),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(a_source_says_what_it_lacks),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
