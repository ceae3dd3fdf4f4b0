//! Keeps the words of a panic where the worker finds them: a trap by itself only says "unreachable".
use js_sys::Reflect;

/// The member of the worker's global object that holds the message.
const PLACE: &str = "offwirePanic";

/// Has each panic leave its message and place in `globalThis.offwirePanic`.
pub(crate) fn keep_message() {
    std::panic::set_hook(Box::new(|info| {
        let text = info.to_string();
        // Nothing is left to do if even this fails: the trap follows at once.
        let _ = Reflect::set(&js_sys::global(), &PLACE.into(), &text.into());
    }));
}
