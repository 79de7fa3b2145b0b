/* A plugin of qemu-user 7.2 that prints the number of instructions a program ran. The declarations
   are those of qemu-plugin.h, which Debian has in no package. */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
enum { ADD = 0 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id,
                                           void (*call)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *block, int operation, void *to,
                                              uint64_t number);
void qemu_plugin_register_atexit_cb(plugin_id id, void (*call)(plugin_id, void *), void *data);
void qemu_plugin_outs(const char *text);
int qemu_plugin_install(plugin_id id, const void *info, int count, char **words);
extern int qemu_plugin_version;

int qemu_plugin_version = 1;
static uint64_t instructions;

static void on_translation(plugin_id id, struct qemu_plugin_tb *block) {
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_inline(block, ADD, &instructions,
                                             qemu_plugin_tb_n_insns(block));
}

static void at_exit(plugin_id id, void *data) {
    char text[64];
    (void)id;
    (void)data;
    snprintf(text, sizeof text, "instructions: %" PRIu64 "\n", instructions);
    qemu_plugin_outs(text);
}

int qemu_plugin_install(plugin_id id, const void *info, int count, char **words) {
    (void)info;
    (void)count;
    (void)words;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, at_exit, NULL);
    return 0;
}
