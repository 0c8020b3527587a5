//! Tests of the schema table, of reading typed values and of writing them for people.
