@NullMarked
package dev.quarry.index.keys;

import org.jspecify.annotations.NullMarked;
