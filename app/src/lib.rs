//! The Zoetrope application, free of any platform.
