//! The order of names in lists, as a Persian dictionary has it.
