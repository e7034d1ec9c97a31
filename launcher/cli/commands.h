// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands, one file each, and what main.c needs to choose among them. */
#pragma once

#include "launcher/cli/cli.h"

extern const struct command command_up;
extern const struct command command_down;
extern const struct command command_upgrade;
extern const struct command command_ps;
extern const struct command command_status;
extern const struct command command_port;
extern const struct command command_stats;
extern const struct command command_top;
extern const struct command command_inspect;
extern const struct command command_logs;
extern const struct command command_events;
extern const struct command command_scale;
extern const struct command command_start;
extern const struct command command_stop;
extern const struct command command_restart;
extern const struct command command_kill;
extern const struct command command_wait;
extern const struct command command_learn;
extern const struct command command_exec;
extern const struct command command_run;
extern const struct command command_plan;
extern const struct command command_config;
extern const struct command command_simulate;
extern const struct command command_images;
extern const struct command command_pull;
extern const struct command command_image;
extern const struct command command_ls;
extern const struct command command_doctor;
extern const struct command command_completion;
extern const struct command command_version;
extern const struct command command_help;

/* The command of this name; NULL after a complaint that guesses what was meant. */
const struct command *cli_command(const char *name);

/* What `davit` alone prints; returns the exit code. */
int help_overview(void);
