/** Damage to the files of a store: whatever is done to their bytes, wrong ones are not returned. */
@NullMarked
package dev.quarry.crash.damage;

import org.jspecify.annotations.NullMarked;
