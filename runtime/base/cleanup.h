// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ownership by scope: a local marked autoX owns its value until take_X() moves it out.
 * A borrowed fd or pointer never goes into one of these.
 */
#pragma once

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Linux releases the descriptor even when close() reports EINTR: never retried. */
static inline void fd_drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static inline void mem_drop(void *pointer)
{
	free(*(void **)pointer);
}

static inline void dir_drop(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static inline void file_drop(FILE **file)
{
	if (*file)
		fclose(*file);
}

/* A local that only owns is used by its end: clang would call it unused. */
#define on_leave(drop) __attribute__((cleanup(drop), unused))

#define autoclose on_leave(fd_drop)
#define autofree  on_leave(mem_drop)
#define autodir	  on_leave(dir_drop)
#define autofile  on_leave(file_drop)

static inline int take_fd(int *fd)
{
	int moved = *fd;

	*fd = -1;
	return moved;
}

/* The pointer moves out of its owner, keeping its type. */
#define take_ptr(pointer)                                                                          \
	__extension__({                                                                            \
		__auto_type _owner = &(pointer);                                                   \
		__auto_type _moved = *_owner;                                                      \
		*_owner = NULL;                                                                    \
		_moved;                                                                            \
	})

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
