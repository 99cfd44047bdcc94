"""Changes of the plugin interface and the messages, for can_fail.py: those that break somebody, and those that are there to be made.

(check, file, steps, whether the check must pass). A step is pairs of what stands, as text or as a pattern, and what is planted there; before
each step what stands is recorded, as at a release: so these hold however much was added since the last one.
"""
import re

HEADER = "plugins/include/fascia/plugin.h"
PLUGIN = "proto/fascia/v1/plugin.proto"

MINOR = re.compile(r"(#define FASCIA_ABI_MINOR +)(\d+)u")
RAISED = (MINOR, lambda found: f"{found[1]}{int(found[2]) + 1}u")
LOWERED = (MINOR, lambda found: f"{found[1]}{int(found[2]) - 1}u")
NOW = "    int64_t (*now)(void *context);\n"
RANDOM = "    void (*random)(void *context, uint8_t *bytes, size_t size);\n"
PLANTED = "    void (*planted)(void *context);\n"
HOST = re.compile(r"(struct fascia_host \{.*?\n)(\};)", re.DOTALL)
APPENDED = (HOST, lambda found: f"{found[1]}{PLANTED}{found[2]}")
STATUS = "enum fascia_status {\n"
BUSY = "    FASCIA_E_BUSY = 4,    /* come back later: the host has not taken it */\n"
KIND = "enum fascia_kind {\n"
PADDED = "struct fascia_padded {\n    uint32_t size;\n    uint32_t width;\n    void *data;\n    uint32_t planted;\n};\n\n"

HEADER_CHANGES = [
    # a field in the middle, moved, renamed, gone, of another type, without its const
    ([[RAISED, (NOW, PLANTED + NOW)]], False),
    ([[RAISED, (NOW + "\n    /* Fills with unpredictable bytes. */\n" + RANDOM, RANDOM + NOW)]], False),
    ([[RAISED, ("(*now)(void *context)", "(*time)(void *context)")]], False),
    ([[RAISED, (RANDOM, "")]], False),
    ([[RAISED, ("uint32_t child_count;", "int32_t child_count;")]], False),
    ([[RAISED, ("uint32_t child_count;", "uint64_t child_count;")]], False),
    ([[RAISED, ("const char *help; ", "char *help; ")]], False),
    ([[RAISED, ("void *context; /*", "char *context; /*")]], False),
    ([[RAISED, ("(*now)(void *context)", "(*now)(void *context, int zone)")]], False),
    ([[RAISED, ("(*fascia_plugin_function)(void)", "(*fascia_plugin_function)(int)")]], False),
    ([[RAISED, ("FASCIA_EXPORT const struct fascia_plugin *fascia_plugin(void)", "FASCIA_EXPORT const struct fascia_plugin *fascia_plugin(int)")]], False),
    # an addition does not hide a change beside it
    ([[RAISED, APPENDED, ("int64_t (*now)", "int32_t (*now)")]], False),
    # passed by value: it has no size to say, and can't grow
    ([[RAISED, ("    const uint8_t *data;\n    size_t size;\n", "    const uint8_t *data;\n    size_t size;\n    size_t room;\n")]], False),
    # values and constants: another number, gone, renamed
    ([[RAISED, ("FASCIA_E_INTERNAL = 5", "FASCIA_E_INTERNAL = 6")]], False),
    ([[RAISED, (BUSY, "")]], False),
    ([[RAISED, ("FASCIA_E_BUSY = 4", "FASCIA_E_LATER = 4")]], False),
    ([[RAISED, ("FASCIA_OPTION_SECRET   2u", "FASCIA_OPTION_SECRET   4u")]], False),
    ([[RAISED, ("#define FASCIA_OPTION_SECRET   2u", "#define FASCIA_OPTION_HIDDEN   2u")]], False),
    ([[("#define FASCIA_ABI_MAJOR    1u", "#define FASCIA_ABI_MAJOR    2u")]], False),
    # a field where an older plugin's size already reaches
    ([[RAISED, (KIND, PADDED + KIND)], [RAISED, ("    uint32_t planted;\n", "    uint32_t planted;\n    uint32_t room;\n")]], False),
    # an addition without its version; a version that was there before
    ([[APPENDED]], False),
    ([[(STATUS, STATUS + "    FASCIA_E_PLANTED = 99,\n")]], False),
    ([[(KIND, PADDED + KIND)]], False),
    ([[RAISED, APPENDED], [LOWERED]], False),
    # what may be done
    ([[RAISED, APPENDED, (PLANTED, PLANTED + "    uint32_t room;\n")]], True),
    ([[RAISED, (STATUS, STATUS + "    FASCIA_E_PLANTED = 99,\n")]], True),
    ([[RAISED, (KIND, PADDED + "#define FASCIA_PLANTED (1u << 31)\nFASCIA_EXPORT void fascia_planted(void);\n" + KIND)]], True),
    ([[RAISED, APPENDED], [RAISED, (PLANTED, PLANTED + "    uint32_t room;\n")]], True),
    ([[("/* bits", "/* some bits"), ("uint8_t *bytes, size_t size", "uint8_t *buffer, size_t room")]], True),
]

