@NullMarked
package dev.quarry.wal;

import org.jspecify.annotations.NullMarked;
