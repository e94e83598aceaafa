"""Key material: making keys, taking keys in, and showing their public side. Signing with them is `signing`'s."""
