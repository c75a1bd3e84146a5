/* A module of redis that answers RELEASE; its interface is redis's redismodule.h, version 1. */

#include <stddef.h>

typedef struct ctx ctx;
typedef int command(ctx *, void **arguments, int count);

static int (*reply)(ctx *, const char *text);

static int release(ctx *context, void **arguments, int count)
{
    (void)arguments, (void)count;
    return reply(context, RELEASE);
}

int RedisModule_OnLoad(ctx *context, void **arguments, int count)
{
    /* The first word of a context is the function that finds all others. */
    int (*find)(const char *name, void *function) = *(int (**)(const char *, void *))context;
    int (*create)(ctx *, const char *, command *, const char *, int, int, int);
    void (*attributes)(ctx *, const char *name, int version, int api);

    (void)arguments, (void)count;
    if (find("RedisModule_SetModuleAttribs", &attributes) || find("RedisModule_CreateCommand", &create)
        || find("RedisModule_ReplyWithSimpleString", &reply))
        return 1;
    attributes(context, "release", 1, 1);
    return create(context, "release", release, "readonly", 0, 0, 0);
}
