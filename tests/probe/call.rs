//! A call by its symbol's name, as the dynamic linker finds it.

use std::ffi::{CStr, CString, c_char, c_int, c_ulong, c_void};
use std::ptr::null_mut;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use psl_tests::script::Argument;
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};
use rustix::net::{AddressFamily, SocketType};

use crate::spawning;

use crate::trees::{by_name, met, walked};

/// What errno is before each call.
const UNTOUCHED: c_int = 4000;

/// How many arguments every call is given; those that the function does not have are lost on it.
const WORDS: usize = 10;

/// ABI: on x86-64 and aarch64 variadic and fixed arguments that are integers or pointers are passed alike.
type Function = unsafe extern "C" fn(
    usize,
    usize,
    usize,
    usize,
    usize,
    usize,
    usize,
    usize,
    usize,
    usize,
) -> isize;

unsafe extern "C" {
    fn strerrorname_np(errno: c_int) -> *const c_char;
}

/// Returns the address of a symbol in the global scope, where a preloaded library comes before libc.
pub fn symbol(name: &str) -> *mut c_void {
    let name = CString::new(name).expect("a symbol has no NUL");
    // SAFETY: a C string.
    unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) }
}

/// Arguments in memory.
pub struct Prepared {
    pub words: [usize; WORDS],
    texts: Vec<CString>,
    descriptors: Vec<OwnedFd>,
    buffers: Vec<Box<[u64]>>,
    spawning: Vec<spawning::Prepared>,
    /// For each argument that is a buffer, which one and how many bytes of it.
    buffer_of: [Option<(usize, usize)>; WORDS],
}

impl Prepared {
    /// Puts arguments into memory; fails with what cannot be opened.
    pub fn new(arguments: &[Argument]) -> Result<Self, String> {
        let mut prepared = Self {
            words: [0; WORDS],
            texts: Vec::new(),
            descriptors: Vec::new(),
            buffers: Vec::new(),
            spawning: Vec::new(),
            buffer_of: [None; WORDS],
        };
        for (index, argument) in arguments.iter().enumerate() {
            prepared.words[index] = match argument {
                Argument::Text(text) => prepared.text(text),
                Argument::Number(number) => *number as usize,
                Argument::Open(path) => prepared.descriptor(path, OFlags::PATH)?,
                Argument::Kept(path) => prepared.descriptor(path, OFlags::RDONLY)?,
                Argument::Buffer(size) => {
                    prepared.buffer_of[index] = Some((prepared.buffers.len(), *size));
                    prepared.buffer(vec![0; size.div_ceil(8)])
                }
                Argument::Numbers(numbers) => {
                    prepared.buffer(numbers.iter().map(|&number| number as u64).collect())
                }
                Argument::Texts(texts) => {
                    let mut pointers: Vec<u64> = texts
                        .iter()
                        .map(|text| prepared.text(text) as u64)
                        .collect();
                    pointers.push(0);
                    prepared.buffer(pointers)
                }
                Argument::Stream => stream(),
                Argument::Address(name) => prepared.address(name),
                Argument::Socket(kind) => prepared.socket(kind),
                Argument::Wild(kind) => wild(kind),
                Argument::Watch => prepared.watch(),
                Argument::Taken(path) => taken(path)?,
                Argument::Actions(words) => prepared.spawning(spawning::Prepared::actions(words)),
                Argument::Attributes(words) => {
                    prepared.spawning(spawning::Prepared::attributes(words))
                }
                Argument::Function(name) => match name.as_str() {
                    "has_no_a" => {
                        (has_no_a as extern "C" fn(*const libc::dirent64) -> c_int) as usize
                    }
                    "walked" => walked as *const () as usize,
                    "met" => met as *const () as usize,
                    "by_name" => by_name as *const () as usize,
                    name => symbol(name).expose_provenance(),
                },
            };
        }
        Ok(prepared)
    }

    fn text(&mut self, text: &str) -> usize {
        let text = CString::new(text).expect("a line has no NUL");
        let address = text.as_ptr().expose_provenance();
        self.texts.push(text);
        address
    }

    fn descriptor(&mut self, path: &str, flags: OFlags) -> Result<usize, String> {
        let opened = rustix::fs::open(path, flags, Mode::empty());
        let opened = opened.map_err(|errno| format!("{path} cannot be opened: {errno}"))?;
        let number = opened.as_raw_fd() as usize;
        self.descriptors.push(opened);
        Ok(number)
    }

    fn watch(&mut self) -> usize {
        let flags = rustix::fs::inotify::CreateFlags::CLOEXEC;
        let watch = rustix::fs::inotify::init(flags).expect("files can be watched");
        let number = watch.as_raw_fd() as usize;
        self.descriptors.push(watch);
        number
    }

    fn address(&mut self, name: &str) -> usize {
        let room = size_of::<libc::sockaddr_un>();
        let mut bytes = (libc::AF_UNIX as libc::sa_family_t).to_ne_bytes().to_vec();
        bytes.extend(name.bytes());
        bytes.resize(room.next_multiple_of(8), 0);
        bytes[room..].fill(b'#');
        let words = bytes
            .chunks_exact(8)
            .map(|chunk| u64::from_ne_bytes(chunk.try_into().expect("eight bytes")));
        self.buffer(words.collect())
    }

    fn socket(&mut self, kind: &str) -> usize {
        let kind = match kind {
            "stream" => SocketType::STREAM,
            "datagrams" => SocketType::DGRAM,
            other => panic!("no socket is for {other}"),
        };
        let socket = rustix::net::socket(AddressFamily::UNIX, kind, None);
        let socket = socket.expect("a socket can be made");
        let number = socket.as_raw_fd() as usize;
        self.descriptors.push(socket);
        number
    }

