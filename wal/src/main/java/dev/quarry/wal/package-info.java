/** The log: group commit from slab memory, promotion of a full log to a segment, and recovery. */
@NullMarked
package dev.quarry.wal;

import org.jspecify.annotations.NullMarked;
