/*
 * The lists of cellftpd.conf, groups and shares: in and out of text. lib/config.c and
 * lib/config_dump.c use it. What they mean is in lib/rules.h.
 */
#pragma once

#include "lib/buffer.h"
#include "lib/config.h"
#include "lib/option.h"

enum { CONFIG_GROUPS_MAX = 256, CONFIG_SHARES_MAX = 256, GROUP_NAME_MAX = 64 };

/* Whether NAME is one of the lists. */
bool config_list_exists(const char *name);
/* Adds what SETTING, the list, has in it. Problems are told in words that begin with the name of
 * what they are about. 0, -EINVAL if something was told, -ENOMEM. */
int config_list_take(struct config *config, const struct config_setting_t *setting,
                     setting_reporter report, void *data);
int config_lists_dump(const struct config *config, struct buffer *ret);
void config_lists_free(struct config *config);

/* Whether NAME can be that of a group: no spaces, commas, colons, slashes, control characters. */
bool group_name_is_good(const char *name);
