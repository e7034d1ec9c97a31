// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the supervisor does to stay small: a stack is brought up in a second and then looked after
 * for months, but the memory of that second would stay. Knows nothing of stacks.
 */
#pragma once

/* Before anything is allocated: large blocks go back to the kernel when they are freed. */
void thrift_begin(void);

/*
 * Gives back what is free, and lets go of the pages of programs and libraries, which the kernel
 * maps again when they are used. About a millisecond.
 */
void thrift_give_back(void);
