// SPDX-License-Identifier: GPL-2.0-or-later
/* What a service manager that runs `davit up` is told, over the socket that NOTIFY_SOCKET names. */
#pragma once

/* The stack is there, and its keeper is the process to watch. Without such a manager, or with one
 * that does not listen, nothing happens. */
void manager_ready(const char *stack);
