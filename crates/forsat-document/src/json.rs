//! A document as plain JSON, for people who look inside and for values that a peer wrote as objects.

use automerge::hydrate::Value as Hydrated;
use automerge::{ChangeHash, ObjId, ReadDoc, ScalarValue};
use serde_json::{Map, Value};

/// A value as JSON; texts are strings, bytes are hexadecimal.
pub(crate) fn to_json(value: &Hydrated) -> Value {
    match value {
        Hydrated::Scalar(scalar) => scalar_json(scalar),
        Hydrated::Map(map) => {
            let fields = map.iter().map(|(key, item)| (key.clone(), to_json(&item.value)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Hydrated::List(list) => Value::Array(list.iter().map(|item| to_json(&item.value)).collect()),
        Hydrated::Text(text) => Value::String(text.to_string()),
    }
}

/// An object as canonical JSON text; `None` where the object is not there.
pub(crate) fn canonical_text<D: ReadDoc>(
    document: &D,
    object: &ObjId,
    at: Option<&[ChangeHash]>,
) -> Option<String> {
    let value = document.hydrate(object, at).ok()?;
    forsat_domain::canonical::json(&to_json(&value)).ok()
}

fn scalar_json(scalar: &ScalarValue) -> Value {
    match scalar {
        ScalarValue::Null => Value::Null,
        ScalarValue::Boolean(value) => Value::Bool(*value),
        ScalarValue::Int(number) | ScalarValue::Timestamp(number) => Value::from(*number),
        ScalarValue::Uint(number) => Value::from(*number),
        ScalarValue::Counter(counter) => Value::from(i64::from(counter)),
        ScalarValue::F64(number) => Value::from(*number),
        ScalarValue::Str(text) => Value::from(text.as_str()),
        ScalarValue::Bytes(bytes) | ScalarValue::Unknown { bytes, .. } => Value::from(hex::encode(bytes)),
    }
}
