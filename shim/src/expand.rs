//! The only macros: they turn rows of the table in `hooks` into exported functions.

/// Declares hooks, a row for each implementation in libc and all the names that it has there.
///
/// ```text
/// fn chmod(path: *const c_char, mode: mode_t) -> c_int, { path };
/// fn stat | stat64 (path: *const c_char, buf: *mut Stat) -> c_int, { path };
/// ```
///
/// Behind the prototype stand its operands, between `;`, each with what a last symlink means to it:
///
/// * `path` is relative to the working directory and followed, `dir/path` is relative to the descriptor `dir`;
/// * `path: LAST, on_link` gives the [`Last`](psl_table::walk::Last) that holds, and a closure that answers
///   when it ends at a private link.
///
/// `changes;` before them says that other names may lead elsewhere after the call, `closes;` that directories may be gone
/// or closed to this process.
///
/// Or `=> function` names one in a submodule that gets the real function and then all arguments.
macro_rules! hooks {
    ($( fn $name:ident $(| $twin:ident)* ($($arguments:tt)*) -> $result:ty, $action:tt; )*) => {
        $( row! { $name $($twin)*: ($($arguments)*) -> $result, $action } )*
    };
}

/// Exports a row's function by each of its names.
macro_rules! row {
    ($($name:ident)+ : $arguments:tt -> $result:ty, $action:tt) => {
        $( hook! { $name $arguments -> $result, $action } )+
    };
}

/// Exports one symbol.
macro_rules! hook {
    ($name:ident ($($argument:ident : $type:ty),*) -> $result:ty, $action:tt) => {
        #[allow(non_snake_case, reason = "libc's own name")]
        pub mod $name {
            #[allow(unused_imports, reason = "not every prototype needs every type")]
            use super::*;

            /// This symbol.
            pub enum Name {}

            impl $crate::real::Symbol for Name {
                #[allow(clippy::manual_c_str_literals, reason = "concat! makes no C string")]
                const NAME: &std::ffi::CStr = match std::ffi::CStr::from_bytes_with_nul(
                    concat!(stringify!($name), "\0").as_bytes(),
                ) {
                    Ok(name) => name,
                    Err(_) => unreachable!(),
                };
            }

            /// The next definition of this symbol.
            // Among what the loader relocates: that page is this process's own in any case.
            #[unsafe(link_section = ".data")]
            pub static REAL: $crate::real::Real<Name> = $crate::real::Real::new();

            declared! { $name ($($argument: $type),*) -> $result }

            around! { ($($argument : $type),*) -> $result, $action }

            redhook::hook! {
                unsafe fn $name($($argument : $type),*) -> $result => hooked {
                    // SAFETY: the type is the one that this symbol is exported with.
                    let real = unsafe { REAL.get() };
                    let Some(real) = real else {
                        return $crate::call::fail(rustix::io::Errno::NOSYS);
                    };
                    // SAFETY: the arguments are the caller's, who called libc with them.
                    unsafe { around(real, $($argument),*) }
                }
            }
        }
    };
}

/// Compares a prototype with the libc crate's: a name is looked up in the innermost block that knows it.
macro_rules! declared {
    ($name:ident ($($argument:ident : $type:ty),*) -> $result:ty) => {
        #[allow(dead_code, unused_imports, clashing_extern_declarations, reason = "what is looked up is found once")]
        const _: () = {
            type Hook = unsafe extern "C" fn($($type),*) -> $result;
            // What the libc crate does not have is compared with itself.
            unsafe extern "C" {
                fn $name($($argument: $type),*) -> $result;
            }
            {
                use libc::*;
                {
                    use $crate::hooks::prototypes::variadic::*;
                    $crate::hooks::prototypes::compare::<Hook, _>(
                        $name as unsafe extern "C" fn($($crate::expand::unknown!($argument)),*) -> _,
                    );
                }
            }
        };
    };
}

/// Declares what a row does around the function that it stands for.
macro_rules! around {
    (($($argument:ident : $type:ty),*) -> $result:ty, $action:tt) => {
        /// Calls `real` with what the kernel is to get for these arguments, or answers for it.
        ///
        /// # Safety
        ///
        /// As for the function that `real` is.
        pub unsafe fn around(
            real: unsafe extern "C" fn($($type),*) -> $result,
            $($argument : $type),*
        ) -> $result {
            // SAFETY: the caller's promise.
            unsafe { action!(real ($($argument),*) $action) }
        }
    };
}

