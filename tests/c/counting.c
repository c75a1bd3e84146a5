/* An allocator that counts: glibc's own, with the number of calls in `psl_allocations`. */
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

_Atomic unsigned long psl_allocations;

void *malloc(size_t size) {
    psl_allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    psl_allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
    psl_allocations++;
    return __libc_realloc(block, size);
}

void *memalign(size_t alignment, size_t size) {
    psl_allocations++;
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    return memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
    *block = memalign(alignment, size);
    return *block ? 0 : ENOMEM;
}
