//! Second passes over captures made here and of the corpus.
