//! Where the data of a sparse file lies between its holes.
use rustix::fs::{SeekFrom, seek};
use rustix::io::Errno;
use std::fs::File;
use std::ops::Range;

/// Finds where data is next within a range of a file; none is when only a hole follows. It moves the file's offset.
pub fn next_data(file: &File, within: Range<u64>) -> Result<Option<Range<u64>>, Errno> {
    if within.is_empty() {
        return Ok(None);
    }
    let start = match seek(file, SeekFrom::Data(within.start)) {
        Ok(start) => start,
        Err(Errno::NXIO) => return Ok(None),
        // A file system that cannot tell where holes are has none.
        Err(Errno::INVAL | Errno::OPNOTSUPP) => return Ok(Some(within)),
        Err(errno) => return Err(errno),
    };
    let end = match seek(file, SeekFrom::Hole(start)) {
        // The file has been cut off meanwhile.
        Err(Errno::NXIO) => return Ok(None),
        end => end?.min(within.end),
    };
    Ok((start < end).then_some(start..end))
}
