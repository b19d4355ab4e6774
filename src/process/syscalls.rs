//! The system calls of a program that is held to reading: an allow-list, as a filter of the kernel (seccomp). Files
//! are not its concern: what may be opened, and how, is Landlock's.

use std::io;

use libc::{
    BPF_ABS, BPF_JEQ, BPF_JMP, BPF_JSET, BPF_K, BPF_LD, BPF_RET, BPF_W, SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO,
    SECCOMP_RET_KILL_PROCESS, SYS_clone, SYS_clone3, SYS_ioctl, SYS_prlimit64, c_long, sock_filter,
};

use super::hold::checked;

/// Whether the calls of this kind of machine are listed here.
pub const KNOWN: bool = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));

/// The kernel's name of the architecture (`AUDIT_ARCH_…`).
const ARCHITECTURE: u32 = if cfg!(target_arch = "aarch64") { 0xc000_00b7 } else { 0xc000_003e };

/// Where the kernel shows the filter a call's number, the architecture and the lower half of an argument.
const NUMBER: u32 = 0;
const ARCH: u32 = 4;
const fn argument(nth: u32) -> u32 {
    16 + 8 * nth
}

/// New namespaces: a process in its own could be root there.
const NAMESPACES: u32 = 0x7e02_0000 | 0x80;

/// Looking at terminals and at how much there is to read; closing and blocking of descriptors; sizes of disks.
const IOCTLS: &[u32] =
    &[0x5401, 0x540f, 0x5413, 0x541b, 0x5421, 0x5450, 0x5451, 0x802c_542a, 0x8008_1272, 0x1268, 0x8008_6601];

/// Signals; only where Landlock keeps them from processes outside.
const SIGNALS: &[c_long] = &[libc::SYS_kill, libc::SYS_tkill, libc::SYS_tgkill];

/// What reads, computes, waits, or is about the process itself.
const CALLS: &[c_long] = &[
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_preadv2,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_pwrite64,
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_lseek,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_mincore,
    libc::SYS_brk,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigpending,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_rt_sigsuspend,
    libc::SYS_sigaltstack,
    libc::SYS_pipe2,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_fcntl,
    libc::SYS_flock,
    libc::SYS_pselect6,
    libc::SYS_ppoll,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_eventfd2,
    libc::SYS_signalfd4,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_settime,
    libc::SYS_timerfd_gettime,
    libc::SYS_timer_create,
    libc::SYS_timer_settime,
    libc::SYS_timer_gettime,
    libc::SYS_timer_delete,
    libc::SYS_nanosleep,
    libc::SYS_clock_nanosleep,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_gettimeofday,
    libc::SYS_setitimer,
    libc::SYS_getitimer,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_getgroups,
    libc::SYS_getresuid,
    libc::SYS_getresgid,
    libc::SYS_getpgid,
    libc::SYS_setpgid,
    libc::SYS_getsid,
    libc::SYS_setsid,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_wait4,
    libc::SYS_waitid,
    libc::SYS_uname,
    libc::SYS_getcwd,
    libc::SYS_chdir,
    libc::SYS_fchdir,
    libc::SYS_getdents64,
    libc::SYS_readlinkat,
    libc::SYS_umask,
    libc::SYS_sysinfo,
    libc::SYS_getrlimit,
    libc::SYS_getrusage,
    libc::SYS_times,
    libc::SYS_setrlimit,
    libc::SYS_getrandom,
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_get_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_prctl,
    libc::SYS_rseq,
    libc::SYS_membarrier,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_getpriority,
    libc::SYS_getxattr,
    libc::SYS_lgetxattr,
    libc::SYS_fgetxattr,
    libc::SYS_listxattr,
    libc::SYS_llistxattr,
    libc::SYS_flistxattr,
    libc::SYS_statfs,
    libc::SYS_fstatfs,
    libc::SYS_fadvise64,
    libc::SYS_readahead,
    libc::SYS_sendfile,
    libc::SYS_copy_file_range,
    libc::SYS_splice,
    libc::SYS_tee,
    libc::SYS_memfd_create,
    libc::SYS_ftruncate,
    libc::SYS_restart_syscall,
    libc::SYS_getcpu,
    libc::SYS_capget,
];

/// The same under the older names that only this architecture has.
#[cfg(target_arch = "x86_64")]
const OLDER: &[c_long] = &[
    libc::SYS_open,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_access,
    libc::SYS_pipe,
    libc::SYS_dup2,
    libc::SYS_select,
    libc::SYS_poll,
    libc::SYS_epoll_create,
    libc::SYS_epoll_wait,
    libc::SYS_eventfd,
    libc::SYS_signalfd,
    libc::SYS_time,
    libc::SYS_alarm,
    libc::SYS_pause,
    libc::SYS_getpgrp,
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_getdents,
    libc::SYS_readlink,
    libc::SYS_arch_prctl,
];
#[cfg(not(target_arch = "x86_64"))]
const OLDER: &[c_long] = &[];

/// From here on this process, and all it starts, can make no other calls.
pub(super) fn allow_only_reading(signals: bool) -> io::Result<()> {
    let mut filter = filter(signals);
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: the program points at a filter that outlives the call, of which the kernel keeps a copy.
    checked(unsafe {
        libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program)
    })?;
    Ok(())
}

fn filter(signals: bool) -> Vec<sock_filter> {
    let refused = errno(libc::EPERM);
    let mut filter =
        vec![load(ARCH), jump(BPF_JEQ, ARCHITECTURE, 1, 0), ret(SECCOMP_RET_KILL_PROCESS), load(NUMBER)];
    for call in CALLS.iter().chain(OLDER).chain(if signals { SIGNALS } else { &[] }) {
        filter.extend([unless(*call as u32, 1), ret(SECCOMP_RET_ALLOW)]);
    }
    // The flags of this one lie in memory, where a filter cannot look: the C library then takes the older one.
    filter.extend([unless(SYS_clone3 as u32, 1), ret(errno(libc::ENOSYS))]);
    filter.extend([unless(SYS_clone as u32, 4), load(argument(0))]);
    filter.extend([jump(BPF_JSET, NAMESPACES, 1, 0), ret(SECCOMP_RET_ALLOW), ret(refused)]);
    filter.extend([unless(SYS_prlimit64 as u32, 4), load(argument(0))]);
    filter.extend([unless(0, 1), ret(SECCOMP_RET_ALLOW), ret(refused)]);
    filter.extend([unless(SYS_ioctl as u32, 2 + 2 * IOCTLS.len() as u8), load(argument(1))]);
    for request in IOCTLS {
        filter.extend([unless(*request, 1), ret(SECCOMP_RET_ALLOW)]);
    }
    filter.extend([ret(errno(libc::ENOTTY)), ret(refused)]);
    filter
}

fn errno(number: i32) -> u32 {
    SECCOMP_RET_ERRNO | number as u32
}

fn load(from: u32) -> sock_filter {
    sock_filter { code: (BPF_LD | BPF_W | BPF_ABS) as u16, jt: 0, jf: 0, k: from }
}

/// Skips the next `skip` lines unless what was loaded is this.
fn unless(value: u32, skip: u8) -> sock_filter {
    jump(BPF_JEQ, value, 0, skip)
}

fn jump(how: u32, value: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code: (BPF_JMP | how | BPF_K) as u16, jt, jf, k: value }
}

fn ret(what: u32) -> sock_filter {
    sock_filter { code: (BPF_RET | BPF_K) as u16, jt: 0, jf: 0, k: what }
}
