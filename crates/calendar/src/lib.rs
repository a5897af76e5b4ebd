//! Working days of several countries, clocks that pause, due dates.
