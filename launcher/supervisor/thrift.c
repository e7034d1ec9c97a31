// SPDX-License-Identifier: GPL-2.0-or-later
/* Staying small; see thrift.h. */
#include "launcher/supervisor/thrift.h"

#include <link.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* A fixed threshold: the C library's own grows with each large block that is freed. */
#define LARGE_BYTES (64 << 10)

static char *heap_begin;

void thrift_begin(void)
{
	heap_begin = sbrk(0);
	(void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
	(void)mallopt(M_TRIM_THRESHOLD, LARGE_BYTES);
}

/* Only segments that nothing of is ever written, relocations included: those are as in the file. */
static int let_go(struct dl_phdr_info *object, size_t size, void *data)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		uintptr_t begin = (object->dlpi_addr + segment->p_vaddr) & ~(page - 1);
		uintptr_t end = object->dlpi_addr + segment->p_vaddr + segment->p_memsz;

		if (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W))
			(void)madvise((void *)begin, end - begin, MADV_DONTNEED);
	}
	return 0;
}

/* Where huge pages are everybody's (transparent_hugepage/enabled: always) the kernel would fill the
 * holes some time later, 2 MiB for each that has one page in use. */
static void keep_holes(void)
{
	char *end = sbrk(0);

	if (end > heap_begin)
		(void)madvise(heap_begin, (size_t)(end - heap_begin), MADV_NOHUGEPAGE);
}

void thrift_give_back(void)
{
	(void)malloc_trim(0);
	keep_holes();
	(void)dl_iterate_phdr(let_go, NULL);
}
