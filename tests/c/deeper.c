/* What a library needs in its turn. */
const char *which_deeper(void)
{
    return VERSION;
}
