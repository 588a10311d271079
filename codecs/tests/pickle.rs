//! Python's pickles as data. The files are made by `data/queen/make.py`.

mod common;

use common::data;
use zoetrope_codecs::pickle::{ARRAYS, Allowed, Id, Pickle, Value};

const ALLOWED: Allowed = Allowed {
    globals: ARRAYS,
    names: &[],
};

/// A value as Python would print it, more or less.
fn print(pickle: &Pickle, id: Id) -> String {
    let list = |ids: &[Id]| {
        let all: Vec<String> = ids.iter().map(|id| print(pickle, *id)).collect();
        all.join(",")
    };
    if let Some(pairs) = pickle.pairs(id) {
        let pair =
            |(key, value): &(Id, Id)| format!("{}:{}", print(pickle, *key), print(pickle, *value));
        let all: Vec<String> = pairs.iter().map(pair).collect();
        return format!("{{{}}}", all.join(","));
    }
    if let Some(bytes) = pickle.raw_bytes(id) {
        return match bytes.len() {
            300 => "300 bytes".to_owned(),
            _ => format!("b{bytes:?}"),
        };
    }
    match pickle.value(id) {
        Value::Text(text) if text.len() == 300 => "300 letters".to_owned(),
        Value::Text(text) => format!("{text:?}"),
        Value::Int(number) => number.to_string(),
        Value::Long(bytes) => format!("long{bytes:?}"),
        Value::Float(number) => format!("{number:?}"),
        Value::Bool(value) => value.to_string(),
        Value::None => "None".to_owned(),
        Value::List(ids) => format!("[{}]", list(ids)),
        Value::Tuple(ids) => format!("({})", list(ids)),
        other => format!("{other:?}"),
    }
}

#[test]
fn plain_values_of_all_protocols_are_read() {
    let expected = "{\"ints\":[0,255,256,65535,65536,-1,-2147483648,2147483648,-9223372036854775808,\
        9223372036854775807,long[0, 0, 0, 0, 0, 0, 0, 0, 64]],\"floats\":(1.5,-0.0,1e300),\
        \"texts\":[\"\",\"é\",300 letters],\"bytes\":[b[],b[0, 255],300 bytes],\
        \"bools\":(true,false,None),\
        \"nested\":{\"a\":[1,2],\"b\":[1,2],7:((),[],{})},\"ordered\":{\"one\":1,\"two\":2}}";
    for protocol in 2..=5 {
        let bytes = std::fs::read(data(&format!("pickle/plain{protocol}.pkl"))).expect("is there");
        let pickle = Pickle::parse("plain", &bytes, ALLOWED).expect("reads");
        assert_eq!(pickle.length(), bytes.len());
        assert_eq!(
            print(&pickle, pickle.root()),
            expected,
            "protocol {protocol}"
        );
        let nested = pickle.get(pickle.root(), "nested").expect("is there");
        // What is named twice is one value.
        assert_eq!(pickle.get(nested, "a"), pickle.get(nested, "b"));
        assert_eq!(pickle.get(nested, "c"), None);
    }
}

#[test]
fn whatever_could_do_something_is_refused_by_name() {
    let message = |bytes: &[u8]| {
        let parsed = Pickle::parse("bad.pkl", bytes, ALLOWED);
        parsed.map(|_| ()).expect_err("is refused").to_string()
    };
    for (bytes, part) in [
        (
            &b"\x80\x02cos\nsystem\nX\x02\0\0\0lsR."[..],
            "\"os.system\"",
        ),
        (
            b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93.",
            "\"builtins.eval\"",
        ),
        (b"\x80\x02cnumpy\nload\n.", "\"numpy.load\""),
        // Objects by class, an extension's number, Python 2's ways.
        (b"\x80\x02(ios\nsystem\n.", "opcode 0x69"),
        (b"\x80\x02\x82\x01.", "opcode 0x82"),
        (b"\x80\x05\x97.", "opcode 0x97"),
        (b"\x80\x06N.", "protocol 6"),
        (b"\x80\x01N.", "protocol 1"),
        // What does not fit together.
        (b"", "no whole pickle"),
        (b"N", "no whole pickle"),
        (b".", "no whole pickle"),
        (b"(.", "no whole pickle"),
        (b"NNR.", "no whole pickle"),
        (b"]N(a.", "no whole pickle"),
        (b"}(Nu.", "no whole pickle"),
        (b"h\x07.", "no whole pickle"),
        (b"X\xff\xff\xff\xffa.", "no whole pickle"),
        (b"\x8c\x01\xff.", "no whole pickle"),
    ] {
        let message = message(bytes);
        assert!(message.contains(part), "{bytes:?}: {message}");
    }
}

#[test]
fn arrays_that_do_not_fit_are_none() {
    let array = |bytes: &[u8]| {
        let pickle = Pickle::parse("a", bytes, ALLOWED).expect("reads");
        pickle
            .array(pickle.root())
            .map(|array| (array.shape().to_vec(), array.floats()))
    };
    let numpy = |shape: &str, order: &str, fortran: &str, data: &str| {
        format!(
            "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\0tC\x01btR(K\x01{shape}cnumpy\n\
             dtype\n(X\x02\0\0\0i2tR(K\x03X\x01\0\0\0{order}NNNtb{fortran}C{}{data}tb.",
            char::from(data.len() as u8)
        )
    };
    let small = |text: String| array(&text.into_bytes());
    let good = Some((vec![2], vec![513.0, 3.0]));
    assert_eq!(small(numpy("(K\x02t", "<", "N", "\x01\x02\x03\0")), good);
    assert_eq!(small(numpy("(K\x03t", "<", "N", "\x01\x02\x03\0")), None);
    assert_eq!(small(numpy("(K\x02t", ">", "N", "\x01\x02\x03\0")), None);
    assert_eq!(
        small(numpy("(K\x02K\x01t", "<", "N", "\x01\x02\x03\0")),
        None
    );
}
