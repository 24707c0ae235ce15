#include "common/process.h"
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static void seal(bool sealed)
{
    struct rlimit core;

    // Where cores go to a program instead of a file the limit is not looked at: both are needed.
    bool set =
        prctl(PR_SET_DUMPABLE, sealed ? 0 : 1, 0, 0, 0) == 0 && getrlimit(RLIMIT_CORE, &core) == 0;
    core.rlim_cur = sealed ? 0 : core.rlim_max;
    set = set && setrlimit(RLIMIT_CORE, &core) == 0;
    assert(set);
}

void process_seal(void)
{
    seal(true);
    bool set = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    assert(set);
}

void process_unseal(void) { seal(false); }

// ---- the filter

#if defined __x86_64__
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifdef ARCHITECTURE

// What the service was seen to call, what the C library may call instead in another release, and
// what its end takes. Older spellings are not there on every architecture.
// clang-format off
static const int allowed[] = {
    // files
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_preadv, SYS_pwritev,
    SYS_pwritev2, SYS_close, SYS_openat, SYS_fstat, SYS_newfstatat, SYS_statx, SYS_statfs,
    SYS_fstatfs, SYS_lseek, SYS_ftruncate, SYS_fallocate, SYS_fsync, SYS_fdatasync,
    SYS_sync_file_range, SYS_flock, SYS_fadvise64, SYS_getdents64, SYS_unlinkat, SYS_renameat,
    SYS_renameat2, SYS_mkdirat, SYS_readlinkat, SYS_faccessat, SYS_faccessat2, SYS_getcwd, SYS_dup,
    SYS_fcntl, SYS_ioctl, SYS_pipe2, SYS_eventfd2, SYS_copy_file_range,
#ifdef SYS_open
    SYS_open, SYS_stat, SYS_lstat, SYS_access, SYS_unlink, SYS_rename, SYS_mkdir, SYS_rmdir,
    SYS_readlink, SYS_poll, SYS_select, SYS_epoll_wait, SYS_getdents, SYS_time,
#endif
    // sockets
    SYS_socket, SYS_socketpair, SYS_connect, SYS_bind, SYS_accept4, SYS_accept, SYS_shutdown,
    SYS_setsockopt, SYS_getsockopt, SYS_getsockname, SYS_getpeername, SYS_sendto, SYS_sendmsg,
    SYS_sendmmsg, SYS_recvfrom, SYS_recvmsg, SYS_recvmmsg, SYS_epoll_create1, SYS_epoll_ctl,
    SYS_epoll_pwait, SYS_epoll_pwait2, SYS_ppoll, SYS_pselect6,
    // memory and threads
    SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_madvise, SYS_msync, SYS_brk, SYS_futex,
    SYS_set_robust_list, SYS_rseq, SYS_set_tid_address, SYS_sched_yield, SYS_sched_getaffinity,
    SYS_sched_setscheduler, SYS_setpriority, SYS_getpriority, SYS_membarrier, SYS_exit,
    SYS_exit_group, SYS_restart_syscall,
    // signals, time and who one is
    SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_rt_sigtimedwait, SYS_sigaltstack,
    SYS_tgkill, SYS_nanosleep, SYS_clock_nanosleep, SYS_clock_gettime, SYS_clock_getres,
    SYS_gettimeofday, SYS_getpid, SYS_gettid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid,
    SYS_getrandom, SYS_getrusage, SYS_sysinfo, SYS_uname, SYS_prlimit64, SYS_timerfd_create,
    SYS_timerfd_settime, SYS_adjtimex, SYS_clock_adjtime,
};

