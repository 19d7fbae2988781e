// SPDX-License-Identifier: Apache-2.0
/* A list of the calls that are allowed. Calls that are younger than the list do not exist, so that libraries fall back
 * to older ones. */
#include "contain/filter.h"

#include "base/str.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED
#endif

#ifdef WITH_SECCOMP

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <termios.h>
#include <unistd.h>

/* Calls that read, use memory, wait, or write what is already open. */
static const char allowed[] =
    /* files */
    "read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 lseek _llseek close "
    "close_range fstat fstat64 stat stat64 lstat lstat64 newfstatat fstatat64 statx statfs statfs64 fstatfs "
    "fstatfs64 access faccessat faccessat2 readlink readlinkat getdents getdents64 getcwd getxattr lgetxattr "
    "fgetxattr listxattr llistxattr flistxattr dup dup2 dup3 fcntl fcntl64 fsync fdatasync ftruncate ftruncate64 "
    "fallocate fadvise64 fadvise64_64 flock poll ppoll select pselect6 _newselect pipe2 "
    /* memory */
    "munmap mremap madvise brk membarrier "
    /* threads */
    "futex futex_time64 set_robust_list get_robust_list rseq exit exit_group sched_yield sched_getaffinity "
    "set_tid_address restart_syscall "
    /* signals of our own */
    "rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait sigaltstack sigreturn "
    /* who and when */
    "getpid gettid getppid getuid geteuid getgid getegid getuid32 geteuid32 getgid32 getegid32 getresuid "
    "getresgid getgroups capget uname sysinfo getrlimit ugetrlimit getrusage getrandom time times gettimeofday "
    "clock_gettime clock_gettime64 clock_getres clock_nanosleep clock_nanosleep_time64 nanosleep setitimer "
    /* the helper: its socket is open, and no other can be made */
    "sendto sendmsg recvfrom recvmsg wait4 waitid ";

/* What an exploit would reach for. A refusal is told from a call that a kernel does not know. */
static const char refused[] =
    "execve execveat fork vfork ptrace process_vm_readv process_vm_writev socket socketpair connect bind listen "
    "accept accept4 bpf perf_event_open io_uring_setup io_uring_enter io_uring_register userfaultfd mount umount2 "
    "pivot_root move_mount open_tree fsopen fsconfig fsmount fspick mount_setattr chroot unshare setns keyctl "
    "add_key request_key init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff "
    "open_by_handle_at name_to_handle_at setuid setgid setreuid setregid setresuid setresgid setgroups capset "
    "chmod fchmod fchmodat chown fchown lchown fchownat utimensat setxattr lsetxattr fsetxattr removexattr "
    "lremovexattr fremovexattr truncate unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat "
    "mkdir mkdirat rmdir mknod mknodat creat quotactl acct settimeofday clock_settime sethostname setdomainname "
    "syslog lookup_dcookie ";

const char *lt_filter_version(void)
{
    static const char version[] = {'0' + SCMP_VER_MAJOR, '.', '0' + SCMP_VER_MINOR, '.', '0' + SCMP_VER_MICRO, 0};
    return version;
}

/* Give all calls in a list the same rule. A name that this architecture or libseccomp does not know needs none. */
static bool add_all(scmp_filter_ctx filter, uint32_t action, struct lt_str names)
{
    bool good = true;
    while (good && names.len) {
        char name[64] = "";
        struct lt_str word = lt_str_cut(&names, ' ');
        memcpy(name, word.ptr, word.len < sizeof name ? word.len : 0);
        int number = seccomp_syscall_resolve_name(name);
        good = number == __NR_SCMP_ERROR || seccomp_rule_add(filter, action, number, 0) == 0;
    }
    return good;
}

/* A call that is harmless with some arguments only: the bits of `mask` in argument `at` must be `value`. */
struct condition {
    const char *name;
    unsigned at;
    scmp_datum_t mask, value;
};

static bool add_condition(scmp_filter_ctx filter, const struct condition *condition)
{
    const struct scmp_arg_cmp wanted = {condition->at, SCMP_CMP_MASKED_EQ, condition->mask, condition->value};
    int number = seccomp_syscall_resolve_name(condition->name);
    return number == __NR_SCMP_ERROR || seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, 1, &wanted) == 0;
}

/* openat2() has its flags where no filter sees them. */
static bool add_opening(scmp_filter_ctx filter)
{
    enum { WRITES = O_ACCMODE | O_CREAT | O_TRUNC };
    return add_all(filter, SCMP_ACT_ALLOW, LT_STR("openat2")) &&
           add_condition(filter, &(struct condition){"open", 1, WRITES, O_RDONLY}) &&
           add_condition(filter, &(struct condition){"openat", 2, WRITES, O_RDONLY});
}

/* glibc makes threads with clone() where clone3() does not exist, and BLKGETSIZE64 is the size of a block device. */
static bool add_conditions(scmp_filter_ctx filter)
{
    const struct condition conditions[] = {
        {"clone", 0, CLONE_THREAD, CLONE_THREAD},
        {"mmap", 2, PROT_EXEC, 0},
        {"mmap2", 2, PROT_EXEC, 0},
        {"mprotect", 2, PROT_EXEC, 0},
        {"tgkill", 0, UINT32_MAX, (scmp_datum_t)getpid()},
        {"prlimit64", 2, UINT64_MAX, 0},
        {"prctl", 0, UINT32_MAX, PR_SET_NAME},
        {"ioctl", 1, UINT32_MAX, TCGETS},
        {"ioctl", 1, UINT32_MAX, TIOCGWINSZ},
        {"ioctl", 1, UINT32_MAX, FIONREAD},
        {"ioctl", 1, UINT32_MAX, BLKGETSIZE64},
    };
    bool good = true;
    for (size_t i = 0; good && i < sizeof conditions / sizeof *conditions; i++)
        good = add_condition(filter, &conditions[i]);
    return good;
}

static bool fill(scmp_filter_ctx filter, bool opens)
{
    bool good = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0;
    good = good && add_all(filter, SCMP_ACT_ALLOW, lt_str_c(allowed));
    good = good && add_all(filter, SCMP_ACT_ERRNO(EPERM), lt_str_c(refused));
    return good && add_conditions(filter) && (!opens || add_opening(filter));
}

bool lt_filter_enter(bool opens)
{
    if (!lt_filter_built_in())
        return false;
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    bool good = filter && fill(filter, opens) && seccomp_load(filter) == 0;
    if (filter)
        seccomp_release(filter);
    return good;
}

bool lt_filter_built_in(void)
{
#ifdef SANITIZED
    return false;
#else
    return true;
#endif
}

#else

const char *lt_filter_version(void)
{
    return NULL;
}

bool lt_filter_built_in(void)
{
    return false;
}

bool lt_filter_enter(bool opens)
{
    (void)opens;
    return false;
}

#endif
