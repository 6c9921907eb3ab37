//! Models of similarity beside BM25, with their parameters: divergence from randomness and from independence, information, language models.

/// How a term scores by a model of how words are spread over documents.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Model {
    /// DFR (G. Amati, C. J. van Rijsbergen, 2002).
    Randomness { basic: BasicModel, after: AfterEffect, lengths: Normalization },
    /// DFI (I. Kocabas, B. T. Dincer, B. Karaoglan, 2014).
    Independence(IndependenceMeasure),
    /// IB (S. Clinchant, E. Gaussier, 2010). `by_documents`: a word's rarity is that of its documents, not of its occurrences.
    Information { spread: Distribution, by_documents: bool, lengths: Normalization },
    /// A language model smoothed by a prior of `mu` words (C. Zhai, J. Lafferty, 2001).
    Dirichlet { mu: f32 },
    /// A language model of which the collection's is a share of `lambda`.
    JelinekMercer { lambda: f32 },
}

/// What a word's occurrences would be by chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BasicModel {
    /// Geometric, as the limit of Bose and Einstein.
    Geometric,
    /// Inverse term frequency.
    Occurrences,
    /// Inverse document frequency.
    Documents,
    /// Inverse expected document frequency.
    ExpectedDocuments,
}

/// How much a first occurrence is worth more than others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterEffect {
    /// The ratio of two processes of Bernoulli.
    Bernoulli,
    /// Laplace's law of succession.
    Laplace,
}

/// How frequencies are made alike in documents of different length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Normalization {
    /// Not at all.
    AsTheyAre,
    /// As if words were spread evenly.
    Even { c: f32 },
    /// As if they grew rarer towards the end.
    Falling { c: f32 },
    /// By a prior of `mu` words.
    Prior { mu: f32 },
    /// By a power law.
    Power { z: f32 },
}

/// How an observed frequency is held against the expected one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndependenceMeasure {
    Standardized,
    Saturated,
    ChiSquared,
}

/// How frequencies are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distribution {
    LogLogistic,
    /// Smoothed power law.
    PowerLaw,
}
