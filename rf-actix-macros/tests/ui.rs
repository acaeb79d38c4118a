//! The mistakes people make with the macros, and what the compiler tells them.
//!
//! Only the macros are built for this, not what they expand to: the mistakes are all found before. What the macros
//! do when they are used well is tested where it is used, in `integration`.

#[test]
fn every_mistake_is_answered_where_it_stands() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