PEER = '  string peer = 3;          // "192.0.2.7:51234" of a stream; "" of a file\n'
RETRY = "    RETRY = 1;              // a negative answer that may change\n"
SENT = "  bytes sent = 2 [(fascia.v1.patient_data) = true];\n"
ANSWERED = "message Answered {\n  uint64 outbox = 1;\n" + SENT + "  bytes answer = 3 [(fascia.v1.patient_data) = true];\n}\n"
WITHOUT_PEER = '  reserved 3;\n  reserved "peer";\n'

PROTO_CHANGES = [
    # a field: gone, half reserved, of another number, type, label, name, presence
    ([[(PEER, "")]], False),
    ([[(PEER, "  reserved 3;\n")]], False),
    ([[(PEER, '  reserved "peer";\n')]], False),
    ([[("string peer = 3;", "string peer = 9;")]], False),
    ([[("string peer = 3;", "bytes peer = 3;")]], False),
    ([[("string peer = 3;", "repeated string peer = 3;")]], False),
    ([[("string peer = 3;", "optional string peer = 3;")]], False),
    ([[("string peer = 3;", "string origin = 3;")]], False),
    ([[("string peer = 3;", 'string peer = 3 [json_name = "from"];')]], False),
    ([[("  Submit submit = 2;", "  Delivery submit = 2;")]], False),
    # into and out of a oneof
    ([[(PEER, "  oneof origin { string peer = 3; }\n")]], False),
    ([[("    TextList texts = 7;\n  }", "  }\n  TextList texts = 7;")]], False),
    # values
    ([[(RETRY, RETRY.replace("= 1", "= 7"))]], False),
    ([[(RETRY, "")]], False),
    ([[(RETRY, RETRY.replace("RETRY", "AGAIN"))]], False),
    # messages, files, the tag itself
    ([[(ANSWERED, "")]], False),
    ([[('option (pb_c_file).c_package = "fascia";', 'option (pb_c_file).c_package = "other";')]], False),
    ([[(SENT, "  bytes sent = 2;\n")]], False),
    ([[(SENT, "  bytes sent = 2 [(fascia.v1.patient_data) = false];\n")]], False),
    # what was reserved stays so
    ([[(PEER, WITHOUT_PEER)], [(WITHOUT_PEER, '  reserved "peer";\n')]], False),
    ([[(PEER, WITHOUT_PEER)], [(WITHOUT_PEER, "  reserved 3;\n")]], False),
    ([[(PEER, WITHOUT_PEER)], [(WITHOUT_PEER, PEER)]], False),
    # what may be done
    ([[(PEER, PEER + "  string planted = 117;\n")]], True),
    ([[(PEER, PEER + "  oneof where { string planted = 117; uint32 other = 118; }\n")]], True),
    ([[(RETRY, RETRY + "    PLANTED = 99;\n")]], True),
    ([[(ANSWERED, ANSWERED + "message Planted {\n  string name = 1;\n}\n")]], True),
    ([[(PEER, WITHOUT_PEER)]], True),
    ([[(PEER, WITHOUT_PEER)], [("  reserved 3;\n", "  reserved 3, 107 to 109;\n")]], True),
    ([[(PEER, "  reserved 3, 4 to 5, 107 to 109;\n  reserved \"peer\", \"connection\", \"file_name\";\n"), ("  uint64 connection = 4;", "  //"), ("  string file_name = 5 [(fascia.v1.patient_data) = true];  // of", "  // of")],
      [("  reserved 3, 4 to 5, 107 to 109;\n", "  reserved 3 to 5, 106 to 107, 108 to 112;\n")]], True),
    ([[("string peer = 3;", "string peer = 3 [(fascia.v1.patient_data) = true];")]], True),
    ([[("string peer = 3;", "string peer = 3 [deprecated = true];")]], True),
]

CHANGES = [("abi", HEADER, *change) for change in HEADER_CHANGES] + [("proto", PLUGIN, *change) for change in PROTO_CHANGES]
CHANGES.append(("proto", "proto/fascia/v1/privacy.proto", [[("patient_data = 50001", "patient_data = 50002")]], False))
