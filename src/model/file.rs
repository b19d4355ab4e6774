//! Work on files, as a playbook writes it.

use super::place::at;
use super::stage::Slot;
use crate::base::Duration;

staged_enum! {
    /// One piece of work on files.
    pub enum FileAction {
        /// Writes a file whole or not at all; gives `file`, `size`, `sha256`, `changed`.
        "write" Write(FileWrite<S>),
        /// Appends to a file.
        "append" Append(FileWrite<S>),
        /// Copies a file or a folder.
        "copy" Copy(FileCopy<S>),
        /// Makes a tar archive, whole or not at all.
        "archive" Archive(FileArchive<S>),
        /// Unpacks a tar archive; a path outside the target is refused.
        "extract" Extract(FileExtract<S>),
        /// Gives `sha256` and `size`; with `expected`, fails when it differs.
        "checksum" Checksum(FilePath<S>),
        /// Gives `text`, `json` where it is JSON, `lines`, `size`.
        "read" Read(FilePath<S>),
        /// Gives `exists`, `size`, `age` (seconds), `mode`, `modified`, `kind`.
        "stat" Stat(FilePath<S>),
        /// Removes a file, or a folder with `recursive`.
        "remove" Remove(FilePath<S>),
        /// Gives `files` (path, size, age in seconds), newest first.
        "list" List(FileLatest<S>),
        /// The newest file that passes every verifier.
        "latest" Latest(FileLatest<S>),
        /// Removes old files, never the last verified ones.
        "prune" Prune(FilePrune<S>),
    }
}

staged! {
    /// A file and its content, written as it is.
    pub struct FileWrite {
        /// The file.
        path: Slot<S, String, { at::PATH }>,
        /// What goes into it.
        content: Slot<S>,
        /// Its permissions, octal, in quotes: "0644".
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mode: Option<Slot<S>>,
    }
}
staged! {
    /// From where to where.
    pub struct FileCopy {
        /// A file or folder.
        from: Slot<S, String, { at::PATH }>,
        /// The new file or folder.
        to: Slot<S, String, { at::PATH }>,
        /// Permissions of the copy, octal, in quotes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mode: Option<Slot<S>>,
    }
}
staged! {
    /// A tar archive; compressed by its name: `.tar`, `.tar.gz`, `.tgz`, `.tar.zst`.
    pub struct FileArchive {
        /// The folder that the names in the archive are relative to.
        base: Slot<S, String, { at::PATH }>,
        /// Files and folders below `base`.
        from: Vec<Slot<S, String, { at::PATH }>>,
        /// The archive.
        to: Slot<S, String, { at::PATH }>,
        /// Globs of what stays out.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        exclude: Vec<Slot<S>>,
        /// Its permissions, octal, in quotes. Default: "0600".
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mode: Option<Slot<S>>,
    }
}
staged! {
    /// An archive and where it goes.
    pub struct FileExtract {
        /// The archive.
        from: Slot<S, String, { at::PATH }>,
        /// The folder; made when it is not there.
        to: Slot<S, String, { at::PATH }>,
    }
}
staged! {
    /// One file.
    pub struct FilePath {
        /// The file.
        path: Slot<S, String, { at::PATH }>,
        /// The SHA-256 it must have, in hex (`checksum`).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected: Option<Slot<S>>,
        /// Also a folder with all that is in it (`remove`).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recursive: Option<Slot<S, bool>>,
    }
}
staged! {
    /// Files by their name.
    pub struct FileLatest {
        /// A glob.
        glob: Slot<S, String, { at::PATH }>,
        /// What a file must pass to count.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        verified_by: Vec<Verifier<S>>,
    }
}
staged! {
    /// Old files and what is kept.
    pub struct FilePrune {
        /// A glob.
        glob: Slot<S, String, { at::PATH }>,
        /// Only files older than this go.
        older_than: Slot<S, Duration>,
        /// So many verified ones stay, whatever their age. Default: 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keep_at_least: Option<Slot<S, u32>>,
        /// What a file must pass to count as one that stays.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        verified_by: Vec<Verifier<S>>,
        /// Endings of companions that go with a file, such as ".manifest.json".
        #[serde(default, skip_serializing_if = "Vec::is_empty", rename = "with")]
        with: Vec<Slot<S>>,
    }
}
staged! {
    /// One proof that a file is whole; exactly one key. `gzip`, `zstd`, `tar` and `json` may be written as a bare word.
    pub struct Verifier {
        /// The file is a whole gzip stream.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gzip: Option<bool>,
        /// The file is a whole zstd stream.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        zstd: Option<bool>,
        /// The file is a whole tar archive, compressed or not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tar: Option<bool>,
        /// The file is valid JSON.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        json: Option<bool>,
        /// The file's text (unpacked) ends with this, white space at the end aside; or it ends with comment lines
        /// (`--`) of which one holds this, as a database dump does. Looked for in its last 4 KiB.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ends_with: Option<Slot<S>>,
        /// The ending of a companion that holds the file's `sha256` and `size` as JSON.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        manifest: Option<Slot<S>>,
        /// A reading command under bash; the file is `$FILE`; exit 0 means whole.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shell: Option<Slot<S, String, { at::SHELL }>>,
    }
}
