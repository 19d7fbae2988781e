// SPDX-License-Identifier: Apache-2.0
#include "contain/capabilities.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MOST = 64, HALF = 32 };
#define BIT(number) (UINT64_C(1) << (number))

const char *lt_capability_name(unsigned number)
{
    switch (number) {
    case CAP_SYS_ADMIN:
        return "CAP_SYS_ADMIN";
    case CAP_DAC_READ_SEARCH:
        return "CAP_DAC_READ_SEARCH";
    case CAP_FOWNER:
        return "CAP_FOWNER";
    default:
        return NULL;
    }
}

static bool get(uint64_t *permitted)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
    if (syscall(SYS_capget, &header, data) < 0)
        return false;
    *permitted = data[0].permitted | (uint64_t)data[1].permitted << HALF;
    return true;
}

static bool set(uint64_t permitted, uint64_t effective)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
        {.permitted = (uint32_t)permitted, .effective = (uint32_t)effective},
        {.permitted = (uint32_t)(permitted >> HALF), .effective = (uint32_t)(effective >> HALF)},
    };
    return syscall(SYS_capset, &header, data) == 0;
}

/* Can each file be opened with the rights in force now? Opening reads nothing. */
static bool all_open(const struct lt_list *readable)
{
    lt_each (const struct lt_str, path, readable) {
        int fd = open(path->ptr, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd >= 0)
            close(fd);
        else if (errno == EACCES || errno == EPERM)
            return false;
    }
    return true;
}

bool lt_capabilities_drop(bool directories, const struct lt_list *readable, uint64_t *kept)
{
    uint64_t had = 0, wanted = 0;
    *kept = 0;
    if (!get(&had))
        return false;
    *kept = had;
    if (directories)
        wanted = BIT(CAP_SYS_ADMIN) | BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_FOWNER);
    /* Only root may do this; for others there is nothing in it that they could get. */
    for (unsigned i = 0; i < MOST && had & BIT(CAP_SETPCAP); i++)
        prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (!directories && had & BIT(CAP_DAC_READ_SEARCH) && set(had, 0) && !all_open(readable))
        wanted = BIT(CAP_DAC_READ_SEARCH);
    if (!set(had & wanted, had & wanted))
        return false;
    *kept = had & wanted;
    return true;
}
