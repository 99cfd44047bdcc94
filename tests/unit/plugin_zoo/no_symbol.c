/* A shared object that exports something else. */
__attribute__((visibility("default"))) int plugin_of_another_program(void);

int plugin_of_another_program(void)
{
    return 1;
}