/// Declares rows of system calls that no function of libc stands for, in the grammar of [`hooks`].
macro_rules! kernel {
    ($( fn $name:ident $arguments:tt -> $result:ty, $action:tt; )*) => {
        $(
            pub mod $name {
                #[allow(unused_imports, reason = "not every prototype needs every type")]
                use super::*;

                around! { $arguments -> $result, $action }
            }
        )*
    };
}

/// Declares which system call is which row's, by number: `SYS_openat: openat(dir, path, flags, mode)`.
///
/// A row gets as many arguments as stand there, each in the row's own type.
macro_rules! calls {
    ($calls:ident: $( $(#[$when:meta])? { $( $number:ident : $($row:ident)::+ ($($argument:ident),*); )* } )*) => {
        static $calls: [Option<Call>; COUNT] = {
            let mut calls: [Option<Call>; COUNT] = [None; COUNT];
            $( $(#[$when])? { $(
                calls[numbers::$number as usize] = {
                    unsafe extern "C" fn call(
                        _: c_long, a: c_long, b: c_long, c: c_long, d: c_long, e: c_long, f: c_long,
                    ) -> c_long {
                        let [$($argument,)* ..] = [a, b, c, d, e, f];
                        let real = Numbered::<{ numbers::$number }>::function();
                        // SAFETY: the arguments are the caller's, who made this system call with them.
                        unsafe { Word::word($($row)::+::around(real, $(Word::of($argument)),*)) }
                    }
                    Some(call)
                };
            )* } )*
            calls
        };
    };
}

/// A type for the compiler to find.
macro_rules! unknown {
    ($argument:ident) => {
        _
    };
}

/// Makes a system call a function of libc's kind, for each number of arguments.
macro_rules! numbered {
    ($( ($($argument:ident : $type:ident),*) )*) => { $(
        impl<const NUMBER: c_long, R: Word, $($type: Word),*> Numbered<NUMBER>
            for unsafe extern "C" fn($($type),*) -> R
        {
            fn function() -> Self {
                unsafe extern "C" fn call<const NUMBER: c_long, R: Word, $($type: Word),*>(
                    $($argument : $type),*
                ) -> R {
                    // SAFETY: the arguments are those of the system call.
                    R::of(unsafe { next(NUMBER, six([$($argument.word()),*])) })
                }
                call::<NUMBER, R, $($type),*>
            }
        }
    )* };
}

/// The body of a hook: a function of its own, or operands around the real call.
macro_rules! action {
    ($real:ident ($($argument:ident),*) { => $($function:ident)::+ }) => {
        $($function)::+($real, $($argument),*)
    };
    ($real:ident ($($argument:ident),*) { changes; $($operands:tt)+ }) => {{
        let result = operands!({ $real($($argument),*) } $($operands)+);
        $crate::known::forget();
        result
    }};
    ($real:ident ($($argument:ident),*) { closes; $($operands:tt)+ }) => {{
        let result = operands!({ $real($($argument),*) } $($operands)+);
        $crate::known::forget_detours();
        result
    }};
    ($real:ident ($($argument:ident),*) { $($operands:tt)+ }) => {
        operands!({ $real($($argument),*) } $($operands)+)
    };
}

/// Nests the real call in its operands, each shadowing the caller's arguments of its name.
macro_rules! operands {
    ($call:block) => { $call };
    ($call:block $dir:ident / $path:ident $(; $($more:tt)+)?) => {
        $crate::call::operand(
            $dir, $path, psl_table::walk::Last::Followed, $crate::call::followed,
            move |$dir, $path| operands!($call $($($more)+)?),
        )
    };
    ($call:block $dir:ident / $path:ident : $last:expr, $on_link:expr $(; $($more:tt)+)?) => {
        $crate::call::operand($dir, $path, $last, $on_link, move |$dir, $path| operands!($call $($($more)+)?))
    };
    ($call:block $path:ident $(; $($more:tt)+)?) => {
        $crate::call::operand(
            libc::AT_FDCWD, $path, psl_table::walk::Last::Followed, $crate::call::followed,
            move |_, $path| operands!($call $($($more)+)?),
        )
    };
    ($call:block $path:ident : $last:expr, $on_link:expr $(; $($more:tt)+)?) => {
        $crate::call::operand(libc::AT_FDCWD, $path, $last, $on_link, move |_, $path| operands!($call $($($more)+)?))
    };
}

pub(crate) use {
    action, around, calls, declared, hook, hooks, kernel, numbered, operands, row, unknown,
};
