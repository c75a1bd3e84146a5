//! Before main.
#[ctor::ctor(unsafe)]
fn start() {
    crate::real::bind();
}
