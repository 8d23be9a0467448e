/* What PAM modules are told, and what is kept of what they say. */
#include "lib/cleanup.h"
#include "pam/conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static int begin(void **state)
{
    static struct pam_conversation conversation;
    *state = &conversation;
    return pam_conversation_init(&conversation, "alice", "secret");
}

static int end(void **state)
{
    pam_conversation_free(*state);
    return 0;
}

/* One message. *RET is the answer, the caller's, if there is one. */
static int say(struct pam_conversation *conversation, int style, const char *text, char **ret)
{
    const struct pam_message message = {.msg_style = style, .msg = text};
    const struct pam_message *list = &message;
    struct pam_response *responses = NULL;
    int code = pam_conversation_answer(1, &list, &responses, conversation);
    *ret = code == PAM_SUCCESS ? responses->resp : NULL;
    free(responses);
    return code;
}

static void test_password_once(void **state)
{
    struct pam_conversation *conversation = *state;
    cleanup_free char *first = NULL, *second = NULL;
    assert_int_equal(say(conversation, PAM_PROMPT_ECHO_OFF, "Password: ", &first), PAM_SUCCESS);
    assert_string_equal(first, "secret");
    assert_false(conversation->broken);
    assert_int_equal(say(conversation, PAM_PROMPT_ECHO_OFF, "Password: ", &second), PAM_CONV_ERR);
    assert_null(second);
    assert_true(conversation->broken);
}

static void test_name_and_nothing_else(void **state)
{
    struct pam_conversation *conversation = *state;
    cleanup_free char *name = NULL, *other = NULL;
    assert_int_equal(say(conversation, PAM_PROMPT_ECHO_ON, PAM_NAME_PROMPT, &name), PAM_SUCCESS);
    assert_string_equal(name, "alice");
    assert_false(conversation->broken);
    assert_int_equal(say(conversation, PAM_PROMPT_ECHO_ON, "PIN: ", &other), PAM_CONV_ERR);
    assert_true(conversation->broken);
    conversation->broken = false;
    assert_int_equal(say(conversation, PAM_BINARY_PROMPT, "", &other), PAM_CONV_ERR);
    assert_true(conversation->broken);
}

static void test_several_messages(void **state)
{
    struct pam_conversation *conversation = *state;
    const struct pam_message messages[] = {
        {PAM_TEXT_INFO, "one\r\n\ntwo"}, {PAM_PROMPT_ECHO_OFF, NULL}, {PAM_ERROR_MSG, "three\n"}};
    const struct pam_message *list[] = {&messages[0], &messages[1], &messages[2], &messages[1]};
    struct pam_response *responses = NULL;
    assert_int_equal(pam_conversation_answer(3, list, &responses, conversation), PAM_SUCCESS);
    assert_null(responses[0].resp);
    assert_string_equal(responses[1].resp, "secret");
    assert_null(responses[2].resp);
    free(responses[1].resp);
    free(responses);
    static const char kept[] = "one\ntwo\nthree\n";
    assert_int_equal(buffer_size(&conversation->text), strlen(kept));
    assert_memory_equal(buffer_begin(&conversation->text), kept, strlen(kept));

    /* One that cannot be answered leaves none of the answers (the leak checker would see them). */
    pam_conversation_free(conversation);
    assert_int_equal(pam_conversation_init(conversation, "alice", "secret"), 0);
    assert_int_equal(pam_conversation_answer(4, list, &responses, conversation), PAM_CONV_ERR);
    assert_true(conversation->broken);
    assert_int_equal(pam_conversation_answer(0, list, &responses, conversation), PAM_CONV_ERR);
    assert_int_equal(pam_conversation_answer(PAM_MAX_NUM_MSG + 1, list, &responses, conversation),
                     PAM_CONV_ERR);
}

static void test_text_has_limits(void **state)
{
    struct pam_conversation *conversation = *state;
    static char line[3 * PAM_LINE_MAX];
    char *none = NULL;
    memset(line, 'x', sizeof(line) - 1);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(say(conversation, PAM_TEXT_INFO, line, &none), PAM_SUCCESS);
    assert_in_range(buffer_size(&conversation->text), PAM_LINE_MAX, PAM_TEXT_MAX);
    assert_int_equal(conversation->lines + conversation->dropped, 1000);
    assert_in_range(conversation->lines, 1, PAM_TEXT_MAX / PAM_LINE_MAX);

    buffer_clear(&conversation->text);
    conversation->lines = conversation->dropped = 0;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(say(conversation, PAM_ERROR_MSG, "short", &none), PAM_SUCCESS);
    assert_int_equal(conversation->lines, PAM_LINES_MAX);
    assert_int_equal(conversation->dropped, 1000 - PAM_LINES_MAX);
    assert_false(conversation->broken);
    assert_int_equal(buffer_append(&conversation->text, "", 1), 0); /* there is always room */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_password_once, begin, end),
        cmocka_unit_test_setup_teardown(test_name_and_nothing_else, begin, end),
        cmocka_unit_test_setup_teardown(test_several_messages, begin, end),
        cmocka_unit_test_setup_teardown(test_text_has_limits, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
