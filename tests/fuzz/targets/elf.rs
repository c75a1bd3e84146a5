//! Looks for input that `psl_tests::hostile` does not hold for.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = psl_tests::hostile::check("elf", bytes);
});
