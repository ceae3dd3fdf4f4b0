//! Translation between the core and JavaScript.
