/** A blocked bloom filter that can be rebuilt and swapped while it is used. */
@NullMarked
package dev.quarry.bloom;

import org.jspecify.annotations.NullMarked;
