//! Video decoding and encoding through FFmpeg, behind the traits of zoetrope-codecs.
