/* Says that it ran, and in which version. */
#include <stdio.h>

#ifdef GO
/* What the Go linker marks its programs with. */
__asm__(".section .note.go.buildid,\"a\",@note\n"
        ".long 4, 4, 4\n"
        ".asciz \"Go\\0\"\n"
        ".ascii \"test\"\n"
        ".previous\n");
#endif

int main(void)
{
    puts("ran " VERSION);
    return 0;
}
