//! Persian text made comparable: the fold behind search and duplicate keys.
