//! The mistakes people make with the macros, and what the compiler tells them.
//!
//! What the macros do when they are used well is tested where it is used: in `oauth2_front` and `storage`.

#[test]
fn every_mistake_is_answered_where_it_stands() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/macros/ui/*.rs");
}
