/* A library that says which version it is. */
#ifdef DEEPER
const char *which_deeper(void);
#endif

const char *which_library(void)
{
#ifdef DEEPER
    return which_deeper();
#else
    return VERSION;
#endif
}
