//! How texts and their translations are written down.

/// A struct of texts, each with its English and its German wording.
macro_rules! texts {
    ($(#[$meta:meta])* $name:ident { $( $key:ident: $english:literal, $german:literal; )* }) => {
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $name {
            $( #[doc = $english] pub $key: &'static str, )*
        }

        impl $name {
            /// In English.
            pub const EN: Self = Self { $( $key: $english, )* };
            /// In German.
            pub const DE: Self = Self { $( $key: $german, )* };

            /// Key, English and German.
            #[cfg(test)]
            pub fn pairs() -> Vec<(&'static str, &'static str, &'static str)> {
                vec![ $( (stringify!($key), $english, $german), )* ]
            }
        }
    };
}
