//! Keeps the words of a panic where the worker finds them: a trap by itself only says "unreachable".
use js_sys::Reflect;
use std::sync::Once;

/// The member of the worker's global object that holds the message.
const PLACE: &str = "offwirePanic";

/// Has each panic leave its message and place in `globalThis.offwirePanic`, before whatever else
/// was to be done about it. May be called any number of times.
pub(crate) fn keep_message() {
    static DONE: Once = Once::new();
    DONE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            // Nothing is left to do if even this fails: the trap follows at once.
            let _ = Reflect::set(&js_sys::global(), &PLACE.into(), &info.to_string().into());
            before(info);
        }));
    });
}