    fn spawning(&mut self, it: spawning::Prepared) -> usize {
        let address = it.address();
        self.spawning.push(it);
        address
    }

    fn buffer(&mut self, words: Vec<u64>) -> usize {
        let mut words = words.into_boxed_slice();
        let address = words.as_mut_ptr().expose_provenance();
        self.buffers.push(words);
        address
    }

    /// Returns the bytes of a buffer as the call left them.
    pub fn bytes(&self, argument: usize) -> &[u8] {
        let (buffer, size) = self.buffer_of[argument].expect("the argument is a buffer");
        let words = &self.buffers[buffer];
        // SAFETY: words are bytes, and the buffer was made from `size` of them.
        unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), size) }
    }

    /// Returns a text as the call left it.
    pub fn text_at(&self, argument: usize) -> &CStr {
        // SAFETY: the argument is a text, and lives as long as this does.
        unsafe { CStr::from_ptr(std::ptr::with_exposed_provenance(self.words[argument])) }
    }

    /// Returns a buffer as what a call filled in.
    pub fn filled<T: Copy>(&self, argument: usize) -> T {
        let bytes = self.bytes(argument);
        assert!(bytes.len() >= size_of::<T>(), "the buffer is too small");
        // SAFETY: any bytes are a value of the C structures that calls fill in.
        unsafe { bytes.as_ptr().cast::<T>().read_unaligned() }
    }

    /// Calls the function.
    pub fn call(&self, function: *mut c_void) -> Returned {
        // SAFETY: the script gives each function the arguments that it takes.
        let function: Function = unsafe { std::mem::transmute(function) };
        let [a, b, c, d, e, f, g, h, i, j] = self.words;
        let before = allocations();
        // SAFETY: likewise; errno can always be written.
        let (value, errno) = unsafe {
            *libc::__errno_location() = UNTOUCHED;
            let value = function(a, b, c, d, e, f, g, h, i, j);
            (value, *libc::__errno_location())
        };
        Returned {
            value,
            errno,
            allocated: allocations() - before,
        }
    }
}

/// What a call returned and did.
#[derive(Clone, Copy)]
pub struct Returned {
    pub value: isize,
    pub errno: c_int,
    pub allocated: u64,
}

impl Returned {
    /// The name of errno, `-` if the call left it alone.
    pub fn errno_name(self) -> String {
        if self.errno == UNTOUCHED {
            return "-".into();
        }
        // SAFETY: any number is allowed; the result is null or a constant.
        unsafe {
            let name = strerrorname_np(self.errno);
            if name.is_null() {
                return self.errno.to_string();
            }
            CStr::from_ptr(name).to_string_lossy().into_owned()
        }
    }
}

/// A descriptor that the call will own.
fn taken(path: &str) -> Result<usize, String> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = rustix::fs::open(path, flags, Mode::empty());
    let opened = opened.map_err(|errno| format!("{path} cannot be opened: {errno}"))?;
    Ok(std::os::fd::IntoRawFd::into_raw_fd(opened) as usize)
}

/// A pointer that leads to no string; the same one each time, so that nothing else comes to lie there.
fn wild(kind: &str) -> usize {
    const PAGE: usize = 65536;
    static FIRST: OnceLock<usize> = OnceLock::new();
    let first = *FIRST.get_or_init(|| {
        // SAFETY: a fresh mapping is nobody else's; the last of its three pages is given back.
        unsafe {
            let flags = ProtFlags::READ | ProtFlags::WRITE;
            let memory = mmap_anonymous(null_mut(), 3 * PAGE, flags, MapFlags::PRIVATE);
            let first: *mut u8 = memory.expect("there is memory").cast();
            first.write_bytes(b'/', PAGE);
            mprotect(first.add(PAGE).cast(), PAGE, MprotectFlags::empty()).expect("it is mapped");
            munmap(first.add(2 * PAGE).cast(), PAGE).expect("likewise");
            first.expose_provenance()
        }
    });
    match kind {
        "torn" => first + PAGE - 10,
        "unreadable" => first + PAGE + 10,
        "unmapped" => first + 2 * PAGE + 10,
        other => panic!("no pointer is {other}"),
    }
}

/// A filter for scandir(3).
extern "C" fn has_no_a(entry: *const libc::dirent64) -> c_int {
    // SAFETY: scandir(3) gives an entry, whose name ends with a NUL.
    let name = unsafe { CStr::from_ptr((&raw const (*entry).d_name).cast()) };
    c_int::from(!name.to_bytes().contains(&b'a'))
}

/// An open stream, without a path call.
fn stream() -> usize {
    let null = rustix::fs::open("/dev/null", OFlags::RDWR, Mode::empty()).expect("there is one");
    let number = std::os::fd::IntoRawFd::into_raw_fd(null);
    // SAFETY: the descriptor is open and given away.
    unsafe { libc::fdopen(number, c"r+".as_ptr()) }.expose_provenance()
}

/// How often the counting allocator was called, if there is one.
pub fn allocations() -> u64 {
    const _: () = assert!(size_of::<c_ulong>() == 8);
    static COUNTER: AtomicU64 = AtomicU64::new(u64::MAX);
    if COUNTER.load(Ordering::Relaxed) == u64::MAX {
        let found = symbol("psl_allocations").expose_provenance() as u64;
        COUNTER.store(found, Ordering::Relaxed);
    }
    match COUNTER.load(Ordering::Relaxed) {
        0 => 0,
        // SAFETY: the symbol is an atomic unsigned long.
        at => unsafe {
            (*std::ptr::with_exposed_provenance::<AtomicU64>(at as usize)).load(Ordering::Relaxed)
        },
    }
}
