//! One value of Automerge as a scalar of the domain, and back. Whatever a peer wrote becomes something readable.

use automerge::{ChangeHash, ObjId, ObjType, ReadDoc, ScalarValue, Value};
use forsat_domain::record::Scalar;

use crate::json;

/// Reads a value found at some place; an object of a peer that knows no atomic composites reads as canonical JSON.
pub(crate) fn read<D: ReadDoc>(
    document: &D,
    value: &Value<'_>,
    object: &ObjId,
    at: Option<&[ChangeHash]>,
) -> Scalar {
    match value {
        Value::Scalar(scalar) => from_automerge(scalar),
        Value::Object(ObjType::Text) => Scalar::Text(text(document, object, at)),
        Value::Object(_) => json::canonical_text(document, object, at).map_or(Scalar::Null, Scalar::Text),
    }
}

/// The content of a text object; empty where there is none.
pub(crate) fn text<D: ReadDoc>(document: &D, object: &ObjId, at: Option<&[ChangeHash]>) -> String {
    match at {
        Some(heads) => document.text_at(object, heads),
        None => document.text(object),
    }
    .unwrap_or_default()
}

/// Turns a scalar of Automerge into one of the domain.
pub(crate) fn from_automerge(scalar: &ScalarValue) -> Scalar {
    match scalar {
        ScalarValue::Null => Scalar::Null,
        ScalarValue::Boolean(value) => Scalar::Bool(*value),
        ScalarValue::Int(number) | ScalarValue::Timestamp(number) => Scalar::Int(*number),
        ScalarValue::Uint(number) => {
            i64::try_from(*number).map_or(Scalar::Text(number.to_string()), Scalar::Int)
        }
        ScalarValue::Counter(counter) => Scalar::Int(i64::from(counter)),
        ScalarValue::F64(number) => Scalar::Text(number.to_string()),
        ScalarValue::Str(text) => Scalar::Text(text.to_string()),
        ScalarValue::Bytes(bytes) | ScalarValue::Unknown { bytes, .. } => Scalar::Text(hex::encode(bytes)),
    }
}

/// Turns a scalar of the domain into one of Automerge.
pub(crate) fn to_automerge(scalar: &Scalar) -> ScalarValue {
    match scalar {
        Scalar::Null => ScalarValue::Null,
        Scalar::Bool(value) => ScalarValue::Boolean(*value),
        Scalar::Int(number) => ScalarValue::Int(*number),
        Scalar::Text(text) => ScalarValue::Str(text.as_str().into()),
    }
}

/// Tells whether a key of a set with this value counts as present.
pub(crate) fn is_present(value: &Scalar) -> bool {
    !matches!(value, Scalar::Null | Scalar::Bool(false))
}
