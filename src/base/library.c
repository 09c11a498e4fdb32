#include "base/library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

static enum status missing(const struct library *library, const char *what, struct error *error)
{
    enum status status = error_set(error, STATUS_ERROR, "the library for %s cannot be loaded: %s",
                                   library->use, what);
    if (library->package)
        error_hint(error, "Debian's package %s brings it", library->package);
    else
        error_hint(error, "it comes with Strata: install Strata again");
    return status;
}

/* Local, so that its names and Strata's never meet; lazy, since few of its functions are called. */
static enum status load(struct library *library, struct error *error)
{
    void *handle = dlopen(library->file, RTLD_LOCAL | RTLD_LAZY);
    if (!handle)
        return missing(library, dlerror(), error);

    for (size_t i = 0; i < library->count; i++) {
        void *function = dlsym(handle, library->names[i]);
        if (!function)
            return missing(library, dlerror(), error);
        memcpy((char *)library->table + i * sizeof function, &function, sizeof function);
    }
    return STATUS_OK;
}

enum status library_load(struct library *library, struct error *error)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    if (atomic_load_explicit(&library->ready, memory_order_acquire))
        return STATUS_OK;

    pthread_mutex_lock(&mutex);
    enum status status = STATUS_OK;
    if (!library->ready)
        status = load(library, error);
    if (status == STATUS_OK)
        atomic_store_explicit(&library->ready, true, memory_order_release);
    pthread_mutex_unlock(&mutex);
    return status;
}