// What nobody calls by accident.
static const int forbidden[] = {
    SYS_execve, SYS_execveat, SYS_clone, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev,
    SYS_kill, SYS_tkill, SYS_pidfd_open, SYS_pidfd_send_signal, SYS_pidfd_getfd,
    SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid,
    SYS_setresuid, SYS_setresgid, SYS_setgroups, SYS_setfsuid, SYS_setfsgid, SYS_capset, SYS_prctl,
    SYS_chroot, SYS_pivot_root, SYS_mount, SYS_umount2, SYS_unshare, SYS_setns, SYS_bpf,
    SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_reboot, SYS_keyctl,
    SYS_add_key, SYS_request_key, SYS_userfaultfd, SYS_perf_event_open, SYS_open_by_handle_at,
    SYS_io_uring_setup, SYS_memfd_create, SYS_personality, SYS_settimeofday, SYS_clock_settime,
    SYS_fchownat, SYS_fchmodat, SYS_mknodat,
#ifdef SYS_fork
    SYS_fork, SYS_vfork, SYS_chown, SYS_chmod, SYS_mknod,
#endif
};
// clang-format on

#define FIELD(name)     (uint32_t) offsetof(struct seccomp_data, name)
#define LOAD(name)      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FIELD(name))
#define ANSWER(what)    BPF_STMT(BPF_RET | BPF_K, (what))
#define IS(n, yes, no)  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(n), yes, no)
#define HAS(n, yes, no) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (uint32_t)(n), yes, no)

// Threads are made, processes are not; the C library takes clone where there is no clone3, whose
// flags no filter can see.
static const struct sock_filter head[] = {
    LOAD(arch),
    IS(ARCHITECTURE, 1, 0),
    ANSWER(SECCOMP_RET_KILL_PROCESS),
    LOAD(nr),
    IS(SYS_clone3, 0, 1),
    ANSWER(SECCOMP_RET_ERRNO | ENOSYS),
    IS(SYS_clone, 0, 4),
    LOAD(args[0]),
    HAS(CLONE_THREAD, 0, 1),
    ANSWER(SECCOMP_RET_ALLOW),
    ANSWER(SECCOMP_RET_TRAP),
    IS(SYS_prctl, 0, 4), // a thread gives itself a name
    LOAD(args[0]),
    IS(PR_SET_NAME, 0, 1),
    ANSWER(SECCOMP_RET_ALLOW),
    ANSWER(SECCOMP_RET_TRAP),
};

// The first that is refused ends the process: whoever makes such a call is not the service.
static void refused(int number, siginfo_t *info, void *context)
{
    char line[128];

    (void)number, (void)context;
    int n = snprintf(line, sizeof line, "packtrail: sandbox.violated: system call %d\n",
                     info->si_syscall);
    ssize_t written = write(STDERR_FILENO, line, (size_t)n);
    signal(SIGSYS, SIG_DFL);
    _exit(written > 0 ? 128 + SIGSYS : 255);
}

static void answer_all(struct sock_fprog *all, const int *calls, size_t n, uint32_t answer)
{
    for (size_t i = 0; i < n; i++) {
        all->filter[all->len++] = (struct sock_filter)IS(calls[i], 0, 1);
        all->filter[all->len++] = (struct sock_filter)ANSWER(answer);
    }
}

status process_confine(bool strict)
{
    struct sock_filter program[LEN(head) + 2 * LEN(allowed) + 2 * LEN(forbidden) + 1];
    struct sock_fprog all = {.filter = program, .len = LEN(head)};
    struct sigaction act = {.sa_sigaction = refused, .sa_flags = SA_SIGINFO};
    uint32_t other = strict ? SECCOMP_RET_TRAP : SECCOMP_RET_ERRNO | ENOSYS;

    memcpy(program, head, sizeof head);
    answer_all(&all, allowed, LEN(allowed), SECCOMP_RET_ALLOW);
    answer_all(&all, forbidden, LEN(forbidden), SECCOMP_RET_TRAP);
    program[all.len++] = (struct sock_filter)ANSWER(other);
    if (sigaction(SIGSYS, &act, NULL) == 0 &&
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &all) == 0)
        return OK;
    return fail(ST_INTERNAL, "sandbox.machine", 0, "no filter of system calls: %s",
                strerror(errno));
}

#else

status process_confine(bool strict)
{
    (void)strict;
    return fail(ST_INTERNAL, "sandbox.machine", 0, "no filter of system calls on this machine");
}

#endif
