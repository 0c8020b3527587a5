//! Vectors and laws of dates.
