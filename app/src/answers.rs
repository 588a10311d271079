//! What a person knows of a network that its file does not say.

use serde::{Deserialize, Serialize};
use zoetrope_codecs::neural::{ImportOptions, TimeEmbedding};

/// A longer answer makes no sense.
const ANSWER_MAX_BYTES: usize = 200;

/// Answers as they were typed; empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Answers {
    /// How much larger each layer makes the picture: "9x16,5,2,2,2".
    #[serde(skip_serializing_if = "String::is_empty")]
    pub strides: String,
    /// How the time becomes what the network takes: "1.25_40".
    #[serde(skip_serializing_if = "String::is_empty")]
    pub embedding: String,
    /// How many frames it has.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub frames: String,
}

impl Answers {
    /// To no question.
    pub const NONE: Self = Self {
        strides: String::new(),
        embedding: String::new(),
        frames: String::new(),
    };

    /// Whether nothing was answered.
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    /// Whether none is longer than anybody types.
    pub fn are_short(&self) -> bool {
        let all = [&self.strides, &self.embedding, &self.frames];
        all.iter().all(|answer| answer.len() <= ANSWER_MAX_BYTES)
    }

    /// What they mean; one that makes no sense says nothing.
    pub fn options(&self) -> ImportOptions {
        ImportOptions {
            strides: ImportOptions::parse_strides(&self.strides),
            embedding: TimeEmbedding::parse(&self.embedding),
            frames: self.frames.trim().parse().ok().filter(|frames| *frames > 0),
            ..ImportOptions::default()
        }
    }
}
