//! Packing by a file's name, unpacking by its first bytes. It does not know what is packed.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};

use super::words::refused;
use crate::event::Failure;

/// How a tar archive is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl Packing {
    /// By the name of an archive.
    pub fn of_name(path: &Path) -> Result<Packing, Failure> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let ends = |endings: &[&str]| endings.iter().any(|e| name.ends_with(e));
        if ends(&[".tar.gz", ".tgz"]) {
            Ok(Packing::Gzip)
        } else if ends(&[".tar.zst", ".tzst"]) {
            Ok(Packing::Zstd)
        } else if ends(&[".tar"]) {
            Ok(Packing::Plain)
        } else {
            Err(refused(crate::t!(
                "`{name}` does not say what archive it is; end it in .tar, .tar.gz, .tgz or .tar.zst",
                "`{name}` からアーカイブの形式が分かりません。.tar、.tar.gz、.tgz、.tar.zst のどれかで終わる名前にしてください"
            )))
        }
    }
}

/// Packs what is written into it.
pub enum Packer<W: Write> {
    Plain(W),
    Gzip(GzEncoder<W>),
    Zstd(Box<zstd::stream::write::Encoder<'static, W>>),
}

impl<W: Write> Packer<W> {
    /// A packer; its output depends on its input alone, not on the clock.
    pub fn new(packing: Packing, to: W) -> io::Result<Packer<W>> {
        Ok(match packing {
            Packing::Plain => Packer::Plain(to),
            Packing::Gzip => Packer::Gzip(GzBuilder::new().mtime(0).write(to, Compression::default())),
            Packing::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(to, 3)?;
                encoder.include_checksum(true)?;
                Packer::Zstd(Box::new(encoder))
            }
        })
    }

    /// Writes the end, gives back what it wrote to.
    pub fn finish(self) -> io::Result<W> {
        match self {
            Packer::Plain(to) => Ok(to),
            Packer::Gzip(encoder) => encoder.finish(),
            Packer::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Packer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Packer::Plain(to) => to.write(bytes),
            Packer::Gzip(encoder) => encoder.write(bytes),
            Packer::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Packer::Plain(to) => to.flush(),
            Packer::Gzip(encoder) => encoder.flush(),
            Packer::Zstd(encoder) => encoder.flush(),
        }
    }
}

/// The unpacked bytes of a stream, whatever it is packed with.
pub fn unpacked<'a, R: Read + 'a>(from: R) -> io::Result<Box<dyn Read + 'a>> {
    let mut from = BufReader::with_capacity(128 * 1024, from);
    let head = from.fill_buf()?;
    if head.starts_with(&[0x1f, 0x8b]) {
        Ok(Box::new(MultiGzDecoder::new(from)))
    } else if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        Ok(Box::new(zstd::stream::read::Decoder::with_buffer(from)?))
    } else {
        Ok(Box::new(from))
    }
}
