//! The folder of the locks, and the files in it. Other users write there too: nothing in it is followed, replaced or
//! removed.

use std::ffi::{CString, OsString};
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::LockError;

/// Anyone may make a file there; only its owner may remove it.
const SHARED: u32 = 0o1777;

/// So often a file is looked for that another process is just making.
const TRIES: usize = 50;

/// The folder that holds the files of the locks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockDir {
    path: PathBuf,
}

impl LockDir {
    /// `TOBAN_LOCK_DIR`, else `/run/lock/toban`.
    pub fn resolve(env: &dyn Fn(&str) -> Option<OsString>) -> LockDir {
        let given = env("TOBAN_LOCK_DIR").filter(|v| !v.is_empty()).map(PathBuf::from);
        let path = given.unwrap_or_else(|| PathBuf::from("/run/lock/toban"));
        LockDir { path: std::path::absolute(&path).unwrap_or(path) }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file of a lock, made where it is not there yet.
    pub(super) fn open(&self, name: &str) -> Result<File, LockError> {
        let folder = self.folder()?;
        let path = self.path.join(name);
        let fail = LockError::at(&path);
        let mut left = TRIES;
        let file = loop {
            let there = open_at(&folder, name, libc::O_RDWR);
            let opened = match there {
                // Not `O_CREAT` alone: kernels refuse that for a file of another user in a folder like this one.
                Err(e) if e.kind() == io::ErrorKind::NotFound => {
                    open_at(&folder, name, libc::O_RDWR | libc::O_CREAT | libc::O_EXCL)
                        .and_then(|file| file.set_permissions(Permissions::from_mode(0o666)).map(|()| file))
                }
                other => other,
            };
            match opened {
                Ok(file) => break file,
                Err(e) if e.raw_os_error() == Some(libc::ELOOP) => {
                    return Err(LockError::Strange { path: path.clone() });
                }
                // Its maker has not given it to all yet.
                Err(e) if left > 0 && may_pass(&e) => std::thread::sleep(std::time::Duration::from_millis(2)),
                Err(e) => return Err(fail(e)),
            }
            left -= 1;
        };
        let meta = file.metadata().map_err(&fail)?;
        match meta.is_file() && meta.nlink() <= 1 {
            true => Ok(file),
            false => Err(LockError::Strange { path: path.clone() }),
        }
    }

    /// The file of a lock, for looking only; none where it was never taken.
    pub(super) fn look(&self, name: &str) -> Option<File> {
        let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
        let file = OpenOptions::new().read(true).custom_flags(flags).open(self.path.join(name)).ok()?;
        file.metadata().is_ok_and(|meta| meta.is_file()).then_some(file)
    }

    /// Whether an open file is still the one that has the name.
    pub(super) fn is_named(&self, file: &File, name: &str) -> bool {
        let there = fs::symlink_metadata(self.path.join(name));
        match (there, file.metadata()) {
            (Ok(there), Ok(ours)) => there.dev() == ours.dev() && there.ino() == ours.ino(),
            _ => false,
        }
    }

    /// The folder, made where it is not there, so that all users may use it.
    fn folder(&self) -> Result<File, LockError> {
        let path = &self.path;
        let fail = LockError::at(path);
        let make = || match DirBuilder::new().mode(SHARED).create(path) {
            // The mask of this process took bits away.
            Ok(()) => fs::set_permissions(path, Permissions::from_mode(SHARED)),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(e) => Err(e),
        };
        match make() {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                let above = path.parent().unwrap_or(Path::new("/"));
                fs::create_dir_all(above).and_then(|()| make()).map_err(&fail)?;
            }
            other => other.map_err(&fail)?,
        }
        let flags = libc::O_DIRECTORY | libc::O_NOFOLLOW;
        let folder = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(|e| {
            match e.raw_os_error() {
                Some(libc::ELOOP | libc::ENOTDIR) => LockError::Strange { path: path.clone() },
                _ => fail(e),
            }
        })?;
        self.take_over(&folder)?;
        Ok(folder)
    }

    /// Whoever owns the folder could rename the files of others in it: root does not leave it to somebody else.
    fn take_over(&self, folder: &File) -> Result<(), LockError> {
        let fail = LockError::at(&self.path);
        let meta = folder.metadata().map_err(&fail)?;
        // SAFETY: geteuid has no preconditions and cannot fail.
        if unsafe { libc::geteuid() } != 0 || meta.uid() == 0 {
            return Ok(());
        }
        // SAFETY: the descriptor is open.
        match unsafe { libc::fchown(folder.as_raw_fd(), 0, 0) } {
            0 => folder.set_permissions(Permissions::from_mode(SHARED)).map_err(&fail),
            _ => Err(fail(io::Error::last_os_error())),
        }
    }
}

/// What passes by itself: another process has made the file in this moment, or is about to.
fn may_pass(e: &io::Error) -> bool {
    matches!(
        e.kind(),
        io::ErrorKind::AlreadyExists | io::ErrorKind::PermissionDenied | io::ErrorKind::NotFound
    )
}

/// A file in an open folder. No link is followed, nothing waits, no child inherits it.
fn open_at(folder: &File, name: &str, flags: i32) -> io::Result<File> {
    let name = CString::new(name)?;
    let flags = flags | libc::O_CLOEXEC | libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY;
    // SAFETY: the folder's descriptor is open and the name ends with a NUL.
    let file = unsafe { libc::openat(folder.as_raw_fd(), name.as_ptr(), flags, 0o666) };
    match file {
        -1 => Err(io::Error::last_os_error()),
        // SAFETY: the descriptor is new, and nobody else has it.
        file => Ok(unsafe { File::from_raw_fd(file) }),
    }
}
