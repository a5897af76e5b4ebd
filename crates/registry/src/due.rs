//! Fires timers.
use crate::Keep;
use std::marker::PhantomData;
pub(crate) trait Fires: Send + Sync {}
pub(crate) struct Firing<K>(PhantomData<fn() -> K>);
impl<K> Default for Firing<K> {
    fn default() -> Self {
        Self(PhantomData)
    }
}
impl<K: Keep> Fires for Firing<K> {}
